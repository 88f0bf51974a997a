"""How a command line that cannot be read is answered: a sentence and a `Try:` line, as all errors.

Typer prints a box around its own errors. They come up here, from every command, in one place.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from node_gateway.cli.output import FAILURE, USAGE, put, say

_HELP_ALONE = "NoArgsIsHelpError"
"""A command without any argument: its help was printed already. Typer knows it by this name."""


class Commands(TyperGroup):
    """The root of the tree, which says what is wrong with a command line as commands do."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line and, unless `standalone_mode` is off, end the process."""
        given = list(sys.argv[1:] if args is None else args)
        try:
            ended = super().main(
                given,
                prog_name=prog_name,
                complete_var=complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
        except TyperException as error:
            if not standalone_mode:
                raise
            _refuse(error, as_json="--json" in given)
        except typer.Abort:
            if not standalone_mode:
                raise
            say("Aborted.")
            sys.exit(FAILURE)
        if not standalone_mode:
            return ended
        sys.exit(ended if isinstance(ended, int) else 0)


def _refuse(error: TyperException, *, as_json: bool) -> NoReturn:
    if type(error).__name__ == _HELP_ALONE:
        sys.exit(USAGE)
    context = getattr(error, "ctx", None)
    path = "sealtrail" if context is None else context.command_path
    text, attempt = error.format_message(), f"{path} --help"
    if as_json:
        put({"error": {"code": "usage", "detail": text, "try": attempt}})
    say(f"sealtrail: {text}")
    say(f"Try: {attempt}")
    sys.exit(error.exit_code)


__all__ = ["Commands"]
