"""`sealtrail import csv`, `sealtrail lint` and the drop folder of a gateway that runs."""

import json
from pathlib import Path

from node_gateway.settings import load_settings
from tests.anvil import Anvil
from tests.gateway.cli.conftest import (
    Cli,
    Served,
    new_folder,
    start_serving,
    stop_serving,
    wait_until,
)
from tests.gateway.running import commissioning, dispensing, document, sgtin

MAPPING = """
format = "sealtrail/csv-mapping/v1"
timeZone = "Asia/Shanghai"
[[event]]
type = "ObjectEvent"
action = "OBSERVE"
bizStep = "shipping"
eventTime = "{Time}"
codes = "{Code}"
"""


def files(folder: Path, *cells: str) -> tuple[str, str]:
    """Write a CSV file with one row per code, and the mapping; return both names."""
    rows = "".join(f"2026-03-01 10:00,{cell}\n" for cell in cells)
    (folder / "f.csv").write_text("Time,Code\n" + rows)
    (folder / "m.toml").write_text(MAPPING)
    return str(folder / "f.csv"), str(folder / "m.toml")


def test_import_and_lint(served: Served, tmp_path: Path) -> None:
    file, mapping = files(tmp_path, sgtin(), sgtin())
    said = served("lint", file, "--mapping", mapping)
    assert (said.status, "2 new, 0 duplicates, 0 conflicts, 0 refused" in said.out) == (0, True)
    made = served("import", "csv", file, "--mapping", mapping, "--json")
    assert made.status == 0, made.err
    assert (made.json()["state"], made.json()["events"]) == ("done", 2)
    again = served("import", "csv", file, "--mapping", mapping)
    assert (again.status, "csv: done" in again.out) == (0, True)
    known = served("lint", file, "--mapping", mapping, "--json").json()
    assert (known["new"], known["duplicates"], known["good"]) == (0, 2, True)


def test_mistakes_end_with_1_and_a_line(served: Served, tmp_path: Path) -> None:
    file, mapping = files(tmp_path, sgtin(), "nothing")
    for arguments in (("lint", file), ("import", "csv", file)):
        said = served(*arguments, "--mapping", mapping)
        assert (said.status, bool(said.tries())) == (1, True)
        assert "line 3  code_form: no code in any known spelling" in said.err
    (tmp_path / "m.toml").write_text(MAPPING.replace("codes", "code"))
    said = served("lint", file, "--mapping", mapping)
    assert (said.status, bool(said.tries())) == (1, True)
    assert "/event/0/code  member_unknown" in said.err


def test_lint_of_epcis_and_of_nothing(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "made.json"
    file.write_text(json.dumps(document(commissioning(sgtin()))))
    said = served("lint", str(file))
    assert (said.status, "1 new" in said.out) == (0, True)
    code = sgtin()
    file.write_text(json.dumps(document(commissioning(code), dispensing(code))))
    assert served("capture", str(file)).status == 0
    again = dispensing(code, eventTime="2026-03-07T10:00:00.000+08:00")
    file.write_text(json.dumps(document(again)))
    said = served("lint", str(file))
    assert (said.status, "alarm: already_dispensed x1" in said.out) == (0, True), said.out
    file.write_bytes(b"nothing")
    refused = served("lint", str(file))
    assert (refused.status, bool(refused.tries())) == (1, True)
    missing = served("lint", str(tmp_path / "none.json"))
    assert (missing.status, bool(missing.tries())) == (2, True)


def test_a_gateway_that_is_killed_takes_its_drop_folder_up_again(
    anvil: Anvil, tmp_path: Path
) -> None:
    folder = new_folder(tmp_path / "own", anvil.url)
    config = folder / "sealtrail.toml"
    cli = Cli(config)
    said = cli("chain", "deploy", "--rpc", anvil.url, "-o", str(folder / "network.json"),
               "--participant", str(folder / "participant.json"))  # fmt: skip
    assert said.status == 0, said.err
    (folder / "in").mkdir()
    _, mapping = files(folder)
    words = f'\n[drop_folder]\npath = "in"\nmapping = "{Path(mapping).name}"\npoll_s = 0.1\n'
    config.write_text(config.read_text() + words)
    assert load_settings(config).drop_folder.path == folder / "in"
    codes = [sgtin() for _ in range(3000)]
    rows = "".join(f"2026-03-01 10:00,{code}\n" for code in codes)
    process, _, log = start_serving(folder)
    (folder / "in" / "big.csv").write_text("Time,Code\n" + rows)
    wait_until(lambda: any(folder.glob("imports/mapping-*")))
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    process, url, log = start_serving(folder)
    try:
        wait_until(lambda: (folder / "in" / "done" / "big.csv").exists())
        report = json.loads((folder / "in" / "done" / "big.csv.report.json").read_text())
        assert report["events"] == 3000
        status = cli("status", "--gateway", url, "--json", SEALTRAIL_API_KEY=key(folder))
        assert status.json()["events"] == 3000
    finally:
        assert stop_serving(process) == 0, "".join(log)


def key(folder: Path) -> str:
    return (folder / "admin.key").read_text().strip()
