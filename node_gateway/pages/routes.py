"""Every route of the pages, in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from node_gateway.pages import explorer, home, proofs, resolver, result, static, verify, verifying

ROUTERS: Final[tuple[APIRouter, ...]] = (
    *(static.router, home.router, explorer.router, proofs.router, result.router, verify.router),
    *(resolver.router, verifying.router),
)
