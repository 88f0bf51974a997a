"""Reading what stands on the chain: from the gateway if it answers, else from the chain itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from node_gateway.cli.client import Client
from node_gateway.cli.governing import read_directory
from node_gateway.cli.output import CANNOT_CHECK, CommandError, say

if TYPE_CHECKING:
    from anchoring.chain.network import Network
    from anchoring.directory.model import Directory

_PAGE_SIZE = 1000
_PAGES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """What was read from the chain directly, with the time that answers are given for."""

    directory: Directory
    network: Network
    time: int


def ask(
    config: Path, gateway: str | None, path: str, local: Callable[[Known], Any], **params: Any
) -> Any:
    """Return what the gateway answers; without one, what `local` makes of the chain.

    Args:
        config: The gateway's settings.
        gateway: Address of a gateway that must answer; None for that of the settings.
        path: Path of the question.
        local: Makes the same answer from the chain.
        params: Parameters of the question.

    Raises:
        CommandError, GatewayError, ChainError: neither answers, or there is no such thing.
    """
    reason = "The gateway has not read the chain yet"
    try:
        answer = Client.from_config(config, gateway).get(path, **params)
        if gateway is not None or not _read_nothing(answer):
            return answer
    except CommandError as error:
        if gateway is not None or error.status != CANNOT_CHECK or error.problem:
            raise
        reason = "No gateway answers"
    known = _known(config)
    say(f"{reason}; read from the chain itself, block {known.directory.head.number}.")
    return local(known)


def _read_nothing(answer: dict[str, Any]) -> bool:
    """Tell whether a list is empty only because its gateway has just started."""
    head = answer.get("head")
    return isinstance(head, dict) and head.get("number") == -1


def pages(
    config: Path,
    gateway: str | None,
    path: str,
    name: str,
    local: Callable[[Known], list[dict[str, Any]]],
    **params: Any,
) -> dict[str, Any]:
    """Return all pages of a list, as `{name: [...], "head": ...}`; otherwise as `ask`."""
    from node_gateway.services.consortium_wire import head_wire

    def whole(known: Known) -> dict[str, Any]:
        return {name: local(known), "next": None, "head": head_wire(known.directory)}

    answer = ask(config, gateway, path, whole, perPage=_PAGE_SIZE, **params)
    found = list(answer[name])
    for _ in range(_PAGES_MAX):
        if answer["next"] is None:
            break
        after = {"after": answer["next"], "perPage": _PAGE_SIZE, **params}
        answer = Client.from_config(config, gateway).get(path, **after)
        found += answer[name]
    return {name: found, "head": answer["head"]}


def _known(config: Path) -> Known:
    from node_gateway.settings import load_settings
    from node_gateway.wiring import network_of

    directory = read_directory(config)
    now = max(directory.head.time, int(time.time()))
    return Known(directory, network_of(load_settings(config)), now)
