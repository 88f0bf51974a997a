"""Which test covers which endpoint of the official interface; read by the conformance page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T", bound=Callable[..., object])


def covers(*what: str) -> Callable[[T], T]:
    """Mark a test: `covers("GET /events", "orderBy")`. The names are those of the official file."""
    del what  # `scripts/make_conformance.py` reads it from the source
    return lambda test: test
