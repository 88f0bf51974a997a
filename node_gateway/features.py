"""What the features of a gateway are made of; `wiring` puts them together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from anchoring.chain.receipts import ReceiptSigner
from node_gateway.epcis.derived import Location
from node_gateway.errors import DocumentRefusedError, SettingsError
from node_gateway.services.capture import Capture
from node_gateway.services.commissioning import Commissioning
from node_gateway.services.company_prefixes import CompanyPrefixes
from node_gateway.services.correcting import Correcting
from node_gateway.services.drop_folder import DropFolder
from node_gateway.services.exporting_mashang import MashangExports
from node_gateway.services.following import Follower
from node_gateway.services.foreseeing import Foreseeing
from node_gateway.services.gate import Gate
from node_gateway.services.gateway import EPCIS_CONTEXT
from node_gateway.services.importing import Importing
from node_gateway.services.importing_csv import CsvFiles, Mappings
from node_gateway.services.importing_mashang import MashangFiles
from node_gateway.services.intake import Intake
from node_gateway.services.issuing import Issuing
from node_gateway.services.issuing_register import MasterRegister
from node_gateway.services.judging import Judging
from node_gateway.services.linting import Linting
from node_gateway.services.master_answers import DirectoryAnswers
from node_gateway.services.master_data import MasterData
from node_gateway.services.named_queries import NamedQueries
from node_gateway.services.naming import Naming
from node_gateway.services.operating import Operating
from node_gateway.services.page_tokens import PageTokens
from node_gateway.services.preparing import Preparing, event_id_key
from node_gateway.services.querying import Querying
from node_gateway.services.standing import Standing
from node_gateway.services.state_lookups import MasterLookups
from node_gateway.services.withdrawing import Withdrawing
from node_gateway.settings import Settings
from node_gateway.storage.database import Database
from node_gateway.storage.importing import ImportStore
from node_gateway.storage.issuing import IssuingStore
from node_gateway.storage.issuing_marks import MarkStore
from node_gateway.storage.master_data import MasterDataStore
from node_gateway.storage.named_queries import QueryStore
from node_gateway.storage.ports import GatewayStore
from node_gateway.streams import Streams
from node_gateway.telemetry import Metrics


def capture(
    store: GatewayStore,
    preparing: Preparing,
    streams: Streams,
    signer: ReceiptSigner,
    gate: Gate,
    metrics: Metrics,
    clock: Callable[[], float],
    follower: Follower,
    master: MasterData,
) -> Capture:
    """Return what captures; who follows the events is woken by it."""
    return Capture(
        store=store,
        preparing=preparing,
        streams=streams,
        signer=signer,
        gate=gate,
        metrics=metrics,
        clock=clock,
        on_stored=follower.wake,
        take_header=master.take_header,
    )


async def query_side(
    store: GatewayStore, follower: Follower, master: MasterData, clock: Callable[[], float]
) -> tuple[Querying, NamedQueries, CompanyPrefixes]:
    """Return what answers EPCIS queries."""
    kept = QueryStore(store)
    prefixes = CompanyPrefixes(kept, stated_length_of=master.directory.gcp_length_of)
    await prefixes.load()
    querying = Querying(
        store,
        follower,
        kept=kept,
        tokens=PageTokens(await event_id_key(store), clock=clock),
        master=DirectoryAnswers(master.directory),
        clock=clock,
    )
    return querying, NamedQueries(kept, clock=clock), prefixes


def issuing(
    settings: Settings,
    store: GatewayStore,
    master: MasterData,
    capture: Capture,
    gate: Gate,
    clock: Callable[[], float],
) -> tuple[Issuing, Withdrawing, Commissioning]:
    """Return what issues, withdraws and commissions codes."""
    marks, lock = MarkStore(store), asyncio.Lock()
    issuing = Issuing(
        orders=IssuingStore(store),
        marks=marks,
        events=store,
        meta=store,
        gate=gate,
        settings=settings.issuing,
        clock=clock,
        register=MasterRegister(master.directory, settings.gateway.participant),
    )
    shared: dict[str, Any] = {
        "issuing": issuing,
        "marks": marks,
        "capture": capture,
        "gate": gate,
        "clock": clock,
        "lock": lock,
    }
    return issuing, Withdrawing(events=store, **shared), Commissioning(**shared)


def importing(
    settings: Settings,
    store: GatewayStore,
    master: MasterData,
    capture: Capture,
    preparing: Preparing,
    clock: Callable[[], float],
) -> tuple[Importing, Intake, MashangExports, CsvFiles]:
    """Return what takes whole files over."""
    imports = ImportStore(store)
    party_of = names_in(master)
    files = MashangFiles(
        imports=imports,
        events=store,
        participant=settings.gateway.participant,
        party_of=party_of,
        future_tolerance_s=settings.limits.future_tolerance_s,
        clock=clock,
    )
    folder = imports_folder(settings)
    tables = CsvFiles(
        mappings=Mappings(folder), preparing=preparing, party_of=party_of, clock=clock
    )
    service = Importing(imports=imports, capture=capture, formats=[files, tables], clock=clock)
    intake = Intake(service, folder, size_bytes_max=settings.limits.import_size_bytes_max)
    return service, intake, MashangExports(imports, store), tables


def names_in(master: MasterData) -> Callable[[str], str | None]:
    """Return what finds the identifier of a party by a name that the master data have for it."""

    def party_of(name: str) -> str | None:
        party = master.directory.party_named(name)
        return None if party is None else party.id

    return party_of


def linting(
    settings: Settings,
    store: GatewayStore,
    follower: Follower,
    master: MasterData,
    preparing: Preparing,
    tables: CsvFiles,
    clock: Callable[[], float],
) -> Linting:
    """Return what looks at files before they are captured."""
    return Linting(
        events=store,
        preparing=preparing,
        files=tables,
        foreseeing=Foreseeing(store, follower, lookups=MasterLookups(master.directory), clock=clock),
        party_of=names_in(master),
        participant=settings.gateway.participant,
        clock=clock,
    )


def drop_folder(
    settings: Settings, importing: Importing, tables: CsvFiles, capture: Capture, gate: Gate
) -> DropFolder | None:
    """Return what watches the folder of the settings, if they name one."""
    if settings.drop_folder.path is None:
        return None
    return DropFolder(
        settings.drop_folder.path,
        mapping_file=settings.drop_folder.mapping,
        poll_s=settings.drop_folder.poll_s,
        size_bytes_max=settings.limits.import_size_bytes_max,
        importing=importing,
        mappings=tables.mappings,
        capture=capture,
        gate=gate,
    )


def operating(
    settings: Settings,
    store: GatewayStore,
    follower: Follower,
    capture: Capture,
    preparing: Preparing,
    corrections: tuple[Standing, Correcting],
    master: MasterData,
    clock: Callable[[], float],
) -> tuple[Operating, Naming]:
    """Return what states operations on goods, and what finds the parties that they name."""
    naming = Naming(master.directory)
    party = settings.gateway.party
    standing, service = corrections
    operating = Operating(
        store=store,
        capture=capture,
        preparing=preparing,
        judging=Judging(store, follower, lookups=MasterLookups(master.directory), clock=clock),
        standing=standing,
        correcting=service,
        context=EPCIS_CONTEXT,
        party=naming.party(party) if party else None,
        clock=clock,
    )
    return operating, naming


def correcting(
    store: GatewayStore, capture: Capture, preparing: Preparing, clock: Callable[[], float]
) -> tuple[Standing, Correcting]:
    """Return what knows, and what says, that a statement was taken back."""
    standing = Standing(store)
    service = Correcting(
        store=store,
        capture=capture,
        preparing=preparing,
        standing=standing,
        context=EPCIS_CONTEXT,
        clock=clock,
    )
    return standing, service


def imports_folder(settings: Settings) -> Path:
    """Files wait beside the database, on the same disk, unless told otherwise."""
    if settings.gateway.imports_folder is not None:
        return settings.gateway.imports_folder
    url = settings.gateway.database
    beside = Path(url.removeprefix("sqlite:///")).parent if url.startswith("sqlite:") else Path()
    return beside / "imports"


async def master_data(
    store: Database, locations: Mapping[str, Location], clock: Callable[[], float]
) -> MasterData:
    """Return the master data as stored, with those of the locations file."""
    master = MasterData(MasterDataStore(store), clock=clock)
    await master.load()
    try:
        await master.follow_file(locations)
    except DocumentRefusedError as error:
        raise SettingsError(
            f"the locations file names something that is no place: {error.spots[0].detail}",
            member="gateway.locations_file",
            hint=error.spots[0].hint,
        ) from error
    return master
