"""Calls one exported function of the built core, many times in one run of Node."""

import json
import subprocess
from typing import Any

from tests.js.node_verifier import HERE

MODULE = HERE.parent.parent / "node_gateway" / "web" / "static" / "verify.mjs"


def call(expression: str, cases: list[Any]) -> list[Any]:
    """Evaluate `expression` for each case.

    It sees `core` (the module), `one` (the case) and `bytes(hex)`; an error becomes its message.
    """
    script = f"""
      import * as core from {json.dumps(MODULE.as_uri())};
      import {{ readFileSync }} from "node:fs";
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
