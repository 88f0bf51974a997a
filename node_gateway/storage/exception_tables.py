"""The tables of exceptions."""
