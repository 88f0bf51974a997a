"""Reading JSON members one by one: exact names, exact types, hashes in one spelling."""

import re
from collections.abc import Collection
from typing import Any

from anchoring.errors import BundleFormatError

_HEX = re.compile(r"(?:[0-9a-f]{2})*")


def members(
    value: Any, required: Collection[str], *, optional: Collection[str] = (), pointer: str = ""
) -> dict[str, Any]:
    """Return `value` if it is an object with exactly these members.

    Raises:
        BundleFormatError: `bundle_shape`, with a pointer.
    """
    if not isinstance(value, dict):
        raise BundleFormatError(f"{pointer or 'the document'} is no object", pointer=pointer)
    for name in required:
        if name not in value:
            raise BundleFormatError(f"{name} is missing", pointer=pointer)
    for name in value:
        if name not in required and name not in optional:
            raise BundleFormatError(f"{name} is unknown", pointer=f"{pointer}/{name}")
    return value


def array(value: Any, *, pointer: str) -> list[Any]:
    """Return `value` if it is an array."""
    if not isinstance(value, list):
        raise BundleFormatError(f"{pointer} is no array", pointer=pointer)
    return value


def integer(value: Any, *, pointer: str) -> int:
    """Return `value` if it is an integer (the text's reader has checked its range)."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise BundleFormatError(f"{pointer} is no integer", pointer=pointer)
    return value


def string(value: Any, *, pointer: str) -> str:
    """Return `value` if it is a string."""
    if not isinstance(value, str):
        raise BundleFormatError(f"{pointer} is no string", pointer=pointer)
    return value


def hex_bytes(value: Any, *, size_bytes: int, pointer: str) -> bytes:
    """Return the bytes of lower-case hex without 0x.

    Raises:
        BundleFormatError: `bundle_shape` if it is no string, `hash_form` if not such hex.
    """
    text = string(value, pointer=pointer)
    if len(text) != 2 * size_bytes or _HEX.fullmatch(text) is None:
        raise BundleFormatError(
            f"{pointer} is not {2 * size_bytes} lower-case hex digits", "hash_form", pointer=pointer
        )
    return bytes.fromhex(text)


def hashes(value: Any, *, pointer: str) -> tuple[bytes, ...]:
    """Return an array of hashes, 32 bytes each."""
    return tuple(
        hex_bytes(one, size_bytes=32, pointer=f"{pointer}/{at}")
        for at, one in enumerate(array(value, pointer=pointer))
    )
