"""Random histories of a network, and what its contracts' views answer about them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Final

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.calls import EvmCalls
from anchoring.chain.deploy import FirstKey, FirstParticipant
from anchoring.chain.governance import (
    Action,
    Admit,
    ChangeRoles,
    ChangeVoter,
    GrantPrefix,
    Reinstate,
    Remove,
    ReplaceAdminKey,
    RevokePrefix,
    Suspend,
)
from anchoring.chain.governance_calls import NoticeScope, NoticeText
from anchoring.chain.governor import PreparedCall
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from anchoring.directory.model import Directory
from anchoring.errors import ContractRefusedError
from tests.consortium import Net, Person, key_of

PEOPLE: Final = (
    Person("maker", prefixes=("gs1:6901234", "cn:8112345")),
    Person("other", prefixes=("gs1:4901",)),
    Person("regulator", roles=16 | 32),
    Person("pharmacy", roles=4),
)
PREFIXES: Final = ("gs1:6901", "gs1:690123412345", "gs1:6901235", "cn:8112345", "cn:8112346")
PRODUCTS: Final = ("gs1:690123412345", "gs1:490112345678", "cn:8112345")
LOTS: Final = ((), ("L1",), ("L1", "L2 \u6279"))


@dataclass
class History:
    """Lets random participants do random things; what the contracts refuse is part of it."""

    net: Net
    chance: random.Random
    keys: dict[int, Signer] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    fresh: int = 0

    def __post_init__(self) -> None:
        self.keys = {one.id: one.admin for one in self.net.members}
        self.consortium = ContractAbi(load("Consortium").abi)

    async def go_on(self, steps: int) -> None:
        for _ in range(steps):
            what = self.chance.choice(
                [self._propose] * 4 + [self._approve] * 8 + [self._execute] * 5
                + [self._withdraw, self._veto, self._key, self._revoke, self._own, self._own_keys]
                + [self._prefix] * 6 + [self._notice] * 5 + [self._time] * 2
            )  # fmt: skip
            try:
                await what()
                self.done.append(what.__name__)
            except ContractRefusedError:
                continue

    async def _send(self, who: int, call: PreparedCall) -> None:
        await self.net.call(self.keys.get(who, self.keys[1]), call)

    def _anybody(self) -> int:
        return self.chance.choice(list(self.keys))

    def _new_key(self) -> Signer:
        self.fresh += 1
        return key_of(f"fresh-{self.fresh}", "any")

    def _action(self) -> Action:
        who, codes = self.chance.randint(1, len(self.keys) + 1), self.net.calls.code_registry
        one: Action = self.chance.choice(
            [
                Suspend(who),
                Reinstate(who),
                Reinstate(who),
                GrantPrefix(codes, self.chance.choice(PREFIXES), who),
                RevokePrefix(codes, self.chance.randint(1, 4)),
                ChangeRoles(who, self.chance.randint(1, 31)),
                ChangeVoter(who, voter=self.chance.random() < 0.7),
                ReplaceAdminKey(who, self._new_key().address),
                Remove(who),
                self._newcomer(),
                self._newcomer(),
            ]
        )
        return one

    def _newcomer(self) -> Admit:
        number = len(self.keys) + 1
        first = FirstKey(self._new_key().address, 1, streams=((number << 16) + 3,))
        return Admit(
            FirstParticipant(
                slug=f"newcomer-{self.fresh}",
                name="Example Newcomer",
                url="",
                roles=1 | 32,
                admin_key=key_of(f"newcomer-{number}", "admin").address,
                recovery_key=self._new_key().address,
                keys=(first,),
            )
        )

    async def _propose(self) -> None:
        await self._send(self._anybody(), self.net.calls.propose(self._action()))

    async def _proposal(self) -> tuple[int, Any]:
        views = Views(self.net)
        try:
            count = await views.one("Consortium", "proposalCount")
            number = self.chance.randint(max(1, count - 3), max(1, count))
            return number, await views.one("Consortium", "proposal", number)
        finally:
            await views.close()

    async def _approve(self) -> None:
        number, found = await self._proposal()
        await self._send(self._anybody(), self.net.calls.approve(number, found[6]))

    async def _execute(self) -> None:
        number, _ = await self._proposal()
        await self._send(1, self.net.calls.execute(number))
        directory = await self.net.directory()
        for one in directory.participants.values():
            known = self.keys.get(one.id)
            if known is None or known.address != one.admin_key:
                self.keys[one.id] = self._signer(one.id, one.admin_key)

    def _signer(self, number: int, address: bytes) -> Signer:
        candidates = [key_of(f"newcomer-{number}", "admin")]
        candidates += [key_of(f"fresh-{at}", "any") for at in range(self.fresh + 1)]
        return next(one for one in candidates if one.address == address)

    async def _withdraw(self) -> None:
        number, _ = await self._proposal()
        await self._send(self._anybody(), self.net.calls.withdraw(number))

    async def _veto(self) -> None:
        number, _ = await self._proposal()
        await self._send(self._anybody(), self.net.calls.veto(number))

    async def _key(self) -> None:
        who, now = self._anybody(), await self.net.time()
        until = self.chance.choice([0, now + 50])
        streams = self.chance.choice([[], [(who << 16) + 1, (who << 16) + 9]])
        added = (self._new_key().address, self.chance.choice([1, 2]), now + 9, until, streams)
        await self._send(who, self._call("addKey", added))

    async def _revoke(self) -> None:
        directory = await self.net.directory()
        key = self.chance.choice(list(directory.keys.values()))
        since = self.chance.choice([0, directory.head.time - 5])
        await self._send(key.participant, self._call("revokeKey", key.address, since))

    async def _own(self) -> None:
        await self._send(
            self._anybody(), self.net.calls.set_url(f"https://moved.example/{self.fresh}")
        )

    async def _own_keys(self) -> None:
        member = self.chance.choice(self.net.members)
        new = self._new_key()
        call = self._call("replaceAdminKey", member.id, new.address)
        await self.net.call(member.recovery, call)
        self.keys[member.id] = new

    async def _prefix(self) -> None:
        calls, grant = self.net.calls, self.chance.randint(1, 5)
        who, to = self._anybody(), self._anybody()
        until = await self.net.time() + self.chance.choice([5, 1000])
        call = self.chance.choice(
            [
                calls.offer_prefix(grant, to),
                calls.offer_prefix(grant, to),
                calls.accept_prefix(grant),
                calls.accept_prefix(grant),
                calls.withdraw_offer(grant),
                calls.surrender_prefix(grant, until),
            ]
        )
        await self._send(who, call)

    async def _notice(self) -> None:
        calls, number = self.net.calls, self.chance.randint(1, 4)
        level, who = self.chance.randint(1, 3), self.chance.choice([1, 1, 2, 3])
        text = NoticeText(zh="\u53ec\u56de", en="Recall", uri="", uri_digest=bytes(32))
        scope = NoticeScope(self.chance.choice(PRODUCTS), self.chance.choice(LOTS), bytes(32))
        call = self.chance.choice(
            [
                calls.publish_notice(level, scope, text, drill=self.chance.random() < 0.3),
                calls.escalate_notice(number, level, text),
                calls.lift_notice(number, text),
            ]
        )
        await self._send(who, call)

    async def _time(self) -> None:
        await self.net.pass_time(self.chance.choice([1, 3, 30]))

    def _call(self, function: str, *arguments: object) -> PreparedCall:
        return PreparedCall.of(self.consortium, self.net.network.consortium, function, *arguments)


class Views:
    """Asks the contracts, as of the newest block."""

    def __init__(self, net: Net) -> None:
        network = net.network
        assert network.code_registry is not None
        assert network.notice_board is not None
        self._rpc = EvmRpc(net.anvil.url)
        self._calls = EvmCalls(self._rpc)
        self._contracts = {
            "Consortium": network.consortium,
            "CodeRegistry": network.code_registry.address,
            "NoticeBoard": network.notice_board.address,
        }
        self._abis = {name: ContractAbi(load(name).abi) for name in self._contracts}

    async def one(self, contract: str, function: str, *arguments: object) -> Any:
        """Return the only result of a view."""
        (result,) = await self.all(contract, function, *arguments)
        return result

    async def all(self, contract: str, function: str, *arguments: object) -> tuple[Any, ...]:
        """Return all results of a view."""
        abi, to = self._abis[contract], self._contracts[contract]
        return await self._calls._call(abi, to, function, *arguments, at=None)

    async def close(self) -> None:
        await self._rpc.close()


def times_of(directory: Directory) -> list[int]:
    """Return times that matter: every change, the second before it, and the far past."""
    changes = {0, directory.head.time}
    for one in directory.participants.values():
        for history in (one.statuses, one.roles, one.admin_keys, one.epochs):
            changes |= {each.since for each in history}
    for key in directory.keys.values():
        changes |= {key.valid_from, key.valid_until, key.revoked_at, key.compromised_since}
    for grant in directory.grants.values():
        changes |= {grant.valid_from, grant.valid_until}
    for notice in directory.notices.values():
        changes |= {step.at for step in notice.steps}
    return sorted({at for one in changes for at in (one - 1, one, one + 1) if at >= 0})
