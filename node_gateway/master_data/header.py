"""Master data that stand in the header of an EPCIS document.

What cannot be read is left out: a partner's header never makes a document fail.

Source: EPCIS 2.0, 9.4 (`epcisHeader.epcisMasterData.vocabularyList`); CBV 2.0, section 9
(attributes of master data). In EPCIS, `children` names descendants of every depth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from node_gateway.epcis.derived import Location
from node_gateway.master_data import forms
from node_gateway.master_data.directory import Directory
from node_gateway.master_data.records import MODELS, Kind, LocationRecord, Record

ELEMENTS_MAX: Final = 2000
"""Elements that are looked at; a header may have more."""
_KINDS: Final[Mapping[str, Kind]] = {
    "epcclass": "product",
    "businesslocation": "location",
    "bizlocation": "location",
    "readpoint": "location",
    "location": "location",
    "party": "party",
    "sourcedest": "party",
    "sourcedestid": "party",
}
_ATTRIBUTES: Final[Mapping[Kind, Mapping[str, str]]] = {
    "product": {
        "descriptionshort": "name",
        "tradeitemdescription": "name",
        "regulatedproductname": "name",
        "functionalname": "name",
        "dosageformtype": "dosageForm",
        "strengthdescription": "specification",
        "netcontentdescription": "specification",
    },
    "location": {
        "name": "name",
        "city": "city",
        "state": "region",
        "countrycode": "country",
        "streetaddressone": "address",
    },
    "party": {"name": "name"},
}
"""By kind: attribute of CBV, case folded; the first of an element that fills a member counts."""
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_LAST: Final = re.compile(r"[#/:]")


def header_records(document: Mapping[str, Any]) -> list[Record]:
    """Return what the header of a document says of products, places and parties.

    Args:
        document: An EPCISDocument or EPCISQueryDocument as JSON.
    """
    header = document.get("epcisHeader")
    master = header.get("epcisMasterData") if isinstance(header, Mapping) else None
    lists = master.get("vocabularyList") if isinstance(master, Mapping) else None
    if not isinstance(lists, list):
        return []
    drafts: dict[tuple[Kind, str], dict[str, Any]] = {}
    inside: dict[str, set[str]] = {}
    for kind, element in _elements(lists):
        identifier = _identifier(kind, element.get("id"))
        if identifier is None:
            continue
        draft = drafts.setdefault((kind, identifier), {})
        for name, value in _members(kind, element):
            draft.setdefault(name, value)
        if kind == "location":
            inside.setdefault(identifier, set()).update(_children(element))
    _nest(drafts, inside)
    made = [_record(kind, identifier, draft) for (kind, identifier), draft in drafts.items()]
    return [one for one in made if one is not None]


class Told(Mapping[str, Location]):
    """Places as the master data have them, and where those are silent as a header has them."""

    def __init__(self, known: Mapping[str, Location], records: Sequence[Record]) -> None:
        self._known, self._told = known, Directory()
        for record in records:
            if isinstance(record, LocationRecord):
                self._told.put("location", record)

    def __getitem__(self, identifier: str) -> Location:
        known, told = self._known.get(identifier), self._told.place(identifier)
        if known is None or told is None:
            found = known or told
            if found is None:
                raise KeyError(identifier)
            return found
        return Location(known.city or told.city, known.region or told.region)

    def __iter__(self) -> Iterator[str]:
        return iter({*self._known, *self._told.ids("location")})

    def __len__(self) -> int:
        return len({*self._known, *self._told.ids("location")})


def _elements(lists: list[Any]) -> Iterator[tuple[Kind, Mapping[str, Any]]]:
    seen = 0
    for vocabulary in lists:
        if not isinstance(vocabulary, Mapping):
            continue
        elements = vocabulary.get("vocabularyElementList")
        for element in elements if isinstance(elements, list) else ():
            seen += 1
            if seen > ELEMENTS_MAX:
                return
            if isinstance(element, Mapping):
                kind = _kind(element.get("type")) or _kind(vocabulary.get("type"))
                if kind is not None:
                    yield kind, element


def _kind(text: object) -> Kind | None:
    return _KINDS.get(_last(text)) if isinstance(text, str) else None


def _last(name: str) -> str:
    """Return the last part of a name, whichever way its vocabulary is written before it."""
    return _LAST.split(name)[-1].casefold()


def _identifier(kind: Kind, text: object) -> str | None:
    form = {"product": forms.gtin14, "location": forms.location_id, "party": forms.party_id}
    try:
        return form[kind](text) if isinstance(text, str) else None
    except PydanticCustomError:
        return None


def _members(kind: Kind, element: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    attributes = element.get("attributes")
    for one in attributes if isinstance(attributes, list) else ():
        name = one.get("id") if isinstance(one, Mapping) else None
        value = one.get("attribute") if isinstance(one, Mapping) else None
        if not isinstance(name, str) or not isinstance(value, str) or not value.strip():
            continue
        member = _ATTRIBUTES[kind].get(_last(name))
        if member == "name":
            yield ("nameZh" if _HAN.search(value) else "nameEn"), value
        elif member is not None:
            yield member, value


def _children(element: Mapping[str, Any]) -> Iterator[str]:
    children = element.get("children")
    for child in (children if isinstance(children, list) else ())[:ELEMENTS_MAX]:
        identifier = _identifier("location", child)
        if identifier is not None:
            yield identifier


def _nest(drafts: dict[tuple[Kind, str], dict[str, Any]], inside: dict[str, set[str]]) -> None:
    """Give every place its nearest parent: the one with the fewest descendants that lists it."""
    for parent in sorted(inside, key=lambda one: (len(inside[one]), one)):
        for child in sorted(inside[parent]):
            if child == parent or parent in inside.get(child, ()):
                continue
            if len(drafts) < 2 * ELEMENTS_MAX or ("location", child) in drafts:
                drafts.setdefault(("location", child), {}).setdefault("parent", parent)


def _record(kind: Kind, identifier: str, draft: Mapping[str, Any]) -> Record | None:
    members = {"id": identifier, **draft}
    if kind == "product":
        members["levels"] = [{"gtins": [identifier]}]
    for _ in range(len(members)):
        try:
            return MODELS[kind].model_validate(members)
        except ValidationError as error:
            wrong = {str(one["loc"][0]) for one in error.errors(include_url=False) if one["loc"]}
            if "id" in wrong or not wrong & set(members):
                return None
            members = {name: one for name, one in members.items() if name not in wrong}
    return None
