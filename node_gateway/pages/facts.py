"""What a result page hands to its script: the answer, its proofs, and whom it may ask.

The script believes none of it: it checks the proofs against witnesses that its viewer chose. The
endpoints in this gateway's own network file are not told: they may be private.
"""

from __future__ import annotations

from typing import Any, Final

from node_gateway.pages.looking import Looked, witnesses
from node_gateway.services.gateway import Gateway
from node_gateway.web import words

WORDS: Final = ("verdict.", "check.", "witness.")


def facts(gateway: Gateway, looked: Looked, language: str) -> dict[str, Any]:
    """Return the facts as JSON."""
    network = {**gateway.directory.network.to_json(), "witnesses": {}}
    network.pop("signatures", None)  # they are about the whole file
    return {
        "code": looked.asked.code,
        "participant": looked.here.participant,
        "state": looked.state,
        "verdict": looked.verdict,
        "answer": dict(looked.answer),
        "bundles": looked.proofs,
        "network": network,
        "witnesses": witnesses(gateway),
        "today": looked.today,
        "language": language,
        "words": words.some(language, *WORDS),
    }


__all__ = ["facts"]
