"""What the features of a gateway are made of; `wiring` puts them together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from anchoring.chain.logs import EvmLogReader
from anchoring.chain.network import Network
from anchoring.chain.receipts import ReceiptSigner
from anchoring.chain.rpc import EvmRpc
from anchoring.chain_follower import ChainFollower
from node_gateway.codes.issuing import Status
from node_gateway.epcis.derived import Location
from node_gateway.epcis.validation import EpcisValidator
from node_gateway.errors import DocumentRefusedError, SettingsError
from node_gateway.services.capture import Capture
from node_gateway.services.commissioning import Commissioning
from node_gateway.services.company_prefixes import CompanyPrefixes
from node_gateway.services.correcting import Correcting
from node_gateway.services.directory import DirectoryService
from node_gateway.services.drop_folder import DropFolder
from node_gateway.services.drug_codes import DrugCodes
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
from node_gateway.services.merging import Merging
from node_gateway.services.named_queries import NamedQueries
from node_gateway.services.naming import Naming
from node_gateway.services.notice_goods import NoticeGoods
from node_gateway.services.notice_watch import NoticeWatch
from node_gateway.services.notices import Notices
from node_gateway.services.operating import CodesInHand, Operating
from node_gateway.services.page_tokens import PageTokens
from node_gateway.services.preparing import Preparing, event_id_key
from node_gateway.services.querying import Querying
from node_gateway.services.sockets import Sockets
from node_gateway.services.standing import Standing
from node_gateway.services.state_lookups import MasterLookups
from node_gateway.services.states import States
from node_gateway.services.subscribing import Subscribing
from node_gateway.services.unissued import Unissued
from node_gateway.services.withdrawing import Withdrawing
from node_gateway.settings import Settings
from node_gateway.state.folding import Lookups
from node_gateway.storage.chain_directory import ChainDirectoryStore
from node_gateway.storage.code_judging import CodeStates
from node_gateway.storage.corrections import Corrections
from node_gateway.storage.database import Database
from node_gateway.storage.facets import Facets
from node_gateway.storage.importing import ImportStore
from node_gateway.storage.issuing import IssuingStore
from node_gateway.storage.issuing_marks import MarkStore
from node_gateway.storage.master_data import MasterDataStore
from node_gateway.storage.named_queries import QueryStore
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.subscriptions import SubscriptionStore
from node_gateway.streams import Streams
from node_gateway.telemetry import Metrics


@dataclass(frozen=True, slots=True)
class Base:
    """What every feature may build on."""

    settings: Settings
    store: GatewayStore
    streams: Streams
    gate: Gate
    metrics: Metrics
    master: MasterData
    lookups: Lookups
    preparing: Preparing
    follower: Follower
    capture: Capture
    clock: Callable[[], float]


async def base(
    settings: Settings,
    store: GatewayStore,
    signer: ReceiptSigner,
    locations: Mapping[str, Location],
    clock: Callable[[], float],
) -> Base:
    """Return what captures, what follows the events, and what both know."""
    streams = Streams.from_settings(settings.gateway.participant, settings.batching)
    gate, metrics = Gate(), Metrics(version("sealtrail"))
    master = await master_data(store, locations, clock)
    preparing = Preparing(
        participant=settings.gateway.participant,
        validator=EpcisValidator(),
        limits=settings.limits,
        event_id_key=await event_id_key(store),
        locations=master.locations,
    )
    lookups = MasterLookups(master.directory)
    states = CodeStates(
        lookups, on_found=lambda rule, count: metrics.findings.labels(rule).inc(count)
    )
    follower = Follower(store, [Corrections(), Facets(), states])
    capture = Capture(
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
    return Base(
        settings,
        store,
        streams,
        gate,
        metrics,
        master,
        lookups,
        preparing,
        follower,
        capture,
        clock,
    )


async def query_side(
    base: Base,
) -> tuple[Querying, NamedQueries, CompanyPrefixes, Subscribing, Sockets]:
    """Return what answers EPCIS queries, and what subscribes to them."""
    kept = QueryStore(base.store)
    prefixes = CompanyPrefixes(kept, stated_length_of=base.master.directory.gcp_length_of)
    await prefixes.load()
    querying = Querying(
        base.store,
        base.follower,
        kept=kept,
        tokens=PageTokens(await event_id_key(base.store), clock=base.clock),
        master=DirectoryAnswers(base.master.directory),
        clock=base.clock,
    )
    queries = NamedQueries(kept, clock=base.clock)
    return querying, queries, prefixes, *_subscriptions(base, querying, queries)


def _subscriptions(
    base: Base, querying: Querying, queries: NamedQueries
) -> tuple[Subscribing, Sockets]:
    """Return what subscribes to named queries, by webhook and by WebSocket."""
    settings = base.settings.subscriptions
    store, sockets = SubscriptionStore(base.store), Sockets(settings)
    base.follower.on_followed(sockets.wake)
    queries.on_removed(sockets.query_removed)
    made = Subscribing(store, queries, querying, settings=settings, clock=base.clock)
    return made, sockets


def issuing(base: Base) -> tuple[Issuing, Withdrawing, Commissioning]:
    """Return what issues, withdraws and commissions codes."""
    marks, lock = MarkStore(base.store), asyncio.Lock()
    issuing = Issuing(
        orders=IssuingStore(base.store),
        marks=marks,
        events=base.store,
        meta=base.store,
        gate=base.gate,
        settings=base.settings.issuing,
        clock=base.clock,
        register=MasterRegister(base.master.directory, base.settings.gateway.participant),
    )
    shared: dict[str, Any] = {
        "issuing": issuing,
        "marks": marks,
        "capture": base.capture,
        "gate": base.gate,
        "clock": base.clock,
        "lock": lock,
    }
    return issuing, Withdrawing(events=base.store, **shared), Commissioning(**shared)


def importing(
    base: Base, querying: Querying, standing: Standing
) -> tuple[Importing, Intake, MashangExports, CsvFiles]:
    """Return what takes whole files over."""
    imports = ImportStore(base.store)
    party_of = names_in(base.master)
    files = MashangFiles(
        imports=imports,
        events=base.store,
        participant=base.settings.gateway.participant,
        party_of=party_of,
        future_tolerance_s=base.settings.limits.future_tolerance_s,
        clock=base.clock,
    )
    folder = imports_folder(base.settings)
    tables = CsvFiles(
        mappings=Mappings(folder), preparing=base.preparing, party_of=party_of, clock=base.clock
    )
    service = Importing(
        imports=imports,
        capture=base.capture,
        formats=[files, tables],
        clock=base.clock,
        keep_up=base.follower.catch_up,
    )
    intake = Intake(service, folder, size_bytes_max=base.settings.limits.import_size_bytes_max)
    exports = MashangExports(
        imports,
        base.store,
        querying=querying,
        standing=standing,
        participant=base.settings.gateway.participant,
    )
    return service, intake, exports, tables


def drug_codes(base: Base) -> tuple[States, DrugCodes]:
    """Return what knows the states of codes, and what the drug platform would call them."""
    states = States(
        base.store, base.follower, base.preparing, lookups=base.lookups, clock=base.clock
    )
    level_of = base.master.directory.level_of
    return states, DrugCodes(states=states, imports=ImportStore(base.store), level_of=level_of)


def names_in(master: MasterData) -> Callable[[str], str | None]:
    """Return what finds the identifier of a party by a name that the master data have for it."""

    def party_of(name: str) -> str | None:
        party = master.directory.party_named(name)
        return None if party is None else party.id

    return party_of


def linting(base: Base, tables: CsvFiles) -> Linting:
    """Return what looks at files before they are captured."""
    return Linting(
        events=base.store,
        preparing=base.preparing,
        files=tables,
        foreseeing=Foreseeing(base.store, base.follower, lookups=base.lookups, clock=base.clock),
        party_of=names_in(base.master),
        participant=base.settings.gateway.participant,
        clock=base.clock,
    )


def drop_folder(base: Base, importing: Importing, tables: CsvFiles) -> DropFolder | None:
    """Return what watches the folder of the settings, if they name one."""
    if base.settings.drop_folder.path is None:
        return None
    return DropFolder(
        base.settings.drop_folder.path,
        mapping_file=base.settings.drop_folder.mapping,
        poll_s=base.settings.drop_folder.poll_s,
        size_bytes_max=base.settings.limits.import_size_bytes_max,
        importing=importing,
        mappings=tables.mappings,
        capture=base.capture,
        gate=base.gate,
    )


async def directory(base: Base, rpc: EvmRpc, network: Network) -> DirectoryService:
    """Return what keeps the directory, as far as it is stored.

    Args:
        base: What every feature builds on.
        rpc: A connection to the chain of its own.
        network: Whose contracts are followed.
    """
    follower = ChainFollower(
        EvmLogReader(rpc),
        ChainDirectoryStore(base.store),
        network,
        clock=base.clock,
        on_reorg=lambda _: base.metrics.reorgs.inc(),
    )
    poll_s = base.settings.chain.poll_s
    made = DirectoryService(
        follower, network=network, metrics=base.metrics, poll_s=poll_s, clock=base.clock
    )
    await made.load()
    return made


def notices(
    base: Base, directory: DirectoryService, states: States, standing: Standing
) -> tuple[Notices, NoticeWatch]:
    """Return what knows the notices of the directory, and what tells of goods that they mean."""
    store, participant = base.store, base.settings.gateway.participant
    notices = Notices(
        store, base.follower, current=lambda: directory.current, participant=participant
    )
    goods = NoticeGoods(store, store, notices=notices, states=states, standing=standing)
    watch = NoticeWatch(notices, goods, metrics=base.metrics)
    directory.on_changed(watch.changed)
    return notices, watch


def operating(
    base: Base,
    corrections: tuple[Standing, Correcting],
    issuing: Issuing,
    states: States,
    notices: Notices,
) -> tuple[Operating, Merging, Naming]:
    """Return what states operations on goods, and what finds the parties that they name."""
    naming = Naming(base.master.directory)
    party = base.settings.gateway.party
    standing, service = corrections

    async def status_of(code: str) -> Status:
        return (await issuing.status(code)).status

    shared: dict[str, Any] = {
        "store": base.store,
        "capture": base.capture,
        "preparing": base.preparing,
        "judging": Judging(
            base.store,
            base.follower,
            lookups=base.lookups,
            clock=base.clock,
            unissued=Unissued(base.store, status_of=status_of),
        ),
        "context": EPCIS_CONTEXT,
        "clock": base.clock,
        "in_hand": CodesInHand(),
    }
    operating = Operating(
        **shared,
        notices=notices,
        standing=standing,
        correcting=service,
        party=naming.party(party) if party else None,
    )
    return operating, Merging(**shared, states=states), naming


def correcting(base: Base) -> tuple[Standing, Correcting]:
    """Return what knows, and what says, that a statement was taken back."""
    standing = Standing(base.store)
    service = Correcting(
        store=base.store,
        capture=base.capture,
        preparing=base.preparing,
        standing=standing,
        context=EPCIS_CONTEXT,
        clock=base.clock,
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
