"""ABI coding of one contract, from its ABI as a list; errors come back decoded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from eth_abi.abi import encode
from eth_abi.codec import ABIDecoder
from eth_abi.decoding import StringDecoder
from eth_abi.exceptions import DecodingError
from eth_abi.registry import registry as _standard
from eth_typing import ABIComponent, ABIElement
from eth_utils.abi import abi_to_signature, collapse_if_tuple
from eth_utils.crypto import keccak

from anchoring.errors import ChainUnavailableError, ContractRefusedError

NESTED_SIZE_BYTES_MAX = 32 * 1024
"""Of a list of texts each element is an offset, and all may name one place: a few hundred KiB would
become gigabytes. No view or log of the contracts with such a list comes near this size."""

_NESTED = re.compile(r"(?:string|bytes)\[\]|(?:string|bytes|\])[^()]*\)\[\]")
_WORD_BYTES = 32


def _decoder() -> ABIDecoder:
    """Return a decoder that shows what is no UTF-8 as such, as what is folded from logs does.

    A string of a contract is any bytes, and one participant's must not stop everybody.
    """
    registry: Any = _standard.copy()  # type: ignore[no-untyped-call]
    registry.unregister_decoder("string")
    text = StringDecoder("replace")  # type: ignore[no-untyped-call]
    registry.register_decoder("string", text, label="string")
    return ABIDecoder(registry)


_decode: Final = _decoder().decode


class ContractAbi:
    """Coder for one contract. Immutable once made; builds its tables once.

    Args:
        abi: The JSON ABI as solc writes it.
    """

    def __init__(self, abi: Sequence[Mapping[str, Any]]) -> None:
        self._functions: dict[str, tuple[bytes, list[str], list[str]]] = {}
        self._errors: dict[bytes, tuple[str, list[str]]] = {}
        self._events: dict[str, tuple[bytes, list[str]]] = {}
        self._event_fields: dict[bytes, tuple[str, Sequence[Mapping[str, Any]]]] = {}
        self._constructor: list[str] = []
        for part in abi:
            inputs = _types(part.get("inputs", ()))
            if part["type"] == "constructor":
                self._constructor = inputs
                continue
            if part["type"] not in ("function", "error", "event"):
                continue
            digest = keccak(text=abi_to_signature(cast("ABIElement", part)))
            if part["type"] == "function":
                outputs = _types(part.get("outputs", ()))
                self._functions[part["name"]] = (digest[:4], inputs, outputs)
            elif part["type"] == "error":
                self._errors[digest[:4]] = (part["name"], inputs)
            else:
                plain = _types([field for field in part["inputs"] if not field["indexed"]])
                self._events[part["name"]] = (digest, plain)
                self._event_fields[digest] = (part["name"], part["inputs"])

    def selector(self, function: str) -> bytes:
        """Return the four bytes that name a function in call data."""
        return self._functions[function][0]

    def call_data(self, function: str, *arguments: object) -> bytes:
        """Return selector and arguments of a call."""
        selector, inputs, _ = self._functions[function]
        return selector + encode(inputs, arguments)

    def arguments(self, function: str, data: bytes) -> tuple[Any, ...]:
        """Decode the arguments out of call data.

        Raises:
            ChainUnavailableError: the data are no call of this function.
        """
        selector, inputs, _ = self._functions[function]
        if data[:4] != selector:
            raise ChainUnavailableError(f"the data are no call of {function}")
        return _decoded(inputs, data[4:], what=f"the arguments of {function}")

    def results(self, function: str, data: bytes) -> tuple[Any, ...]:
        """Decode what a call returned.

        Raises:
            ChainUnavailableError: the bytes are not what this function returns.
        """
        return _decoded(self._functions[function][2], data, what=f"the result of {function}")

    def constructor_data(self, *arguments: object) -> bytes:
        """Return what follows the bytecode in a deployment."""
        return encode(self._constructor, arguments)

    def topic(self, event: str) -> bytes:
        """Return topic 0 of a contract log."""
        return self._events[event][0]

    def log_fields(self, event: str, data: bytes) -> tuple[Any, ...]:
        """Decode the fields of a contract log that are not indexed."""
        return _decoded(self._events[event][1], data, what=f"the log {event}")

    def log(self, topics: Sequence[bytes], data: bytes) -> tuple[str, dict[str, Any]] | None:
        """Decode a contract log: its event's name, and all fields by name in their order.

        A field that is indexed and longer than a word comes as the 32 bytes of its hash.

        Returns:
            None if the log is none of this contract's events.

        Raises:
            ChainUnavailableError: it has the topic of one, but not its form.
        """
        known = self._event_fields.get(topics[0]) if topics else None
        if known is None:
            return None
        name, fields = known
        indexed = [field for field in fields if field["indexed"]]
        if len(indexed) != len(topics) - 1:
            raise ChainUnavailableError(f"the log {name} cannot be decoded: another contract?")
        plain = iter(self.log_fields(name, data))
        words = iter(topics[1:])
        values = {
            field["name"]: _indexed(field, next(words)) if field["indexed"] else next(plain)
            for field in fields
        }
        return name, values

    @property
    def errors(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The contract's own errors: each with the types of its arguments, by name."""
        return tuple(sorted((name, tuple(types)) for name, types in self._errors.values()))

    def refusal(self, data: bytes) -> ContractRefusedError:
        """Turn revert data into an error with the custom error's name and arguments."""
        known = self._errors.get(data[:4])
        if known is None:
            return ContractRefusedError(_plain_reason(data))
        try:
            return ContractRefusedError(known[0], tuple(_decode(known[1], data[4:])))
        except (DecodingError, ValueError, OverflowError):
            return ContractRefusedError(known[0])


def _types(fields: Sequence[Mapping[str, Any]]) -> list[str]:
    return [collapse_if_tuple(cast("ABIComponent", field)) for field in fields]


def _indexed(field: Mapping[str, Any], word: bytes) -> Any:
    kind = collapse_if_tuple(cast("ABIComponent", field))
    if kind in ("string", "bytes") or kind.endswith(("]", ")")):
        return word
    return _decoded([kind], word, what=f"the topic {field['name']}")[0]


def _decoded(types: list[str], data: bytes, *, what: str) -> tuple[Any, ...]:
    if len(data) > NESTED_SIZE_BYTES_MAX and any(map(_NESTED.search, types)):
        raise ChainUnavailableError(f"{what} is larger than these contracts allow")
    try:
        return tuple(_decode(types, data))
    except (DecodingError, ValueError, OverflowError) as error:
        raise ChainUnavailableError(f"{what} cannot be decoded: another contract?") from error


def _plain_reason(data: bytes) -> str:
    """Name a revert that is none of the contract's own errors."""
    if data[:4] == bytes.fromhex("08c379a0"):
        try:
            return f"revert: {_decode(['string'], data[4:])[0]}"
        except (DecodingError, ValueError, OverflowError):
            return "revert"
    if data[:4] == bytes.fromhex("4e487b71"):
        return f"panic 0x{data[4 : 4 + _WORD_BYTES].hex().lstrip('0')}"
    return "revert"
