"""Governing over HTTP: only with an own admin key; words first, refusals before sending."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from anchoring.directory.model import Status
from node_gateway.api.answers_governing import Governed
from node_gateway.settings_keys import KeysSection
from tests.anvil import Anvil
from tests.consortium import REGULATOR, VOTER, Net, Person, found, key_of
from tests.gateway.running import Deployed, Running, Wishes, running_gateway

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRODUCT = "gs1:690123400001"
PEOPLE = (
    Person("maker", prefixes=("gs1:6901234",)),
    Person("distributor", roles=2 | VOTER),
    Person("authority", roles=REGULATOR | VOTER),
)
PROPOSALS = "/v1/consortium/proposals"


@dataclass(frozen=True)
class Governing:
    """The maker's gateway, which holds its admin key, in a network of three."""

    net: Net
    up: Running

    async def post(self, path: str, body: Any = None, **params: str) -> httpx2.Response:
        return await self.up.client.post(path, json=body, params=params)

    async def done(self, path: str, body: Any = None, **params: str) -> dict[str, Any]:
        answer = await self.post(path, body, **params)
        assert answer.status_code == 200, answer.text
        Governed.model_validate(answer.json())
        found: dict[str, Any] = answer.json()
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def governing(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Governing]:
    folder = tmp_path_factory.mktemp("governing")
    net = await found(anvil, PEOPLE, delay_s=600, folder=folder)
    maker = net.member("maker")
    keys = folder / "maker" / "keys"
    wishes = Wishes(
        keys=KeysSection(
            anchor_keystore=keys / "anchor.json",
            sign_keystore=keys / "sign.json",
            admin_keystore=keys / "admin.json",
            passphrase_file=keys / "passphrase",
        )
    )
    deployed = Deployed(net.network, maker.anchor, maker.sign)
    async with running_gateway(anvil, template, folder, wishes, deployed=deployed) as up:
        yield Governing(net, up)


async def test_a_gateway_without_an_admin_key_says_where_it_is(shared: Running) -> None:
    for path, body in (
        (PROPOSALS, {"action": "suspend", "participant": 1}),
        (f"{PROPOSALS}/1/approve", None),
        ("/v1/code-prefixes/1/accept", None),
        ("/v1/notices/1/lift", {"en": "x"}),
    ):
        answer = await shared.client.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "admin_key_not_here")
        assert "keys.admin_keystore" in answer.json()["hint"]


async def test_only_the_scope_admin_governs(governing: Governing) -> None:
    key = await governing.up.new_key("operate", "capture", "query", "audit")
    async with governing.up.stranger(Authorization=f"Bearer {key}") as client:
        assert (await client.post(f"{PROPOSALS}/1/approve")).status_code == 403


async def test_a_participant_is_suspended_by_vote(governing: Governing) -> None:
    net = governing.net
    wanted = {"action": "suspend", "participant": "distributor", "evidence": "0e" * 32}
    dry = await governing.done(PROPOSALS, wanted, dryRun="true")
    assert (dry["needed"], dry["sent"], dry["proposal"]) == (True, False, None)
    assert any("Example Distributor (participant 2) is suspended" in one for one in dry["words"])
    assert not (await net.directory()).proposals
    made = await governing.done(PROPOSALS, wanted)
    number = made["proposal"]
    assert made["state"] == "open"
    again = await governing.done(PROPOSALS, {**wanted, "participant": 2})
    assert (again["needed"], again["sent"], again["proposal"]) == (False, False, number)
    early = await governing.post(f"{PROPOSALS}/{number}/execute")
    assert (early.status_code, early.json()["code"]) == (409, "proposal_state")

    proposal = (await net.directory()).proposals[number]
    await net.call("authority", net.calls.approve(number, proposal.digest))
    assert (await governing.done(f"{PROPOSALS}/{number}/execute"))["state"] == "executed"
    assert (await net.directory()).participants[2].status is Status.SUSPENDED
    assert (await governing.done(f"{PROPOSALS}/{number}/execute"))["needed"] is False
    back = await governing.done(PROPOSALS, {"action": "reinstate", "participant": 2})
    proposal = (await net.directory()).proposals[back["proposal"]]
    await net.call("authority", net.calls.approve(proposal.id, proposal.digest))
    await governing.done(f"{PROPOSALS}/{proposal.id}/execute")
    assert (await net.directory()).participants[2].status is Status.ACTIVE


async def test_it_approves_what_others_proposed_and_takes_it_back(governing: Governing) -> None:
    net = governing.net
    from anchoring.chain.governance import Remove

    mined = await net.call("distributor", net.calls.propose(Remove(3)))
    number = mined.fields("ProposalMade")["id"]
    approved = await governing.done(f"{PROPOSALS}/{number}/approve")
    assert approved["state"] == "waiting"
    assert any("Example Authority (participant 3) is removed" in one for one in approved["words"])
    assert (await governing.done(f"{PROPOSALS}/{number}/withdraw"))["state"] == "open"
    veto = await governing.post(f"{PROPOSALS}/{number}/veto")
    assert (veto.status_code, veto.json()["code"]) == (409, "no_veto")


async def test_every_action_has_a_body(governing: Governing) -> None:
    keys = {name: key_of("clinic", name).address.hex() for name in ("anchor", "sign", "admin")}
    clinic = {
        "slug": "clinic",
        "name": "Example Clinic",
        "url": "",
        "roles": 4,
        "keys": {**keys, "recovery": key_of("clinic", "recovery").address.hex()},
    }
    bodies: list[dict[str, Any]] = [
        {"action": "admit", "newcomer": clinic},
        {"action": "remove", "participant": "distributor"},
        {"action": "change-roles", "participant": 2, "roles": ["pharmacy"]},
        {"action": "change-voter", "participant": 2, "voter": False},
        {"action": "replace-admin-key", "participant": 2, "adminKey": "0x" + "77" * 20},
        {"action": "grant-prefix", "participant": 2, "prefix": "cn:8123456", "until": 4 * 10**9},
        {"action": "revoke-prefix", "grant": 1},
    ]
    for body in bodies:
        dry = await governing.done(PROPOSALS, body, dryRun="true")
        assert (dry["needed"], dry["sent"]) == (True, False)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (f"{PROPOSALS}/99/approve", None, 404, "proposal_not_found"),
        (f"{PROPOSALS}/1/applaud", None, 400, "parameter"),
        (PROPOSALS, {"action": "suspend"}, 400, "parameter"),
        (PROPOSALS, {"action": "suspend", "participant": 2, "voter": True}, 400, "parameter"),
        (PROPOSALS, {"action": "crown", "participant": 2}, 400, "parameter"),
        (PROPOSALS, {"action": "suspend", "participant": 99}, 404, "participant_not_found"),
        (PROPOSALS, {"action": "reinstate", "participant": 2}, 409, "status_not_possible"),
        (PROPOSALS, {"action": "suspend", "participant": 2, "evidence": "x"}, 400, "digest_form"),
        (PROPOSALS, {"action": "revoke-prefix", "grant": 99}, 404, "prefix_grant_not_found"),
        (PROPOSALS, {"action": "name-successor", "successor": "33" * 20}, 409, "successor_invalid"),
        ("/v1/code-prefixes/99/accept", None, 404, "prefix_grant_not_found"),
        ("/v1/code-prefixes/1/accept", None, 409, "prefix_offer"),
        ("/v1/code-prefixes/1/offer", {"to": "nobody"}, 404, "participant_not_found"),
        ("/v1/code-prefixes/1/surrender", {"until": 1}, 409, "prefix_time"),
        ("/v1/notices/99/lift", {"en": "x"}, 404, "notice_not_found"),
        ("/v1/notices/99/escalate", {"level": 1, "en": "x"}, 404, "notice_not_found"),
    ],
)
async def test_bad_input_is_a_problem(
    governing: Governing, path: str, body: Any, status: int, code: str
) -> None:
    answer = await governing.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"slug": "maker"}, 409, "slug_taken"),
        ({"url": "clinic.example"}, 400, "url_form"),
        ({"keys": "theirs"}, 409, "key_in_use"),
        ({"roles": "all"}, 400, "participant_file"),
    ],
)
async def test_a_newcomer_that_cannot_be_admitted_is_a_problem(
    governing: Governing, changes: dict[str, Any], status: int, code: str
) -> None:
    names = ("anchor", "sign", "admin", "recovery")
    keys = {name: key_of("clinic", name).address.hex() for name in names}
    if changes.get("keys") == "theirs":
        changes = {"keys": {**keys, "sign": governing.net.member(2).anchor.address.hex()}}
    one = {"slug": "clinic", "name": "Example Clinic", "url": "", "roles": 4, "keys": keys}
    answer = await governing.post(PROPOSALS, {"action": "admit", "newcomer": {**one, **changes}})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["hint"]


async def test_an_overlapping_prefix_is_a_problem(governing: Governing) -> None:
    for prefix in ("gs1:6901234", "gs1:690123", "gs1:690123400001"):
        body = {"action": "grant-prefix", "participant": 2, "prefix": prefix}
        answer = await governing.post(PROPOSALS, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "prefix_overlap")
        assert answer.json()["hint"] == "sealtrail code-prefix list"


async def test_a_recall_is_published_made_graver_and_lifted(governing: Governing) -> None:
    wanted = {"level": 2, "drill": False, "product": PRODUCT, "lots": ["L1"], "en": "Stop."}
    made = await governing.done("/v1/notices", wanted)
    number = made["notice"]
    assert (await governing.done("/v1/notices", wanted))["needed"] is False
    assert (await governing.up.client.get(f"/v1/notices/{number}")).json()["level"] == 2
    path = f"/v1/notices/{number}"
    await governing.done(f"{path}/escalate", {"level": 1, "zh": "停止使用"})
    assert (await governing.up.client.get(path)).json()["level"] == 1
    await governing.done(f"{path}/lift", {"en": "It is safe."})
    assert (await governing.up.client.get(path)).json()["level"] == 0
    late = await governing.post(f"{path}/escalate", {"level": 2, "en": "x"})
    assert (late.status_code, late.json()["code"]) == (409, "notice_lifted")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"product": "gs1:950600013435"}, 409, "not_your_product"),
        ({"product": "gs1:6901234"}, 400, "notice_scope"),
        ({"product": "6901234"}, 400, "prefix_form"),
        ({"en": "x" * 2049}, 413, "notice_too_large"),
        ({"zh": "召" * 683}, 413, "notice_too_large"),
        ({"en": ""}, 400, "notice_wording"),
        ({"uri": "https://maker.example/1"}, 400, "notice_wording"),
        ({"level": 0}, 400, "notice_level"),
        ({"lots": ["L", "L"]}, 400, "notice_scope"),
        ({"lots": ["L"], "listDigest": "0e" * 32}, 400, "notice_scope"),
        ({"lots": [f"L{number}" for number in range(65)]}, 400, "notice_scope"),
        ({"more": 1}, 400, "parameter"),
    ],
)
async def test_a_notice_that_cannot_be_published_is_a_problem(
    governing: Governing, changes: dict[str, Any], status: int, code: str
) -> None:
    wanted = {"level": 2, "drill": True, "product": PRODUCT, "en": "Stop.", **changes}
    answer = await governing.post("/v1/notices", wanted)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_a_prefix_is_offered_and_the_offer_taken_back(governing: Governing) -> None:
    offered = await governing.done("/v1/code-prefixes/1/offer", {"to": "distributor"})
    assert offered["grant"] == 1
    assert (await governing.net.directory()).grants[1].offered_to == 2
    await governing.done("/v1/code-prefixes/1/refuse")
    assert (await governing.net.directory()).grants[1].offered_to == 0
