"""What commands say of things between gateways that are not there, or that nobody sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gateway.cli.conftest import Served
from tests.gateway.cli.test_bad_input import is_said


@pytest.mark.parametrize(
    ("command", "attempt"),
    [
        (["exception", "show", "99"], "sealtrail exception list"),
        (["exception", "assign", "99", "somebody"], "sealtrail exception list"),
        (["shipment", "show", "99"], "sealtrail shipment list --state all"),
        (["shipment", "answer", "00" * 32], "sealtrail handover list"),
        (["handover", "show", "99"], "sealtrail handover list"),
        (["handover", "resend", "99"], "sealtrail handover list"),
        (["grant", "revoke", "01a20294-9e68-7d2d-b73d-14feb7d92a99"], "sealtrail grant list"),
        (["webhook", "test", "01a20294-9e68-7d2d-b73d-14feb7d92a99"], "sealtrail webhook list"),
        (["evidence", "export", "00" * 32, "-o", "never.json"], "sealtrail evidence list"),
        (["peer", "show", "nobody"], "sealtrail consortium list"),
    ],
)
def test_what_is_not_there_ends_with_11_and_says_where_to_look(
    served: Served, command: list[str], attempt: str
) -> None:
    said = served(*command)
    is_said(said, 11)
    assert said.tries() == attempt
    assert not Path("never.json").exists()
    if "--output" in command or "-o" in command:
        return  # the answer is a file
    as_data = served(*command, "--json")
    assert as_data.status == 11
    assert json.loads(as_data.out)["error"]["try"] == attempt


def test_a_message_that_no_partner_sees_is_said_to_be_none(served: Served) -> None:
    opened = served("exception", "open", "other", "--detail", "a torn label", "--json").json()
    number = str(opened["number"])
    said = served("exception", "message", number, "--act", "ask", "Who tore it?")
    assert said.status == 0, said.err
    assert f"No partner sees this: sealtrail exception tell {number}" in said.err
    assert "Who tore it?" in said.out
