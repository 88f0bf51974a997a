"""What pages are made of, put together by `wiring`."""

from __future__ import annotations

from dataclasses import dataclass

from anchoring.chain.rpc import EvmRpc
from node_gateway.console.assembly import Console, console
from node_gateway.features import Base
from node_gateway.services.relaying_chain import ChainRelay


@dataclass(frozen=True, slots=True)
class Pages:
    """The services that only pages need."""

    relay: ChainRelay
    console: Console


def pages(base: Base, rpc: EvmRpc) -> Pages:
    """Return them. `rpc` is our chain endpoint, for reading."""
    return Pages(ChainRelay(rpc, base.settings.relay), console(base))
