"""Master data in memory, for paths that look something up per event or per code.

Where two records claim one code the later one has it, until they are put right; `conflicts` says
so before.

One writer (the service, on the event loop) and many readers (also on threads): every change
replaces whole values of dictionaries, so that a reader sees a record before or after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from node_gateway.epcis.derived import Location
from node_gateway.epcis.identifiers.keys import KEYS, RESOLVER
from node_gateway.master_data.forms import CREDIT_CODE, ENTERPRISE
from node_gateway.master_data.records import Kind, LocationRecord, Party, Product, Record

DEPTH_MAX: Final = 32
"""Most places inside each other."""
_REMEMBERED_MAX: Final = 100_000
_DRUG_CODE: Final = "urn:x-cn-drug:"
_GTIN_LINK: Final = f"{RESOLVER}/01/"
_EXTENSION: Final = "/254/"


class Directory:
    """All records that hold now, by id and by everything that stands for them."""

    def __init__(self) -> None:
        self._records: dict[tuple[Kind, str], Record] = {}
        self._products: dict[str, tuple[Product, int]] = {}  # by GTIN or identification code
        self._items: dict[str, Product] = {}  # by the GTIN's 12 digits inside
        self._parties: dict[str, Party] = {}
        self._prefixes: dict[str, Party] = {}
        self._longer: dict[str, frozenset[str]] = {}  # prefixes by everything they begin with
        self._lengths: tuple[int, ...] = ()  # of the known prefixes, longest first
        self._children: dict[str, frozenset[str]] = {}
        self._called: dict[str, frozenset[str]] = {}  # ids by kind and name
        self._remembered: dict[str, Location | None] = {}

    def __len__(self) -> int:
        return len(self._records)

    def get(self, kind: Kind, identifier: str) -> Record | None:
        """Return a record by its id."""
        return self._records.get((kind, identifier))

    def count(self, kind: Kind) -> int:
        """Return how many records of a kind there are."""
        return sum(one == kind for one, _ in self._records)

    def ids(self, kind: Kind) -> Iterator[str]:
        """Return the ids of all records of a kind."""
        return (one for here, one in self._records if here == kind)

    def put(self, kind: Kind, record: Record) -> None:
        """Add a record, in place of the one with its id."""
        before = self._records.get((kind, record.id))
        self._records[kind, record.id] = record
        self._remembered = {}
        for name in _called(kind, before):
            _take_out(self._called, name, record.id)
        for name in _called(kind, record):
            self._called[name] = self._called.get(name, frozenset()) | {record.id}
        if isinstance(record, Product):
            for number, level in enumerate(record.levels, 1):
                for code in (*level.gtins, *level.drug_ids):
                    self._products[code] = (record, number)
                for gtin in level.gtins:
                    self._items[gtin[1:13]] = record
        elif isinstance(record, Party):
            for name in party_names(record):
                self._parties[name] = record
            for prefix in record.company_prefixes:
                self._prefixes[prefix] = record
                self._lengths = tuple(sorted({len(prefix), *self._lengths}, reverse=True))
                for head in _heads(prefix):
                    self._longer[head] = self._longer.get(head, frozenset()) | {prefix}
        elif (parent := parent_of(record)) is not None:
            self._children[parent] = self._children.get(parent, frozenset()) | {record.id}
        if before is not None:
            self._forget(before, record)

    def drop(self, kind: Kind, identifier: str) -> None:
        """Take a record out, if it is there."""
        record = self._records.pop((kind, identifier), None)
        self._remembered = {}
        for name in _called(kind, record):
            _take_out(self._called, name, identifier)
        if record is not None:
            self._forget(record, None)

    def _forget(self, record: Record, after: Record | None) -> None:
        """Take out what stands for a record, as far as it stands for no other one by now."""
        if isinstance(record, Product):
            for code in (*record.gtins, *record.drug_ids):
                if (held := self._products.get(code)) is not None and held[0] is record:
                    del self._products[code]
            for gtin in record.gtins:
                if self._items.get(gtin[1:13]) is record:
                    del self._items[gtin[1:13]]
        elif isinstance(record, Party):
            for name in party_names(record):
                if self._parties.get(name) is record:
                    del self._parties[name]
            for prefix in record.company_prefixes:
                if self._prefixes.get(prefix) is record:
                    del self._prefixes[prefix]
                    for head in _heads(prefix):
                        _take_out(self._longer, head, prefix)
        elif (parent := parent_of(record)) is not None:
            still = isinstance(after, LocationRecord) and parent_of(after) == parent
            if not still:
                _take_out(self._children, parent, record.id)

    # who has what already

    def product_with(self, code: str) -> Product | None:
        """Return the product whose GTIN (whatever its indicator digit) or code this is."""
        if len(code) == 14:
            return self._items.get(code[1:13])
        found = self._products.get(code)
        return None if found is None else found[0]

    def party_named(self, name: str) -> Party | None:
        """Return the party that has exactly this name of `party_names`."""
        return self._parties.get(name)

    def called(self, kind: Kind, name: str) -> list[str]:
        """Return the ids of the parties or places with this name, whatever its case."""
        return sorted(self._called.get(_call(kind, name), ()))

    def parties_under(self, prefix: str) -> list[Party]:
        """Return the parties whose company prefixes claim keys under this one."""
        claimed = {*self._longer.get(prefix, ()), *_heads(prefix)}
        return [self._prefixes[one] for one in claimed if one in self._prefixes]

    # places

    def place(self, identifier: str) -> Location | None:
        """Return city and region of a place, from the places around it where it has none itself.

        Args:
            identifier: Canonical. A GLN with an unknown extension is looked up without it.
        """
        remembered = self._remembered  # a change that comes now starts another one
        if identifier not in remembered:
            if len(remembered) > _REMEMBERED_MAX:
                self._remembered = remembered = {}
            remembered[identifier] = self._place(identifier)
        return remembered[identifier]

    def _place(self, identifier: str) -> Location | None:
        city = region = ""
        found = False
        for place in self._around(identifier):
            found = True
            city, region = city or place.city, region or place.region
        return Location(city, region) if found else None

    def _around(self, identifier: str) -> Iterator[LocationRecord]:
        """Yield a place and the places that it lies in, innermost first."""
        here: str | None = identifier
        for _ in range(DEPTH_MAX):
            if here is None:
                return
            found = self._records.get(("location", here))
            if isinstance(found, LocationRecord):
                yield found
                here = parent_of(found)
            else:
                here = _without_extension(here)

    def encloses(self, outer: str, inner: str) -> bool:
        """Tell whether a place is another one or lies around it."""
        return outer == inner or any(place.id == outer for place in self._around(inner))

    def descendants(self, identifier: str) -> frozenset[str]:
        """Return a place and every place inside it (EPCIS 2.0: `WD_readPoint`, `WD_bizLocation`).

        Args:
            identifier: Canonical; it need not be known.
        """
        found = {identifier}
        level = [identifier]
        while level:
            inner = {child for one in level for child in self._children.get(one, ())}
            level = [one for one in inner if one not in found]
            found.update(level)
        return frozenset(found)

    # parties

    def party_of(self, identifier: str) -> Party | None:
        """Return the party that an identifier names, or whose company prefix it begins with.

        Args:
            identifier: A canonical Digital Link of any GS1 key, `urn:x-cn-uscc:...`,
                `urn:x-cn-ent:...`, another URI, or an id of the platform as bills have it.
        """
        known = self._parties.get(identifier)
        if known is not None:
            return known
        place = self._records.get(("location", identifier))
        if isinstance(place, LocationRecord):
            for around in self._around(identifier):
                if around.party is not None:
                    return self._parties.get(around.party) or self._by_prefix(around.party)
        return self._by_prefix(identifier)

    def _by_prefix(self, identifier: str) -> Party | None:
        digits = prefixed_digits(identifier)
        length = self.gcp_length_of(digits) if digits else None
        return None if length is None else self._prefixes.get(digits[:length])

    def participant_of(self, identifier: str) -> int | None:
        """Return the participant that a party or its company prefix belongs to, if it is known."""
        party = self.party_of(identifier)
        if party is not None and party.participant is None:
            by_prefix = self._by_prefix(identifier)
            party = by_prefix or party
        return None if party is None else party.participant

    def gcp_length_of(self, digits: str) -> int | None:
        """Return the length of the company prefix that a key begins with, if it is known.

        Args:
            digits: The key from its company prefix on: a GTIN without its indicator digit, an
                SSCC without its extension digit, a GLN.
        """
        prefixes = self._prefixes
        for length in self._lengths:
            if digits[:length] in prefixes:
                return length
        return None

    # products

    def product_of(self, code: str) -> Product | None:
        """Return the product of a code.

        Args:
            code: Canonical Digital Link, 20-digit code with or without `urn:x-cn-drug:`, GTIN of
                14 digits or drug identification code of 7. The GTIN's indicator digit is ignored
                where no pack level has exactly this GTIN.
        """
        key = _product_key(code)
        exact = self._products.get(key)
        if exact is not None:
            return exact[0]
        return self._items.get(key[1:13]) if len(key) == 14 else None

    def level_of(self, code: str) -> int | None:
        """Return the pack level of a code, 1 for the smallest, if the master data know it."""
        exact = self._products.get(_product_key(code))
        return None if exact is None else exact[1]


class Places(Mapping[str, Location]):
    """The places of a directory as what `derive` asks: city and region by canonical identifier."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def __getitem__(self, identifier: str) -> Location:
        found = self._directory.place(identifier)
        if found is None:
            raise KeyError(identifier)
        return found

    def __iter__(self) -> Iterator[str]:
        return self._directory.ids("location")

    def __len__(self) -> int:
        return self._directory.count("location")


def party_names(party: Party) -> list[str]:
    """Return everything that stands for a party, but its company prefixes."""
    names = [party.id, *party.identifiers]
    if party.credit_code is not None:
        names.append(CREDIT_CODE + party.credit_code)
    for one in party.enterprise_ids:
        names += [one, ENTERPRISE + one]
    return list(dict.fromkeys(role for one in names for role in both_roles(one)))


def _called(kind: Kind, record: Record | None) -> set[str]:
    if record is None or isinstance(record, Product):
        return set()
    return {_call(kind, one) for one in (record.name_zh, record.name_en) if one}


def _call(kind: Kind, name: str) -> str:
    return f"{kind} {' '.join(name.casefold().split())}"


def both_roles(identifier: str) -> tuple[str, ...]:
    """Return a GLN as that of a party and of a place, and anything else as it is."""
    for here, there in (("/417/", "/414/"), ("/414/", "/417/")):
        if identifier.startswith(RESOLVER + here) and _EXTENSION not in identifier:
            return identifier, RESOLVER + there + identifier[len(RESOLVER + here) :]
    return (identifier,)


def parent_of(place: LocationRecord) -> str | None:
    """Return the place around: as stated, or the GLN without its extension."""
    return place.parent or _without_extension(place.id)


def _heads(prefix: str) -> list[str]:
    return [prefix[:length] for length in range(6, len(prefix) + 1)]


def _take_out(sets: dict[str, frozenset[str]], key: str, member: str) -> None:
    left = sets.get(key, frozenset()) - {member}
    if left:
        sets[key] = left
    else:
        sets.pop(key, None)


def _without_extension(identifier: str) -> str | None:
    if not identifier.startswith(f"{RESOLVER}/414/"):
        return None
    site, found, _ = identifier.partition(_EXTENSION)
    return site if found else None


def prefixed_digits(identifier: str) -> str:
    """Return a canonical Digital Link's key from its company prefix on; empty for other texts."""
    if not identifier.startswith(RESOLVER + "/"):
        return ""
    ai, _, rest = identifier[len(RESOLVER) + 1 :].partition("/")
    key = KEYS.get(ai)
    value = rest.partition("/")[0]
    return "" if key is None else value[key.prefix_index :]


def _product_key(code: str) -> str:
    """Return the 14 digits of a GTIN, the 7 of an identification code, or something unknown."""
    if code.startswith(_GTIN_LINK):
        return code[len(_GTIN_LINK) : len(_GTIN_LINK) + 14]
    if code.startswith(_DRUG_CODE):
        return code[len(_DRUG_CODE) : len(_DRUG_CODE) + 7]
    return code[:7] if len(code) == 20 else code
