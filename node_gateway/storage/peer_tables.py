"""The tables of peers."""
