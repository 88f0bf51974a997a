"""What a contract's refusal means: a stable code, one plain sentence, and what to do next.

The sentences are for people who never saw the contracts; `refusal_words` holds them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from anchoring.chain.refusal_words import NOT_APPROVED, OTHER, REFUSALS, Words
from anchoring.errors import ContractRefusedError

_TEXT_SIZE_MAX = 200
_WORDS: Final = MappingProxyType(
    {
        "state": (
            *("unknown", "open: it lacks approvals", "waiting: its delay runs"),
            *(
                "ready: anyone may execute it",
                "executed",
                "failed",
                "lapsed",
                "vetoed",
                "withdrawn",
            ),
        ),
        "status": ("not admitted", "active", "suspended", "removed"),
        "action": (
            *("suspend", "reinstate", "grant-prefix", "change-roles", "admit", "remove"),
            *("change-voter", "replace-admin-key", "revoke-prefix", "name-successor"),
        ),
    }
)


class _Shown:
    """One argument, as a sentence shows it: `{0}`, `{0:time}`, or a word of `_WORDS`."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __format__(self, kind: str) -> str:
        value = self._value
        if isinstance(value, bytes):
            return f"0x{value.hex()}"[:_TEXT_SIZE_MAX]
        if kind and isinstance(value, int):
            return _in_words(kind, value)
        text = str(value)
        return text if len(text) <= _TEXT_SIZE_MAX else text[:_TEXT_SIZE_MAX] + "..."


def _in_words(kind: str, value: int) -> str:
    if kind == "time":
        if value == 0:
            return "no end"
        try:
            return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, OverflowError, OSError):
            return str(value)
    words = _WORDS[kind]
    return words[value] if value < len(words) else str(value)


def explain(error: ContractRefusedError) -> Words:
    """Return what a refusal means. Whatever the endpoint says, this answers.

    Returns:
        Code, sentence and next step, with the arguments of the error filled in.
    """
    known = REFUSALS.get(error.name, OTHER)
    if error.name == "ConsortiumApproval" and error.arguments[2:] == (False,):
        known = NOT_APPROVED
    shown = [_Shown(one) for one in error.arguments]
    try:
        return Words(known.code, known.sentence.format(*shown), known.step)
    except (IndexError, KeyError):  # an endpoint that gives fewer arguments than the contract
        return Words(known.code, OTHER.sentence, known.step)
