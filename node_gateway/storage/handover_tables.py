"""The tables of handovers."""
