"""Whose product it is, as the master data have it."""

from __future__ import annotations

from node_gateway.codes.issuing import Kind
from node_gateway.master_data.directory import Directory
from node_gateway.master_data.records import Party


class MasterRegister:
    """Implements `issuing.Register` on the master data of this gateway."""

    def __init__(self, directory: Directory, participant: int) -> None:
        self._directory, self._participant = directory, participant

    async def issues(self, kind: Kind, name: str) -> bool | None:
        """See `Register`.

        Ours is what lies under a company prefix of ours, if one was entered, and what the register
        of products has, unless it says that another participant makes it.
        """
        if kind != "drug":
            digits = name[1:] if kind == "gtin" else name
            ours = self._prefixes()
            if ours and not any(digits.startswith(one) for one in ours):
                return False
            if kind == "sscc":
                return True if ours else None
        product = self._directory.product_of(name)
        if product is None:
            return False if self._directory.count("product") else None
        maker = None if product.manufacturer is None else self._party(product.manufacturer)
        return maker is None or maker.participant in (None, self._participant)

    def _prefixes(self) -> list[str]:
        parties = (self._party(one) for one in self._directory.ids("party"))
        return [
            prefix
            for one in parties
            if one is not None and one.participant == self._participant
            for prefix in one.company_prefixes
        ]

    def _party(self, identifier: str) -> Party | None:
        found = self._directory.get("party", identifier)
        return found if isinstance(found, Party) else None
