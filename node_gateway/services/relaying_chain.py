"""Pass what verifiers ask on to our chain endpoint: reading alone, and nothing that is costly.

A relay is no node: whoever asks it learns what this participant says of the chain. Verifiers ask
relays of several organisations, and prove against block headers what they can.

Source: JSON-RPC 2.0; the Ethereum execution API.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from anchoring.chain.rpc import EvmRpc, RpcRefusedError
from anchoring.errors import ChainUnavailableError
from node_gateway.services.limiter import Limiter
from node_gateway.settings_pages import RelaySection

CALLS_MAX: Final = 50
"""Calls in one batch."""
BODY_SIZE_BYTES_MAX: Final = 64 * 1024
SLOTS_MAX: Final = 64
BLOCKS_MAX: Final = 10_000
"""How many blocks one question for logs may span."""
_GAS_MAX: Final = 30_000_000
_DATA_LENGTH_MAX: Final = 32 * 1024
_TOPICS_MAX: Final = 4
_CHOICES_MAX: Final = 100
_ADDRESSES_MAX: Final = 16

_PARSE, _REQUEST, _METHOD, _PARAMS, _LIMIT = -32700, -32600, -32601, -32602, -32005
_UNAVAILABLE = -32000

_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
_WORD = re.compile("0x[0-9a-fA-F]{64}")
_NUMBER = re.compile("0x[0-9a-fA-F]{1,64}")
_BYTES = re.compile(f"0x(?:[0-9a-fA-F]{{2}}){{0,{_DATA_LENGTH_MAX}}}")
_TAGS = frozenset({"latest", "earliest", "safe", "finalized"})

Json = Any


class _RefusedError(Exception):
    """A call that is not passed on."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


class ChainRelay:
    """Answers JSON-RPC requests of strangers from our endpoint."""

    def __init__(self, rpc: EvmRpc, settings: RelaySection) -> None:
        self._rpc, self._settings = rpc, settings
        self._limiter = Limiter(settings.per_address, member="relay.per_address", counted="calls")
        self._turns = asyncio.Semaphore(settings.at_once)

    @property
    def enabled(self) -> bool:
        """Whether the operator offers it."""
        return self._settings.enabled

    async def answer(self, body: bytes, address: str) -> Json:
        """Answer one request or a batch of them.

        Args:
            body: JSON-RPC 2.0, at most `BODY_SIZE_BYTES_MAX` bytes.
            address: Whose calls are counted.

        Raises:
            RateLimitError: too many calls.
        """
        try:
            asked = orjson.loads(body)
        except orjson.JSONDecodeError:
            self._limiter.check(address)
            return _error(None, _PARSE, "this is no JSON")
        if not isinstance(asked, list):
            self._limiter.check(address)
            return await self._one(asked)
        self._limiter.count(address, cost=max(1, min(len(asked), CALLS_MAX)))
        if not 0 < len(asked) <= CALLS_MAX:
            return _error(None, _REQUEST, f"a batch has 1 to {CALLS_MAX} calls")
        return list(await asyncio.gather(*(self._one(one) for one in asked)))

    async def _one(self, asked: Json) -> dict[str, Json]:
        number = asked.get("id") if isinstance(asked, Mapping) else None
        if isinstance(number, bool) or not isinstance(number, int | str | None):
            number = None
        try:
            method, params = _call_of(asked)
            return {"jsonrpc": "2.0", "id": number, "result": await self._read(method, params)}
        except _RefusedError as error:
            return _error(number, error.code, str(error))
        except RpcRefusedError as error:
            data = error.revert_data
            more = {} if data is None else {"data": "0x" + data.hex()}
            return _error(number, error.code, str(error)[:300], **more)
        except (ChainUnavailableError, TimeoutError):
            return _error(number, _UNAVAILABLE, "the endpoint behind this relay does not answer")

    async def _read(self, method: str, params: list[Json]) -> Json:
        async with asyncio.timeout(self._settings.timeout_s), self._turns:
            result = await self._rpc.read(method, *params)
        if len(orjson.dumps(result)) > self._settings.answer_size_bytes_max:
            raise _RefusedError(_LIMIT, "the answer is too large: ask for less at a time")
        return result


def _call_of(asked: Json) -> tuple[str, list[Json]]:
    if not isinstance(asked, Mapping) or asked.get("jsonrpc") != "2.0":
        raise _RefusedError(_REQUEST, "this is no JSON-RPC 2.0 request")
    method, params = asked.get("method"), asked.get("params", [])
    check = METHODS.get(method) if isinstance(method, str) else None
    if check is None:
        raise _RefusedError(_METHOD, f"a relay passes on {', '.join(METHODS)}, and nothing else")
    if not isinstance(params, list) or not check(params):
        raise _RefusedError(_PARAMS, f"a relay takes no such parameters of {method}")
    return str(method), params


def _is(pattern: re.Pattern[str], value: Json) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _block(value: Json) -> bool:
    """Tell whether a value names a block: number, tag, or its hash (EIP-1898)."""
    if isinstance(value, Mapping):
        known = value.keys() <= {"blockHash", "blockNumber", "requireCanonical"}
        return known and all(
            _is(_WORD if name == "blockHash" else _NUMBER, one)
            for name, one in value.items()
            if name != "requireCanonical"
        )
    return _is(_NUMBER, value) or value in _TAGS


def _nothing(params: list[Json]) -> bool:
    return not params


def _block_alone(name: Callable[[Json], bool]) -> Callable[[list[Json]], bool]:
    """Return what takes a block without the bodies of its transactions."""
    return lambda params: len(params) == 2 and name(params[0]) and params[1] is False


def _call(params: list[Json]) -> bool:
    """Tell whether it calls a contract as nobody, without value, on a state that is the chain's."""
    if len(params) != 2 or not isinstance(params[0], Mapping) or not _block(params[1]):
        return False
    call = params[0]
    if not call.keys() <= {"to", "data", "input", "gas"} or not _is(_ADDRESS, call.get("to")):
        return False
    gas = call.get("gas", "0x0")
    return (
        all(_is(_BYTES, call[name]) for name in ("data", "input") if name in call)
        and _is(_NUMBER, gas)
        and int(gas, 16) <= _GAS_MAX
    )


def _proof(params: list[Json]) -> bool:
    return (
        len(params) == 3
        and _is(_ADDRESS, params[0])
        and isinstance(params[1], list)
        and len(params[1]) <= SLOTS_MAX
        and all(_is(_NUMBER, one) for one in params[1])
        and _block(params[2])
    )


def _logs(params: list[Json]) -> bool:
    """Tell whether it asks for logs of named contracts over a bounded span of blocks."""
    if len(params) != 1 or not isinstance(params[0], Mapping):
        return False
    wanted = params[0]
    if not wanted.keys() <= {"address", "topics", "fromBlock", "toBlock", "blockHash"}:
        return False
    addresses = wanted.get("address")
    several = addresses if isinstance(addresses, list) else [addresses]
    if not 0 < len(several) <= _ADDRESSES_MAX or not all(_is(_ADDRESS, one) for one in several):
        return False
    return _topics(wanted.get("topics", [])) and _span(wanted)


def _topics(topics: Json) -> bool:
    if not isinstance(topics, list) or len(topics) > _TOPICS_MAX:
        return False
    several = [one if isinstance(one, list) else [one] for one in topics]
    return all(
        len(one) <= _CHOICES_MAX and all(word is None or _is(_WORD, word) for word in one)
        for one in several
    )


def _span(wanted: Mapping[str, Json]) -> bool:
    if "blockHash" in wanted:
        return wanted.keys().isdisjoint({"fromBlock", "toBlock"}) and _is(
            _WORD, wanted["blockHash"]
        )
    first, last = wanted.get("fromBlock"), wanted.get("toBlock")
    if not (isinstance(first, str) and isinstance(last, str)):
        return False
    if not (_is(_NUMBER, first) and _is(_NUMBER, last)):
        return False
    return 0 <= int(last, 16) - int(first, 16) < BLOCKS_MAX


METHODS: Final[Mapping[str, Callable[[list[Json]], bool]]] = {
    "eth_chainId": _nothing,
    "eth_blockNumber": _nothing,
    "eth_getBlockByNumber": _block_alone(_block),
    "eth_getBlockByHash": _block_alone(lambda value: _is(_WORD, value)),
    "eth_call": _call,
    "eth_getCode": lambda params: (
        len(params) == 2 and _is(_ADDRESS, params[0]) and _block(params[1])
    ),
    "eth_getStorageAt": lambda params: (
        len(params) == 3
        and _is(_ADDRESS, params[0])
        and _is(_NUMBER, params[1])
        and _block(params[2])
    ),
    "eth_getProof": _proof,
    "eth_getLogs": _logs,
}
"""What is passed on, and which parameters of it."""


def refusal(text: str) -> dict[str, Json]:
    """Return what is said in place of an answer where a limit was passed."""
    return _error(None, _LIMIT, text)


def _error(number: Json, code: int, text: str, **more: Json) -> dict[str, Json]:
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": text, **more}}


__all__ = ["BLOCKS_MAX", "BODY_SIZE_BYTES_MAX", "CALLS_MAX", "METHODS", "ChainRelay", "refusal"]
