"""Challenges between real gateways: opened under a grant of everything, and under nothing less."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from anchoring.answer_signature import AnswerSignature
from anchoring.chain.rpc import EvmRpc
from anchoring.challenge_signing import answered, sign_answer
from anchoring.challenges import (
    Leaf,
    OpenedKind,
    OpenedLeaf,
    Seed,
    answer_text,
    challenge_text,
    check_opened,
    parse_answer,
    parse_challenge,
)
from anchoring.network_audit.auditor import Endpoint, NetworkAudit, NetworkAuditor
from anchoring.network_audit.evidence import members_of, pack
from anchoring.network_audit.options import CHALLENGES, AuditOptions
from anchoring.network_audit.reading import AuditReader
from anchoring.network_audit.rechecking import recheck
from node_gateway.audit_page import page
from node_gateway.cli.auditing import ThroughGateway
from node_gateway.cli.client import Client
from node_gateway.partners.challenges import GrantRequiredError
from node_gateway.partners.grant_terms import GrantTerms, Items, Scope
from node_gateway.partners.grants import Wish
from node_gateway.partners.ports import PeerError
from tests.anvil import Anvil
from tests.consortium import AUDITOR, MANUFACTURER, VOTER, Person
from tests.gateway.running import Running, commissioning, serial
from tests.partners import Town, town

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEOPLE = [
    Person("maker", MANUFACTURER | VOTER, ("gs1:6901234",)),
    Person("auditor", AUDITOR | VOTER),
]
SEED = Seed(1, bytes(32))
EVERYTHING = GrantTerms(Items(opening="full"), Scope())


@dataclass
class Scene:
    t: Town
    events: list[str]
    erased: str

    @property
    def maker(self) -> Running:
        return self.t["maker"]

    @property
    def auditor(self) -> Running:
        return self.t["auditor"]

    async def leaf_of(self, entry: str) -> Leaf:
        place = await self.maker.gateway.store.batch_place(bytes.fromhex(entry))
        assert place is not None
        anchor = place.batch.anchor
        return Leaf(anchor.stream, anchor.sequence, place.index)

    async def give(self, terms: GrantTerms) -> str:
        gateway = self.maker.gateway
        until = int(gateway.clock()) + 3600
        wish = Wish(self.t.member("auditor").id, terms.to_wire(), "an audit", until)
        return (await gateway.partners.granting.giving.give(wish, by="test")).id

    async def revoke(self, grant: str) -> None:
        await self.maker.gateway.partners.granting.giving.revoke(grant, by="test")

    async def put(self, *leaves: Leaf) -> bytes:
        challenges = self.auditor.gateway.partners.challenges
        return await challenges.put(self.t.member("maker").id, SEED, leaves)

    def signed(self, challenge: bytes, opened: Sequence[OpenedLeaf]) -> bytes:
        """Return an answer that the maker's key signed, whatever it opens."""
        seed, leaves = parse_challenge(challenge)
        network = self.t.net.network
        unsigned = AnswerSignature(network.chain_id, network.consortium, int(time.time()))
        said = answered(1, seed, leaves, opened, unsigned)
        return answer_text(1, opened, sign_answer(said, self.t.member("maker").sign))

    async def audit(self, *, answer_s: float = 30.0) -> NetworkAudit:
        client = Client(self.t.url("auditor"), self.auditor.admin_key)
        url = self.t.net.anvil.url
        endpoints = [Endpoint(name, None, AuditReader(EvmRpc(url))) for name in ("a", "b")]
        options = AuditOptions(
            parts=(CHALLENGES,),
            participants=frozenset({self.t.member("maker").id}),
            leaves=10,
            answer_s=answer_s,
            with_evidence=True,
        )
        try:
            asking = ThroughGateway(client)
            return await NetworkAuditor(
                self.t.net.network, endpoints, options, asking=asking
            ).audit()
        finally:
            for one in endpoints:
                await one.reader.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    async with town(anvil, template, tmp_path_factory.mktemp("town"), PEOPLE) as t:
        code = "https://id.gs1.org/01/06901234123456/21/"
        entries = [
            await t["maker"].entry(commissioning(f"{code}{serial()}"), final=at == 2)
            for at in range(3)
        ]
        await t["maker"].final(*entries)
        answer = await t["maker"].client.delete(f"/v1/events/{entries[2]}")
        assert answer.status_code == 200, answer.text
        await t.seen()
        yield Scene(t, entries[:2], entries[2])


async def decoy_leaf(scene: Scene) -> Leaf:
    store = scene.maker.gateway.store
    leaf = await scene.leaf_of(scene.events[0])
    raw = await store.batch_entries(leaf.stream, leaf.sequence)
    for index in range(16):
        if await store.event_by_entry(raw[index * 32 : index * 32 + 32]) is None:
            return replace(leaf, index=index)
    raise AssertionError("a batch without a decoy")


async def test_without_a_grant_every_leaf_looks_alike(scene: Scene) -> None:
    event, decoy = await scene.leaf_of(scene.events[0]), await decoy_leaf(scene)
    erased = await scene.leaf_of(scene.erased)
    said = set()
    for leaf in (event, decoy, erased, replace(event, index=99), replace(event, sequence=10**6)):
        with pytest.raises(GrantRequiredError) as caught:
            await scene.put(leaf)
        said.add((caught.value.code, str(caught.value)))
    assert len(said) == 1


@pytest.mark.parametrize(
    "terms",
    [
        GrantTerms(Items(opening="codes"), Scope()),
        GrantTerms(Items(preset="partner"), Scope()),
        GrantTerms(Items(opening="full"), Scope(steps=("commissioning",))),
    ],
)
async def test_a_narrower_grant_opens_no_leaf(scene: Scene, terms: GrantTerms) -> None:
    grant = await scene.give(terms)
    for leaf in (await scene.leaf_of(scene.events[0]), await decoy_leaf(scene)):
        with pytest.raises(GrantRequiredError):
            await scene.put(leaf)
    await scene.revoke(grant)


async def test_under_a_grant_of_everything_each_leaf_opens_as_what_it_is(scene: Scene) -> None:
    grant = await scene.give(EVERYTHING)
    wanted = {
        await scene.leaf_of(scene.events[0]): OpenedKind.EVENT,
        await scene.leaf_of(scene.events[1]): OpenedKind.EVENT,
        await scene.leaf_of(scene.erased): OpenedKind.ERASED,
        await decoy_leaf(scene): OpenedKind.DECOY,
    }
    answer = parse_answer(await scene.put(*wanted), participant=1)
    assert set(answer) == set(wanted)
    for leaf, kind in wanted.items():
        stored = await scene.maker.gateway.store.anchor(leaf.stream, leaf.sequence)
        assert stored is not None
        assert check_opened(answer[leaf], stored.anchor) is kind
    await scene.revoke(grant)
    with pytest.raises(GrantRequiredError):
        await scene.put(*wanted)


async def test_a_leaf_that_is_not_ours_is_named_under_a_grant_only(scene: Scene) -> None:
    grant = await scene.give(EVERYTHING)
    leaf = await scene.leaf_of(scene.events[0])
    for wrong in (replace(leaf, index=99), replace(leaf, stream=leaf.stream + 9)):
        with pytest.raises(PeerError, match="anchor_not_found"):
            await scene.put(wrong)
    await scene.revoke(grant)


async def test_an_audit_opens_what_it_drew_and_its_evidence_holds(scene: Scene) -> None:
    grant = await scene.give(EVERYTHING)
    audit = await scene.audit()
    report = audit.report
    assert (report.findings, report.unchecked) == ((), ())
    score = report.participants[0].challenges
    assert score is not None
    assert score.asked == score.held == score.decoys + score.events + score.erased > 9
    found = recheck(pack(members_of(audit, with_openings=True)), scene.t.net.network)
    assert found.problems == []
    assert found.counts["leaves"] == score.asked
    html = page(report)
    assert "Nothing was found." in html
    assert "未发现问题。" in html
    assert "Example Maker" in html
    await scene.revoke(grant)


async def test_without_a_grant_an_audit_says_that_it_could_not_ask(scene: Scene) -> None:
    report = (await scene.audit()).report
    assert report.findings == ()
    [one] = report.unchecked
    assert "there is none" in one.text
    score = report.participants[0].challenges
    assert score is not None
    assert score.asked == score.refused > 0


Answering = Callable[[int, bytes], Awaitable[bytes]]
Signing = Callable[[bytes, Sequence[OpenedLeaf]], bytes]


def another_decoy(honest: Answering, signed: Signing) -> Answering:
    """Every decoy is opened as the first of them, at the place that was asked for."""

    async def answer(caller: int, challenge: bytes) -> bytes:
        opened = list(parse_answer(await honest(caller, challenge), participant=1).values())
        decoys = [one for one in opened if one.nonce is not None]
        lies = [replace(one, nonce=decoys[0].nonce) if one.nonce else one for one in opened]
        return signed(challenge, lies)

    return answer


def another_leaf(honest: Answering, signed: Signing) -> Answering:
    """What belongs to one place is given for another."""

    async def answer(caller: int, challenge: bytes) -> bytes:
        opened = list(parse_answer(await honest(caller, challenge), participant=1).values())
        turned = zip(opened, [*opened[1:], opened[0]], strict=True)
        return signed(challenge, [replace(other, leaf=one.leaf) for one, other in turned])

    return answer


def nothing(_: Answering, signed: Signing) -> Answering:
    async def answer(caller: int, challenge: bytes) -> bytes:
        del caller
        return signed(challenge, [])

    return answer


def unsigned(honest: Answering, _: Signing) -> Answering:
    """What it opens is right, and nobody said it."""

    async def answer(caller: int, challenge: bytes) -> bytes:
        opened = parse_answer(await honest(caller, challenge), participant=1)
        return answer_text(1, list(opened.values()))

    return answer


def signed_for_another(honest: Answering, signed: Signing) -> Answering:
    """The answer to one challenge is given to another."""
    first: list[bytes] = []

    async def answer(caller: int, challenge: bytes) -> bytes:
        seed, leaves = parse_challenge(challenge)
        first.append(challenge_text(replace(seed, block_number=seed.block_number + 1), leaves))
        opened = parse_answer(await honest(caller, challenge), participant=1)
        return signed(first[0], list(opened.values()))

    return answer


def broken(_: Answering, __: Signing) -> Answering:
    async def answer(caller: int, challenge: bytes) -> bytes:
        del caller, challenge
        return b"no answer"

    return answer


def slow(honest: Answering, _: Signing) -> Answering:
    async def answer(caller: int, challenge: bytes) -> bytes:
        await asyncio.sleep(0.6)
        return await honest(caller, challenge)

    return answer


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (another_decoy, "challenge_wrong"),
        (another_leaf, "challenge_wrong"),
        (nothing, "challenge_unanswered"),
        (unsigned, "challenge_unanswered"),
        (signed_for_another, "challenge_unanswered"),
        (broken, "challenge_unanswered"),
        (slow, "challenge_late"),
    ],
)
async def test_a_gateway_that_does_not_open_what_was_asked_for_is_found(
    scene: Scene,
    lie: Callable[[Answering, Signing], Answering],
    code: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grant = await scene.give(EVERYTHING)
    challenges = scene.maker.gateway.partners.challenges
    monkeypatch.setattr(challenges, "answer", lie(challenges.answer, scene.signed))
    report = (await scene.audit(answer_s=0.5 if lie is slow else 30.0)).report
    monkeypatch.undo()
    assert {str(one.code) for one in report.findings} == {code}
    assert all(one.participant == 1 for one in report.findings)
    html = page(report)
    assert code in html
    assert "<script" not in html
    await scene.revoke(grant)


async def test_a_gateway_that_is_down_does_not_answer(scene: Scene) -> None:
    await scene.t.stop("maker")
    try:
        report = (await scene.audit()).report
    finally:
        await scene.t.start("maker")
    codes = [str(one.code) for one in report.findings]
    assert codes == ["challenge_unanswered"]


async def test_only_whoever_audits_puts_challenges(scene: Scene) -> None:
    key = await scene.auditor.new_key("query")
    stranger = scene.auditor.stranger(Authorization=f"Bearer {key}")
    answer = await stranger.post("/v1/challenges", content=b"{}")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope")
    unsigned = await scene.maker.stranger().post("/v1/peer/challenges", content=b"{}")
    assert unsigned.status_code == 401
    mixed = b'{"format":"sealtrail/challenge/v1"}'
    answer = await scene.auditor.client.post("/v1/challenges", content=mixed)
    assert answer.status_code == 400
