"""Calls the parts of the auditor explorer that draw nothing, many times in one run of Node."""

import json
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.js.module_call import MODULE

WEB = MODULE.parent.parent
PARTS = (
    *("arguments", "chain_events", "directory", "logs", "paths", "patience", "reading"),
    *("sampling", "streams", "zip"),
)


@cache
def _module() -> str:
    """Return these parts as the text of one module."""
    lines = [f'export * from "./src/explorer/{one}.ts";' for one in PARTS]
    with TemporaryDirectory() as folder:
        out = Path(folder) / "parts.mjs"
        command = [
            *(str(WEB / "node_modules" / ".bin" / "esbuild"), "--bundle", "--format=esm"),
            *("--log-level=error", "--target=es2022", f"--outfile={out}"),
        ]
        subprocess.run(command, cwd=WEB, input="\n".join(lines), text=True, check=True, timeout=120)
        return out.read_text(encoding="utf-8")


def call(expression: str, cases: list[Any]) -> list[Any]:
    """Evaluate `expression` for each case.

    It sees `parts` (the module), `one` (the case), `bytes(hex)` and `hex(bytes)`; an error becomes
    its message.
    """
    script = f"""
      import {{ readFileSync, writeFileSync }} from "node:fs";
      const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
      const hex = (data) => Buffer.from(data).toString("hex");
      const [text, cases] = JSON.parse(readFileSync(0, "utf8"));
      const address = "data:text/javascript;base64," + Buffer.from(text).toString("base64");
      const parts = await import(address);
      const answers = [];
      for (const one of cases) {{
        try {{
          answers.push(await ({expression}));
        }} catch (error) {{
          answers.push({{ error: error.message }});
        }}
      }}
      console.log(JSON.stringify(answers));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        input=json.dumps([_module(), cases]),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found
