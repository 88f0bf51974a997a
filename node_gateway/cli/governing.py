"""What commands that sign with an admin key share: words first, then a question, then the call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    get_type_hints,
)

import typer

from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import (
    CANNOT_CHECK,
    FAILURE,
    USAGE,
    CommandError,
    command,
    confirmed,
    put,
    say,
    talk,
)

if TYPE_CHECKING:
    from anchoring.directory.model import Directory
    from node_gateway.services.governing import Governing
    from node_gateway.services.governing_wishes import Wish

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be signed; sign and send nothing.")
]
KeystoreOption = Annotated[
    Path | None,
    typer.Option("--keystore", help="Key that signs; otherwise keys/admin.json of the gateway."),
]


_SHARED: Final = {
    "keystore": KeystoreOption,
    "config": ConfigOption,
    "yes": YesOption,
    "dry_run": DryRunOption,
    "json": JsonOption,
}
_DEFAULTS: Final = {
    "keystore": None,
    "config": DEFAULT_CONFIG,
    "yes": False,
    "dry_run": False,
    "json": False,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How a command that signs was asked to go about it."""

    config: Path
    yes: bool
    dry_run: bool
    json: bool
    keystore: Path | None = None


def signing(function: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command that signs: it is given `asked`, made of options that all share."""
    own = list(signature(function).parameters.values())[1:]
    hints = get_type_hints(function, include_extras=True)
    options = {one.name: hints[one.name] for one in own} | _SHARED
    defaults = {one.name: one.default for one in own} | _DEFAULTS

    def run(**given: Any) -> None:
        shared = {name: given.pop(name) for name in _SHARED}
        function(Asked(**shared), **given)

    parameters = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=defaults[name], annotation=option)
        for name, option in options.items()
    ]
    run.__name__, run.__doc__ = function.__name__, function.__doc__
    run.__annotations__ = {**options, "return": None}
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
    return command(run)


def govern(asked: Asked, wish: Callable[[Directory], Wish]) -> None:
    """Say what would be signed, ask, sign and send it, and say what came of it.

    Args:
        asked: Options of the command.
        wish: Makes the wish from the directory, in which names are looked up.

    Raises:
        CommandError, GatewayError, AnchoringError: nothing was signed, or it says so.
    """
    with chain_explained():
        failed = asyncio.run(_govern(asked, wish))
    if failed:
        raise typer.Exit(FAILURE)


async def _govern(asked: Asked, wish: Callable[[Directory], Wish]) -> bool:
    from node_gateway.services.governing_wire import report

    async with opened(asked.config, asked.keystore) as governing:
        with talk().status("reading the chain"):
            plan = await governing.plan(wish(await governing.directory()))
        for sentence in plan.words:
            say(sentence)
        if plan.call is None or asked.dry_run:
            if asked.dry_run and plan.call is not None:
                say("Nothing was signed or sent.")
            _put(asked, report(plan, None))
            return False
        _require_yes(asked)
        with talk().status("waiting for a block"):
            outcome = await governing.carry_out(plan)
    for sentence in outcome.words:
        say(sentence)
    if outcome.attempt:
        say(f"{'Try' if outcome.failed else 'Next'}: {outcome.attempt}")
    _put(asked, report(plan, outcome))
    return outcome.failed


def _put(asked: Asked, report: dict[str, Any]) -> None:
    if asked.json:
        put(report)


def _require_yes(asked: Asked) -> None:
    if asked.yes:
        return
    if not confirmed("Sign and send this?"):
        raise CommandError("nothing was signed or sent", attempt="add --yes", status=USAGE)


@contextmanager
def chain_explained() -> Iterator[None]:
    """Say of another chain what to compare."""
    from anchoring.errors import ChainIdentityError

    try:
        yield
    except ChainIdentityError as error:
        attempt = "compare chain.rpc with the network file; sealtrail doctor"
        raise CommandError(
            str(error),
            attempt=attempt,
            status=CANNOT_CHECK,
            problem={"code": error.code, "detail": str(error)},
        ) from error


@asynccontextmanager
async def opened(config: Path, keystore: Path | None) -> AsyncIterator[Governing]:
    """Open what signs for the gateway of the settings; needs no running gateway."""
    from node_gateway.settings import load_settings
    from node_gateway.wiring_governing import open_governing

    otherwise = config.parent / "keys" / "admin.json"  # where `init` writes it
    settings = load_settings(config)
    async with open_governing(settings, otherwise=otherwise, keystore=keystore) as governing:
        yield governing


def read_directory(config: Path) -> Directory:
    """Follow the chain of the settings from its beginning, in memory; needs no key.

    Raises:
        CommandError, ChainError: the chain does not answer, or is another one.
    """

    async def read() -> Directory:
        from node_gateway.settings import load_settings
        from node_gateway.wiring_governing import open_directory

        async with open_directory(load_settings(config)) as source:
            return await source.at_least(0)

    with chain_explained(), talk().status("reading the chain"):
        return asyncio.run(read())
