"""`sealtrail serve`: run the gateway."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from node_gateway.cli.output import CommandError, command, say


@command
def serve(
    config: ConfigOption = DEFAULT_CONFIG,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
) -> None:
    """Run the gateway until it is stopped (Ctrl-C or SIGTERM)."""
    asyncio.run(_serve(config, host, port))


async def _serve(config: Path, host: str | None, port: int | None) -> None:
    import uvicorn

    from node_gateway.app import create_app
    from node_gateway.settings import load_settings
    from node_gateway.telemetry import configure_logs
    from node_gateway.wiring import open_gateway

    settings = load_settings(config)
    configure_logs(settings.log)
    async with open_gateway(settings) as gateway:
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(gateway),
                host=host or settings.gateway.host,
                port=settings.gateway.port if port is None else port,
                access_log=False,  # addresses of look-ups hold codes
                log_level="warning",
                lifespan="on",
                timeout_graceful_shutdown=10,
            )
        )
        say(f"participant {settings.gateway.participant}: listening on {_where(server)}")
        try:
            await server.serve()
        except SystemExit as error:  # uvicorn's way to say that the port is taken
            raise CommandError(
                f"cannot listen on {_where(server)}",
                attempt="sealtrail serve --port with a free one",
            ) from error


def _where(server: object) -> str:
    config = server.config  # type: ignore[attr-defined]
    return f"http://{config.host}:{config.port}"
