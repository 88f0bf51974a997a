"""The tables of cascade."""
