"""Keeps imports of eth-account from changing the interpreter."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def recursion_limit_kept() -> Iterator[None]:
    """Restore the limit of recursion that an import inside the block raises.

    What eth-account builds on (py_ecc, by way of eth-keyfile) sets it to 100,000 when it is first
    imported. Then JSON of an endpoint, nested deeply enough, ends the process by a fault of memory
    in place of a RecursionError.
    """
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
