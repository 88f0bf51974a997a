"""What the words of the Core Business Vocabulary are called by people, in each language."""

from __future__ import annotations

from typing import Literal

from node_gateway.web.words import catalogue

Kind = Literal["step", "disposition"]


def term(language: str, kind: Kind, word: str | None) -> str:
    """Return what people call a business step or a disposition; the word itself if it is another's.

    Args:
        language: One of `words.LANGUAGES`.
        kind: Which of both.
        word: As EPCIS 2.0 JSON has it; empty or None: there is none.
    """
    if not word:
        return ""
    return catalogue(language).get(f"cbv.{kind}.{word}", word)


__all__ = ["Kind", "term"]
