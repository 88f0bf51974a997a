"""An AnchorOutbox in memory, with the rules that the port demands checked on every call."""

from collections.abc import Sequence
from dataclasses import replace

from anchoring.core.anchor import Anchor
from anchoring.ports import AnchorId, AnchorPlace, PendingAnchor, SignedTransaction


class MemoryOutbox:
    """What survives a crash. `copy` is a backup; `log` tells the order of the writes."""

    def __init__(self) -> None:
        self.rows: dict[AnchorId, PendingAnchor] = {}
        self.final: dict[AnchorId, AnchorPlace] = {}
        self.signed: dict[bytes, SignedTransaction] = {}
        self.log: list[str] = []

    def copy(self) -> "MemoryOutbox":
        other = MemoryOutbox()
        other.rows, other.final = dict(self.rows), dict(self.final)
        other.signed = dict(self.signed)
        return other

    def batch(self, anchor: Anchor, *, created_at: int = 0, anchor_by: int | None = None) -> None:
        name = (anchor.stream, anchor.sequence)
        assert name not in self.rows
        self.rows[name] = PendingAnchor(anchor, "batched", created_at, anchor_by, None)

    async def pending(self, *, limit: int) -> list[PendingAnchor]:
        names = sorted(name for name in self.rows if name not in self.final)
        return [self.rows[name] for name in names[:limit]]

    async def add_transaction(self, tx: SignedTransaction) -> None:
        self.log.append("add_transaction")
        for name in tx.anchors:
            self.rows[name] = replace(self.rows[name], state="anchoring")
        self.signed.setdefault(tx.tx_hash, tx)

    async def transactions(self) -> list[SignedTransaction]:
        open_ones = [
            tx for tx in self.signed.values() if any(name not in self.final for name in tx.anchors)
        ]
        return sorted(open_ones, key=lambda tx: tx.nonce)

    async def mark_seen(self, places: Sequence[AnchorPlace]) -> None:
        self.log.append("mark_seen")
        for place in places:
            name = (place.stream, place.sequence)
            self.rows[name] = replace(self.rows[name], state="anchoring", place=place)

    async def mark_unseen(self, anchors: Sequence[AnchorId]) -> None:
        self.log.append("mark_unseen")
        for name in anchors:
            assert name not in self.final, "what is final never goes back"
            self.rows[name] = replace(self.rows[name], place=None)

    async def mark_final(self, places: Sequence[AnchorPlace]) -> None:
        self.log.append("mark_final")
        for place in places:
            name = (place.stream, place.sequence)
            assert self.final.get(name, place) == place, "what is final never moves"
            before = (place.stream, place.sequence - 1)
            assert place.sequence == 1 or before in self.final, "finals are dense"
            self.final[name] = place
            self.rows[name] = replace(self.rows[name], place=place)

    async def last_final(self, stream: int) -> AnchorPlace | None:
        places = [place for name, place in self.final.items() if name[0] == stream]
        return max(places, key=lambda place: place.sequence, default=None)

    async def last_batched(self, stream: int) -> Anchor | None:
        anchors = [row.anchor for name, row in self.rows.items() if name[0] == stream]
        return max(anchors, key=lambda anchor: anchor.sequence, default=None)
