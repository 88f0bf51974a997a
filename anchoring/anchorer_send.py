"""Sending: which bytes go out next, and when none may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from anchoring.anchorer_status import (
    Alarm,
    AlarmCode,
    AnchorerState,
    HaltError,
    Reason,
    degraded,
    fatal,
)
from anchoring.anchorer_view import ChainView
from anchoring.core.anchor import Anchor
from anchoring.errors import ChainError, ContractRefusedError
from anchoring.ports import (
    AnchorChain,
    AnchorId,
    AnchorOutbox,
    PendingAnchor,
    SignedTransaction,
)

_GAP_MAX = 16


class AnchorSender:
    """The sending half of a pass of the anchorer; arguments as there."""

    def __init__(
        self,
        outbox: AnchorOutbox,
        chain: AnchorChain,
        *,
        on_step: Callable[[str], None],
        max_per_call: int,
    ) -> None:
        self._outbox = outbox
        self._chain = chain
        self._step = on_step
        self._max_per_call = max_per_call
        self._next_nonce: int | None = None

    async def send(
        self,
        view: ChainView,
        unplaced: Sequence[PendingAnchor],
        transactions: Sequence[SignedTransaction],
    ) -> None:
        """Send the first of what is in no block: stored bytes again, or else a new variant.

        One transaction per pass; the next nonce waits until this one is used.

        Raises:
            HaltError: it must not be sent, or the registry would refuse it.
            ChainUnavailableError, SubmissionUnknownError: from the chain.
            SignerUnavailableError, SignerMismatchError: from the signer; nothing was sent.
        """
        anchors = {_name(one.anchor): one.anchor for one in unplaced}
        self._check_order(view, list(anchors.values()))
        covering = [tx for tx in transactions if any(one in anchors for one in tx.anchors)]
        for tx in covering:
            self._check_signed(tx, anchors)
        # A variant that stands in part would revert; those of a former key are only watched.
        whole = [tx for tx in covering if all(one in anchors for one in tx.anchors)]
        mine = [tx for tx in whole if tx.sender == self._chain.sender]
        live = sorted((tx for tx in mine if tx.nonce >= view.nonce), key=lambda tx: tx.nonce)
        used = [tx for tx in mine if tx.nonce < view.nonce and tx.tx_hash not in view.reverted]
        if used and not live and await self._chain.nonce() <= used[-1].nonce:
            return  # a reorg took it away during this look: the next one sees it waiting
        self._alarm_foreign(view, [] if live else used)
        if live:
            await self._resend(view, live[0], anchors)
        else:
            await self._send_new(view, list(anchors.values()))

    def _check_order(self, view: ChainView, anchors: Sequence[Anchor]) -> None:
        """Compute every tip again before anything is signed: a flipped bit stops here."""
        for stream, group in groupby(anchors, key=lambda one: one.stream):
            head = view.heads[stream]
            sequence, tip = head.sequence, head.tip
            for anchor in group:
                if anchor.sequence != sequence + 1 or anchor.previous_tip != tip:
                    text = f"anchor {stream}/{anchor.sequence} does not follow {sequence}"
                    raise fatal(Reason.OUTBOX_INCONSISTENT, text)
                sequence, tip = anchor.sequence, view.tip(anchor)

    def _check_signed(self, tx: SignedTransaction, anchors: dict[AnchorId, Anchor]) -> None:
        """Refuse to go on if another root was ever signed for one of these anchors (I5)."""
        try:
            signed = self._chain.anchors_in(tx)
        except ChainError as error:
            raise fatal(Reason.OUTBOX_INCONSISTENT, str(error)) from error
        for anchor in signed:
            if anchors.get(_name(anchor), anchor) != anchor:
                text = f"another root was signed for {anchor.stream}/{anchor.sequence}"
                raise fatal(Reason.EQUIVOCATION_GUARD, text)

    def _alarm_foreign(self, view: ChainView, used: Sequence[SignedTransaction]) -> None:
        """Say that somebody else used a nonce: one of ours that is in no block, or the next one."""
        expected = self._next_nonce
        if used:
            nonce = used[-1].nonce
        elif expected is not None and view.nonce > expected:
            nonce = expected
        else:
            return
        text = f"a transaction that is not ours used nonce {nonce} of the anchor key"
        view.alarms.append(Alarm(AlarmCode.FOREIGN_TRANSACTION, text))

    async def _resend(
        self, view: ChainView, tx: SignedTransaction, anchors: dict[AnchorId, Anchor]
    ) -> None:
        gap = range(view.nonce, tx.nonce)
        if gap:
            text = f"nonces {gap.start} to {gap.stop - 1} are free, our transaction has {gap.stop}"
            view.alarms.append(Alarm(AlarmCode.NONCE_GAP, text))
            for nonce in gap[:_GAP_MAX]:
                await self._chain.fill_gap(nonce)
        if not await self._would_pass([anchors[one] for one in tx.anchors]):
            return
        self._step("before_send")
        self._next_nonce = tx.nonce + 1  # whatever the answer is: it may be lost on its way
        await self._chain.submit(tx)
        self._step("after_send")

    async def _send_new(self, view: ChainView, anchors: list[Anchor]) -> None:
        chosen = await self._acceptable(anchors[: self._max_per_call])
        if not chosen:
            return
        tx = await self._chain.sign(chosen, nonce=view.nonce)
        self._step("before_persist")
        await self._outbox.add_transaction(tx)
        self._step("after_persist")
        self._next_nonce = view.nonce + 1  # as above
        await self._chain.submit(tx)
        self._step("after_send")

    async def _acceptable(self, anchors: list[Anchor]) -> list[Anchor]:
        """Return what would pass: all, or else the streams that pass on their own."""
        groups = [list(group) for _, group in groupby(anchors, key=lambda one: one.stream)]
        if len(groups) == 1:
            return anchors if await self._would_pass(anchors) else []
        try:
            await self._chain.preflight(anchors)
        except ContractRefusedError:
            passing: list[Anchor] = []
            refusal: HaltError | None = None
            for group in groups:
                try:
                    passing += group if await self._would_pass(group) else []
                except HaltError as halt:
                    refusal = halt
            if not passing and refusal is not None:
                raise refusal from None
            return passing
        return anchors

    async def _would_pass(self, anchors: Sequence[Anchor]) -> bool:
        """Try the call. False means that the state moved since the look: the next pass sees.

        Raises:
            HaltError: the registry refuses for a reason that a look at the state does not mend.
        """
        try:
            await self._chain.preflight(anchors)
        except ContractRefusedError as error:
            if error.name in ("AnchorRegistryOutOfSequence", "AnchorRegistryTipMismatch"):
                return False
            raise _refusal(error) from error
        return True


def _refusal(error: ContractRefusedError) -> HaltError:
    if error.name == "AnchorRegistryUnauthorized":
        return degraded(Reason.KEY_REFUSED, "the consortium does not let this key write now")
    if error.name == "AnchorRegistryStopped":
        text = "the registry was stopped in favour of a successor"
        return HaltError(AnchorerState.READ_ONLY, Reason.REGISTRY_STOPPED, text)
    return degraded(Reason.CONTRACT_REFUSED, str(error))


def _name(anchor: Anchor) -> AnchorId:
    return anchor.stream, anchor.sequence
