"""The command `sealtrail`: one module per noun."""

import sys

__all__ = ["main"]

_OURS = ("anchoring", "node_gateway")


def main() -> None:
    """Run the command line, or say what is not installed."""
    try:
        from node_gateway.cli.root import main as run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _OURS:
            raise
        sys.stderr.write(
            f"sealtrail: {error.name} is not installed; a gateway needs the extra: "
            "pip install 'sealtrail[gateway]'\n"
            "Try: python -m anchoring --help, which verifies without the extra\n"
        )
        sys.exit(1)
    run()
