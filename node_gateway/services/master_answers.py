"""What queries ask of master data: places inside places, and things with an attribute."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from node_gateway.epcis.query import Need
from node_gateway.master_data.directory import Directory
from node_gateway.master_data.records import Kind, Product

_LOCAL: Final = re.compile(r"[#/:]")
# Attributes of CBV (case folded) whose members have another name here.
_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("nameZh", "nameEn"),
    "state": ("region",),
    "countrycode": ("country",),
    "streetaddressone": ("address",),
    "descriptionshort": ("nameZh", "nameEn"),
    "tradeitemdescription": ("nameZh", "nameEn"),
    "regulatedproductname": ("nameZh", "nameEn"),
    "functionalname": ("nameZh", "nameEn"),
    "dosageformtype": ("dosageForm",),
    "strengthdescription": ("specification",),
    "netcontentdescription": ("specification",),
}
_KINDS: Final[tuple[Kind, ...]] = ("location", "party", "product")
_GTIN: Final = "https://id.gs1.org/01/"


class DirectoryAnswers:
    """Answers from the master data that are held in memory."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def identifiers(self, need: Need) -> frozenset[str]:
        """Return the canonical identifiers that a condition needs to know."""
        if need.kind == "descendants":
            return frozenset(
                inner for one in need.values for inner in self._directory.descendants(one)
            )
        if need.kind == "attribute":
            return frozenset(
                identifier
                for identifier, members in self._records()
                if any(_values(members, attribute) for attribute in need.values)
            )
        wanted = frozenset(need.values)
        return frozenset(
            identifier
            for identifier, members in self._records()
            if wanted & _values(members, need.name)
        )

    def _records(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for kind in _KINDS:
            for identifier in list(self._directory.ids(kind)):
                record = self._directory.get(kind, identifier)
                if record is None:
                    continue
                members = record.to_json()
                yield identifier, members
                if isinstance(record, Product):
                    yield from ((_GTIN + gtin, members) for gtin in record.gtins)


def _values(members: Mapping[str, Any], attribute: str) -> frozenset[str]:
    """Return what a record says under an attribute: its own member's name, or CBV's."""
    local = _LOCAL.split(attribute)[-1]
    names = (local, *_MEMBERS.get(local.casefold(), ()))
    found = (members.get(name) for name in names)
    return frozenset(str(one) for one in found if isinstance(one, str | int) and one != "")
