"""Several gateways of one network in this process, each on a real port of this machine.

    async with town(anvil, template, folder, [Person("maker", prefixes=("gs1:6901234",))]) as t:
        t["maker"].client          # its own API, with a key of every scope
        await t.stop("shop")       # its port refuses connections
        await t.start("shop")      # goes on: same folder, same port

Gateways find each other as in production: by the addresses that the chain has for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from node_gateway.epcis.identifiers.check_digits import check_digit
from node_gateway.settings_partners import PeersSection
from tests.anvil import Anvil
from tests.consortium import Member, Net, Person, found
from tests.gateway.running import QUICK, Deployed, Running, Wishes, batching, running_gateway

HOST: Final = "127.0.0.1"
PEERS: Final = PeersSection(
    allow_http=True, allow_private=True, retry_s_min=0.05, retry_s_max=0.5, timeout_s=10
)
"""Other gateways are at private addresses here, and nobody waits long."""
WISHES: Final = Wishes(batching=batching(QUICK), poll_s=0.2, sections={"peers": PEERS})


@dataclass
class _Place:
    """One gateway's port and folder; `up` while it runs."""

    member: Member
    wishes: Wishes
    folder: Path
    reserved: socket.socket
    up: Running | None = None
    ending: AsyncExitStack = field(default_factory=AsyncExitStack)

    @property
    def port(self) -> int:
        port: int = self.reserved.getsockname()[1]
        return port


class Town:
    """The gateways of a network, by slug. `net` is its chain side: votes, keys, time."""

    def __init__(self, net: Net, template: Path, places: Mapping[str, _Place]) -> None:
        self.net, self._template, self._places = net, template, places

    def __getitem__(self, slug: str) -> Running:
        up = self._places[slug].up
        assert up is not None, f"{slug} is stopped"
        return up

    def member(self, slug: str) -> Member:
        """Return a participant's id and keys."""
        return self._places[slug].member

    def url(self, slug: str) -> str:
        """Return where its gateway is, as the chain has it."""
        return f"http://{HOST}:{self._places[slug].port}"

    def database(self, slug: str) -> Path:
        """Return the file of its database."""
        return self._places[slug].folder / "gateway.db"

    async def start(self, slug: str, wishes: Wishes | None = None) -> Running:
        """Start a gateway, on what it left if it ran before; with other wishes if given."""
        place = self._places[slug]
        assert place.up is None, f"{slug} runs"
        place.wishes = wishes or place.wishes
        one = place.member
        deployed = Deployed(self.net.network, one.anchor, one.sign, one.id)
        try:
            up = await place.ending.enter_async_context(
                running_gateway(
                    self.net.anvil, self._template, place.folder, place.wishes, deployed=deployed
                )
            )
            await up.gateway.directory.catch_up()
            await place.ending.enter_async_context(_served(up.app, place.port))
        except BaseException:
            await place.ending.aclose()
            raise
        place.up = up
        return up

    async def stop(self, slug: str) -> None:
        """Stop a gateway; its port refuses connections until it is started again."""
        place = self._places[slug]
        place.up = None
        await place.ending.aclose()
        place.ending = AsyncExitStack()

    async def restart(self, slug: str, wishes: Wishes | None = None) -> Running:
        """Stop and start."""
        await self.stop(slug)
        return await self.start(slug, wishes)

    async def seen(self) -> None:
        """Let every gateway read the chain up to its newest block."""
        for place in self._places.values():
            if place.up is not None:
                await place.up.gateway.directory.catch_up()


@asynccontextmanager
async def town(
    anvil: Anvil,
    template: Path,
    folder: Path,
    people: Sequence[Person],
    *,
    wishes: Wishes = WISHES,
    own: Mapping[str, Wishes] | None = None,
    delay_s: int = 2,
) -> AsyncIterator[Town]:
    """Found a network and run the gateway of everybody in it.

    Args:
        anvil: The chain.
        template: An empty database.
        folder: Gets a folder for each gateway.
        people: Who; their ids count from 1. Whoever has a `gs1:` prefix and no party in its
            wishes gets the GLN `party_of(prefix)`.
        wishes: What all gateways are like.
        own: What single gateways are like, by slug; in place of `wishes`.
        delay_s: Of the consortium's heavy decisions.
    """
    with contextlib.ExitStack() as ports:
        sockets = [ports.enter_context(_reserved()) for _ in people]
        placed = [
            replace(one, url=one.url or f"http://{HOST}:{port.getsockname()[1]}")
            for one, port in zip(people, sockets, strict=True)
        ]
        net = await found(anvil, placed, delay_s=delay_s)
        folder.mkdir(exist_ok=True, parents=True)  # noqa: ASYNC240
        places = {
            one.slug: _Place(
                one, _wishes_of(one, own or {}, wishes), folder / one.slug, reserved=port
            )
            for one, port in zip(net.members, sockets, strict=True)
        }
        made = Town(net, template, places)
        try:
            await asyncio.gather(*(made.start(slug) for slug in places))
            yield made
        finally:
            await asyncio.gather(*(made.stop(slug) for slug in places))


def party_of(prefix: str, location: int = 0) -> str:
    """Return a GLN under a `gs1:` prefix as a party."""
    digits = prefix.removeprefix("gs1:")
    body = f"{digits}{location:0{12 - len(digits)}}"
    return f"https://id.gs1.org/417/{body}{check_digit(body)}"


def _wishes_of(member: Member, own: Mapping[str, Wishes], common: Wishes) -> Wishes:
    wishes = own.get(member.slug, common)
    prefix = next((one for one in member.person.prefixes if one.startswith("gs1:")), None)
    if wishes.party is None and prefix is not None:
        wishes = wishes.but(party=party_of(prefix))
    return wishes if wishes.public_url else wishes.but(public_url=member.person.url)


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((HOST, port))
    except BaseException:
        made.close()
        raise
    return made


@contextlib.contextmanager
def _reserved() -> Iterator[socket.socket]:
    """Hold a free port without listening on it: while its gateway is down, nobody else gets it."""
    with _bound(0) as made:
        yield made


class _Server(uvicorn.Server):
    """Several of them run in one process, which keeps its own signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def _served(app: FastAPI, port: int) -> AsyncIterator[None]:
    with _bound(port) as listener:
        listener.listen()
        server = _Server(
            uvicorn.Config(
                app,
                access_log=False,
                log_level="warning",
                log_config=None,
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started:
                assert not serving.done(), "the server did not start"
                await asyncio.sleep(0.01)
            yield
        finally:
            server.should_exit = True
            await serving
