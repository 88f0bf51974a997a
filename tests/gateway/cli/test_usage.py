"""What a command line that cannot be read is answered: as every error, from every command."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.gateway.cli.conftest import SEALTRAIL, Cli, Served
from tests.gateway.cli.test_bad_input import is_said


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("command", "attempt", "word"),
    [
        (["captur", "x"], "sealtrail --help", "Did you mean 'capture'?"),
        (["capture"], "sealtrail capture --help", "Missing argument"),
        (["shipment", "show", "abc"], "sealtrail shipment show --help", "number"),
        (["trace", "--nope", "x"], "sealtrail trace --help", "--nope"),
        (["shipment", "nothing"], "sealtrail shipment --help", "nothing"),
        (["recall", "open", "x"], "sealtrail recall open --help", "--level"),
        (["notice", "list", "--after", "-1"], "sealtrail notice list --help", "--after"),
    ],
)
def test_a_wrong_command_line_is_a_sentence_and_what_to_try(
    cli: Cli, command: list[str], attempt: str, word: str
) -> None:
    said = cli(*command)
    is_said(said, 2, word)
    assert said.tries() == attempt
    as_data = cli(*command, "--json")
    error = as_data.json()["error"]
    assert (as_data.status, error["code"], error["try"]) == (2, "usage", attempt)


def test_the_program_itself_says_the_same() -> None:
    done = subprocess.run(
        [SEALTRAIL, "shipment", "show", "abc"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == "Try: sealtrail shipment show --help"
    assert "╭" not in done.stderr


def test_a_group_alone_shows_its_help(cli: Cli) -> None:
    said = cli("shipment")
    assert said.status == 2
    assert "Usage: sealtrail shipment" in said.out + said.err


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["dispense", "https://id.gs1.org/01/06901234123457/21/1"], "check_digit"),
        (["code", "show", "urn:epc:id:sgtin:690.1"], "identifier_form"),
        (["ship", "https://id.gs1.org/01/06901234123456/21/1", "--to", "?"], "party_unknown"),
    ],
)
def test_bad_input_that_only_the_gateway_sees_ends_with_2_too(
    served: Served, command: list[str], code: str
) -> None:
    said = served(*command)
    is_said(said, 2)
    as_data = served(*command, "--json")
    error = json.loads(as_data.out)["error"]
    codes = {error["code"], *(one["code"] for one in error.get("errors", []))}
    assert (as_data.status, code in codes) == (2, True), as_data.out


@pytest.mark.parametrize("command", ["show", "resend"])
@pytest.mark.parametrize("name", ["abc", "-", "00", "AB" * 32])
def test_what_names_no_handover_is_said_in_words(served: Served, command: str, name: str) -> None:
    said = served("handover", command, "--", name)
    if name == "00":
        assert said.status == 11
        return
    is_said(said, 2, "its number", "64 lower-case hex digits")
    assert (said.tries(), "^" in said.err) == ("sealtrail handover list", False)
