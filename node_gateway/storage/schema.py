"""Every table of the database: importing this module puts all of them into `metadata`."""

from node_gateway.storage import (
    cascade_tables,
    chain_tables,
    code_state_tables,
    corrections_tables,
    exception_tables,
    following_tables,
    grant_tables,
    handover_tables,
    importing_tables,
    issuing_tables,
    master_data_tables,
    peer_tables,
    query_tables,
    receiving_tables,
    sale_tables,
    subscription_tables,
    webhook_tables,
)
from node_gateway.storage.tables import metadata

__all__ = [
    "cascade_tables",
    "chain_tables",
    "code_state_tables",
    "corrections_tables",
    "exception_tables",
    "following_tables",
    "grant_tables",
    "handover_tables",
    "importing_tables",
    "issuing_tables",
    "master_data_tables",
    "metadata",
    "peer_tables",
    "query_tables",
    "receiving_tables",
    "sale_tables",
    "subscription_tables",
    "webhook_tables",
]
