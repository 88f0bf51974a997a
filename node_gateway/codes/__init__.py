"""Codes on things: GS1's syntax and identities, the national drug code, issuing. Pure."""
