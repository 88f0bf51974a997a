"""Calls one exported function of the built core, many times in one run of Node."""

import json
import subprocess
from typing import Any

from tests.js.node_verifier import HERE

MODULE = HERE.parent.parent / "node_gateway" / "web" / "static" / "verify.mjs"


def call(expression: str, cases: list[Any], *, before: str = "") -> list[Any]:
    """Evaluate `expression` for each case.

    It sees `core` (the module), `one` (the case) and `bytes(hex)`; an error becomes its message.
    What stands in `before` runs before the module is read.
    """
    script = f"""
      import {{ readFileSync }} from "node:fs";
      {before}
      const core = await import({json.dumps(MODULE.as_uri())});
      const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
      const answers = JSON.parse(readFileSync(0, "utf8")).map((one) => {{
        try {{
          return {expression};
        }} catch (error) {{
          return {{ error: error.message }};
        }}
      }});
      console.log(JSON.stringify(answers));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        input=json.dumps(cases),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    found: list[Any] = json.loads(done.stdout)
    return found
