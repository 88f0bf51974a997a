"""Evidence out of what somebody has in hand: bundles, signed transactions, messages, findings."""

from __future__ import annotations

from collections.abc import Sequence

from anchoring.chain.messages import read_message
from anchoring.core.bundle import parse_bundle
from anchoring.errors import BundleFormatError
from anchoring.evidence.model import (
    Content,
    Evidence,
    EvidenceKind,
    Said,
    TwoContents,
    TwoMessages,
    TwoTransactions,
    TwoValues,
)


def evidence_from(what: str, texts: Sequence[bytes]) -> Evidence:
    """Return bare evidence, without any proof of the chain.

    Args:
        what: `values`, `contents`, `transactions`, `messages` or `message`.
        texts: Two texts, or one for `message`: bundles, transactions in hex, or messages.

    Raises:
        FormatError: a text is none of the kind.
        ValueError: the word is none of these, or the number of texts another.
    """
    match what, [*texts]:
        case "values", [first, second]:
            values = TwoValues((parse_bundle(first), parse_bundle(second)))
            return Evidence(EvidenceKind.TWO_VALUES, values)
        case "contents", [first, second]:
            contents = (Content(parse_bundle(first)), Content(parse_bundle(second)))
            return Evidence(EvidenceKind.TWO_CONTENTS, TwoContents(contents))
        case "transactions", [first, second]:
            raws = (_raw(first), _raw(second))
            return Evidence(EvidenceKind.TWO_TRANSACTIONS, TwoTransactions(raws))
        case "messages", [first, second]:
            messages = (read_message(first), read_message(second))
            return Evidence(EvidenceKind.TWO_MESSAGES, TwoMessages(messages))
        case "message", [only]:
            return Evidence(EvidenceKind.SAID, Said(read_message(only)))
        case _:
            raise ValueError(what)


def _raw(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii").strip().removeprefix("0x"))
    except ValueError as error:
        raise BundleFormatError("a signed transaction is hex", "hash_form") from error
