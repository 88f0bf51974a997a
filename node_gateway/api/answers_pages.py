"""What the answers for pages look like; see `answers`."""

from __future__ import annotations

from typing import Any, Literal

from node_gateway.api.answers import _Answer


class Relay(_Answer):
    """Whose relay it is, and which methods it passes on."""

    relay: Literal[True]
    participant: int
    chain_id: int
    methods: list[str]


class Relayed(_Answer):
    """A JSON-RPC answer: `result` or `error`. To a batch there is an array of them."""

    jsonrpc: Literal["2.0"]
    id: int | str | None
    result: Any = None
    error: dict[str, Any] | None = None
