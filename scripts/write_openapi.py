"""Write docs/reference/openapi.json, the committed description of the HTTP interface.

python scripts/write_openapi.py [--check]
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from node_gateway.app import describe_app  # noqa: E402

TARGET = ROOT / "docs" / "reference" / "openapi.json"


def text() -> str:
    """Return the description; its version is that of the interface, not of the release."""
    description = describe_app().openapi()
    description["info"]["version"] = "1"
    return json.dumps(description, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    if "--check" in sys.argv[1:]:
        same = TARGET.exists() and TARGET.read_text(encoding="utf-8") == text()
        print(f"{TARGET.relative_to(ROOT)} is {'up to date' if same else 'out of date'}")
        return 0 if same else 1
    TARGET.write_text(text(), encoding="utf-8")
    print(f"{TARGET.relative_to(ROOT)} is written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
