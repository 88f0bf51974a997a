"""What operators see of other gateways, by HTTP and at the command line's words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anchoring.chain.messages import read_message
from node_gateway.api import answers_peers
from node_gateway.settings_partners import PeersSection
from tests.anvil import Anvil
from tests.gateway.partners.hearers import KIND, listening, settled, until
from tests.gateway.running import BATCHING, Running
from tests.partners import PEERS, WISHES, Person, Town, town

PEOPLE = [
    Person("maker"),
    Person("shop"),
    Person("nowhere", url="http://nowhere.invalid"),
    Person("inside", url="https://10.0.0.1"),
]
QUIET = WISHES.but(batching=BATCHING)


async def ping(t: Town, slug: str) -> dict[str, Any]:
    answer = await t["maker"].client.post(f"/v1/peers/{slug}/ping")
    found: dict[str, Any] = answer.json()
    answers_peers.PongAnswer.model_validate(found)
    return found


async def of(up: Running, slug: str) -> dict[str, Any]:
    found: dict[str, Any] = (await up.client.get(f"/v1/peers/{slug}")).json()
    answers_peers.PeerAnswerOut.model_validate(found)
    return found


async def test_who_is_stuck_and_why(anvil: Anvil, template: Path, tmp_path: Path) -> None:
    stuck: PeersSection = PEERS.model_copy(update={"stuck_s": 1})
    wishes = QUIET.but(sections={"peers": stuck})
    async with town(anvil, template, tmp_path, PEOPLE[:3], wishes=wishes) as t:
        maker = t["maker"]
        listening(t["shop"])
        await maker.gateway.partners.channel.say(2, KIND, b"one")
        await settled(maker, 2)
        listed = (await maker.client.get("/v1/peers")).json()
        answers_peers.PeersAnswer.model_validate(listed)
        assert [(one["slug"], one["state"]) for one in listed["peers"]] == [
            ("shop", "quiet"),
            ("nowhere", "new"),
        ]
        await t.stop("shop")
        await maker.gateway.partners.channel.say(2, KIND, b"two")

        async def is_stuck() -> bool:
            return (await of(maker, "shop"))["state"] == "stuck"

        await until(is_stuck)
        found = await of(maker, "2")
        assert (found["waiting"], found["lastError"]) == (1, "peer_down")
        assert found["words"] == "Nobody answers at its address."
        await t.start("shop")
        listening(t["shop"])
        assert (await maker.client.post("/v1/peers/shop/retry")).status_code == 200
        await settled(maker, 2)
        assert (await of(maker, "shop"))["lastError"] is None


async def test_a_ping_says_what_is_wrong(anvil: Anvil, template: Path, tmp_path: Path) -> None:
    late = QUIET.but(clock=lambda: 1_000_000_000.0)
    own = {"inside": late}
    people = [*PEOPLE[:3], Person("inside")]
    async with town(anvil, template, tmp_path, people, wishes=QUIET, own=own) as t:
        assert (await ping(t, "shop"))["ok"]
        assert (await ping(t, "nowhere"))["code"] == "peer_host"
        assert (await ping(t, "inside"))["code"] == "peer_clock"
        await t.stop("shop")
        assert (await ping(t, "shop"))["code"] == "peer_down"
        missing = await t["maker"].client.post("/v1/peers/nobody/ping")
        assert (missing.status_code, missing.json()["code"]) == (404, "participant_not_found")
        itself = await t["maker"].client.get("/v1/peers/maker")
        assert itself.status_code == 404


async def test_addresses_that_the_settings_forbid_are_not_asked(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    strict = QUIET.but(sections={"peers": PeersSection()})
    plain = QUIET.but(sections={"peers": PeersSection(allow_private=True)})
    async with town(
        anvil, template, tmp_path, PEOPLE, wishes=QUIET, own={"maker": strict, "shop": plain}
    ) as t:
        assert (await ping(t, "shop"))["code"] == "peer_address"
        assert (await ping(t, "inside"))["code"] == "peer_address"
        answer = await t["shop"].client.post("/v1/peers/maker/ping")
        assert answer.json()["code"] == "peer_address"  # private is allowed, without TLS is not


async def test_messages_are_listed_and_exported_on_both_sides(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    async with town(anvil, template, tmp_path, PEOPLE[:2], wishes=QUIET) as t:
        listening(t["shop"])
        for body in (b"one", b"refuse late", b"three"):
            await t["maker"].gateway.partners.channel.say(2, KIND, body)
        await settled(t["maker"], 2)
        page = (await t["maker"].client.get("/v1/peers/shop/messages?perPage=2")).json()
        answers_peers.PeerMessages.model_validate(page)
        assert [(one["state"], one["code"]) for one in page["messages"]] == [
            ("taken", None),
            ("refused", "too_late"),
        ]
        assert page["next"] == 2
        path = "/v1/peers/{}/messages/2?way={}"
        ours = (await t["maker"].client.get(path.format("shop", "out"))).content
        theirs = (await t["shop"].client.get(path.format("maker", "in"))).content
        assert ours == theirs
        assert read_message(ours).body == b"refuse late"
        missing = await t["maker"].client.get(path.format("shop", "in"))
        assert (missing.status_code, missing.json()["code"]) == (404, "message_not_found")
