"""Every table of the database: importing this module puts all of them into `metadata`."""

from node_gateway.storage import following_tables, issuing_tables, master_data_tables
from node_gateway.storage.tables import metadata

__all__ = ["following_tables", "issuing_tables", "master_data_tables", "metadata"]
