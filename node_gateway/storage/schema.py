"""Every table of the database: importing this module puts all of them into `metadata`."""

from node_gateway.storage import (
    corrections_tables,
    following_tables,
    issuing_tables,
    master_data_tables,
    query_tables,
)
from node_gateway.storage.tables import metadata

__all__ = [
    "corrections_tables",
    "following_tables",
    "issuing_tables",
    "master_data_tables",
    "metadata",
    "query_tables",
]
