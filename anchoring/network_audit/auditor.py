"""The audit of a whole network, from a network file and witnesses alone.

Who takes part, where its gateway is and which keys it had come from the chain's directory. All
witnesses are read up to one block. Participants are audited beside each other, and none can spoil
the audit of the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from anchoring.audit_claims import Claims
from anchoring.audit_report import AuditWitness, FindingCode
from anchoring.chain.network import Network
from anchoring.challenges import Seed
from anchoring.directory.model import Directory, Participant
from anchoring.errors import (
    AnchoringError,
    ChainError,
    ChainIdentityError,
    ChainUnavailableError,
    FormatError,
)
from anchoring.evidence.layout import key_slot
from anchoring.network_audit.challenging import Asking
from anchoring.network_audit.gateways import AT_ONCE_MAX, Gateways
from anchoring.network_audit.material import Material
from anchoring.network_audit.model import NetworkFinding, NetworkReport, Plan, Unchecked
from anchoring.network_audit.options import CHALLENGES, AuditOptions
from anchoring.network_audit.participant import Audited, ParticipantAuditor, Surroundings
from anchoring.network_audit.reading import AuditReader, directory_of
from anchoring.verification import Witness

CATCH_UP_S: Final = 10.0
"""How long a witness that is behind the others is waited for."""
_POLL_S: Final = 0.5

OnProgress = Callable[[int, int], None]
"""Told how many participants are done, of how many."""


@dataclass(slots=True)
class Endpoint:
    """One witness on its way; `code` is set once it is known what became of it."""

    organisation: str
    participant: int | None
    reader: AuditReader
    code: str = ""
    text: str = ""
    newest: int = -1

    def to_report(self) -> AuditWitness:
        """Return its line in the report."""
        return AuditWitness(self.organisation, self.reader.name, self.code or "audited", self.text)


@dataclass(frozen=True, slots=True)
class Headers:
    """Raw headers by number, and `eth_getProof` answers by registry, as the endpoint gave them."""

    by_number: dict[int, dict[str, Any]] = field(default_factory=dict)
    proofs: dict[bytes, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NetworkAudit:
    """A finished audit with everything that it rests on."""

    network: Network
    report: NetworkReport
    audited: Sequence[Audited]
    material: Material
    headers: Headers


class NetworkAuditor:
    """Audits every participant of a network.

    Args:
        network: The viewer's own network file.
        endpoints: Witnesses that the viewer chose; for each participant its own do not count.
        options: What to look at.
        asking: Puts challenges to gateways; without it none is put.
    """

    def __init__(
        self,
        network: Network,
        endpoints: Sequence[Endpoint],
        options: AuditOptions,
        *,
        asking: Asking | None = None,
    ) -> None:
        self._network, self._endpoints = network, endpoints
        self._options, self._asking = options, asking
        self._findings: list[NetworkFinding] = []
        self._unchecked: list[Unchecked] = []

    async def audit(
        self, material: Material | None = None, *, on_progress: OnProgress = lambda *_: None
    ) -> NetworkAudit:
        """Audit, and return the report with what it rests on.

        Raises:
            ChainUnavailableError: too few organisations could be asked, or one reorganised.
            ChainIdentityError: all witnesses are on another chain.
        """
        handed = material or Material()
        self._unchecked += [Unchecked(f"a file that was handed over: {t}") for t in handed.refused]
        ready = await self._pinned()
        directory = await self._directory(ready)
        plan = await self._plan(ready)
        first = ready[0].reader
        around = Surroundings(
            network=self._network,
            directory=directory,
            head=await first.head(),
            witnesses=[
                Witness(one.organisation, one.participant, one.reader.name, one.reader)
                for one in ready
            ],
            reader=first,
            options=self._options,
            plan=plan,
            asking=self._asking,
        )
        chosen = self._chosen(directory, handed)
        audited = await self._participants(around, chosen, handed, on_progress)
        headers = await self._headers(first, audited, plan)
        for one in ready:
            await one.reader.check_unmoved()
        report = self._report(around, ready, audited)
        return NetworkAudit(self._network, report, audited, handed, headers)

    async def _pinned(self) -> list[Endpoint]:
        """Bring the witnesses to the newest block that enough organisations have."""
        await asyncio.gather(*(self._meet(one) for one in self._endpoints))
        newest: dict[str, int] = {}
        for one in self._endpoints:
            if not one.code:
                newest[one.organisation] = max(newest.get(one.organisation, -1), one.newest)
        self._demand(set(newest))
        number = sorted(newest.values(), reverse=True)[self._options.quorum - 1]
        open_ones = [one for one in self._endpoints if not one.code]
        await asyncio.gather(*(self._pin(one, number) for one in open_ones))
        ready = [one for one in open_ones if not one.code]
        self._demand({one.organisation for one in ready})
        return ready

    async def _meet(self, one: Endpoint) -> None:
        try:
            found = (await one.reader.chain_id(), await one.reader.genesis_hash())
            if found != (self._network.chain_id, self._network.genesis_hash):
                raise ChainIdentityError("is on another chain than the network file says")
            one.newest = (await one.reader.head()).number
        except ChainError as error:
            one.code, one.text = error.code, str(error)

    async def _pin(self, one: Endpoint, number: int) -> None:
        try:
            for _ in range(int(CATCH_UP_S / _POLL_S)):
                if await one.reader.pin(number) is not None:
                    return
                await asyncio.sleep(_POLL_S)
            one.code, one.text = "witness_stale", f"does not have block {number}"
        except ChainError as error:
            one.code, one.text = error.code, str(error)

    def _demand(self, organisations: set[str]) -> None:
        if len(organisations) >= self._options.quorum:
            return
        needed = self._options.quorum
        text = f"{len(organisations)} of the {needed} organisations needed can be asked"
        failed = [one for one in self._endpoints if one.text]
        text += "".join(f"; {one.organisation} ({one.reader.name}): {one.text}" for one in failed)
        codes = {one.code for one in self._endpoints}
        if codes == {ChainIdentityError.code}:
            raise ChainIdentityError(text)
        alike = codes in ({ChainUnavailableError.code}, {"witness_stale"})
        raise ChainUnavailableError(text, code=codes.pop() if alike else "quorum_not_met")

    async def _directory(self, ready: Sequence[Endpoint]) -> Directory:
        """Fold the directory through every organisation; where they differ, that is found."""
        folded: dict[str, Directory] = {}
        for one in ready:
            if one.organisation in folded:
                continue
            try:
                folded[one.organisation] = await directory_of(one.reader, self._network)
            except ChainError as error:
                one.code, one.text = error.code, str(error)
        self._demand(set(folded))
        first, *others = folded.values()
        if any(_differs(first, other) for other in others):
            names = ", ".join(folded)
            text = f"the organisations show different participants or keys: {names}"
            code = FindingCode.WITNESS_DISAGREEMENT
            self._findings.append(NetworkFinding(code, text, None, seen_by=tuple(folded)))
        return first

    async def _plan(self, ready: Sequence[Endpoint]) -> Plan | None:
        if not self._options.challenges:
            return None
        if self._asking is None:
            text = "no challenge was put: a gateway answers them under a participant's key only"
            self._unchecked.append(Unchecked(text))
            return None
        head = await ready[0].reader.head()
        announced = self._options.announced_block
        number = head.number if announced is None else announced + 1
        if not 1 <= number <= head.number:
            text = f"no challenge was put: there is no block {number} yet, and it is the seed"
            self._unchecked.append(Unchecked(text))
            return None
        shown = {one.organisation: await one.reader.block(number) for one in ready}
        block = shown[ready[0].organisation]
        if block is None or len(set(shown.values())) > 1:
            raise ChainUnavailableError(f"the organisations show different blocks {number}")
        return Plan(Seed(number, block.block_hash), self._options.leaves)

    def _chosen(self, directory: Directory, handed: Material) -> list[Participant]:
        wanted = self._options.participants
        known = directory.participants
        for number in sorted((wanted | set(handed.claims)) - set(known)):
            self._unchecked.append(Unchecked(f"there is no participant {number}"))
        if "".join(self._options.parts) == CHALLENGES and not self._options.leaves:
            self._unchecked.append(Unchecked("no challenge was put: no number of leaves is given"))
        return [one for number, one in sorted(known.items()) if not wanted or number in wanted]

    async def _participants(
        self,
        around: Surroundings,
        chosen: Sequence[Participant],
        handed: Material,
        on_progress: OnProgress,
    ) -> list[Audited]:
        turn, done = asyncio.Semaphore(AT_ONCE_MAX), 0
        options = self._options

        async def one(participant: Participant) -> Audited:
            nonlocal done
            claims = handed.claims.get(participant.id, Claims())
            async with turn:
                lists = gateways.lists_of(participant)
                found = await ParticipantAuditor(around, participant, lists, claims).audit()
            done += 1
            on_progress(done, len(chosen))
            return found

        async with Gateways(
            around.directory, options.addresses, budget_s=options.budget_s
        ) as gateways:
            return list(await asyncio.gather(*(one(participant) for participant in chosen)))

    async def _headers(
        self, reader: AuditReader, audited: Sequence[Audited], plan: Plan | None
    ) -> Headers:
        """Read what the evidence needs; a witness that cannot give it leaves a word about it."""
        headers = Headers()
        if not self._options.with_evidence:
            return headers
        sightings = [one for found in audited for one in found.sightings.values()]
        numbers = {one.log.block_number for one in sightings} | {(await reader.head()).number}
        numbers |= {plan.seed.block_number} if plan else set()
        try:
            for number in sorted(numbers):
                headers.by_number[number] = await reader.raw_header(number)
            for registry in {one.log.registry for one in sightings}:
                slots = [
                    (one.log.anchor.stream, one.log.anchor.sequence)
                    for one in sightings
                    if one.log.registry == registry
                ]
                headers.proofs[registry] = await reader.raw_proofs(registry, sorted(slots))
            keys = {one.key() for found in audited for one in found.signed.values()}
            if keys:
                slots_of_keys = [key_slot(one) for one in sorted(keys)]
                consortium = self._network.consortium
                headers.proofs[consortium] = await reader.raw_slots(consortium, slots_of_keys)
        except (ChainUnavailableError, FormatError) as error:
            said = str(error) if isinstance(error, AnchoringError) else ""
            text = f"the evidence lacks headers or proofs of records: {said}"
            self._unchecked.append(Unchecked(text))
        return headers

    def _report(
        self, around: Surroundings, ready: Sequence[Endpoint], audited: Sequence[Audited]
    ) -> NetworkReport:
        return NetworkReport(
            chain_id=self._network.chain_id,
            genesis_hash=self._network.genesis_hash,
            parts=self._options.parts,
            head=around.head,
            quorum=self._options.quorum,
            organisations=tuple(dict.fromkeys(one.organisation for one in ready)),
            witnesses=tuple(one.to_report() for one in self._endpoints),
            participants=tuple(one.line for one in audited),
            findings=(*self._findings, *(f for one in audited for f in one.findings)),
            unchecked=(*self._unchecked, *(u for one in audited for u in one.unchecked)),
            notes=tuple(note for one in audited for note in one.notes),
            plan=around.plan,
        ).sorted()


def _differs(one: Directory, other: Directory) -> bool:
    """Tell whether two folds up to the same block are of different networks."""
    return (one.head, dict(one.participants), dict(one.keys)) != (
        other.head,
        dict(other.participants),
        dict(other.keys),
    )
