"""What a file is, from its first bytes."""

from __future__ import annotations

import re
from typing import Final, Literal

from node_gateway.codes.china.findings import FileFormError
from node_gateway.codes.china.reading import SNIFF_SIZE, encoding_of

HEAD_SIZE: Final = SNIFF_SIZE
"""So many first bytes are enough to tell a file."""
FileKind = Literal["mashang-relation", "mashang-bills"]

_ROOT: Final = re.compile(r"<(?:\w+:)?Document\b", re.IGNORECASE)
_RELATION: Final = re.compile(r"<(?:\w+:)?Relation\b|RelationCreate", re.IGNORECASE)
_BILLS: Final = re.compile(
    r"<(?:\w+:)?DataField\b|\bMainAction\s*=|WareHouse(?:In|Out)", re.IGNORECASE
)


def sniff(head: bytes) -> FileKind | None:
    """Return which of the platform's files begins with `head`, None if none does.

    Args:
        head: The first bytes; HEAD_SIZE are enough.
    """
    try:
        name, skip = encoding_of(head[:SNIFF_SIZE])
    except FileFormError:
        return None
    text = head[skip:SNIFF_SIZE].decode(name, errors="replace")
    root = _ROOT.search(text)
    if root is None:
        return None
    text = text[root.start() :]
    if _RELATION.search(text):
        return "mashang-relation"
    return "mashang-bills" if _BILLS.search(text) else None
