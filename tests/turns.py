"""Let a test that measures moments have the machine to itself while several workers run tests.

Every test takes part in a lock that all workers share; one marked `alone` takes it for itself. Who
wants it for itself is let in before others that come later, else it might wait for ever.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Hold the machine, together with others or alone; waits as long as that takes."""
    kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    with ExitStack() as held:
        door = held.enter_context((folder / "door.lock").open("w"))
        room = held.enter_context((folder / "room.lock").open("w"))
        fcntl.flock(door, kind)
        fcntl.flock(room, kind)
        if not alone:
            fcntl.flock(door, fcntl.LOCK_UN)
        yield
