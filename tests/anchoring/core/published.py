"""The published vectors, and what this library says about a bundle."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from anchoring.core.verify import CheckedBundle, check_bundles, check_record
from anchoring.errors import AnchoringError

VECTORS = Path(__file__).parents[2] / "vectors"


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def cases(name: str) -> list[dict[str, Any]]:
    return load(name)["cases"]


def bundle_of(case: Mapping[str, Any]) -> bytes:
    return base64.b64decode(case["bundle_b64"])


def case_named(name: str) -> dict[str, Any]:
    return next(case for case in cases("proof_valid.json") if case["name"] == name)


def document_of(case: Mapping[str, Any]) -> dict[str, Any]:
    return json.loads(bundle_of(case))


def verify(text: bytes, chain: Mapping[str, Any]) -> tuple[CheckedBundle, ...]:
    """All nine steps against one registry; `slot` null means that it holds nothing."""
    checked = check_bundles(text)
    registry, slot = bytes.fromhex(chain["registry"]), bytes.fromhex(chain["slot"] or "00" * 32)
    for one in checked:
        check_record(one, chain_id=chain["chainId"], registry=registry, slot=slot)
    return checked


def code_of(text: bytes, chain: Mapping[str, Any]) -> str | None:
    """The code of the refusal, None if it is verified; anything but a refusal is raised."""
    try:
        verify(text, chain)
    except AnchoringError as refusal:
        return refusal.code
    return None


def refusal_of(document: Any, chain: Mapping[str, Any]) -> str | None:
    return code_of(json.dumps(document).encode(), chain)
