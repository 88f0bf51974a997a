"""contracts/README.md says of every call what forge measured."""

import json
import re
from pathlib import Path

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"


def test_the_table_is_what_forge_measured() -> None:
    measured = json.loads((CONTRACTS / "snapshots" / "Gas.json").read_text(encoding="utf-8"))
    section = (CONTRACTS / "README.md").read_text(encoding="utf-8").split("### Every call\n")[1]
    rows = re.findall(r"^\| (\w[^|]*?) \| ([\d,]+) \|$", section.split("\n## ")[0], re.MULTILINE)
    assert {name: gas.replace(",", "") for name, gas in rows} == measured
    assert {name.split(".")[0] for name in measured if not name.startswith("deploy ")} == {
        "AnchorRegistry",
        "CodeRegistry",
        "Consortium",
        "NoticeBoard",
    }
