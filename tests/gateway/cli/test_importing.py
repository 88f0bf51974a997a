"""`sealtrail import mashang` and `sealtrail export mashang`."""

from pathlib import Path

from node_gateway.codes.china.bills import read_bills
from node_gateway.codes.china.relation import read_relation
from tests.gateway.cli.conftest import Cli, Served
from tests.gateway.codes.china.making import bills, relation, row, rows
from tests.gateway.running import serial


def written(folder: Path, raw: bytes) -> str:
    path = folder / f"{len(list(folder.iterdir()))}.xml"
    path.write_bytes(raw)
    return str(path)


def test_a_relation_file_goes_in_and_comes_out(served: Served, tmp_path: Path) -> None:
    first = serial() * 100
    raw = relation(rows(1, first=first), batchNo=f"C{first}")
    said = served("import", "mashang", written(tmp_path, raw))
    assert said.status == 0, said.err
    assert "mashang-relation: done, 17 codes named, 6 events, 0 known before" in said.out
    assert "left out: linemanager names people (1 values)" in said.err
    again = served("import", "mashang", written(tmp_path, raw), "--json")
    assert (again.status, again.json()["state"]) == (0, "done")
    out = tmp_path / "out.xml"
    options = ("--lot", f"C{first}", "--product", "9999999", "--dialect", "lower", "-o", str(out))
    said = served("export", "mashang", *options, "--encoding", "gb18030")
    assert (said.status, said.out) == (0, "")
    assert len(read_relation([out.read_bytes()]).table) == 9
    assert "一号车间".encode("gb18030") in out.read_bytes()


def test_bills_go_in_and_come_out(served: Served, tmp_path: Path) -> None:
    number = f"CLI/{serial()}"
    file = written(tmp_path, bills(row(serial(), number), name="Upload"))
    said = served("import", "mashang", file)
    assert said.status == 1
    assert "line 3  unknown_bill_type" in said.err
    assert said.tries().startswith("correct these lines")
    said = served("import", "mashang", file, "--bill-type", "107", "--json")
    assert (said.status, said.json()["report"]["rowsByType"]) == (0, {"107": 1})
    said = served("export", "mashang", "--bill", number)
    assert said.status == 0, said.err
    assert [one.number for one in read_bills([said.out.encode()]).bills] == [number]
    said = served("export", "mashang", "--bill", "none")
    assert (said.status, said.tries()) == (11, "Nothing that names this document names drug codes.")


def test_a_dry_run_asks_nobody(tmp_path: Path) -> None:
    cli = Cli(tmp_path / "no-such.toml")
    good = cli("import", "mashang", "--dry-run", written(tmp_path, relation(rows(1))), "--json")
    assert good.status == 0, good.err
    report = good.json()
    assert (report["kind"], report["state"]) == ("mashang-relation", "good")
    assert report["report"]["rows"] == 9
    bad = cli("import", "mashang", "--dry-run", written(tmp_path, relation(rows(1)[:-1])))
    assert bad.status == 1
    assert bad.out == "mashang-relation: refused\n"
    assert "line 11  cascade_mismatch" in bad.err
    assert bad.tries()
    many = relation([{"curCode": "1", "packLayer": "1"}] * 60)
    assert "and 10 more" in cli("import", "mashang", "--dry-run", written(tmp_path, many)).err


def test_what_cannot_be_read(tmp_path: Path) -> None:
    cli = Cli(tmp_path / "no-such.toml")
    for arguments, status in (
        (("import", "mashang", "--dry-run", str(tmp_path / "none.xml")), 2),
        (("import", "mashang", "--dry-run", written(tmp_path, b"code,lot")), 2),
        (("import", "mashang", "--dry-run", written(tmp_path, relation([])[:-9])), 1),
        (("export", "mashang"), 2),
        (("export", "mashang", "--bill", "1", "--lot", "2"), 2),
    ):
        said = cli(*arguments)
        assert said.status == status, (arguments, said)
        assert said.tries()
