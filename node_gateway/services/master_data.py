"""Master data: products, locations and parties, kept with their past and looked up in memory.

One process at a time writes to a database, so what is in memory is what holds: it is read once at
the start and follows every write. Writes of master data go one after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Protocol

import orjson

from node_gateway.epcis.derived import Location
from node_gateway.errors import NotFoundError, PreconditionError, Spot, TakenError
from node_gateway.master_data.conflicts import Conflict, conflicts
from node_gateway.master_data.directory import Directory, Places
from node_gateway.master_data.records import (
    KINDS,
    Kind,
    Party,
    Product,
    Record,
    canonical_id,
    read_record,
    stored_form,
)
from node_gateway.storage.master_data import MasterRow

Source = Literal["operator", "file", "header"]
Result = Literal["created", "replaced", "unchanged"]
FILE: Final = "gateway.locations_file"
HEADER_RECORDS_MAX: Final = 200_000
"""Records taken from headers of documents, over all; further ones are not taken."""
_LOADED_AT_ONCE: Final = 5000
_WRITTEN_AT_ONCE: Final = 500


class MasterDataKeeping(Protocol):
    """What the service needs of its store; see `storage.master_data.MasterDataStore`."""

    async def write(self, rows: Sequence[MasterRow]) -> None:
        """Make rows hold, and keep what they replace."""
        ...

    async def get(self, kind: str, identifier: str) -> MasterRow | None:
        """Return what holds now, removed or not."""
        ...

    async def page(
        self, kind: str, *, after: str = "", prefix: str = "", words: str = "", limit: int
    ) -> list[MasterRow]:
        """Return what is not removed, in order."""
        ...

    async def after(self, kind: str, identifier: str, *, limit: int) -> list[MasterRow]:
        """Return everything after an identifier, removed records too."""
        ...

    async def versions(self, kind: str, identifier: str) -> list[MasterRow]:
        """Return all versions, newest first."""
        ...


class _Held(NamedTuple):
    version: int
    source: str
    removed: bool
    body: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one record."""

    record: Record
    result: Result
    version: int


class MasterData:
    """The use cases around master data.

    Attributes:
        directory: Everything that holds now, for looking up; read only.
        locations: City and region by canonical identifier, always as of now.
    """

    def __init__(self, store: MasterDataKeeping, *, clock: Callable[[], float]) -> None:
        self._store, self._clock = store, clock
        self._lock = asyncio.Lock()
        self._held: dict[tuple[Kind, str], _Held] = {}
        self._from_headers = 0
        self._listeners: list[Callable[[], None]] = []
        self.directory = Directory()
        self.locations: Mapping[str, Location] = Places(self.directory)

    def on_changed(self, listener: Callable[[], None]) -> None:
        """Register what is called when records have changed and are looked up as they are now."""
        self._listeners.append(listener)

    async def load(self) -> None:
        """Read everything into memory; once, before anything else."""
        for kind in KINDS:
            after = ""
            while rows := await self._store.after(kind, after, limit=_LOADED_AT_ONCE):
                for row in rows:
                    self._remember(row)
                after = rows[-1].identifier

    def version_of(self, kind: Kind, identifier: str) -> int:
        """Return the version that holds; 0 if there never was one."""
        held = self._held.get((kind, identifier))
        return 0 if held is None else held.version

    # reading

    async def get(self, kind: Kind, identifier: str) -> MasterRow:
        """Return a record by its id in any spelling; a product also by any of its codes.

        Raises:
            NotFoundError: `product_not_found`, `location_not_found` or `party_not_found`.
        """
        row = await self._store.get(kind, self._known_id(kind, identifier))
        if row is None or row.removed:
            raise _not_found(kind)
        return row

    async def page(
        self, kind: Kind, *, after: str = "", prefix: str = "", words: str = "", limit: int
    ) -> list[MasterRow]:
        """Return records by id; see `MasterDataStore.page`."""
        folded = words.strip().casefold()
        return await self._store.page(kind, after=after, prefix=prefix, words=folded, limit=limit)

    async def versions(self, kind: Kind, identifier: str) -> list[MasterRow]:
        """Return all versions of a record, newest first.

        Raises:
            NotFoundError: there never was one.
        """
        rows = await self._store.versions(kind, self._known_id(kind, identifier))
        if not rows:
            raise _not_found(kind)
        return rows

    def _known_id(self, kind: Kind, text: str) -> str:
        if kind == "product":
            record = self.directory.get(kind, text.strip()) or self.directory.product_of(text)
            return text.strip() if record is None else record.id
        wanted = canonical_id(kind, text)
        if kind == "party" and (kind, wanted) not in self._held:
            party = self.directory.party_named(wanted)
            return wanted if party is None else party.id
        return wanted

    # writing

    async def put(
        self,
        kind: Kind,
        identifier: str,
        members: object,
        *,
        by: str,
        version: int | None = None,
    ) -> Written:
        """Create or replace a record; the same again changes nothing.

        Args:
            kind: What it is.
            identifier: Its id in any spelling.
            members: The JSON form.
            by: Who does it.
            version: Only if this version holds now.

        Raises:
            DocumentRefusedError: malformed, with a pointer to each spot.
            TakenError: it claims what another record has already.
            PreconditionError: another version holds.
        """
        record = read_record(kind, members, identifier)
        async with self._lock:
            self._require_version(kind, record.id, version)
            found = self._conflicts(record)
            if found:
                raise TakenError([Spot(one.code, one.detail, one.pointer) for one in found])
            (written,) = await self._write(kind, [record], "operator", by)
            return written

    async def remove(
        self, kind: Kind, identifier: str, *, by: str, version: int | None = None
    ) -> MasterRow:
        """Remove a record; its versions stay.

        Raises:
            NotFoundError: there is none.
            PreconditionError: another version holds.
        """
        async with self._lock:
            row = await self.get(kind, identifier)
            self._require_version(kind, row.identifier, version)
            removed = self._removal(kind, row.identifier, row.body, "operator", by)
            await self._keep([removed])
            return removed

    async def put_all(self, kind: Kind, records: Sequence[Record], *, by: str) -> list[Written]:
        """Create or replace many records, whose conflicts were looked for already.

        Not one transaction: a crash leaves the first of them, and the same call does the rest.
        """
        async with self._lock:
            return await self._write(kind, records, "operator", by)

    def conflicts_of(self, record: Record) -> list[Conflict]:
        """Return what a record claims that another one of the operator's has already."""
        return self._conflicts(record)

    def _conflicts(self, record: Record) -> list[Conflict]:
        return [one for one in conflicts(self.directory, record) if not self._yields(record, one)]

    def _yields(self, record: Record, conflict: Conflict) -> bool:
        """What a header said gives way to what the operator says."""
        held = self._held.get((kind_of(record), conflict.holder))
        return held is not None and held.source == "header"

    def _require_version(self, kind: Kind, identifier: str, version: int | None) -> None:
        if version is not None and version != self.version_of(kind, identifier):
            raise PreconditionError(
                "another version holds now", hint="Read it again, then change that."
            )

    async def _write(
        self, kind: Kind, records: Sequence[Record], source: Source, by: str
    ) -> list[Written]:
        """Write records, and remove what headers said instead of them; under the lock."""
        written: list[Written] = []
        for first in range(0, len(records), _WRITTEN_AT_ONCE):
            rows: dict[str, MasterRow] = {}
            for record in records[first : first + _WRITTEN_AT_ONCE]:
                row, result = self._row(kind, record, source, by)
                written.append(Written(record, result, row.version))
                if result != "unchanged":
                    rows[record.id] = row
                for one in conflicts(self.directory, record):
                    if self._yields(record, one) and one.holder not in rows:
                        body = self._held[kind, one.holder].body
                        rows[one.holder] = self._removal(kind, one.holder, body, "header", by)
            await self._keep(list(rows.values()))
        return written

    def _row(self, kind: Kind, record: Record, source: Source, by: str) -> tuple[MasterRow, Result]:
        body = stored_form(record)
        held = self._held.get((kind, record.id))
        gone = held is None or held.removed
        same = not gone and held is not None and (held.body, held.source) == (body, source)
        version = self.version_of(kind, record.id) + (not same)
        row = MasterRow(
            kind=kind,
            identifier=record.id,
            version=version,
            body=body,
            words=record.words,
            source=source,
            changed_at_ms=int(self._clock() * 1000),
            changed_by=by,
            removed=False,
        )
        return row, "unchanged" if same else "created" if gone else "replaced"

    def _removal(
        self, kind: Kind, identifier: str, body: bytes, source: Source, by: str
    ) -> MasterRow:
        return MasterRow(
            kind=kind,
            identifier=identifier,
            version=self.version_of(kind, identifier) + 1,
            body=body,
            words="",
            source=source,
            changed_at_ms=int(self._clock() * 1000),
            changed_by=by,
            removed=True,
        )

    async def _keep(self, rows: Sequence[MasterRow]) -> None:
        if rows:
            await self._store.write(rows)
            for row in sorted(rows, key=lambda one: not one.removed):
                self._remember(row)
            for listener in self._listeners:
                listener()

    def _remember(self, row: MasterRow) -> None:
        kind: Kind = row.kind  # type: ignore[assignment]  # we wrote it
        before = self._held.get((kind, row.identifier))
        self._from_headers += (row.source == "header") - (
            before is not None and before.source == "header"
        )
        self._held[kind, row.identifier] = _Held(row.version, row.source, row.removed, row.body)
        if row.removed:
            self.directory.drop(kind, row.identifier)
        else:
            self.directory.put(kind, read_record(kind, orjson.loads(row.body)))

    # other sources

    async def follow_file(self, places: Mapping[str, Location]) -> None:
        """Let the places of the settings' file hold, where the operator entered nothing else.

        What is not in the file any more, and came from it, is removed.
        """
        async with self._lock:
            mine = [one for (kind, one), held in self._held.items() if _is_of_file(kind, held)]
            gone = [
                self._removal("location", one, self._held["location", one].body, "file", FILE)
                for one in mine
                if one not in places
            ]
            await self._keep(gone)
            wanted = [
                read_record("location", {"id": one, "city": place.city, "region": place.region})
                for one, place in places.items()
                if self._may_write("location", one, "file")
            ]
            await self._write("location", wanted, "file", FILE)

    async def take_header(self, records: Sequence[Record], *, by: str) -> int:
        """Take what the header of a captured document says of things nobody else described.

        Returns:
            How many records are new or say something new.
        """
        if not any(self._is_news(one) for one in records):
            return 0  # the usual case: no lock, nothing written
        async with self._lock:
            taken = 0
            for kind in KINDS:
                news = [
                    one
                    for one in records
                    if kind_of(one) == kind
                    and self._is_news(one)
                    and not conflicts(self.directory, one)
                ]
                news = news[: max(0, HEADER_RECORDS_MAX - self._from_headers)]
                taken += len(await self._write(kind, news, "header", by))
            return taken

    def _is_news(self, record: Record) -> bool:
        kind = kind_of(record)
        held = self._held.get((kind, record.id))
        if held is None:
            return True
        return held.source == "header" and held.body != stored_form(record)

    def _may_write(self, kind: Kind, identifier: str, source: Source) -> bool:
        """Nothing overrides what the operator entered or removed; the file goes before headers."""
        held = self._held.get((kind, identifier))
        return held is None or held.source in ("header", source)


def kind_of(record: Record) -> Kind:
    """Return what a record is."""
    if isinstance(record, Product):
        return "product"
    return "party" if isinstance(record, Party) else "location"


def wire(row: MasterRow) -> dict[str, Any]:
    """Return the JSON form of a record with where it comes from."""
    return {
        **orjson.loads(row.body),
        "version": row.version,
        "source": row.source,
        "changedAtMs": row.changed_at_ms,
        "changedBy": row.changed_by,
        "removed": row.removed,
    }


def _is_of_file(kind: Kind, held: _Held) -> bool:
    return kind == "location" and held.source == "file" and not held.removed


def _not_found(kind: Kind) -> NotFoundError:
    hint = f"GET /v1/{ {'product': 'products', 'location': 'locations', 'party': 'parties'}[kind] }"
    return NotFoundError(f"no such {kind}", code=f"{kind}_not_found", hint=hint)
