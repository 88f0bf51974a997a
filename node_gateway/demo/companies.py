"""The companies of the demo and the gateways that they run, each a process of its own."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from node_gateway.cli.client import KEY_FILE
from node_gateway.cli.init import PARTICIPANT_FILE, ROLES, Wanted, make_gateway
from node_gateway.demo.processes import DemoError, end, tail
from node_gateway.demo.rearing import Nursery, Reared
from node_gateway.demo.story import PREFIXES, gln

CADENCE_S = 2
NETWORK_FILE = "network.json"
_POLL_S = 0.25
_LOOK_S = 0.5
"""How often gateways look at the chain, where a block comes every second, and at each other."""
_SCRYPT_COST = 1024  # the keys live as long as the demo
_PADDING = "fixed:16"
_READY_TIMEOUT_S = 300.0  # six start at once, maybe on a machine that has much else to do
_FINAL_TIMEOUT_S = 120.0
_READY_WAIT_S = 0.1
_HTTP_TIMEOUT_S = 30.0
_KEEP_ALIVE_S = 2.0  # gateways hang up after five; who does so at the same moment loses a request


class ProblemError(DemoError):
    """A gateway answered with a problem; `code` is the problem's."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.code = str(problem["code"])
        super().__init__(
            f"a gateway refuses: {self.code}: {problem['detail']}", attempt="the demo again"
        )


def answered(response: httpx2.Response) -> httpx2.Response:
    """Return a response that is no problem.

    Raises:
        ProblemError: it is one.
    """
    if not response.is_success:
        raise ProblemError(response.json())
    return response


@dataclass(frozen=True, slots=True)
class Company:
    """Who a company is. `participant` is its id in the consortium, `port` the one it wants."""

    participant: int
    slug: str
    name: str
    role: str
    port: int
    votes: bool = True


FOUNDERS = (
    Company(1, "maker", "Example Maker", "manufacturer", 8701),
    Company(2, "distributor", "Example Distributor", "distributor", 8702),
    Company(3, "pharmacy", "Example Pharmacy", "pharmacy", 8703),
    Company(4, "regulator", "Example Regulator", "regulator", 8706),
    Company(5, "depot", "Example Depot", "distributor", 8704, votes=False),
    Company(6, "corner", "Example Corner Pharmacy", "pharmacy", 8705, votes=False),
)
NEWCOMER = Company(7, "wholesaler", "Example Wholesaler", "distributor", 8707)
"""Is no founder: its gateway starts when the others have admitted it."""


@dataclass
class CompanyGateway:
    """One company's gateway: its folder, its process, and a client with its API key."""

    company: Company
    folder: Path
    home: Path
    port: int
    nursery: Nursery = field(repr=False)
    http: httpx2.AsyncClient = field(init=False, repr=False)
    stranger: httpx2.AsyncClient = field(init=False, repr=False)
    _process: Reared | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        """Its settings."""
        return self.folder / "sealtrail.toml"

    @property
    def database(self) -> Path:
        """Its database file."""
        return self.folder / "sealtrail.db"

    @property
    def log(self) -> Path:
        """What its process says."""
        return self.folder / "gateway.log"

    def make(self, *, rpc: str) -> dict[str, Any]:
        """Make keys, settings and database; return what others may know of it."""
        company = self.company
        make_gateway(
            Wanted(
                folder=self.folder,
                participant=company.participant,
                slug=company.slug,
                name=company.name,
                url=self.url,
                roles=ROLES[company.role] | (ROLES["voter"] if company.votes else 0),
                rpc=rpc,
                network=f"../{NETWORK_FILE}",
                port=self.port,
                cadence_s=CADENCE_S,
                slow_cadence_s=CADENCE_S,
                padding=_PADDING,
                prefixes=_prefixes(company),
            ),
            scrypt_cost=_SCRYPT_COST,
        )
        key = (self.folder / KEY_FILE).read_text(encoding="utf-8").strip()
        self.http = httpx2.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=_HTTP_TIMEOUT_S,
            limits=httpx2.Limits(keepalive_expiry=_KEEP_ALIVE_S),
            trust_env=False,
        )
        self.stranger = httpx2.AsyncClient(
            base_url=self.url,
            timeout=_HTTP_TIMEOUT_S,
            limits=httpx2.Limits(keepalive_expiry=_KEEP_ALIVE_S),
            trust_env=False,
        )
        public = (self.folder / PARTICIPANT_FILE).read_text(encoding="utf-8")
        return dict(json.loads(public))

    async def start(self) -> None:
        """Run the gateway and wait until it takes captures.

        Raises:
            DemoError: it ended, or is not ready in time.
        """
        self._process = await self.nursery.rear(
            config=self.config, folder=self.folder, log=self.log, settings=_settings(self.company)
        )
        try:
            async with asyncio.timeout(_READY_TIMEOUT_S):
                while not await self._is_ready():
                    if self._process.returncode is not None:
                        raise self._failure("ended")
                    await asyncio.sleep(_READY_WAIT_S)
        except TimeoutError as error:
            raise self._failure("is not ready in time") from error

    async def stop(self) -> None:
        """End the process, if it runs."""
        if self._process is not None:
            await end(self._process)

    async def close(self) -> None:
        """End the process and the connections to it."""
        await self.stop()
        for client in ("http", "stranger"):
            if hasattr(self, client):
                await getattr(self, client).aclose()

    async def request(self, method: str, path: str, **parts: Any) -> httpx2.Response:
        """Send a request with the company's own key.

        Raises:
            ProblemError: the gateway refuses.
            DemoError: nobody answers.
        """
        try:
            response = await self.http.request(method, path, **parts)
        except httpx2.HTTPError as error:
            raise self._failure(f"does not answer ({type(error).__name__})") from error
        return answered(response)

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        """Return what a route answers. Errors as of `request`."""
        return dict((await self.request("GET", path, params=params)).json())

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Post a JSON object and return what the route answers. Errors as of `request`."""
        return dict((await self.request("POST", path, json=body)).json())

    async def capture(self, document: dict[str, Any]) -> list[str]:
        """Hand in a document; return the entries of its events, in its order."""
        response = await self.request("POST", "/epcis/capture", json=document)
        return [str(one["entry"]) for one in response.json()["events"]]

    async def wait_final(self, entry: str) -> None:
        """Wait until an event is final.

        Raises:
            DemoError: not in time.
        """
        try:
            async with asyncio.timeout(_FINAL_TIMEOUT_S):
                while await self._state(entry) != "final":  # noqa: ASYNC110  nothing to wait on
                    await asyncio.sleep(_POLL_S)
        except TimeoutError as error:
            raise self._failure("did not get an event sealed in time") from error

    async def bundle(self, entry: str) -> bytes:
        """Return the owner's bundle of an event."""
        path = f"/v1/events/{entry}/bundle"
        return (await self.request("GET", path, params={"audience": "owner"})).content

    async def _state(self, entry: str) -> str:
        return str((await self.request("GET", f"/v1/events/{entry}")).json()["state"])

    async def _is_ready(self) -> bool:
        try:
            response = await self.http.get("/readyz")
        except httpx2.HTTPError:
            return False
        return response.status_code == 200 and response.json()["status"] == "ready"

    def _failure(self, what: str) -> DemoError:
        return DemoError(
            f"the gateway of {self.company.slug} {what}:\n{tail(self.log)}",
            attempt="the demo again; if it stays, sealtrail doctor",
        )


def _settings(company: Company) -> dict[str, str]:
    """Everybody is on this machine, and nobody waits long; all else is as it comes."""
    party = {"SEALTRAIL_GATEWAY__PARTY": gln(company.slug)} if company.slug in PREFIXES else {}
    return {
        "SEALTRAIL_CHAIN__POLL_S": str(_LOOK_S),
        "SEALTRAIL_PEERS__ALLOW_HTTP": "true",
        "SEALTRAIL_PEERS__ALLOW_PRIVATE": "true",
        "SEALTRAIL_PEERS__RETRY_S_MIN": str(_POLL_S),
        "SEALTRAIL_PEERS__RETRY_S_MAX": "1",
        "SEALTRAIL_PEERS__TIMEOUT_S": "120",
        "SEALTRAIL_HANDOVERS__POLL_S": str(_LOOK_S),
        "SEALTRAIL_SALES__SPREAD_S": "0",
        "SEALTRAIL_RECALLS__REPORT_S": str(_LOOK_S),
        "SEALTRAIL_RECALLS__LOOK_S": "1",
        **party,
    }


def _prefixes(company: Company) -> tuple[str, ...]:
    prefix = PREFIXES.get(company.slug)
    return (f"gs1:{prefix}",) if prefix else ()
