"""`sealtrail demo`: a case of goods, a network that governs itself, six attacks that must fail."""

from __future__ import annotations

from typing import Annotated

import typer

from node_gateway.cli.output import FAILURE, CommandError, command

_INTERRUPTED = 130


@command
def demo(
    keep: Annotated[
        bool,
        typer.Option("--keep", envvar="KEEP", help="Stay up afterwards, with commands to try."),
    ] = False,
) -> None:
    """Run a network of six, later seven, on a private chain: a story, votes, a recall, attacks.

    Ends by itself. Everything lies in a temporary folder that is deleted then. Needs `anvil`.
    Exit statuses: 0 everything held, 1 something did not.
    """
    import asyncio
    from importlib.metadata import version

    from node_gateway.demo.narration import Narration

    narration = Narration()
    ends = "with Ctrl-C, and is deleted then" if keep else "by itself, and is deleted then"
    narration.plain(
        f"sealtrail {version('sealtrail')} · a demo in a temporary folder; it ends {ends}"
    )
    from node_gateway.demo.play import Interrupted, play
    from node_gateway.demo.processes import DemoError

    try:
        held = asyncio.run(play(narration, keep=keep))
    except DemoError as error:
        raise CommandError(str(error), attempt=error.attempt) from error
    except Interrupted as error:
        raise typer.Exit(_INTERRUPTED) from error
    if not held:
        raise typer.Exit(FAILURE)
