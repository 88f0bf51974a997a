"""`sealtrail serve`: run the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config, host, port))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's event loop where it runs, else None for the standard one."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


if TYPE_CHECKING:
    from node_gateway.settings import Settings


async def _serve(config: Path, host: str | None, port: int | None) -> None:
    import uvicorn

    from node_gateway.app import create_app
    from node_gateway.settings import load_settings
    from node_gateway.telemetry import configure_logs
    from node_gateway.wiring import open_gateway

    settings = _listening_at(load_settings(config), host, port)
    configure_logs(settings.log)
    async with open_gateway(settings) as gateway:
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(gateway),
                host=settings.gateway.host,
                port=settings.gateway.port,
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


def _listening_at(settings: Settings, host: str | None, port: int | None) -> Settings:
    """Return the settings with the address as it really is: access to metrics hangs on it."""
    changes: dict[str, object] = {}
    if host is not None:
        changes["host"] = host
    if port is not None:
        changes["port"] = port
    return settings.model_copy(update={"gateway": settings.gateway.model_copy(update=changes)})


def _where(server: object) -> str:
    config = server.config  # type: ignore[attr-defined]
    return f"http://{config.host}:{config.port}"
