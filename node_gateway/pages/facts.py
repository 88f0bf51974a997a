"""What a result page hands to its script: the answer, its proofs, and whom it may ask.

The script believes none of it: it checks the proofs against witnesses that its viewer chose. The
endpoints in this gateway's own network file are not told: they may be private.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from anchoring.verdicts import Verdict
from node_gateway.pages.looking import Looked, witnesses
from node_gateway.services.gateway import Gateway
from node_gateway.web import words

WORDS: Final = ("verdict.", "check.", "witness.", "result.step.")
_WITHOUT_PROOF: Final = tuple(
    f"verdict.{one}."
    for one in (
        Verdict.NEVER_ISSUED,
        Verdict.TYPO,
        Verdict.NOT_ACTIVATED,
        Verdict.OUTSIDE_NETWORK,
    )
)


def facts(gateway: Gateway, looked: Looked, language: str) -> dict[str, Any]:
    """Return the facts as JSON."""
    network = {**gateway.directory.network.to_json(), "witnesses": {}}
    network.pop("signatures", None)  # they are about the whole file
    steps = [_step(looked, one) for one in looked.answer["steps"]]
    return {
        "code": looked.asked.code,
        "participant": looked.here.participant,
        "state": looked.state,
        "verdict": looked.verdict,
        "answer": {**looked.answer, "steps": steps},
        "bundles": looked.proofs,
        "network": network,
        "witnesses": witnesses(gateway),
        "today": looked.today,
        "language": language,
        "words": _words(language),
    }


def _step(looked: Looked, one: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out the proof of what the bundles prove already: a page has little room."""
    if one["entry"] not in looked.entries:
        return one
    return {name: value for name, value in one.items() if name != "proof"}


@cache
def _words(language: str) -> Mapping[str, str]:
    """Return what the script may say; it judges bundles, and of some verdicts there are none."""
    found = words.some(language, *WORDS)
    return {key: text for key, text in found.items() if not key.startswith(_WITHOUT_PROOF)}


__all__ = ["facts"]
