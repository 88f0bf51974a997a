"""Random histories of {batch, submit, mine, drop, reorg, foreign, crash, restart} against I3 I5 I7.

The model is small: which roots were batched, and which were ever shown as final. The chain is
judged by its own logs, not by what the anchorer says.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from anchoring.anchorer import Anchorer
from anchoring.anchorer_status import AnchorerState
from anchoring.chain.memory import decode
from anchoring.core.anchor import record
from anchoring.errors import ChainUnavailableError, SubmissionUnknownError
from tests.anchoring.chain.outbox import MemoryOutbox
from tests.anchoring.chain.worlds import SECOND_STREAM, STREAM, Batcher, Clock, MemoryWorld

CONFIRMATIONS = 3
STEPS = ("persist", "send", "seen", "unseen", "final")


class Crash(BaseException):
    pass


class AnchorerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = MemoryWorld()
        self.outbox = MemoryOutbox()
        self.batcher = Batcher(self.outbox, self.world.writer)
        self.shown_final: dict[tuple[int, int], bytes] = {}
        self.crash_at: str | None = None
        self.start()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.settle()
        self.loop.close()

    def start(self) -> None:
        self.anchorer = Anchorer(
            self.outbox,
            self.world.writer,
            streams=[STREAM, SECOND_STREAM],
            confirmations=CONFIRMATIONS,
            clock=Clock(),
            on_step=self.step,
            max_per_call=3,
        )

    def step(self, name: str) -> None:
        if name == self.crash_at:
            raise Crash

    def one_pass(self) -> None:
        try:
            status = self.run(self.anchorer.run_once())
        except Crash:
            self.crash_at = None
            self.start()
            return
        assert status.state is not AnchorerState.FATAL, status
        assert status.state is not AnchorerState.READ_ONLY, status

    @rule(stream=st.sampled_from([STREAM, SECOND_STREAM]))
    def batch(self, stream: int) -> None:
        self.run(self.batcher.batch(stream))

    @rule()
    def work(self) -> None:
        self.one_pass()

    @rule(count=st.integers(1, 3))
    def mine(self, count: int) -> None:
        self.world.mine(count)

    @rule(applied=st.booleans(), unknown=st.booleans())
    def work_while_the_line_breaks(self, applied: bool, unknown: bool) -> None:
        error = SubmissionUnknownError("cut") if unknown or applied else None
        error = error or ChainUnavailableError("down")
        self.world.chain.on_submit = lambda _: (applied, error)
        self.one_pass()
        self.world.chain.on_submit = lambda _: (True, None)

    @rule(moment=st.sampled_from(["before", "after"]), name=st.sampled_from(STEPS))
    def work_and_crash(self, moment: str, name: str) -> None:
        self.crash_at = f"{moment}_{name}"
        self.one_pass()
        self.crash_at = None

    @rule()
    def restart(self) -> None:
        self.start()
        assert self.run(self.anchorer.reconcile()).state is AnchorerState.READY

    @precondition(lambda self: self.world.chain.pool)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        tx = data.draw(st.sampled_from(self.world.chain.pool))
        self.world.drop(tx.tx_hash)

    @precondition(lambda self: self.world.chain.head.ref.number >= 1)
    @rule(depth=st.integers(1, CONFIRMATIONS), requeue=st.booleans())
    def reorg(self, depth: int, requeue: bool) -> None:
        depth = min(depth, self.world.chain.head.ref.number)
        self.world.chain.reorg(depth, requeue=requeue)

    @rule()
    def foreign(self) -> None:
        self.world.foreign()

    @invariant()
    def i3_anchors_on_the_chain_are_dense_ordered_and_ours(self) -> None:
        tips: dict[int, tuple[int, bytes]] = {}
        for block in self.world.chain.blocks:
            for log in block.logs:
                anchor = log.anchor
                sequence, tip = tips.get(anchor.stream, (0, bytes(32)))
                assert (anchor.sequence, anchor.previous_tip) == (sequence + 1, tip)
                assert self.outbox.rows[anchor.stream, anchor.sequence].anchor == anchor
                tips[anchor.stream] = (anchor.sequence, log.tip)

    @invariant()
    def i5_no_two_roots_were_signed_for_one_sequence(self) -> None:
        roots: dict[tuple[int, int], bytes] = {}
        for tx in self.outbox.signed.values():
            for anchor in decode(tx.raw):
                name = (anchor.stream, anchor.sequence)
                assert roots.setdefault(name, anchor.root) == anchor.root

    @invariant()
    def i7_what_was_final_once_stays_on_the_chain(self) -> None:
        for name, place in self.outbox.final.items():
            self.shown_final.setdefault(name, place.block_hash)
        state = self.world.chain.head.state
        for name, block_hash in self.shown_final.items():
            place = self.outbox.final[name]
            assert place.block_hash == block_hash
            tip = self.batcher.tip(self.outbox.rows[name].anchor)
            assert state.records[name] == record(tip, place.block_number, place.block_time)

    def settle(self) -> None:
        """Whatever happened, a calm chain brings every batch to its end."""
        for _ in range(3 * len(self.outbox.rows) + 4 * CONFIRMATIONS):
            self.one_pass()
            self.world.mine()
        assert set(self.outbox.final) == set(self.outbox.rows)
        self.i3_anchors_on_the_chain_are_dense_ordered_and_ours()
        self.i5_no_two_roots_were_signed_for_one_sequence()
        self.i7_what_was_final_once_stays_on_the_chain()


TestAnchorerMachine = AnchorerMachine.TestCase
TestAnchorerMachine.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
