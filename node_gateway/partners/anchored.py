"""Whether our own chain endpoint has the anchor of a bundle that somebody else made."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from anchoring.chain.network import Network
from anchoring.core.verify import CheckedBundle, check_anchored
from anchoring.errors import AnchoringError, ChainError
from anchoring.ports import AnchorReader

_KEPT_MAX: Final = 10_000


class Anchored:
    """Compares bundles with the chain. What was found once is kept: an anchor never changes."""

    def __init__(self, reader: AnchorReader, network: Network) -> None:
        self._reader, self._network = reader, network
        self._known: OrderedDict[tuple[int, int, bytes], None] = OrderedDict()

    async def holds(self, checked: CheckedBundle) -> bool | None:
        """Return whether the chain has the bundle's anchor; None if it could not be asked.

        Args:
            checked: From `anchoring.core.verify.check_bundle`; it holds in itself.
        """
        anchor = checked.bundle.anchor
        records = [
            checked.record(chain_id=self._network.chain_id, registry=one.address)
            for one in self._network.registries
        ]
        keys = [(anchor.stream, anchor.sequence, one) for one in records]
        if any(key in self._known for key in keys):
            return True
        try:
            head = await self._reader.head()
            slots = [
                (
                    one.address,
                    await self._reader.record(
                        one.address, anchor.stream, anchor.sequence, at=head.block_hash
                    ),
                )
                for one in self._network.registries
            ]
        except ChainError:
            return None
        try:
            check_anchored(checked, chain_id=self._network.chain_id, slots=slots)
        except AnchoringError:
            return False
        self._keep(next(key for key, (_, slot) in zip(keys, slots, strict=True) if key[2] == slot))
        return True

    def _keep(self, key: tuple[int, int, bytes]) -> None:
        self._known[key] = None
        if len(self._known) > _KEPT_MAX:
            self._known.popitem(last=False)
