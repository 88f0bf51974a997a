"""Every table of the database: importing this module puts all of them into `metadata`."""

from node_gateway.storage.tables import metadata

__all__ = ["metadata"]
