"""The command `sealtrail`: one module per noun."""

from node_gateway.cli.root import main

__all__ = ["main"]
