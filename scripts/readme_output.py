"""Run the demo and paste the telling lines of its output into README.md.

The README shows an excerpt, so that its first screen stays one screen: the step lines of the demo
(those that begin with a mark) and its last line. `tests/test_docs_commands.py` runs the command
again and compares every line shown, up to digits and hashes.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
SHOWN = re.compile(r"(?ms)^(\$ make demo[^\n]*\n).*?(?=^\$ |^```$)")
MARKS = "✓✗!▲⬣◉○"
LINES_MAX = 24


def excerpt(output: str) -> list[str]:
    """Choose at most LINES_MAX lines: those with a mark, then the last one."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    marked = [line for line in lines[:-1] if line.lstrip()[0] in MARKS]
    return [*(marked or lines[:-1])[: LINES_MAX - 1], lines[-1]]


def main() -> int:
    env = os.environ | {"NO_COLOR": "1", "COLUMNS": "100"}
    demo = subprocess.run(
        [ROOT / ".venv/bin/sealtrail", "demo"],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if demo.returncode != 0 or not demo.stdout.strip():
        print(f"the demo ended with {demo.returncode}; README.md is unchanged", file=sys.stderr)
        return 1
    text = README.read_text(encoding="utf-8")
    shown = "\n".join(excerpt(demo.stdout))
    changed, count = SHOWN.subn(lambda match: f"{match[1]}{shown}\n", text)
    if count != 1:
        print("README.md must have exactly one command `$ make demo`", file=sys.stderr)
        return 1
    README.write_text(changed, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
