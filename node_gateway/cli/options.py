"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="SEALTRAIL_CONFIG", help="The gateway's settings (TOML)."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]
GatewayOption = Annotated[
    str | None,
    typer.Option("--gateway", envvar="SEALTRAIL_GATEWAY_URL", help="Address of a running gateway."),
]
DEFAULT_CONFIG = Path("sealtrail.toml")
