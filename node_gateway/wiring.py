"""The composition root: the only module that names backends. Keys are opened in `signers`."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from anchoring.anchorer import Anchorer
from anchoring.chain.evm import EvmChain
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.network import Network, load_network
from anchoring.chain.proving import EvmProver
from anchoring.chain.receipts import ReceiptSigner
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import TransactionSigner
from anchoring.ports import ChainIdentity
from anchoring.succession import Succession
from node_gateway import features
from node_gateway.archive.reading import Archives
from node_gateway.epcis.derived import Location
from node_gateway.epcis.identifiers import canonical_identifier
from node_gateway.errors import SettingsError
from node_gateway.labels.assembly import labels
from node_gateway.pages.assembly import pages
from node_gateway.partners.assembly import Own, partners
from node_gateway.services.access import Access
from node_gateway.services.adopting import META_COPY
from node_gateway.services.batching import Batcher
from node_gateway.services.directory import DirectoryService
from node_gateway.services.disclosing import Disclosing
from node_gateway.services.gateway import Gateway
from node_gateway.services.governing import Governing
from node_gateway.services.limiter import Limiter
from node_gateway.services.looking_up import LookUps
from node_gateway.services.notices import Notices
from node_gateway.services.operating import Operating
from node_gateway.services.public import Maker, PublicAnswers
from node_gateway.services.standing import Standing
from node_gateway.services.states import States
from node_gateway.services.succeeding import known_succession
from node_gateway.settings import Settings
from node_gateway.signers import Keys as Keys
from node_gateway.signers import open_anchor, open_keys
from node_gateway.signers import passphrase as passphrase
from node_gateway.storage.database import Readable
from node_gateway.storage.engine import migrate, open_for_reading, open_store
from node_gateway.storage.ports import GatewayStore
from node_gateway.streams import Streams
from node_gateway.webhooks.assembly import webhooks
from node_gateway.wiring_governing import governing, own_admin

META_PARTICIPANT = "participant"
META_NAME = "participant_name"

OnStep = Callable[[str], None]
_Known = tuple[DirectoryService, Disclosing, Standing, States, Notices, Operating, PublicAnswers]
"""What the services between participants need of the others."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a gateway is put together from, opened."""

    settings: Settings
    network: Network
    keys: Keys
    store: GatewayStore
    succession: Succession
    rpc: EvmRpc
    directory_rpc: EvmRpc
    admin: TransactionSigner | None
    on_step: OnStep
    clock: Callable[[], float]


def prepare_database(url: str) -> None:
    """Create or migrate a database; only operators' commands call this."""
    migrate(url)


@asynccontextmanager
async def open_database(
    settings: Settings, *, on_step: OnStep | None = None
) -> AsyncIterator[GatewayStore]:
    """Open the configured database alone, for commands that need nothing else."""
    url = settings.gateway.database
    store = await open_store(url, on_step=on_step or _no_step)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def read_database(settings: Settings) -> AsyncIterator[Readable]:
    """Open the configured database for reading; a gateway may run on it meanwhile."""
    async with open_for_reading(settings.gateway.database) as database:
        yield database


def network_of(settings: Settings) -> Network:
    """Return what the network file says."""
    return load_network(settings.chain.network_file)


@asynccontextmanager
async def open_chain(settings: Settings) -> AsyncIterator[EvmChain]:
    """Open the configured chain with the anchor key, for commands that need nothing else."""
    network = load_network(settings.chain.network_file)
    key = open_anchor(settings.keys)
    rpc = EvmRpc(settings.chain.rpc)
    try:
        yield EvmChain(rpc, key, chain_id=network.chain_id, registry=network.registries[0].address)
    finally:
        await key.close()
        await rpc.close()


@asynccontextmanager
async def open_gateway(
    settings: Settings,
    *,
    keys: Keys | None = None,
    on_step: OnStep | None = None,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Gateway]:
    """Put a gateway together; closes database and connections at the end.

    Args:
        settings: As read by `load_settings`.
        keys: Opened already; otherwise the keystores are opened here (a second each).
        on_step: Called at every durable step; fault tests kill the process there.
        clock: Unix seconds.

    Raises:
        SettingsError, KeystoreError, FormatError, StorageError: it cannot start; says why.
    """
    _require_admitted(settings.gateway.participant)
    network = load_network(settings.chain.network_file)
    opened = keys or open_keys(settings.keys)
    locations = _locations(settings.gateway.locations_file)
    async with open_database(settings, on_step=on_step) as store:
        await _check_owner(store, settings.gateway.participant)
        succession = await known_succession(store, network)
        rpc, directory_rpc = (EvmRpc(settings.chain.rpc, keeps_line=True) for _ in range(2))
        admin = own_admin(settings.keys)
        try:
            step, ways = on_step or _no_step, (rpc, directory_rpc, admin)
            parts = _Parts(settings, network, opened, store, succession, *ways, step, clock)
            yield await _put_together(parts, locations)
        finally:
            await opened.anchor.close()
            if admin is not None:
                await admin.close()
            await rpc.close()
            await directory_rpc.close()


async def _put_together(parts: _Parts, locations: Mapping[str, Location]) -> Gateway:
    base = await _base(parts, locations)
    standing, correcting = corrections = features.correcting(base)
    issuing, withdrawing, commissioning = features.issuing(base)
    states, drug_codes = features.drug_codes(base)
    directory = await features.directory(base, parts.directory_rpc, parts.network)
    notices, watch = features.notices(base, directory, states, standing)
    operating, merging, naming = features.operating(base, corrections, issuing, states, notices)
    querying, queries, prefixes, subscribing, sockets = await features.query_side(base)
    importing, intake, exports, tables = features.importing(base, querying, standing)
    disclosing, public = await _showing(parts, standing, notices)
    known = (directory, disclosing, standing, states, notices, operating, public)
    return Gateway(
        partners=await partners(_own(parts, base, known)),
        webhooks=webhooks(base, directory),
        labels=labels(base, (issuing, states, notices)),
        pages=pages(base, parts.directory_rpc),
        settings=parts.settings,
        store=parts.store,
        streams=base.streams,
        access=Access(parts.store, clock=parts.clock),
        gate=base.gate,
        capture=base.capture,
        standing=standing,
        states=states,
        drug_codes=drug_codes,
        correcting=correcting,
        operating=operating,
        merging=merging,
        naming=naming,
        directory=directory,
        notices=notices,
        notice_watch=watch,
        issuing=issuing,
        withdrawing=withdrawing,
        commissioning=commissioning,
        disclosing=disclosing,
        master=base.master,
        follower=base.follower,
        querying=querying,
        queries=queries,
        prefixes=prefixes,
        subscribing=subscribing,
        sockets=sockets,
        public=public,
        importing=importing,
        intake=intake,
        mappings=tables.mappings,
        linting=features.linting(base, tables),
        drop_folder=features.drop_folder(base, importing, tables),
        archives=Archives(parts.settings.hosting.folder),
        exports=exports,
        batcher=_batcher(parts),
        anchorer=await _anchorer(parts),
        lookups=LookUps(parts.settings.limits),
        lists=_lists(parts.settings),
        metrics=base.metrics,
        clock=parts.clock,
        governing=_governing(parts, directory),
    )


async def _base(parts: _Parts, locations: Mapping[str, Location]) -> features.Base:
    settings, receipts = parts.settings, _receipts(parts)
    return await features.base(settings, parts.store, receipts, locations, parts.clock)


def _own(parts: _Parts, base: features.Base, known: _Known) -> Own:
    reader, prover = EvmReader(parts.directory_rpc), EvmProver(parts.directory_rpc)
    return Own(base, parts.network, parts.keys.sign, reader, prover, *known)


def _lists(settings: Settings) -> Limiter:
    return Limiter(settings.limits.public_lists, member="limits.public_lists")


def _batcher(parts: _Parts) -> Batcher:
    chain_id, clock = parts.network.chain_id, parts.clock
    return Batcher(parts.store, chain_id=chain_id, succession=parts.succession, clock=clock)


def _governing(parts: _Parts, directory: DirectoryService) -> Governing | None:
    if parts.admin is None:
        return None
    return governing(parts.rpc, parts.admin, parts.network, directory)


def _receipts(parts: _Parts) -> ReceiptSigner:
    registry = parts.network.registries[0].address
    return ReceiptSigner(parts.keys.sign, chain_id=parts.network.chain_id, registry=registry)


async def _anchorer(parts: _Parts) -> Anchorer:
    settings, registry = parts.settings, parts.network.registries[0].address
    streams = Streams.from_settings(settings.gateway.participant, settings.batching)
    chain_id = parts.network.chain_id
    return Anchorer(
        parts.store,
        EvmChain(parts.rpc, parts.keys.anchor, chain_id=chain_id, registry=registry),
        streams=[stream.number for stream in streams.all],
        confirmations=settings.chain.confirmations,
        clock=parts.clock,
        expected=_identity(parts.network),
        on_step=parts.on_step,
        succession=parts.succession,
        is_copy=await parts.store.meta(META_COPY) is not None,
    )


def _identity(network: Network) -> ChainIdentity:
    registry = network.registries[0]
    return ChainIdentity(
        network.chain_id, network.genesis_hash, registry.address, registry.code_hash
    )


def _no_step(_step: str) -> None:
    """Do nothing; fault tests pass something that kills the process."""


def _require_admitted(participant: int) -> None:
    if participant == 0:
        raise SettingsError(
            "this participant was not admitted yet: it has no id, under which events are kept",
            member="gateway.participant",
            hint="sealtrail consortium joined, when the others have voted",
        )


async def _check_owner(store: GatewayStore, participant: int) -> None:
    """A database belongs to one participant for ever: entries hold its id."""
    known = await store.meta(META_PARTICIPANT)
    if known is None:
        await store.set_meta(META_PARTICIPANT, str(participant).encode())
    elif known != str(participant).encode():
        raise SettingsError(
            f"the database belongs to participant {known.decode()}, not {participant}",
            member="gateway.participant",
        )


async def _showing(
    parts: _Parts, standing: Standing, notices: Notices
) -> tuple[Disclosing, PublicAnswers]:
    """Return what makes bundles, and what anybody is shown."""
    store, policies = parts.store, parts.settings.policies
    disclosing = Disclosing(store, policies, standing.hints)
    participant, name = parts.settings.gateway.participant, await store.meta(META_NAME)
    maker = Maker(participant, name.decode() if name else f"participant {participant}")
    shown = (policies, maker, notices, parts.settings.trace)
    return disclosing, PublicAnswers(store, disclosing, *shown)


def _locations(path: Path | None) -> Mapping[str, Location]:
    """Read master data of places: `{"<identifier>": {"city": ..., "region": ...}}`."""
    if path is None:
        return {}
    try:
        places = json.loads(path.read_text(encoding="utf-8"))
        return {
            canonical_identifier(place): Location(
                city=str(words.get("city", "")), region=str(words.get("region", ""))
            )
            for place, words in places.items()
        }
    except (OSError, ValueError, AttributeError) as error:
        raise SettingsError(
            f"the locations file cannot be used: {type(error).__name__}",
            member="gateway.locations_file",
            hint='It is JSON: {"<location id>": {"city": "...", "region": "..."}}',
        ) from error
