"""What a witness tells beside the anchor: status, keys, rights to codes, notices, successors.

Every witness is asked at its own newest block, so that none can hide what is new behind an old
one; what any of them shows is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import unquote

from anchoring.chain.network import Contract, Network
from anchoring.core.verify import CheckedBundle
from anchoring.directory.lots import lot_key
from anchoring.directory.prefixes import prefix_of_code, product_of_code
from anchoring.errors import ChainError
from anchoring.ports import BlockRef, KeyState
from anchoring.verification_asking import Asked
from anchoring.verification_model import ChainWarning
from anchoring.witness_ports import NoticeState, WitnessReader

PURPOSE_ANCHOR = 1
ACTIVE = 1
NOT_AUTHORISED = "not_authorised"
RECALLED = "recalled"
NOTICES_MAX = 2048
"""Notices of one product that are read, newest first; more are told of as unchecked."""
_AT_ONCE = 16
PREFIXES_MAX = 256
"""Prefixes and products of one bundle that are asked about; more are told of as unchecked."""

STEP_TIMEOUT_S = 60.0
"""A witness that answers each of a thousand questions late must not hold up the verdict; what it
told until then counts."""

_STATUS_WORDS = {0: "unknown", 1: "active", 2: "suspended", 3: "removed"}
_LOT_NAME = "$['ilmd']['cbvmda:lotNumber']"
_CREATED = ("$['epcList'][*]", "$['outputEPCList'][*]")


@dataclass(slots=True)
class Findings:
    """What one witness tells. `owns` is None if it was not asked about rights to codes."""

    warnings: list[ChainWarning] = field(default_factory=list)
    owns: bool | None = None

    def warn(self, code: str, text: str, since: int = 0) -> None:
        """Add a warning."""
        self.warnings.append(ChainWarning(code, text, since))


def date(time: int) -> str:
    """Return a time of the chain for people; any number is bearable."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return f"second {time}"


def commissioned(checked: CheckedBundle) -> frozenset[str]:
    """Return the disclosed codes that the event brings into being."""
    act = checked.act
    made = {"TransformationEvent": _CREATED[1:]}.get(act.type, ())
    if act.type == "ObjectEvent" and (act.action == "ADD" or act.biz_step == "commissioning"):
        made = _CREATED[:1]
    return frozenset(str(one.item.value) for one in checked.codes if one.item.path in made)


def lots_of(checked: CheckedBundle, code: str) -> frozenset[str]:
    """Return the lots that a bundle states for a code: in the code itself, or in the event."""
    stated = checked.values.get(_LOT_NAME)
    lots = {stated} if isinstance(stated, str) else set()
    parts = code.partition("?")[0].split("/")
    lots.update(unquote(lot) for key, lot in pairwise(parts) if key == "10")
    return frozenset(lots)


def notes_of(checked: CheckedBundle, network: Network) -> tuple[ChainWarning, ...]:
    """Return what cannot be asked, because the network file names no contract for it."""
    notes = []
    if network.code_registry is None and commissioned(checked):
        text = "the network file names no code registry: the right to these codes is unchecked"
        notes.append(ChainWarning("prefixes_unchecked", text))
    if network.notice_board is None and checked.code_values:
        text = "the network file names no notice board: recalls are unchecked"
        notes.append(ChainWarning("notices_unchecked", text))
    return tuple(notes)


async def findings_of(one: Asked, checked: CheckedBundle, network: Network) -> Findings:
    """Ask one witness for everything that a viewer must see beside the result."""
    found = Findings()
    if one.head is None:
        return found
    asking = _Asking(one.witness.reader, checked, network, one.head, found)
    steps = (
        ("status and key epoch", asking.participant()),
        ("the key behind the anchor", asking.key(one.registry)),
        ("the right to the codes", asking.prefixes()),
        ("recalls", asking.notices()),
        ("successors", asking.successors()),
    )
    # At once, so that a witness that keeps silent costs one wait and not five.
    await asyncio.gather(*(_told(found, one.witness.name, what, step) for what, step in steps))
    return found


async def _told(found: Findings, name: str, what: str, step: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(STEP_TIMEOUT_S):
            await step
    except TimeoutError:
        text = f"{name} did not tell all of {what} within {STEP_TIMEOUT_S:g} s"
        found.warn("warnings_unchecked", text)
    except ChainError as error:
        found.warn("warnings_unchecked", f"{name} did not tell {what}: {error}")


@dataclass(slots=True)
class _Asking:
    reader: WitnessReader
    checked: CheckedBundle
    network: Network
    head: BlockRef
    found: Findings

    async def participant(self) -> None:
        """Status then and now, and whether others replaced the admin key since."""
        network, at, who = self.network, self.head.block_hash, self.checked.bundle.participant
        pinned = network.consortium_code_hash
        if pinned is not None:
            await self._demand(Contract(network.consortium, pinned), "the consortium")
        changes = await self.reader.status_changes(network.consortium, who, at=at)
        self._status(changes)
        time = self.checked.bundle.anchored_at.block_time
        for since, epoch in await self.reader.epoch_changes(network.consortium, who, at=at):
            if epoch > 1 and since > time:
                text = f"the others replaced the admin key by vote at {date(since)}: epoch {epoch}"
                self.found.warn("key_epoch", text, since)

    def _status(self, changes: Sequence[tuple[int, int]]) -> None:
        time = self.checked.bundle.anchored_at.block_time
        then = [change for change in changes if change[0] <= time]
        since, status = then[-1] if then else (0, 0)
        if status != ACTIVE:
            word = _STATUS_WORDS.get(status, str(status))
            when = f" (since {date(since)})" if since else ""
            text = f"the participant was {word} when this was anchored{when}"
            self.found.warn("participant_not_active_then", text, since)
        since, status = changes[-1] if changes else (0, 0)
        if status != ACTIVE:
            word = _STATUS_WORDS.get(status, str(status))
            when = f" since {date(since)}" if since else ""
            self.found.warn(f"participant_{word}", f"the participant is {word}{when}", since)

    async def key(self, holding: bytes | None) -> None:
        """The key that anchored, as the log of the anchor names it.

        Args:
            holding: The registry that holds the anchor, as this witness says; None if it says
                none does, but then a log of it may still be there.
        """
        bundle, number = self.checked.bundle, self.checked.bundle.anchored_at.block_number
        listed = [one.address for one in self.network.registries]
        signers: set[bytes] = set()
        for registry in listed if holding is None else [holding]:
            logs = await self.reader.anchored(
                registry,
                first_block=number,
                last_block=number,
                stream=bundle.anchor.stream,
                sequence=bundle.anchor.sequence,
            )
            tip = self.checked.tip(chain_id=self.network.chain_id, registry=registry)
            signers |= {log.signer for log in logs if (log.anchor, log.tip) == (bundle.anchor, tip)}
        if not signers and holding is not None:
            # Else whoever keeps the log back would keep a compromised key from view.
            text = "the log of this anchor was not shown, so nothing is known of the key behind it"
            self.found.warn("warnings_unchecked", text)
        for signer in sorted(signers):
            await self._key_of(signer)

    async def _key_of(self, signer: bytes) -> None:
        bundle, at = self.checked.bundle, self.head.block_hash
        consortium, time = self.network.consortium, bundle.anchored_at.block_time
        valid = await self.reader.key_valid_at(
            consortium,
            signer,
            participant=bundle.participant,
            purpose=PURPOSE_ANCHOR,
            time=time,
            at=at,
        )
        self._key(await self.reader.key(consortium, signer, at=at), valid=valid, time=time)

    def _key(self, key: KeyState | None, *, valid: bool, time: int) -> None:
        since = key.compromised_since if key is not None else 0
        if since and since <= time:
            text = f"the key that anchored this was reported compromised since {date(since)}"
            self.found.warn("key_compromised", text, since)
        elif not valid:
            text = "the key that anchored this was not the participant's at that time"
            self.found.warn("key_not_valid_then", text)
        elif key is not None and key.revoked_at:
            text = f"the key that anchored this was revoked at {date(key.revoked_at)}"
            if since:
                text += f", reported compromised since {date(since)}"
            self.found.warn("key_revoked", text, key.revoked_at)

    async def prefixes(self) -> None:
        """Whether the participant owned the codes that it commissioned, at the anchor's time."""
        registry, codes = self.network.code_registry, commissioned(self.checked)
        if registry is None or not codes:
            return
        await self._demand(registry, "the code registry")
        bundle = self.checked.bundle
        named = {code: prefix_of_code(code) for code in codes}
        prefixes = sorted({prefix for prefix in named.values() if prefix is not None})
        unknown = sum(prefix is None for prefix in named.values())
        if unknown:
            text = f"{unknown} codes stand under no prefix that could be granted"
            self.found.warn("prefixes_unchecked", text)
        if len(prefixes) > PREFIXES_MAX:
            text = f"only {PREFIXES_MAX} of {len(prefixes)} prefixes were checked"
            self.found.warn("prefixes_unchecked", text)
        time = bundle.anchored_at.block_time
        for prefix in prefixes[:PREFIXES_MAX]:
            at = self.head.block_hash
            owner = await self.reader.owner_at(registry.address, prefix, time, at=at)
            if owner == bundle.participant:
                continue
            whose = f"participant {owner} did" if owner else "nobody did"
            text = (
                f"participant {bundle.participant} did not own the prefix {prefix} when this was "
                f"anchored ({date(time)}); {whose}"
            )
            self.found.warn(NOT_AUTHORISED, text, time)
            self.found.owns = False
        if prefixes and self.found.owns is None:
            self.found.owns = True

    async def notices(self) -> None:
        """Recalls that stand now, of the products of the disclosed codes."""
        board = self.network.notice_board
        products: dict[str, set[str]] = {}
        for code in self.checked.code_values:
            product = product_of_code(code)
            if product is not None:
                products.setdefault(product, set()).add(code)
        if board is None or not products:
            return
        await self._demand(board, "the notice board")
        if len(products) > PREFIXES_MAX:
            text = f"recalls of only {PREFIXES_MAX} of {len(products)} products were checked"
            self.found.warn("warnings_unchecked", text)
        for product in sorted(products)[:PREFIXES_MAX]:
            lots = [lots_of(self.checked, code) for code in products[product]]
            async for notice in self._standing(board, product):
                self._notice(notice, lots)

    async def _standing(self, board: Contract, product: str) -> AsyncIterator[NoticeState]:
        at = self.head.block_hash
        numbers = await self.reader.notice_numbers(board.address, product, at=at)
        if len(numbers) > NOTICES_MAX:
            text = f"only the newest {NOTICES_MAX} of {len(numbers)} notices of {product} were read"
            self.found.warn("warnings_unchecked", text)
        # Newest first, and each told as it comes: nobody hides a recall behind other notices.
        newest = numbers[: -NOTICES_MAX - 1 : -1]
        for start in range(0, len(newest), _AT_ONCE):
            asked = (
                self.reader.notice(board.address, one, product, at=at)
                for one in newest[start : start + _AT_ONCE]
            )
            answers = await asyncio.gather(*asked, return_exceptions=True)
            for notice in answers:
                if isinstance(notice, ChainError):
                    self.found.warn("warnings_unchecked", f"a notice was not told: {notice}")
                elif isinstance(notice, BaseException):
                    raise notice
                elif not notice.lifted_at:
                    yield notice

    def _notice(self, notice: NoticeState, lots: Sequence[frozenset[str]]) -> None:
        since = date(notice.published_at)
        what = f"{notice.product} (notice {notice.id}, level {notice.level}, since {since})"
        code, text = RECALLED, f"{what} is recalled"
        if notice.lots:
            stated = {lot_key(lot) for known in lots for lot in known}
            named = sorted(lot for lot in notice.lots if lot_key(lot) in stated)
            if named:
                text = f"lot {', '.join(named)} of {text}"
            elif all(lots):
                return  # every lot is known, and none is recalled
            else:
                listed = ", ".join(notice.lots)
                code, text = "recall_lots", f"some lots of {what} are recalled, compare: {listed}"
        elif any(notice.code_list):
            code = "recall_list"
            text = f"some codes of {what} are recalled, by a list that is not public: ask the maker"
        if notice.is_drill:
            code, text = "recall_drill", f"a drill, no real recall: {text}"
        self.found.warn(code, text, notice.published_at)

    async def successors(self) -> None:
        """A successor that the viewer's file does not list is told of, and never followed."""
        listed = {one.address for one in self.network.registries}
        for address in sorted(listed):
            successor = await self.reader.successor(address, at=self.head.block_hash)
            if successor is not None and successor not in listed:
                text = (
                    f"the registry 0x{address.hex()} was stopped in favour of "
                    f"0x{successor.hex()}, which your network file does not list"
                )
                self.found.warn("successor_unknown", text)

    async def _demand(self, contract: Contract, what: str) -> None:
        """Refuse to believe a contract whose code is not that of the network file."""
        code_hash = await self.reader.code_hash(contract.address, at=self.head.block_hash)
        if code_hash != contract.code_hash:
            raise ChainError(
                f"{what} has other code than in the network file", code="chain_mismatch"
            )


def unite(findings: Sequence[tuple[str, Findings]]) -> tuple[ChainWarning, ...]:
    """Return what anybody shows, each once with the organisations that show it."""
    shown: dict[tuple[str, str, int], set[str]] = {}
    for organisation, found in findings:
        for one in found.warnings:
            shown.setdefault((one.code, one.text, one.since), set()).add(organisation)
    return tuple(
        ChainWarning(code, text, since, tuple(sorted(shown[code, text, since])))
        for code, text, since in sorted(shown)
    )
