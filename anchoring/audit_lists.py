"""Public entry lists, each held against what was anchored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise

from anchoring.audit_claims import AuditedList
from anchoring.audit_report import AuditReport, FindingCode
from anchoring.core import merkle
from anchoring.core.anchor import ZERO_HASH, Anchor

EntriesOf = Callable[[int, int], Awaitable[list[bytes] | None]]
"""(stream, sequence) -> the public entry list as given, None if it is withheld."""


class ListsAuditor:
    """Checks public entry lists; without `entries_of` they are reported as unchecked."""

    def __init__(self, entries_of: EntriesOf | None) -> None:
        self._entries_of = entries_of

    async def check(self, report: AuditReport, anchor: Anchor, time: int) -> AuditedList:
        """Fetch one public list and rebuild its root.

        Args:
            report: Takes findings and counts.
            anchor: What was anchored.
            time: Time of its block.
        """
        where = {"stream": anchor.stream, "sequence": anchor.sequence}
        if self._entries_of is None:
            report.unchecked.append(
                f"the entry list of {anchor.stream}/{anchor.sequence}: no gateway was given"
            )
            return AuditedList(anchor, time, None)
        entries = await self._entries_of(anchor.stream, anchor.sequence)
        if entries is None:
            text = "the gateway does not give the public entry list"
            report.add(FindingCode.WITHHELD_LIST, text, **where, root=anchor.root.hex())
            return AuditedList(anchor, time, None)
        report.lists += 1
        report.entries += len(entries)
        for index, (left, right) in enumerate(pairwise(entries)):
            if left >= right:
                text = f"entry {index + 1} is not above the one before it"
                pair = [left.hex(), right.hex()]
                report.add(FindingCode.UNSORTED_LIST, text, **where, index=index, entries=pair)
                break
        computed = _root(entries)
        if len(entries) != anchor.size or computed != anchor.root:
            report.add(
                FindingCode.WRONG_ROOT,
                "the public entry list is not what was anchored",
                **where,
                computed={"root": computed.hex(), "size": len(entries)},
                anchored={"root": anchor.root.hex(), "size": anchor.size},
            )
            return AuditedList(anchor, time, None)
        return AuditedList(anchor, time, frozenset(entries))


def _root(entries: Sequence[bytes]) -> bytes:
    if not entries or any(len(entry) != merkle.HASH_SIZE for entry in entries):
        return ZERO_HASH  # never an anchored root
    return merkle.tree_root(merkle.build_levels(merkle.leaf_hashes(entries)))
