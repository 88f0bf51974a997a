"""Chains behind the ports of `anchoring.ports`. Only this package ever holds a signer."""

import sys

# What eth-account builds on raises the interpreter's recursion limit to 100,000 when it is first
# imported. Then JSON of an endpoint, nested deeply enough, ends the process by a fault of memory
# in place of a RecursionError. So it is imported here, before any other module of this package.
_recursion_limit = sys.getrecursionlimit()
import eth_account  # noqa: E402, F401

sys.setrecursionlimit(_recursion_limit)
