"""Every screen of the console, in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from node_gateway.console import (
    account,
    administering,
    anchors,
    exceptions,
    login,
    partners,
    printing,
    recalls,
    receiving,
    settings,
    shipments,
    stock,
    testing,
    today,
    units,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    login.router,
    account.router,
    administering.router,
    today.router,
    units.router,
    receiving.router,
    shipments.router,
    exceptions.router,
    anchors.router,
    stock.router,
    recalls.router,
    partners.router,
    printing.router,
    settings.router,
    testing.router,
)
