"""Runs the JavaScript verifier: one Node process answers any number of questions."""

import base64
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.js.reference import CHAIN_ID, REGISTRY, Anchor

HERE = Path(__file__).parent

Chain = Mapping[str, Any]


def raw(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def seen_on_chain(*anchors: Anchor, **other: Any) -> Chain:
    """What the chain holds when exactly these anchors are recorded."""
    slots = {f"{anchor.stream}/{anchor.sequence}": anchor.record() for anchor in anchors}
    return {"chainId": CHAIN_ID, "registry": REGISTRY, "slot": None, "slots": slots, **other}


def judge(cases: Mapping[str, tuple[bytes, Chain]]) -> dict[str, dict[str, Any]]:
    """Map {name: (text of a bundle, chain)} to {name: answer}, in one run of Node."""
    questions = [
        json.dumps({"bundle": base64.b64encode(text).decode(), **chain})
        for text, chain in cases.values()
    ]
    done = subprocess.run(
        ["node", HERE / "verify_cli.mjs"],
        input="\n".join(questions),
        capture_output=True,
        encoding="utf-8",
        timeout=150,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.rstrip("\n").split("\n")]
    return dict(zip(cases, answers, strict=True))


def codes_of(cases: Mapping[str, tuple[bytes, Chain]]) -> dict[str, str | None]:
    """Map {name: (text of a bundle, chain)} to {name: code of the refusal, None if verified}."""
    return {name: answer.get("code") for name, answer in judge(cases).items()}
