"""What the scan page says of a code while it is typed agrees with what the gateway makes of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from node_gateway.codes.identity import identify
from node_gateway.epcis.errors import EpcisError
from node_gateway.epcis.identifiers.check_digits import check_digit
from node_gateway.pages.asking import grouped

ROOT = Path(__file__).parents[2]
WEB = ROOT / "node_gateway" / "web"
VECTORS = json.loads((ROOT / "tests" / "vectors" / "typed.json").read_text(encoding="utf-8"))
SCRIPT = """
const { build } = require("esbuild");
const { readFileSync } = require("node:fs");
(async () => {
  const entryPoints = ["src/scan/reading.ts"];
  const { outputFiles } = await build({ entryPoints, bundle: true, write: false, format: "cjs" });
  const made = { exports: {} };
  new Function("module", "exports", outputFiles[0].text)(made, made.exports);
  const { checks, grouped, read } = made.exports;
  const { check_digits, groups, texts } = JSON.parse(readFileSync(0, "utf8"));
  console.log(JSON.stringify({
    check_digits: check_digits.map((one) => checks(one.digits)),
    groups: groups.map((one) => grouped(one.digits)),
    kinds: texts.map((one) => read(one.text).kind),
  }));
})();
"""


@pytest.fixture(scope="module")
def said() -> dict[str, list[Any]]:
    """What the page's own code says of every vector."""
    done = subprocess.run(
        ["node", "-e", SCRIPT],
        cwd=WEB, input=json.dumps(VECTORS), capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, list[Any]] = json.loads(done.stdout)
    return found


def canonical(text: str) -> str | None:
    try:
        return identify(text).canonical
    except EpcisError:
        return None


def test_check_digits(said: dict[str, list[Any]]) -> None:
    wanted = [one["valid"] for one in VECTORS["check_digits"]]
    assert said["check_digits"] == wanted
    given = [one["digits"] for one in VECTORS["check_digits"]]
    assert [one[-1] == check_digit(one[:-1]) for one in given] == wanted


def test_groups(said: dict[str, list[Any]]) -> None:
    wanted = [one["text"] for one in VECTORS["groups"]]
    assert said["groups"] == wanted
    assert [grouped(one["digits"]) for one in VECTORS["groups"]] == wanted


def test_texts(said: dict[str, list[Any]]) -> None:
    shown = dict(zip((one["text"] for one in VECTORS["texts"]), said["kinds"], strict=True))
    assert shown == {one["text"]: one["kind"] for one in VECTORS["texts"]}
    read = {one["text"]: canonical(one["text"]) for one in VECTORS["texts"]}
    assert read == {one["text"]: one["code"] for one in VECTORS["texts"]}
