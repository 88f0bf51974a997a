"""A gateway in miniature: an outbox, a batcher and an anchorer over one world."""

from anchoring.anchorer import Anchorer
from anchoring.anchorer_status import AnchorerStatus
from anchoring.core.anchor import record
from tests.anchoring.chain.outbox import MemoryOutbox
from tests.anchoring.chain.worlds import STREAM, Batcher, Clock, World

CONFIRMATIONS = 2


class Gateway:
    """One process: an outbox and an anchorer over it; `restart` is a crash."""

    def __init__(self, world: World, outbox: MemoryOutbox | None = None, *, salt: str = "") -> None:
        self.world = world
        self.outbox = outbox if outbox is not None else MemoryOutbox()
        self.batcher = Batcher(self.outbox, world.writer, salt=salt)
        self.clock = Clock()
        self.writer = world.writer
        self.restart()

    def restart(self, *, confirmations: int = CONFIRMATIONS, **changes: object) -> None:
        self.confirmations = confirmations
        self.anchorer = Anchorer(
            self.outbox,
            self.writer,
            streams=[STREAM],
            confirmations=confirmations,
            clock=self.clock,
            **changes,  # type: ignore[arg-type]
        )

    async def batch(self, *streams: int) -> None:
        for stream in streams or (STREAM,):
            await self.batcher.batch(stream)

    async def run(self, times: int = 1) -> AnchorerStatus:
        for _ in range(times):
            status = await self.anchorer.run_once()
        return status

    async def run_and_mine(self, times: int) -> AnchorerStatus:
        for _ in range(times):
            status = await self.anchorer.run_once()
            self.world.mine()
        return status

    async def finish(self) -> None:
        await self.run_and_mine(self.confirmations + 4)
        assert set(self.outbox.final) == set(self.outbox.rows)
        await self.check_on_chain()

    async def check_on_chain(self) -> None:
        """Every final place, read back from the chain by itself."""
        head = await self.world.writer.head()
        for (stream, sequence), place in self.outbox.final.items():
            anchor = self.outbox.rows[stream, sequence].anchor
            stored = await self.world.writer.record(stream, sequence, at=head.block_hash)
            tip = self.batcher.tip(anchor)
            assert stored == record(tip, place.block_number, place.block_time)
