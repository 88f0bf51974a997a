"""Durable storage of a gateway: one port (`ports`), SQLite and PostgreSQL behind it (`engine`)."""
