"""`sealtrail label`: one label, its scan, the run, at the command line."""

from __future__ import annotations

from pathlib import Path

from tests.gateway.cli.conftest import Served
from tests.gateway.cli.test_issuing import new_gtin
from tests.gateway.labels import rasters


def read_off(file: Path) -> str:
    (page,) = rasters.of_pdf(file.read_bytes(), 300)
    (found,) = rasters.read(page)
    return found.identifier + found.scanned.decode("ascii")


def test_print_one_scan_it_print_the_run(served: Served, tmp_path: Path) -> None:
    gtin, first, rest = new_gtin(), tmp_path / "first.pdf", tmp_path / "rest.zpl"
    order = f"labels-{gtin}"
    said = served("code", "issue", gtin, "-n", "4", "--order", order, "-o", str(tmp_path / "c"))
    assert said.status == 0, said.err
    stated = ("--order", order, "--lot", "L1", "--expiry", "2029-12-31")
    seen = served("label", "print", *stated, "--dry-run", "--json").json()
    assert (seen["count"], seen["symbols"][0]["identifier"]) == (4, "]d2")
    made = served("label", "print", *stated, "-o", str(first), "--json")
    assert made.status == 0, made.err
    job = str(made.json()["job"])
    assert made.json()["file"] == str(first)
    assert f"sealtrail label unlock {job} SCANNED" in made.err
    locked = served("label", "run", job)
    assert (locked.status, "scan" in locked.tries()) == (1, True)
    wrong = served("label", "unlock", job, "4006381333931")
    assert wrong.status == 1
    unlocked = served("label", "unlock", job, read_off(first), "--json")
    assert (unlocked.status, unlocked.json()["state"]) == (0, "unlocked")
    run = served("label", "run", job, "--format", "zpl", "-o", str(rest), "--json")
    assert run.json() == {
        "print": run.json()["print"],
        "labels": 3,
        "decoded": 3,
        "readBack": 0,
        "warnings": "",
        "file": str(rest),
    }
    assert len(rasters.of_zpl(rest.read_bytes())) == 3
    assert served("label", "run", job).status == 1
    again = served(
        *("label", "run", job, "--first", "0", "-n", "1", "--reason", "torn"),
        *("-o", str(first)),
    )
    assert again.status == 0, again.err
    shown = served("label", "show", job, "--json").json()
    assert [one["reason"] for one in shown["prints"]] == ["torn", None, None]
    assert served("label", "show", job).status == 0
    listed = served("label", "list", "--json").json()
    assert int(job) in [one["job"] for one in listed]
    log = served("label", "log", "--json").json()
    assert [one["kind"] for one in log if one["job"] == int(job)] == ["run", "run", "first"]
    assert "torn" in served("label", "log").out + served("label", "log").err
    assert not list(tmp_path.glob("*.part"))


def test_codes_at_once_and_what_is_refused(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    said = served("code", "issue", new_gtin(), "-n", "2", "-o", str(file))
    assert said.status == 0, said.err
    codes = [line.split(",")[0] for line in file.read_text().splitlines()[1:]]
    picture = tmp_path / "one.png"
    done = served(
        *("label", "print", "--code", codes[0], "--at-once", "--format", "png"),
        *("--dpi", "600", "-o", str(picture)),
    )
    assert done.status == 0, done.err
    assert "label_without_lot" in done.err
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = served("label", "print", "--code", codes[0], "--at-once", "--json")
    assert again.status == 1
    assert again.json()["error"]["code"] == "label_reprint"
    wrong = served("label", "print", "--code", codes[1], "--format", "docx")
    assert wrong.status == 2
    small = served("label", "print", "--code", codes[1], "--media", "12x12")
    assert small.status == 2
    assert small.tries().startswith("At least ")
    none = served("label", "print", "NO-SUCH-LOT")
    assert none.status == 11
    unknown = served("label", "show", "999999")
    assert (unknown.status, unknown.tries()) == (11, "sealtrail label list")
