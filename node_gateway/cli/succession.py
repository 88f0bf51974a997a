"""`sealtrail chain succeed`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer

from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from node_gateway.cli.output import USAGE, CommandError, command, confirmed, put, say, talk


@command
def succeed(
    config: ConfigOption = DEFAULT_CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Go on in the registry that the consortium named as the successor. Stop the gateway first.

    The network file must list it first, with the hash of its code, and the old one after it. What
    was not anchored yet is anchored in the successor; sequences go on, old proofs stay valid.
    """
    if not yes and not confirmed("Anchor in the network file's newest registry from now on?"):
        raise CommandError("nothing was changed", attempt="add --yes", status=USAGE)
    with talk().status("reading the chain"):
        registry, moved = asyncio.run(_succeed(config))
    put({"registry": registry.hex(), "moved": moved})
    say("Start the gateway again." if moved else "Nothing waited; start the gateway again.")


async def _succeed(config: Path) -> tuple[bytes, int]:
    from node_gateway.services.succeeding import succeed as go_on
    from node_gateway.settings import load_settings
    from node_gateway.streams import Streams
    from node_gateway.wiring import network_of, open_chain, open_database

    settings = load_settings(config)
    streams = Streams.from_settings(settings.gateway.participant, settings.batching)
    network = network_of(settings)
    async with open_database(settings) as store, open_chain(settings) as chain:
        succession, moved = await go_on(
            store,
            chain.writing_to,
            network,
            sorted({*(one.number for one in streams.all), *await store.streams()}),
            confirmations=settings.chain.confirmations,
            clock=time.time,
        )
    return succession.current, moved
