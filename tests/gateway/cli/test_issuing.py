"""`sealtrail code`: issuing at the command line, over lines that break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node_gateway.epcis.identifiers.check_digits import check_digit
from tests.gateway.cli.conftest import Served
from tests.gateway.codes.cutting_proxy import CuttingProxy
from tests.gateway.running import serial

HEAD = "code,element_string,plain"


def new_gtin() -> str:
    digits = f"0690{serial():09d}"
    return digits + check_digit(digits)


def test_issue_commission_and_ask(served: Served, tmp_path: Path) -> None:
    gtin, file = new_gtin(), tmp_path / "codes.csv"
    name = f"po-{gtin}"
    wishes = ("code", "issue", gtin, "-n", "5", "--line", "line 1", "--order", name)
    said = served(*wishes, "--output", str(file))
    assert said.status == 0, said.err
    assert f"sealtrail code commission --order {name}" in said.err
    head, *lines = file.read_bytes().decode("ascii").split("\r\n")
    assert (head, len(lines), lines[-1]) == (HEAD, 6, "")
    assert not (tmp_path / "codes.csv.part").exists()
    code = lines[0].split(",")[0]
    as_json = json.loads(served(*wishes, "--format", "json").out)
    assert [one["code"] for one in as_json["codes"]] == [line.split(",")[0] for line in lines[:5]]
    assert as_json["order"] == name
    asked = served("code", "status", code, "--json")
    assert (asked.status, asked.json()["status"]) == (14, "issued_not_commissioned")
    assert asked.json()["line"] == "line 1"
    dates = ("--lot", "L1", "--expiry", "2028-02-29")
    tried = served("code", "commission", "--order", name, *dates, "--dry-run")
    assert tried.json()["events"] == [
        {"first": 0, "count": 5, "commissioned": 5, "entry": None, "repeated": False}
    ]
    done = served("code", "commission", "--order", name, *dates)
    assert done.json()["events"][0]["entry"]
    assert served("code", "status", code).status == 0
    orders = served("code", "orders", "--json").json()
    assert [one["count"] for one in orders if one["order"] == name] == [5]
    detail = served("code", "orders", "--order", name)
    assert (detail.status, "commissioned" in detail.out) == (0, True)
    assert name in served("code", "orders").out


def test_no_file_that_is_there_is_replaced_unless_asked_for(served: Served, tmp_path: Path) -> None:
    gtin, file = new_gtin(), tmp_path / "codes.csv"
    file.write_text("the codes of yesterday")
    wishes = ("code", "issue", gtin, "-n", "2", "--order", f"po-{gtin}", "--output", str(file))
    said = served(*wishes)
    assert (said.status, "is there already" in said.err) == (2, True)
    assert "--force" in "".join(said.tries())
    assert file.read_text() == "the codes of yesterday"
    listed = served("code", "orders", "--json").json()
    assert gtin not in [one["name"] for one in listed]  # no code is spent on it
    assert served(*wishes, "--force").status == 0
    assert file.read_text().startswith(HEAD)


def test_void_and_replace(served: Served) -> None:
    said = served("code", "issue", new_gtin(), "-n", "2", "--format", "json")
    old, new = [one["code"] for one in json.loads(said.out)["codes"]]
    reason = ("--reason", "label torn")
    tried = served("code", "replace", old, new, *reason, "--dry-run")
    assert tried.json()["dryRun"] is True
    assert served("code", "status", old, "--json").json()["status"] == "issued_not_commissioned"
    assert served("code", "replace", old, new, *reason).json()["replacement"] == new
    assert served("code", "void", new, *reason).json()["status"] == "void"
    assert served("code", "status", old, "--json").json()["status"] == "replaced"
    assert served("code", "status", new, "--json").json()["replaces"] == [old]
    other = served("code", "void", new, "--reason", "something else")
    assert (other.status, other.tries()) == (1, "sealtrail code status shows what was declared.")


def test_ranges(served: Served) -> None:
    gtin = new_gtin()
    made = served("code", "range", "add", gtin, "-n", "10", "--line", "line 7").json()
    assert (made["size"], made["left"], made["fixed"]) == (10, 10, True)
    refused = served("code", "issue", gtin, "-n", "11", "--line", "line 7")
    assert refused.status == 1
    assert "10 codes are left" in refused.err
    assert "sealtrail code range add" in refused.tries()
    listed = served("code", "range", "list", "--json").json()["ranges"]
    assert [one["line"] for one in listed if one["name"] == gtin] == ["line 7"]
    assert gtin in served("code", "range", "list").out
    closed = served("code", "range", "close", gtin, "--skip", "1000").json()["ranges"]
    assert [(one["name"], one["closed"]) for one in closed] == [(gtin, True)]
    assert served("code", "issue", gtin, "-n", "11", "--line", "line 7").status == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("06901234123457", "-n", "1"), 2, "expected 6"),
        (("0690", "-n", "1"), 2, "8, 12, 13 or 14 digits"),
        (("-n", "1"), 2, "say what to issue"),
        (("06901234123456", "--drug", "8123456", "-n", "1"), 2, "say what to issue"),
        (("--drug", "7123456", "-n", "1"), 2, "begins with 8"),
        (("--sscc", "69012", "-n", "1"), 2, "6 to 12 digits"),
        (("06901234123456", "-n", "1", "--format", "xml"), 2, "no format"),
        (("06901234123456", "-n", "1", "--order", "a b"), 2, "an order's id"),
    ],
)
def test_what_is_wrong_is_said(
    served: Served, arguments: tuple[str, ...], status: int, words: str
) -> None:
    said = served("code", "issue", *arguments)
    assert (said.status, said.out) == (status, ""), said.err
    assert words in said.err
    assert said.tries()


def test_trying_issues_nothing(served: Served) -> None:
    gtin = new_gtin()
    said = served("code", "issue", gtin, "-n", "5", "--dry-run")
    assert said.json() == {"dryRun": True, "kind": "gtin", "name": gtin}
    listed = served("code", "orders", "--json").json()
    assert not [one for one in listed if one["name"] == gtin]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_line_that_breaks_loses_and_doubles_nothing(
    served: Served, tmp_path: Path, form: str
) -> None:
    gtin, count = new_gtin(), 20_000
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    wishes = ("code", "issue", gtin, "-n", str(count), "--order", f"po-{gtin}", "--format", form)
    # Before the head of the answer; inside of its first lines; and twice further on.
    with CuttingProxy(served.url, [10, 700, 500_000, 300_001]) as proxy:
        key = (served.folder / "admin.key").read_text().strip()
        said = served(
            *wishes, "--output", str(broken), "--gateway", proxy.url, SEALTRAIL_API_KEY=key
        )
        assert said.status == 0, said.err
        assert proxy.cut_count == 4
    assert served(*wishes, "--output", str(whole)).status == 0
    assert broken.read_bytes() == whole.read_bytes()
    listed = served("code", "orders", "--json").json()
    assert [one["count"] for one in listed if one["name"] == gtin] == [count]


def test_a_gateway_that_is_gone_leaves_no_half_file(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    key = (served.folder / "admin.key").read_text().strip()
    with CuttingProxy(served.url, [100_000] + [0] * 20) as proxy:
        said = served(
            *("code", "issue", new_gtin(), "-n", "20000", "--output", str(file)),
            *("--gateway", proxy.url),
            SEALTRAIL_API_KEY=key,
        )
    assert said.status == 13
    assert said.tries()
    assert not file.exists()
