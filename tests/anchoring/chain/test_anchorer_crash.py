"""F1: a kill at every step of the anchorer, on both chains."""

import pytest

from tests.anchoring.chain.gateway import CONFIRMATIONS, Gateway
from tests.anchoring.chain.worlds import World


class Crash(BaseException):
    """A kill -9 inside the process."""


STEPS = ("before_persist", "after_persist", "after_send", "before_seen", "after_seen")
STEPS = (*STEPS, "before_final", "after_final", "before_send", "before_unseen", "after_unseen")


@pytest.mark.parametrize("step", STEPS)
async def test_f1_a_crash_at_any_step_leaves_what_the_next_start_finishes(
    world: World, step: str
) -> None:
    gateway = Gateway(world)
    crashed = False

    def kill(name: str) -> None:
        nonlocal crashed
        if name == step:
            crashed = True
            raise Crash

    gateway.restart(on_step=kill)
    await gateway.batch()
    try:
        await gateway.run()
        world.mine()
        await gateway.run()
        world.reorg(1)  # makes `unseen` and `before_send` happen
        await gateway.run_and_mine(CONFIRMATIONS + 3)
    except Crash:
        pass
    assert crashed
    gateway.restart()
    await gateway.anchorer.reconcile()
    await gateway.finish()
    assert len(gateway.outbox.signed) == 1
