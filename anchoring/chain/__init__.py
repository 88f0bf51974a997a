"""Chains behind the ports of `anchoring.ports`. Only this package ever holds a signer."""
