"""The tables of grants."""
