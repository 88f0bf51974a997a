"""The demo from beginning to end."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from node_gateway.demo.assembly import height
from node_gateway.demo.attacks import ATTACKS, Attack, play_attacks
from node_gateway.demo.chapters import UnexpectedError
from node_gateway.demo.companies import FOUNDERS
from node_gateway.demo.consortium import play_consortium
from node_gateway.demo.narration import Narration
from node_gateway.demo.network import play_network
from node_gateway.demo.processes import ANVIL_VARIABLE, DemoError
from node_gateway.demo.story import boxed, packs
from node_gateway.demo.telling import proofs_hold, tell_story
from node_gateway.demo.visiting import prepare_visit
from node_gateway.demo.world import QUORUM, World, running_world

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):  # noqa: N818  a wish, not an error
    """Somebody ended the demo before its end."""


async def play(narration: Narration, *, keep: bool, attacks: Sequence[Attack] = ATTACKS) -> bool:
    """Play the story, attack it, and leave nothing behind.

    Returns:
        Whether everything held.

    Raises:
        DemoError: it could not be played.
        Interrupted: it was ended early; everything that it started has ended, too.
    """
    _heed_signals()
    with tempfile.TemporaryDirectory(prefix="sealtrail-demo-") as name, _without_own_settings():
        try:
            async with running_world(Path(name)) as world:
                held = await _play_in(world, narration, attacks)
                if keep:
                    await _stay(world, narration, held=held)
        except asyncio.CancelledError as error:
            raise Interrupted from error
    if keep:
        narration.plain("Ended. Nothing is left.")
    else:
        narration.plain("To stay and look around: make demo KEEP=1, or sealtrail demo --keep")
        narration.plain(_closing(narration, held=held))
    return held


async def _play_in(world: World, narration: Narration, attacks: Sequence[Attack]) -> bool:
    narration.step("set-up", "six founders, each with a gateway; four of them have a vote")
    narration.detail(", ".join(f"{one.slug} :{world.gateways[one.slug].port}" for one in FOUNDERS))
    held = await tell_story(world, narration)
    world.announced = await height(world)  # before anybody thinks of editing anything
    refused = await play_attacks(world, narration, attacks)
    held = await proofs_hold(world) and held and refused
    held = await play_network(world, narration) and held
    return await play_consortium(world, narration) and held


async def _stay(world: World, narration: Narration, *, held: bool) -> None:
    """Show what to open and what to try, and wait until somebody ends it."""
    try:
        visit = await prepare_visit(world)
    except (DemoError, UnexpectedError) as error:  # what can be looked at is worth to stay for
        visit = [f"none: {error}"]
    narration.plain()
    narration.plain(_closing(narration, held=held))
    narration.plain()
    narration.plain("Pages to open in a browser:")
    for line in visit:
        narration.plain(f"  {line}")
    narration.plain()
    narration.plain("Commands to try, in another terminal:")
    for line in commands_to_try(world):
        narration.plain(f"  {line}")
    narration.plain()
    narration.plain(f"Everything lies in {world.folder}; Ctrl-C ends the demo and deletes it.")
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        return


def commands_to_try(world: World) -> list[str]:
    """Return lines for a shell; each works while the demo stays up."""
    sold, cloned, maker = packs()[0], boxed("distributor")[0], world.gateways["maker"].url
    short = f"--config {world.gateways['distributor'].config}"
    quorum = f"--quorum {QUORUM}"
    return [
        f"export SEALTRAIL_CONFIG={world.gateways['pharmacy'].config}",
        f"sealtrail trace {sold}",
        f"sealtrail proof get {sold} -o sold.proof.json",
        f"sealtrail verify sold.proof.json {quorum}",
        f"sealtrail verify {sold} {quorum} --gateway {maker}",
        f"curl -s {maker}/v1/public/codes/{sold}",
        f"sealtrail trace {cloned}",
        f"sealtrail exception list {short}",
        "sealtrail shipment conflicts",
        "sealtrail evidence list",
        "sealtrail peer list",
        "sealtrail consortium list",
        "sealtrail consortium proposals --all",
        "sealtrail notice list",
        "sealtrail status",
    ]


def _closing(narration: Narration, *, held: bool) -> str:
    if not held:
        return f"NOT EVERYTHING HELD: see the lines marked ✗. {narration.total_s:.1f} s in all"
    return f"Everything held, and every attack was refused. {narration.total_s:.1f} s in all"


def _heed_signals() -> None:
    """Let Ctrl-C and its like end the demo in order, once; what follows cannot disturb that."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def end() -> None:
        if task is not None and not task.cancelling():
            task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, end)


@contextmanager
def _without_own_settings() -> Iterator[None]:
    """Keep the caller's `SEALTRAIL_*` out of the gateways that are made here."""
    own = [name for name in os.environ if name.startswith("SEALTRAIL_") and name != ANVIL_VARIABLE]
    kept = {name: os.environ.pop(name) for name in own}
    try:
        yield
    finally:
        os.environ.update(kept)
