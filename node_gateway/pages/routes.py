"""Every route of the pages, in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from node_gateway.pages import proofs, resolver, result, static

ROUTERS: Final[tuple[APIRouter, ...]] = (
    *(static.router, proofs.router, result.router, resolver.router),
)
