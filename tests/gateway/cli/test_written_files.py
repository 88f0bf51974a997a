"""Whatever writes a file leaves one that is there as it is, before it asks anybody for anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gateway.cli.conftest import Cli

ENTRY = "00" * 32
WRITERS = {
    "evidence": ("evidence", "export", "custody-1", "-o"),
    "evidence, offline": ("evidence", "export", "custody-1", "--offline", "-o"),
    "message": ("peer", "export", "maker", "1", "-o"),
    "bundle": ("proof", "get", ENTRY, "-o"),
    "opening": ("proof", "open", ENTRY, "-o"),
    "proof of an exception": ("exception", "proof", "1", "--out"),
    "message of an exception": ("exception", "export", "1", "--dscsa", "--out"),
    "locations": ("location", "export", "-o"),
    "products": ("product", "export", "-o"),
    "reach of a recall": ("recall", "reach", "1", "-o"),
    "report of an audit": ("audit", "--network", "none.json", "--report"),
    "zip of an audit": ("audit", "--network", "none.json", "--evidence"),
    "page of an audit": ("audit", "--network", "none.json", "--html"),
    "bill": ("export", "mashang", "--bill", "1", "-o"),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_is_there_stays(name: str, tmp_path: Path) -> None:
    file = tmp_path / "there.csv"
    file.write_bytes(b"kept")
    said = Cli(tmp_path / "none.toml")(*WRITERS[name], str(file))
    assert said.status == 2, said.err
    assert file.read_bytes() == b"kept"
    assert "--force" in said.tries()
    forced = Cli(tmp_path / "none.toml")(*WRITERS[name], str(file), "--force")
    assert forced.status != 0, "there is no gateway to ask"
    assert "there already" not in forced.err
    assert file.read_bytes() == b"kept", "nothing was given, so nothing is replaced"
