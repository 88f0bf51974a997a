"""`sealtrail serve`: run the gateway."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption
from node_gateway.cli.output import CommandError, command, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from node_gateway.settings import Settings

_COLLECT_AT: Final = (50_000, 20, 100)
_CLIENT_MESSAGE_SIZE_BYTES_MAX: Final = 4096
"""What comes over a WebSocket is not heard; so it need not be long."""


@command
def serve(
    config: ConfigOption = DEFAULT_CONFIG,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes a free one.")
    ] = None,
) -> None:
    """Run the gateway until it is stopped (Ctrl-C or SIGTERM)."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(config, host, port))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the faster event loop, where there is one."""
    try:
        import uvloop
    except ImportError:  # it does not exist for Windows
        return None
    return uvloop.new_event_loop


def _tune() -> None:
    """Set the collector up for a long-lived server.

    What start-up made stays for good, so it need not be looked at again and again; events are
    trees without cycles, which reference counts free.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AT)


async def _serve(config: Path, host: str | None, port: int | None) -> None:
    import uvicorn

    from node_gateway.app import create_app
    from node_gateway.listening import certificates
    from node_gateway.settings import load_settings
    from node_gateway.telemetry import configure_logs
    from node_gateway.wiring import open_gateway

    settings = _listening_at(load_settings(config), host, port)
    configure_logs(settings.log)
    tls = certificates(settings.gateway)
    with _listen(settings.gateway.host, settings.gateway.port) as listener:
        async with open_gateway(settings) as gateway:
            server = uvicorn.Server(
                uvicorn.Config(
                    create_app(gateway),
                    access_log=False,  # addresses of look-ups hold codes
                    log_level="warning",
                    lifespan="on",
                    timeout_graceful_shutdown=10,
                    ws_max_size=_CLIENT_MESSAGE_SIZE_BYTES_MAX,
                    ssl_context_factory=None if tls is None else (lambda *_: tls),
                )
            )
            participant = settings.gateway.participant
            where = _where(listener, "http" if tls is None else "https")
            say(f"participant {participant}: listening on {where}")
            # uvicorn sends itself the signal that stopped it once more, to whoever had it before.
            # The usual handlers would end the process before the database is closed.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, _stopped_already)
            _tune()
            await server.serve(sockets=[listener])


def _stopped_already(_number: int, _frame: object) -> None:
    """Do nothing: the server has stopped."""


def _listening_at(settings: Settings, host: str | None, port: int | None) -> Settings:
    """Return the settings with the address as it really is: access to metrics hangs on it."""
    changes: dict[str, object] = {}
    if host is not None:
        changes["host"] = host
    if port is not None:
        changes["port"] = port
    return settings.model_copy(update={"gateway": settings.gateway.model_copy(update=changes)})


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or "error"
        raise CommandError(
            f"cannot listen on {host} port {port}: {reason}",
            attempt="sealtrail serve --port with a free one",
        ) from error


def _where(listener: socket.socket, scheme: str) -> str:
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
