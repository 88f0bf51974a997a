"""The durable outbox: from a stored batch to a final anchor, through crash, drop and reorg.

One pass is: look at the chain, note where our anchors stand, make final what is deep enough,
send what is in no block. A restart runs the very same pass; nothing is remembered between passes
that a crash could take away. The order inside a pass is what makes it safe:

1. the nonce is read before the tx receipts, so that "nonce used, no receipt" means a stranger;
2. the signed bytes are durable before they are sent, so that what may land is always known;
3. the same bytes are sent again after a drop or a reorg; a new variant is signed only when the
   old one's nonce was used by a stranger or the key was changed, and always for the same root;
4. every send is tried as a call first, so that no reverting transaction enters the pool.

A crash between persisting and sending leaves a transaction that was never sent: the next pass
sends it. A crash between sending and noting leaves a place unknown: the next pass finds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from anchoring.anchorer_send import AnchorSender
from anchoring.anchorer_status import (
    Alarm,
    AlarmCode,
    AnchorerState,
    AnchorerStatus,
    HaltError,
    Reason,
    degraded,
    fatal,
)
from anchoring.anchorer_view import ChainView
from anchoring.core.anchor import Anchor
from anchoring.errors import (
    ChainIdentityError,
    ChainUnavailableError,
    SignerMismatchError,
    SignerUnavailableError,
    SubmissionUnknownError,
)
from anchoring.ports import (
    LOOK_AGAIN_S,
    AnchorChain,
    AnchorId,
    AnchorOutbox,
    BlockRef,
    ChainIdentity,
    PendingAnchor,
    SignedTransaction,
)
from anchoring.succession import Succession

BEHIND_GRACE_S = 600
"""How long an endpoint may lack a block that this process has seen, as one does that fails over."""
PENDING_MAX = 4096
"""Anchors looked at in one pass."""
SEND_FAILURES = (ChainUnavailableError, SubmissionUnknownError, SignerUnavailableError)
"""What may keep a transaction from being sent; the code of each is a reason of that name."""


class Anchorer:
    """Anchors what the outbox holds. One per anchor key, one pass at a time.

    Args:
        outbox: The database's side.
        chain: The chain's side, with the key.
        streams: The streams that this gateway owns, so that an empty database notices anchors.
        confirmations: k: how many blocks must lie above an anchor's block.
        clock: Unix seconds.
        expected: The chain's identity as agreed on; None takes the chain id alone.
        on_step: Called with a name before and after each write; tests kill the process there.
        max_per_call: Most anchors in one transaction.
        succession: Which earlier registries hold which anchors; None if there is no earlier one.
        is_copy: The outbox came out of a backup, and nobody has mended it yet: nothing is sent
            and nothing captured, even if the chain holds no more than it does.
    """

    def __init__(
        self,
        outbox: AnchorOutbox,
        chain: AnchorChain,
        *,
        streams: Sequence[int],
        confirmations: int,
        clock: Callable[[], float],
        expected: ChainIdentity | None = None,
        on_step: Callable[[str], None] = lambda _: None,
        max_per_call: int = 50,
        succession: Succession | None = None,
        is_copy: bool = False,
    ) -> None:
        self._outbox = outbox
        self._chain = chain
        self._streams = tuple(streams)
        self._confirmations = confirmations
        self._clock = clock
        self._expected = expected
        self._succession = succession or Succession(chain.registry)
        self._step = on_step
        self._sender = AnchorSender(outbox, chain, on_step=on_step, max_per_call=max_per_call)
        self._status = AnchorerStatus(AnchorerState.STARTING)
        self._reconciled = False
        self._seen: BlockRef | None = None
        self._restored = self._copied = "it came out of a backup" if is_copy else ""
        self._seen_final_at: dict[int, float] = {}

    @property
    def status(self) -> AnchorerStatus:
        """The outcome of the latest pass."""
        return self._status

    async def reconcile(self) -> AnchorerStatus:
        """Compare chain and database and note what stands where, without sending.

        Call it before the first capture is accepted. While the chain does not answer the state
        stays `read-only` (chain_unavailable): an unknown chain may hold more than the database.
        Called again, it begins anew: so an operator leaves `restored` after mending the database.
        """
        self._reconciled, self._restored, self._seen = False, self._copied, None
        return await self._guarded(may_send=False)

    async def run_once(self) -> AnchorerStatus:
        """Do one pass: note, make final, send. Reconciles first if that has not happened."""
        return await self._guarded(may_send=True)

    async def _guarded(self, *, may_send: bool) -> AnchorerStatus:
        if self._status.state is AnchorerState.FATAL:
            return self._status
        status = AnchorerStatus(AnchorerState.READY)
        pending = await self._outbox.pending(limit=PENDING_MAX)
        try:
            status = await self._pass(pending, may_send=may_send)
        except HaltError as halt:
            status = replace(status, state=halt.state, reason=halt.reason, detail=halt.detail)
        except ChainUnavailableError as error:
            status = _degraded(status, Reason.CHAIN_UNAVAILABLE, error)
        except SubmissionUnknownError as error:
            status = _degraded(status, Reason.SUBMISSION_UNKNOWN, error)
        except ChainIdentityError as error:
            status = _degraded(status, Reason.CHAIN_IDENTITY, error)
            status = replace(status, state=AnchorerState.FATAL)
        if not self._reconciled and status.state is AnchorerState.DEGRADED:
            status = replace(status, state=AnchorerState.READ_ONLY)
        self._status = status = self._with_backlog(status, pending)
        return status

    async def _pass(self, pending: list[PendingAnchor], *, may_send: bool) -> AnchorerStatus:
        await self._check_identity()
        view, transactions = await self._look_well(pending)
        await self._note(view, pending)
        finalised = await self._finalise(view, pending)
        halt: HaltError | None = None
        unplaced = [one for one in pending if _name(one.anchor) not in view.places]
        if unplaced and may_send and not self._restored:
            try:
                await self._sender.send(view, unplaced, transactions)
            except HaltError as error:
                halt = error
            except SignerMismatchError as error:
                view.alarms.append(Alarm(AlarmCode.SIGNER_MISMATCH, str(error)))
                halt = degraded(Reason.SIGNER_MISMATCH, str(error))
            except SEND_FAILURES as error:
                halt = degraded(Reason(error.code), str(error))
        if self._restored:
            halt = HaltError(AnchorerState.READ_ONLY, Reason.RESTORED, self._restored)
        return AnchorerStatus(
            state=halt.state if halt else AnchorerState.READY,
            reason=halt.reason if halt else None,
            detail=halt.detail if halt else "",
            head=view.head.number,
            unplaced=len(unplaced),
            finalised=finalised,
            alarms=tuple(view.alarms),
        )

    async def _look_well(
        self, pending: list[PendingAnchor]
    ) -> tuple[ChainView, list[SignedTransaction]]:
        """Look; and once more before the endpoint is said to contradict itself.

        One that is just adding a block may show its state before its logs.
        """
        try:
            return await self._look(pending)
        except HaltError as halt:
            if halt.reason is not Reason.CHAIN_INCONSISTENT:
                raise
        await asyncio.sleep(LOOK_AGAIN_S)
        return await self._look(pending)

    async def _look(
        self, pending: list[PendingAnchor]
    ) -> tuple[ChainView, list[SignedTransaction]]:
        """Look at the chain and find where our anchors stand; writes nothing."""
        streams = sorted({*self._streams, *(one.anchor.stream for one in pending)})
        view = await ChainView.look(self._chain, streams, self._succession)
        final_blocks = [await self._check_stream(view, one, pending) for one in streams]
        self._reconciled, self._seen = True, view.head
        transactions = await self._outbox.transactions()
        await view.locate(pending, transactions, first_block=min(final_blocks, default=0))
        return view, transactions

    async def _check_identity(self) -> None:
        if self._seen is not None and await self._chain.block(self._seen.number) == self._seen:
            return  # a block's hash stands for all before it: this is the chain that was checked
        try:
            identity = await self._chain.identity()
        except ChainIdentityError as error:
            if await self._chain.syncing():
                raise degraded(Reason.CHAIN_BEHIND, str(error)) from error
            raise
        if self._expected is None:
            self._expected = identity
        if identity != self._expected:
            text = f"the chain is {_shown(identity)}, agreed on was {_shown(self._expected)}"
            raise fatal(Reason.CHAIN_IDENTITY, text)

    async def _check_stream(
        self, view: ChainView, stream: int, pending: Sequence[PendingAnchor]
    ) -> int:
        """Compare one stream; return the block from which on its anchors may be searched."""
        last = await self._outbox.last_final(stream)
        head = view.heads[stream]
        if last is not None:
            block = await view.block(last.block_number)
            if block is None:
                await self._halt_behind(stream, view)
            elif block.block_hash != last.block_hash:
                text = f"block {last.block_number} of final anchor {stream}/{last.sequence} is gone"
                raise fatal(Reason.CHAIN_IDENTITY, text)
            elif head.sequence < last.sequence:
                text = f"final anchor {stream}/{last.sequence} is missing in the registry"
                raise fatal(Reason.CHAIN_IDENTITY, text)
            self._seen_final_at[stream] = self._clock()
        newest = await self._outbox.last_batched(stream)
        known = newest.sequence if newest else 0
        if head.sequence > known:
            text = f"the chain holds {stream}/{head.sequence}, this database ends at {known}"
            if self._reconciled and not self._restored:
                raise fatal(Reason.EQUIVOCATION_GUARD, text + ": a second process uses this key")
            self._restored = text + ": it was restored from an old copy"
        elif head.sequence and newest is not None:
            self._check_tip(view, stream, [*(one.anchor for one in pending), newest])
        return last.block_number if last else 0

    def _check_tip(self, view: ChainView, stream: int, anchors: Sequence[Anchor]) -> None:
        head = view.heads[stream]
        for anchor in anchors:
            if anchor.stream != stream:
                continue
            if anchor.sequence == head.sequence and view.tip(anchor) != head.tip:
                text = f"the chain holds another root of ours at {stream}/{head.sequence}"
                raise fatal(Reason.EQUIVOCATION_GUARD, text + ": a second process uses this key")

    async def _halt_behind(self, stream: int, view: ChainView) -> None:
        """Tell an endpoint that is catching up from a chain that was reset."""
        seen_at = self._seen_final_at.get(stream)
        text = f"the chain ends at block {view.head.number}, before our last final anchor"
        is_recent = seen_at is not None and self._clock() - seen_at <= BEHIND_GRACE_S
        if is_recent or await self._chain.syncing():
            raise degraded(Reason.CHAIN_BEHIND, text)
        raise fatal(Reason.CHAIN_IDENTITY, text)

    async def _note(self, view: ChainView, pending: Sequence[PendingAnchor]) -> None:
        seen = [
            view.places[_name(one.anchor)]
            for one in pending
            if view.places.get(_name(one.anchor)) not in (None, one.place)
        ]
        lost = [
            _name(one.anchor)
            for one in pending
            if one.place and _name(one.anchor) not in view.places
        ]
        if lost:
            self._step("before_unseen")
            await self._outbox.mark_unseen(lost)
            self._step("after_unseen")
            text = f"{len(lost)} anchors are in no block any more, from {lost[0]} on"
            view.alarms.append(Alarm(AlarmCode.REORG, text))
        if seen:
            self._step("before_seen")
            await self._outbox.mark_seen(seen)
            self._step("after_seen")

    async def _finalise(self, view: ChainView, pending: Sequence[PendingAnchor]) -> int:
        anchors = {_name(one.anchor): one.anchor for one in pending}
        places = await view.deep_enough(self._confirmations)
        for place in places:
            anchor = anchors[place.stream, place.sequence]
            await view.check_record(place, anchor, self._confirmations)
        if not places or not await view.still_holds(places, self._confirmations):
            return 0
        self._step("before_final")
        await self._outbox.mark_final(places)
        self._step("after_final")
        return len(places)

    def _with_backlog(
        self, status: AnchorerStatus, pending: Sequence[PendingAnchor]
    ) -> AnchorerStatus:
        oldest = min((one.created_at for one in pending), default=None)
        promises = [one.anchor_by for one in pending if one.anchor_by and one.place is None]
        return replace(
            status,
            pending=len(pending) - status.finalised,
            lag_s=0 if oldest is None else max(0, int(self._clock()) - oldest),
            anchor_by=min(promises, default=None),
        )


def _degraded(status: AnchorerStatus, reason: Reason, error: Exception) -> AnchorerStatus:
    return replace(status, state=AnchorerState.DEGRADED, reason=reason, detail=str(error))


def _shown(identity: ChainIdentity) -> str:
    return (
        f"{identity.chain_id} with genesis {identity.genesis_hash.hex()[:12]}, registry "
        f"0x{identity.registry.hex()} and code {identity.code_hash.hex()[:12]}"
    )


def _name(anchor: Anchor) -> AnchorId:
    return anchor.stream, anchor.sequence
