"""Five attacks by people who own gateways and keys; each is carried out, and must fail.

An attack that is refused for another reason than the one it should be counts as not refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from anchoring.core.items import ACT_PATH
from anchoring.core.verify import check_bundles
from node_gateway.demo.companies import CompanyGateway, ProblemError
from node_gateway.demo.forging import (
    anchor_again,
    read_event,
    with_act,
    with_fields,
    with_place_of,
    write_event,
)
from node_gateway.demo.narration import Narration
from node_gateway.demo.world import Ledger, SecondAnchor, World, judge

_EDITED = "received by the distributor"
_ERROR_PATH = "$['errorDeclaration']"
_EARLIER = "2020-01-01T00:00:00.000+08:00"
_TAKEN = "AnchorRegistryOutOfSequence"


class AttackSucceededError(Exception):
    """An attack was not refused, or not for the reason that it should have been."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack: the sentence that tells of it, and how it is carried out.

    `carry_out` returns details for those who know the formats, or raises AttackSucceededError.
    """

    told: str
    carry_out: Callable[[World], Awaitable[str]]


async def must_be_refused(raw: bytes, ledger: Ledger, code: str) -> str:
    """Return the refusal of a forged document.

    Raises:
        AttackSucceededError: it was verified, or refused with another code.
    """
    said = await judge(raw, ledger)
    if said != code:
        raise AttackSucceededError(f"a verifier says {said}, not {code}")
    return said


async def must_not_serve(gateway: CompanyGateway, entry: str, code: str) -> str:
    """Return the problem with which a gateway refuses an event's bundle.

    Raises:
        AttackSucceededError: it served the bundle, or has another problem.
    """
    try:
        await gateway.bundle(entry)
    except ProblemError as problem:
        if problem.code != code:
            raise AttackSucceededError(f"the gateway says {problem}, not {code}") from problem
        return problem.code
    raise AttackSucceededError("the gateway served a bundle of the edited event")


def must_be_reverted(attempt: SecondAnchor, error: str) -> str:
    """Return the contract's refusal of an attempt to anchor.

    Raises:
        AttackSucceededError: it was taken, or refused with another error.
    """
    if attempt.was_taken or not attempt.refusal.startswith(f"{error}("):
        raise AttackSucceededError(f"the contract says {attempt.refusal or 'nothing'}")
    return attempt.refusal


async def edit_the_database(world: World) -> str:
    """An operator changes when something was received, in the database file of its gateway."""
    gateway, sealed = world.gateways["distributor"], world.sealed[_EDITED]
    await gateway.stop()
    opened = read_event(gateway.database, sealed.entry)
    edited = {**opened.event, "eventTime": _EARLIER}
    write_event(gateway.database, sealed.entry, edited)
    forged = with_fields(sealed.bundle, opened.fields(edited))
    # For the next attack, while the gateway is down: it would raise an alarm about its key.
    key = world.key_of("distributor", "anchor")
    world.second_anchor = await anchor_again(world.ledger, key, forged)
    await gateway.start()
    served = await must_not_serve(gateway, sealed.entry, "database_damaged")
    refused = await must_be_refused(forged, world.ledger, "root_mismatch")
    return f"the gateway: {served}; a bundle made of the edited event: {refused}"


async def seal_again(world: World) -> str:
    """The same operator anchors the edited version in the old one's place, with the real key."""
    if world.second_anchor is None:
        raise AttackSucceededError("nothing was sent")
    said = must_be_reverted(world.second_anchor, _TAKEN)
    refused = await must_be_refused(world.second_anchor.bundle, world.ledger, "record_mismatch")
    return f"the contract: {said}; the bundle: {refused}"


async def borrow_a_place(world: World) -> str:
    """A bundle names the place of another event of the same batch."""
    made, packed = world.sealed["packs made"], world.sealed["packed"]
    forged = with_place_of(made.bundle, packed.bundle)
    return await must_be_refused(forged, world.ledger, "root_mismatch")


async def hide_a_mistake(world: World) -> str:
    """A sale that was declared a mistake is shown as a sale."""
    gateway, sealed = world.gateways["pharmacy"], world.sealed["declared a mistake"]
    opened = read_event(gateway.database, sealed.entry)
    act = check_bundles(sealed.bundle)[0].act.text
    hidden = f"{act[:-1]}0"
    pretended = {name: value for name, value in opened.event.items() if name != "errorDeclaration"}
    fields = opened.fields()
    without_act = [path for path in fields.paths if path != ACT_PATH]
    shown = [path for path in fields.paths if not path.startswith(_ERROR_PATH)]
    forgeries = (
        (with_fields(sealed.bundle, fields, without_act), "act_missing"),
        (with_act(with_fields(sealed.bundle, fields, shown), hidden), "root_mismatch"),
        (with_fields(sealed.bundle, opened.fields(pretended)), "root_mismatch"),
        (with_act(sealed.bundle, hidden), "inconsistent"),
    )
    said = [await must_be_refused(raw, world.ledger, code) for raw, code in forgeries]
    return ", ".join(said)


async def show_it_elsewhere(world: World) -> str:
    """A bundle is shown to viewers of another chain that holds the same contracts."""
    sealed = world.sealed["dispensed"]
    said = await must_be_refused(sealed.bundle, world.other_ledger, "anchor_not_found")
    # A viewer of this network who is led to the other chain notices that too.
    misled = Ledger(world.ledger.network, world.other_ledger.rpc_url)
    noticed = await must_be_refused(sealed.bundle, misled, "chain_mismatch")
    return f"there: {said}; to a viewer who is led there: {noticed}"


ATTACKS = (
    Attack(
        "an event is edited in the distributor's database: not shown, does not match",
        edit_the_database,
    ),
    Attack("the edited event is sealed in place of the true one: not accepted", seal_again),
    Attack("a proof names the place of another event: does not match", borrow_a_place),
    Attack("the pharmacy hides that a sale was a mistake: noticed all four ways", hide_a_mistake),
    Attack("a proof is shown in another network: nothing is found there", show_it_elsewhere),
)


async def play_attacks(
    world: World, narration: Narration, attacks: Sequence[Attack] = ATTACKS
) -> bool:
    """Carry out attacks in order and tell of each; return whether all were refused."""
    all_refused = True
    for number, attack in enumerate(attacks, 1):
        try:
            detail = await attack.carry_out(world)
        except AttackSucceededError as error:
            narration.failed(f"attack {number}", f"{attack.told}: THIS DID NOT HOLD")
            narration.detail(str(error))
            all_refused = False
        else:
            narration.refused(f"attack {number}", attack.told)
            narration.detail(detail)
    return all_refused
