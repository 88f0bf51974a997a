"""What a record claims that another one has already: one code is one product, one id one party."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from node_gateway.master_data.directory import Directory, both_roles, party_names
from node_gateway.master_data.forms import ENTERPRISE
from node_gateway.master_data.records import LocationRecord, Party, Product, Record


@dataclass(frozen=True, slots=True)
class Conflict:
    """A claim of a record that meets another record's, at a JSON pointer into the new one."""

    code: str
    detail: str
    pointer: str
    holder: str
    """Id of the record that has it already; empty if the record is at odds with itself."""


def conflicts(directory: Directory, record: Record) -> list[Conflict]:
    """Return every claim of a record that another one of the directory makes already."""
    if isinstance(record, Product):
        return list(_of_product(directory, record))
    if isinstance(record, Party):
        return list(_of_party(directory, record))
    return list(_of_place(directory, record))


def _of_product(directory: Directory, product: Product) -> Iterator[Conflict]:
    for at, level in enumerate(product.levels):
        for name, codes in (("gtins", level.gtins), ("drugIds", level.drug_ids)):
            for index, code in enumerate(codes):
                holder = directory.product_with(code)
                if holder is not None and holder.id != product.id:
                    pointer = f"/levels/{at}/{name}/{index}"
                    yield _taken("another product has this code", pointer, holder.id)


def _of_party(directory: Directory, party: Party) -> Iterator[Conflict]:
    told = set()
    for name in party_names(party):
        holder = directory.party_named(name)
        pointer = _place_of(party, name)
        if holder is not None and holder.id != party.id and pointer not in told:
            told.add(pointer)
            yield _taken("another party has this identifier", pointer, holder.id)
    for index, prefix in enumerate(party.company_prefixes):
        for holder in directory.parties_under(prefix):
            if holder.id != party.id:
                detail = "another party owns keys under this company prefix"
                yield _taken(detail, f"/companyPrefixes/{index}", holder.id)


def _place_of(party: Party, name: str) -> str:
    for index, one in enumerate(party.identifiers):
        if name in both_roles(one):
            return f"/identifiers/{index}"
    for index, one in enumerate(party.enterprise_ids):
        if name in (one, ENTERPRISE + one):
            return f"/enterpriseIds/{index}"
    return "/creditCode" if party.credit_code and name.endswith(party.credit_code) else "/id"


def _of_place(directory: Directory, place: LocationRecord) -> Iterator[Conflict]:
    if place.parent is not None and directory.encloses(place.id, place.parent):
        yield Conflict("place_inside_itself", "the place would lie in itself", "/parent", "")


def _taken(detail: str, pointer: str, holder: str) -> Conflict:
    return Conflict("master_data_taken", detail, pointer, holder)
