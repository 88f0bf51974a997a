"""A real gateway for a test: contracts of its own on the shared Anvil, a database, all of HTTP."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx2
from fastapi import FastAPI

from anchoring.chain.deploy import FirstKey, FirstParticipant, deploy
from anchoring.chain.network import Contract, Network, WitnessGroup, write_network
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from anchoring.core.verify import CheckedBundle, check_anchored, check_bundles
from node_gateway import wiring
from node_gateway.app import create_app
from node_gateway.services.access import new_api_key
from node_gateway.services.gateway import Gateway
from node_gateway.settings import (
    BatchingSection,
    ChainSection,
    GatewaySection,
    HostingSection,
    KeysSection,
    LimitsSection,
    LogSection,
    PoliciesSection,
    Settings,
    StreamSection,
    SubscriptionsSection,
)
from tests.anvil import Anvil

READY_TIMEOUT_S: Final = 60.0
FINAL_TIMEOUT_S: Final = 60.0
QUICK: Final = StreamSection(cadence_s=1, padding="fixed:16", promise_s=60)
SLOW: Final = StreamSection(cadence_s=3600, padding="fixed:16", promise_s=7200)
"""Anchors by itself once an hour; `Running.final` asks for a batch."""


def batching(ordinary: StreamSection, dispensing: StreamSection | None = None) -> BatchingSection:
    return BatchingSection(**ordinary.model_dump(), dispensing=dispensing or ordinary)


BATCHING: Final = batching(SLOW)
LIMITS: Final = LimitsSection(public_lookups="100000/second", public_lists="100000/second")
POLICIES: Final = PoliciesSection()
SUBSCRIPTIONS: Final = SubscriptionsSection()


@dataclass(frozen=True)
class Wishes:
    """What a test wants to be different."""

    batching: BatchingSection = BATCHING
    limits: LimitsSection = LIMITS
    policies: PoliciesSection = POLICIES
    subscriptions: SubscriptionsSection = SUBSCRIPTIONS
    host: str = "127.0.0.1"
    poll_s: float = 1.0  # whoever waits wakes the worker; an idle gateway leaves the chain alone
    confirmations: int = 0
    with_worker: bool = True
    start_without_chain: bool = False
    rpc: str | None = None
    clock: Callable[[], float] | None = None
    on_step: Callable[[str], None] | None = None
    locations: dict[str, dict[str, str]] | None = None
    name: str | None = None
    hosting: Path | None = None
    keys: KeysSection | None = None
    party: str | None = None
    public_url: str | None = None
    database: str | None = None
    """Address of a database that is there and migrated; else a file beside everything else."""
    sections: Mapping[str, Any] = field(default_factory=dict)
    """Other sections of the settings, by name."""

    def but(self, **changes: Any) -> Wishes:
        return replace(self, **changes)


@dataclass(frozen=True)
class Deployed:
    """Contracts of one consortium, and one of its participants with its keys."""

    network: Network
    anchor: Signer
    sign: Signer
    participant: int = 1

    @property
    def chain_id(self) -> int:
        return self.network.chain_id

    @property
    def registry(self) -> bytes:
        return self.network.registries[0].address


@dataclass(frozen=True)
class Running:
    """A gateway that is up. `client` carries a key with every scope."""

    gateway: Gateway
    app: FastAPI
    client: httpx2.AsyncClient
    anvil: Anvil
    deployed: Deployed
    folder: Path
    admin_key: str

    def stranger(self, **headers: str) -> httpx2.AsyncClient:
        """Return a client without a key."""
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url="http://gateway", headers=headers)

    async def new_key(self, *scopes: str) -> str:
        text, _ = await new_api_key(
            self.gateway.store, name="test", scopes=scopes, now_s=int(self.gateway.clock())
        )
        return text

    async def capture(self, *events: dict[str, Any], **headers: str) -> httpx2.Response:
        return await self.client.post(
            "/epcis/capture", content=json.dumps(document(*events)), headers=headers
        )

    async def entry(self, event: dict[str, Any], *, final: bool = True) -> str:
        """Capture one event and return its entry, when it is final."""
        response = await self.capture(event)
        assert response.status_code == 202, response.text
        (result,) = response.json()["events"]
        assert result["entry"], response.text
        if final:
            await self.final(result["entry"])
        return str(result["entry"])

    async def read(self, event_id: str) -> dict[str, Any]:
        """Return an event as `/epcis` hands it out; of an error, its declaration."""
        answer = await self.client.get(f"/epcis/events/{quote(event_id, safe='')}")
        assert answer.status_code == 200, answer.text
        event: dict[str, Any] = events_of(answer.json())[-1]
        return event

    async def final(self, *entries: str) -> None:
        """Anchor now, and wait until the entries are final."""
        for stream in self.gateway.streams.all:
            await self.gateway.batcher.batch_now(stream)
        async with asyncio.timeout(FINAL_TIMEOUT_S):
            for entry in entries:
                while True:
                    answer = await self.client.get(f"/v1/events/{entry}")
                    if answer.json()["state"] == "final":
                        break
                    self.gateway.wake()
                    await asyncio.sleep(0.05)

    async def state(self, wanted: str) -> dict[str, Any]:
        """Wait until `/readyz` says so (or names it as what is degraded); return its answer."""
        async with asyncio.timeout(READY_TIMEOUT_S):
            while True:
                body: dict[str, Any] = (await self.client.get("/readyz")).json()
                if wanted in (body["status"], body.get("degraded")):
                    return body
                self.gateway.wake()
                await asyncio.sleep(0.05)

    async def checked(self, raw: bytes) -> list[CheckedBundle]:
        """Verify a bundle, or a set of them, against the chain; return what they show."""
        bundles = list(check_bundles(raw))
        chain = self.gateway.anchorer._chain
        for one in bundles:
            head = await chain.head()
            anchor = one.bundle.anchor
            slot = await chain.record(anchor.stream, anchor.sequence, at=head.block_hash)
            slots = [(self.deployed.registry, slot)]
            check_anchored(one, chain_id=self.deployed.chain_id, slots=slots)
        return bundles

    async def bundle(self, entry: str, audience: str = "owner", *codes: str) -> CheckedBundle:
        params = {"audience": audience, "code": list(codes)}
        response = await self.client.get(f"/v1/events/{entry}/bundle", params=params)
        assert response.status_code == 200, response.text
        (one,) = await self.checked(response.content)
        return one


async def deploy_for_one(anvil: Anvil, *, name: str = "Maker") -> Deployed:
    """Deploy contracts with one participant of all roles."""
    anchor, sign = Signer.from_key(b"\x01" * 32), Signer.from_key(b"\x02" * 32)
    rpc = EvmRpc(anvil.url)
    try:
        made = await deploy(
            rpc,
            Signer.from_key(b"\x03" * 32),
            [
                FirstParticipant(
                    slug="maker",
                    name=name,
                    url="http://maker.example",
                    roles=1 | 32,
                    admin_key=b"\x08" * 20,
                    recovery_key=b"\x09" * 20,
                    keys=(FirstKey(anchor.address, 1), FirstKey(sign.address, 2)),
                )
            ],
        )
    finally:
        await rpc.close()
    identity = made.identity
    network = Network(
        chain_id=identity.chain_id,
        genesis_hash=identity.genesis_hash,
        consortium=made.consortium,
        registries=(Contract(identity.registry, identity.code_hash),),
        witnesses=(WitnessGroup("local", None, (anvil.url,)),),
    )
    return Deployed(network, anchor, sign)


@asynccontextmanager
async def running_gateway(
    anvil: Anvil,
    template: Path,
    folder: Path,
    wishes: Wishes,
    *,
    deployed: Deployed | None = None,
) -> AsyncIterator[Running]:
    """Run a gateway in this process, its worker too, on a copy of an empty database.

    A folder that holds a database already is gone on with: a restart.
    """
    deployed = deployed or await deploy_for_one(anvil)
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240
    write_network(folder / "network.json", deployed.network)
    database = folder / "gateway.db"
    if wishes.database is None and not database.exists():
        shutil.copy(template, database)
    settings = settings_for(folder, wishes, anvil, deployed.participant)
    keys = wiring.Keys(deployed.anchor, deployed.sign)
    wanted = {"clock": wishes.clock, "on_step": wishes.on_step}
    extra: dict[str, Any] = {name: one for name, one in wanted.items() if one is not None}
    async with wiring.open_gateway(settings, keys=keys, **extra) as gateway:
        app = create_app(gateway, with_worker=wishes.with_worker)
        admin, _ = await new_api_key(
            gateway.store, name="admin", scopes=["admin"], now_s=int(gateway.clock())
        )
        async with app.router.lifespan_context(app):
            transport = httpx2.ASGITransport(app=app)
            async with httpx2.AsyncClient(
                transport=transport,
                base_url="http://gateway",
                headers={"Authorization": f"Bearer {admin}", "Content-Type": "application/json"},
                timeout=60,
            ) as client:
                up = Running(gateway, app, client, anvil, deployed, folder, admin)
                if wishes.with_worker and wishes.rpc is None and not wishes.start_without_chain:
                    await up.state("ready")
                yield up


def settings_for(folder: Path, wishes: Wishes, anvil: Anvil, participant: int = 1) -> Settings:
    locations = None
    if wishes.locations is not None:
        locations = folder / "locations.json"
        locations.write_text(json.dumps(wishes.locations))
    return Settings(
        gateway=GatewaySection(
            participant=participant,
            database=wishes.database or f"sqlite:///{folder / 'gateway.db'}",
            host=wishes.host,
            party=wishes.party,
            public_url=wishes.public_url,
            locations_file=locations,
        ),
        chain=ChainSection(
            rpc=wishes.rpc or anvil.url,
            network_file=folder / "network.json",
            poll_s=wishes.poll_s,
            confirmations=wishes.confirmations,
            start_without_chain=wishes.start_without_chain,
        ),
        keys=wishes.keys
        or KeysSection(anchor_keystore=folder / "anchor", sign_keystore=folder / "sign"),
        batching=wishes.batching,
        limits=wishes.limits,
        policies=wishes.policies,
        subscriptions=wishes.subscriptions,
        hosting=HostingSection(folder=wishes.hosting),
        log=LogSection(),
        **wishes.sections,
    )


CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_SERIALS = itertools.count(1000)


def serial() -> int:
    """Return a number that no other test of this run uses."""
    return next(_SERIALS)


def sgtin(number: int | None = None) -> str:
    """Return a code in its canonical form."""
    return f"https://id.gs1.org/01/06901234123456/21/{serial() if number is None else number}"


SSCC: Final = "https://id.gs1.org/00/069012340000000016"


def events_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the events of an EPCISQueryDocument."""
    found: list[dict[str, Any]] = document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return found


def document(*events: dict[str, Any]) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T08:00:00.000Z",
        "epcisBody": {"eventList": list(events)},
    }


def commissioning(*codes: str, **members: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T09:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": list(codes),
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "ilmd": {"cbvmda:lotNumber": "L-2026-03", "cbvmda:itemExpirationDate": "2028-02-29"},
        **members,
    }


def shipping(*codes: str, **members: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-03-02T09:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": list(codes),
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": "https://id.gs1.org/414/6901234000009"},
        "bizTransactionList": [{"type": "po", "bizTransaction": "urn:example:po:4711-SECRET-PO"}],
        **members,
    }


def dispensing(*codes: str, **members: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventTime": "2026-03-05T17:30:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "epcList": list(codes),
        "action": "OBSERVE",
        "bizStep": "dispensing",
        "disposition": "dispensed",
        **members,
    }
