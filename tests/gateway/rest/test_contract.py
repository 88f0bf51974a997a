"""A running gateway against GS1's own description of the interface, with its defects patched."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from node_gateway.settings import SubscriptionsSection
from tests.anvil import Anvil
from tests.conftest import GS1_DIR
from tests.gateway.rest.official import ENDPOINTS
from tests.gateway.rest.openapi_patches import patched
from tests.gateway.running import (
    CONTEXT,
    Running,
    Wishes,
    commissioning,
    document,
    running_gateway,
    serial,
    sgtin,
    shipping,
)

EXAMPLES = 12
VERSIONS = ("GS1-EPCIS", "GS1-CBV-M", "GS1-CBV-V")
FITTED_ONLY = {"POST /queries/{queryName}/subscriptions"}
"""A drawn address would be looked up and spoken to."""
SUBSCRIPTION = {"dest": "https://127.0.0.1:9/hook", "schedule": {"hour": "3", "minute": "0"}}
PLACE = "https://id.gs1.org/414/6901234000009"
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def official() -> dict[str, Any]:
    raw = (GS1_DIR / "schema" / "openapi.json").read_text(encoding="utf-8")
    description: dict[str, Any] = json.loads(raw)
    return description


@dataclass
class Served:
    """A gateway in a loop that the test drives, and what there is on it by the names of paths."""

    runner: asyncio.Runner
    up: Running
    known: dict[str, str]

    async def fill(self) -> None:
        made = await self.up.capture(commissioning(sgtin()), shipping(sgtin()))
        report = made.json()
        self.known |= {
            "captureID": report["captureID"],
            "eventID": report["events"][0]["eventID"],
            "eventType": "ObjectEvent",
            "epc": sgtin(),
            "bizStep": "shipping",
            "bizLocation": PLACE,
            "readPoint": PLACE,
            "disposition": "in_transit",
        }
        placed = shipping(self.known["epc"], bizLocation={"id": PLACE}, readPoint={"id": PLACE})
        assert (await self.up.capture(placed)).status_code == 202
        await self.renew()

    async def renew(self) -> None:
        """Make again what requests take away."""
        post = self.up.client.post
        body = {"name": "q", "query": {"EQ_bizStep": ["shipping"]}}
        assert (await post("/epcis/queries", content=json.dumps(body))).status_code in (201, 409)
        self.known["queryName"] = "q"
        subscriptions = "/epcis/queries/q/subscriptions"
        known = self.known.get("subscriptionID", "none")
        if (await self.up.client.get(f"{subscriptions}/{known}")).status_code == 404:
            made = await post(subscriptions, content=json.dumps(SUBSCRIPTION))
            assert made.status_code == 201, made.text
            self.known["subscriptionID"] = made.json()["subscriptionID"]
        page = await self.up.client.get("/epcis/events?perPage=1")
        self.known["token"] = page.links["next"]["url"].partition("nextPageToken=")[2]


@pytest.fixture(scope="module")
def served(anvil: Anvil, template: Path) -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        stack = AsyncExitStack()
        wishes = Wishes(subscriptions=SubscriptionsSection(allow_private=True))
        entering = stack.enter_async_context(running_gateway(anvil, template, Path(folder), wishes))
        one = Served(runner, runner.run(entered(entering)), {})
        runner.run(one.fill())
        yield one
        runner.run(stack.aclose())


async def entered(entering: Awaitable[Running]) -> Running:
    return await entering


@pytest.mark.gs1_corpus(cases=len(ENDPOINTS))
def test_answers_are_as_gs1_describes_them(served: Served) -> None:
    """Each request as it was drawn, and once more so that it fits: else most are 404 or 406."""
    schema = schemathesis.openapi.from_dict(patched(official()))
    answered: Counter[tuple[str, int]] = Counter()
    for result in schema.get_all_operations():
        operation = result.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def check(case: schemathesis.Case) -> None:
            for fitted in (False, True):
                if not fitted and case.operation.label in FITTED_ONLY:
                    continue
                if case.method == "DELETE" or "subscriptions" in case.path:
                    served.runner.run(served.renew())
                if fitted:
                    fit(case, served.known)
                response = served.runner.run(ask(served.up, case))
                answered[case.operation.label, response.status_code] += 1
                case.validate_response(response, checks=CHECKS)

        check()
    succeeded = {label for label, status in answered if status < 300}
    assert set(ENDPOINTS) - succeeded == set()


def fit(case: schemathesis.Case, known: dict[str, str]) -> None:
    """Let a request name what there is, and ask for versions and parameters that there are."""
    for name in case.path_parameters or {}:
        case.path_parameters[name] = known[name]
    for name in [name for name in case.headers or {} if name.upper().startswith(VERSIONS)]:
        del case.headers[name]
    if case.operation.label == "POST /queries":
        case.body = {"name": f"query {serial()}", "query": {"EQ_action": ["ADD"]}}
    elif case.operation.label in FITTED_ONLY:
        case.body = SUBSCRIPTION
    elif case.operation.label == "POST /capture":
        case.body = document(shipping(sgtin()))
    elif case.operation.label == "POST /events":
        case.body = {"@context": CONTEXT, **shipping(sgtin())}
    query = case.query or {}
    case.query = {name: query[name] for name in query if name in ("perPage", "EQ_action")}


async def ask(up: Running, case: schemathesis.Case) -> httpx2.Response:
    """Send a request; an event is answered as GS1 has it if it is asked for so."""
    wire = case.as_transport_kwargs(base_url="http://gateway/epcis")
    headers = {
        **(wire["headers"] or {}),
        "Authorization": f"Bearer {up.admin_key}",
        "Prefer": "return=representation",
    }
    return await up.client.request(
        wire["method"],
        wire["url"],
        params=wire.get("params"),
        headers={name: str(value) for name, value in headers.items()},
        json=wire.get("json"),
    )
