"""`sealtrail db`."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from node_gateway.cli.output import USAGE, CommandError, command, confirmed, put, say, talk

app = typer.Typer(no_args_is_help=True)


@app.command("upgrade")
@command
def upgrade(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Create or migrate the database; the gateway itself never does. Stop the gateway first."""
    from node_gateway.settings import load_settings
    from node_gateway.wiring import prepare_database

    url = load_settings(config).gateway.database
    with talk().status("migrating the database"):
        prepare_database(url)
    say("The database is up to date.")


@app.command("adopt-chain")
@command
def adopt_chain(
    config: ConfigOption = DEFAULT_CONFIG,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Go on after restoring an old copy: take over the anchors that the chain has and it lacks.

    Batches of the copy for which the chain has others are dissolved; their events are anchored
    again. Events captured after the copy was made are lost to this database: their senders keep
    receipts. Stop the gateway first.
    """
    if not yes and not confirmed("Take over what the chain holds?"):
        raise CommandError("nothing was changed", attempt="add --yes", status=USAGE)
    with talk().status("reading the chain"):
        adopted = asyncio.run(_adopt(config))
    put(adopted)


@app.command("rebuild")
@command
def rebuild(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Compute again what follows from the events: states, findings, the index of queries.

    Events, receipts and anchors are not touched. Stop the gateway first.
    """
    with talk().status("following the events from the first one"):
        reached = asyncio.run(_rebuild(config))
    say(f"{reached} events were followed.")


async def _rebuild(config: Path) -> int:
    from node_gateway.settings import load_settings
    from node_gateway.wiring import open_gateway

    async with open_gateway(load_settings(config)) as gateway:
        return await gateway.follower.rebuild()


async def _adopt(config: Path) -> list[dict[str, Any]]:
    from node_gateway.services.adopting import adopt_chain as adopt
    from node_gateway.settings import load_settings
    from node_gateway.streams import Streams
    from node_gateway.wiring import network_of, open_chain, open_database

    settings = load_settings(config)
    streams = Streams.from_settings(settings.gateway.participant, settings.batching)
    async with open_database(settings) as store, open_chain(settings) as chain:
        return await adopt(
            store,
            chain,
            streams.all,
            network=network_of(settings),
            confirmations=settings.chain.confirmations,
            now_s=int(time.time()),
        )
