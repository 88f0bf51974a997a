"""Master data as the state rules ask for them."""

from __future__ import annotations

from node_gateway.master_data.directory import Directory
from node_gateway.state.sensors import Limits


class MasterLookups:
    """Limits and regions of products, as of now."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def limits(self, product: str) -> Limits | None:
        """See `Lookups`."""
        known = self._directory.product_of(product)
        if known is None or (known.storage_min_c is None and known.storage_max_c is None):
            return None
        low, high = known.storage_min_c, known.storage_max_c
        return Limits(None if low is None else float(low), None if high is None else float(high))

    def regions(self, product: str) -> frozenset[str] | None:
        """See `Lookups`."""
        known = self._directory.product_of(product)
        return frozenset(known.regions) if known is not None and known.regions else None

    def region_of(self, place: str) -> str | None:
        """See `Lookups`."""
        known = self._directory.place(place)
        return known.region or None if known is not None else None
