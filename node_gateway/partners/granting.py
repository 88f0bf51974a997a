"""What others may read here or do in our name, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anchoring.directory.model import Directory
from node_gateway.partners.acting import Acting
from node_gateway.partners.delegations import Delegations
from node_gateway.partners.grant_reads import GrantReads
from node_gateway.partners.grantee import Grantee
from node_gateway.partners.grants import Giving, Rules
from node_gateway.partners.parties import Parties
from node_gateway.partners.ports import Peers
from node_gateway.partners.read_log import ReadLog
from node_gateway.partners.statements import Statements
from node_gateway.partners.visibility import Visibility
from node_gateway.services.preparing import event_id_key
from node_gateway.storage import following
from node_gateway.storage.granted_goods import GrantedGoods, last_position

if TYPE_CHECKING:
    from node_gateway.partners.assembly import Own


@dataclass(frozen=True, slots=True)
class Granting:
    """The services.

    Attributes:
        giving: Grants of ours.
        reads: What grantees read here; implements `ports.Grants`.
        log: The log of that.
        delegations: Who acts in our name; `acting`: we in somebody else's.
        grantee: What we read elsewhere.
        visibility: Who can see what.
        normalised: Reads the events of a draft document, validated.
    """

    giving: Giving
    reads: GrantReads
    log: ReadLog
    delegations: Delegations
    acting: Acting
    grantee: Grantee
    visibility: Visibility
    statements: Statements
    normalised: Callable[[Mapping[str, Any]], list[dict[str, Any]]]


async def granting(own: Own, peers: Peers) -> Granting:
    """Put it together; the index of granted goods begins with what is stored from now on."""
    base = own.base
    store, settings, clock = base.store, base.settings, base.clock
    await _begin(own)

    def current() -> Directory:
        return own.directory.current

    rules = Rules(settings.gateway.participant, settings.grants, current, clock)
    statements = Statements(
        participant=rules.participant,
        signer=own.sign,
        chain_id=own.network.chain_id,
        registry=own.network.registries[0].address,
        directory=rules.directory,
        clock=clock,
    )
    giving = Giving(store, base.follower, rules)
    await giving.tidy()
    secret = await event_id_key(store)
    parties = Parties(current, base.master.directory.participant_of, clock)
    return Granting(
        giving=giving,
        reads=GrantReads(store, own.disclosing, settings.policies, rules),
        log=ReadLog(store, base.capture, own.disclosing, giving, statements, secret),
        delegations=Delegations(
            store, base.follower, own.operating, rules, statements, parties.participant_of
        ),
        acting=Acting(store, peers, statements),
        grantee=Grantee(peers, statements),
        visibility=Visibility(store, settings, rules, parties),
        statements=statements,
        normalised=base.preparing.normalised,
    )


async def _begin(own: Own) -> None:
    """Let a projection that is new to an old database pass over what no grant names yet."""
    store, name = own.base.store, GrantedGoods.name
    own.base.follower.also(GrantedGoods())
    reached = await store.read(following.positions)
    if name not in reached:
        await store.write(
            "begin_granted_goods",
            lambda c: following.move(c, [name], last_position(c)),
        )
