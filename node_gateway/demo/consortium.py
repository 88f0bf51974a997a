"""The network governs itself: admission, a counterfeit, a broken promise, a drill and a recall."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any

from anchoring.chain.deploy import FirstParticipant
from anchoring.chain.governance import Admit, Suspend
from anchoring.chain.governance_calls import NoticeScope, NoticeText
from anchoring.directory.prefixes import prefix_of_code
from anchoring.verification import Outcome
from node_gateway.cli.founders import first_of, read_participant
from node_gateway.cli.init import PARTICIPANT_FILE
from node_gateway.demo.assembly import Assembly, block_after
from node_gateway.demo.attacks import must_be_refused
from node_gateway.demo.chapters import Told, UnexpectedError, demand, play_chapters, until
from node_gateway.demo.companies import CompanyGateway, ProblemError
from node_gateway.demo.evidence import PROMISE_S, broken_promise, evidence_of, receipt_in
from node_gateway.demo.narration import Narration
from node_gateway.demo.processes import DemoError
from node_gateway.demo.recalling import TILLS, left_of, reach_of, refused_at_tills
from node_gateway.demo.story import LOT, counterfeit, packs, with_lot
from node_gateway.demo.telling import ask
from node_gateway.demo.world import World, judge, open_key

VOTERS = ("maker", "distributor", "pharmacy", "regulator")
NEWCOMER = "wholesaler"
_TWO_THIRDS = VOTERS[:3]


@dataclass
class Scene:
    """What the chapters share."""

    world: World
    assembly: Assembly
    counterfeit: bytes = b""
    notice: int = 0
    evidence: bytes = field(default=b"", repr=False)

    @property
    def newcomer(self) -> CompanyGateway:
        """The gateway of the participant that was admitted by vote."""
        return self.world.gateways[NEWCOMER]


async def play_consortium(world: World, narration: Narration) -> bool:
    """Play the chapters in order; return whether each came out as it should.

    Raises:
        DemoError: a gateway or the chain does not do its part.
    """
    keys = {slug: open_key(world.gateways[slug], "admin") for slug in VOTERS}
    scene = Scene(world, Assembly(world, keys))
    chapters = (
        ("vote", admit),
        ("attack 6", commission_for_others),
        ("evidence", break_a_promise),
        ("suspended", suspend),
        ("drill", drill),
        ("recall", recall),
        ("reach", reach),
        ("lifted", lift),
    )
    return await play_chapters(
        [(label, partial(chapter, scene)) for label, chapter in chapters], narration
    )


async def admit(scene: Scene) -> Told:
    """Three of four voters admit a seventh company; one alone could not."""
    assembly, gateway = scene.assembly, scene.newcomer
    action = Admit(_newcomer(gateway))
    alone = await assembly.send("maker", assembly.calls.propose(action))
    number = int(alone.fields("ProposalMade")["id"])
    refused = await assembly.is_refused("maker", assembly.calls.execute(number))
    demand(refused == "ConsortiumProposalState", "one participant alone admitted another")
    carried = await assembly.decide(action, _TWO_THIRDS)
    await gateway.start()
    told = "a seventh company joins: three of four voters agreed, one alone could not"
    return told, f"proposal {number}: {refused}; proposal {carried}: executed after the delay"


async def commission_for_others(scene: Scene) -> Told:
    """The newcomer gives codes to packs of the maker's; everything is sealed, and flagged."""
    gateway = scene.newcomer
    (entry,) = await gateway.capture(counterfeit())
    await gateway.wait_final(entry)
    scene.counterfeit = await gateway.bundle(entry)
    said = await must_be_refused(scene.counterfeit, scene.world.ledger, "not_authorised")
    told = "the newcomer makes packs with the maker's codes: sealed, but not authorised"
    return told, f"the verifier: {said}; the prefix is the maker's"


async def break_a_promise(scene: Scene) -> Told:
    """The newcomer signed for a delivery and never sealed it: its own receipt proves that."""
    receipt = broken_promise(scene.world, scene.newcomer)
    await block_after(scene.world, receipt.anchor_by + PROMISE_S)
    scene.evidence = await evidence_of(scene.world, scene.newcomer, receipt)
    file = scene.world.folder / "evidence.json"
    await asyncio.to_thread(file.write_bytes, scene.evidence)
    told = "the newcomer broke a promise that it signed: its receipt proves it"
    return told, f"{file.name}: {json.loads(scene.evidence)['text']}"


async def suspend(scene: Scene) -> Told:
    """Each voter audits the evidence again, then they suspend; old proofs keep their date."""
    again = await evidence_of(scene.world, scene.newcomer, receipt_in(scene.evidence))
    demand(
        _absent(again) == _absent(scene.evidence),
        "another audit of the evidence finds something else",
    )
    participant = scene.newcomer.company.participant
    digest = sha256(scene.evidence).digest()
    number = await scene.assembly.decide(Suspend(participant), _TWO_THIRDS, evidence=digest)
    await until(lambda: _is_key_refused(scene.newcomer), "the registry still takes its anchors")
    told = "three of four suspend it on that evidence; nothing of it is sealed any more"
    return told, f"proposal {number} names the file's digest {digest.hex()[:12]}; key_refused"


async def drill(scene: Scene) -> Told:
    """The maker practises a recall: shown everywhere as a drill, and blocks nothing."""
    pharmacy, (_, _, pack, *_) = scene.world.gateways["pharmacy"], packs()
    took_s = await _publish(scene, is_drill=True)
    banners = (await ask(pharmacy, pack))["notices"]
    demand([one["drill"] for one in banners] == [True], "the drill is not shown as one")
    await _dispense(pharmacy, pack)
    await _lift(scene, NoticeText(zh="演练结束", en="The drill is over"))
    told = "the maker drills a recall: every gateway shows it, and the till still sells"
    return told, f"at the pharmacies after {took_s:.1f} s"


async def recall(scene: Scene) -> Told:
    """The real one: the till refuses, the shopper is warned, whoever sealed what."""
    pharmacy, pack = scene.world.gateways["pharmacy"], packs()[3]
    took_s = await _publish(scene, is_drill=False)
    try:
        await _dispense(pharmacy, pack)
    except ProblemError as problem:
        demand(problem.code == "operation_refused", f"the till says {problem.code}")
    else:
        raise UnexpectedError("the till sold a recalled pack")
    banners = (await ask(pharmacy, pack))["notices"]
    demand(False in [one["drill"] for one in banners], "the shopper is not warned")
    made = scene.world.sealed["packs made"].bundle
    said = await must_be_refused(made, scene.world.ledger, "recalled")
    told = "the maker recalls the lot: the till refuses it, a shopper is warned"
    return told, f"at the pharmacies after {took_s:.1f} s; the verifier: {said}"


async def reach(scene: Scene) -> Told:
    """The maker follows the recall from hand to hand, and learns names of its partners only."""
    refused = await refused_at_tills(scene.world)
    counted = await reach_of(scene.world, scene.notice)
    told = "the maker sees where all of it went in counts, and names its own partners only"
    return told, f"{counted}; refused at the tills of {refused}"


async def lift(scene: Scene) -> Told:
    """The maker lifts the recall: the till sells again, and the history of it stays."""
    pharmacy, pack = scene.world.gateways["pharmacy"], packs()[3]
    await _lift(scene, NoticeText(zh="召回解除", en="The recall is lifted"))
    await _dispense(pharmacy, pack)
    made = scene.world.sealed["packs made"].bundle
    said = await judge(made, scene.world.ledger)
    demand(said == str(Outcome.VERIFIED), f"the verifier says {said}")
    told = "the maker lifts the recall: the till sells the pack, proofs are as they were"
    return told, f"the verifier: {said}; notice {scene.notice} keeps its history on the chain"


async def _publish(scene: Scene, *, is_drill: bool) -> float:
    """Publish a notice and wait until both pharmacies show it; return the seconds that took."""
    gateways, product = scene.world.gateways, prefix_of_code(packs()[3])
    if product is None:
        raise DemoError("a pack has no product", attempt="the demo again")
    text = NoticeText(
        zh="演练,无需行动" if is_drill else "请勿使用,送回药房",
        en="A drill: nothing to do" if is_drill else "Do not use; bring it back to a pharmacy",
    )
    call = scene.assembly.calls.publish_notice(
        3 if is_drill else 1, NoticeScope(product, (LOT,)), text, drill=is_drill
    )
    published = await scene.assembly.send("maker", call)
    scene.notice = int(published.fields("NoticePublished")["id"])
    began = time.monotonic()

    for slug, giver in TILLS:

        async def is_shown(slug: str = slug, giver: str = giver) -> bool:
            shown = (await ask(gateways[slug], left_of(giver)))["notices"]
            return is_drill in [one["drill"] for one in shown]

        await until(is_shown, f"{slug} does not show the notice")
    return time.monotonic() - began


async def _lift(scene: Scene, text: NoticeText) -> None:
    """Lift the notice that stands, and wait until the pharmacy shows none."""
    pharmacy, code = scene.world.gateways["pharmacy"], packs()[3]
    calls = scene.assembly.calls
    await scene.assembly.send("maker", calls.lift_notice(scene.notice, text))

    async def is_gone() -> bool:
        return not (await ask(pharmacy, code))["notices"]

    await until(is_gone, "the pharmacy still shows the notice")


async def _dispense(gateway: CompanyGateway, pack: str) -> None:
    """Sell a pack as the till does: it scans the whole symbol, the lot included."""
    await gateway.request("POST", "/v1/operations/dispense", json={"codes": [with_lot(pack)]})


async def _is_key_refused(gateway: CompanyGateway) -> bool:
    status: dict[str, Any] = (await gateway.request("GET", "/v1/status")).json()
    return bool(status["degraded"] == "key_refused")


def _absent(evidence: bytes) -> list[str]:
    """Return the entries that an evidence file says were promised and never sealed."""
    absent: list[str] = json.loads(evidence)["evidence"]["entries"]
    return absent


def _newcomer(gateway: CompanyGateway) -> FirstParticipant:
    """Return what the newcomer gave the others to read: names, addresses, no secret."""
    return first_of(read_participant(gateway.folder / PARTICIPANT_FILE))
