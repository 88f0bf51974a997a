"""Auditing a whole network: every participant of the directory, one report, one evidence zip."""
