"""Every screen of the console, in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from node_gateway.console import account, administering, login

ROUTERS: Final[tuple[APIRouter, ...]] = (login.router, account.router, administering.router)
