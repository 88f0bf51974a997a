"""Every table of the database: importing this module puts all of them into `metadata`."""

from node_gateway.storage import (
    chain_tables,
    code_state_tables,
    corrections_tables,
    following_tables,
    importing_tables,
    issuing_tables,
    master_data_tables,
    query_tables,
    subscription_tables,
)
from node_gateway.storage.tables import metadata

__all__ = [
    "chain_tables",
    "code_state_tables",
    "corrections_tables",
    "following_tables",
    "importing_tables",
    "issuing_tables",
    "master_data_tables",
    "metadata",
    "query_tables",
    "subscription_tables",
]
