"""The versions of the CBV event hash, and its text form, an RFC 6920 name.

Source: CBV 2.0 and 2.1 section 8.9; RFC 6920 section 3 (`ni` URIs).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from node_gateway.epcis.errors import EpcisError


class EventHashVersion(StrEnum):
    """How the text that is hashed is put together.

    `LEGACY` is what the Python package of 2023 (1.9.3) makes; it says `CBV2.0` too, so the label
    of a hash does not tell it from `CBV_2_0`. See `agreeing_versions`.
    """

    CBV_2_0 = "CBV2.0"
    CBV_2_1 = "CBV2.1"
    LEGACY = "CBV2.0-legacy"

    @property
    def label(self) -> str:
        """What stands behind `?ver=`."""
        return "CBV2.1" if self is EventHashVersion.CBV_2_1 else "CBV2.0"


# Names of RFC 6920's registry to those of hashlib, for the four that the reference emits.
ALGORITHMS: Final[Mapping[str, str]] = MappingProxyType(
    {"sha-256": "sha256", "sha3-256": "sha3_256", "sha-384": "sha384", "sha-512": "sha512"}
)
_DIGITS: Final = MappingProxyType({"sha-256": 64, "sha3-256": 64, "sha-384": 96, "sha-512": 128})
_NAME: Final = re.compile(
    r"[Nn][Ii]:///([a-z0-9-]{1,16});([0-9A-Fa-f]{1,128})\?ver=(CBV[0-9]{1,3}(?:\.[0-9]{1,3}){1,2})"
)
_LENGTH_MAX: Final = 200


class EventHashFormatError(EpcisError, ValueError):
    """A text is not the `ni:` name of an event hash."""

    code = "event_hash_form"


@dataclass(frozen=True, slots=True)
class EventHash:
    """An event hash, taken apart.

    Attributes:
        algorithm: One of `ALGORITHMS`.
        digest: The digest, lower-case hex.
        label: What stands behind `?ver=`, e.g. `CBV2.0`.
    """

    algorithm: str
    digest: str
    label: str

    def __str__(self) -> str:
        return f"ni:///{self.algorithm};{self.digest}?ver={self.label}"


def parse_event_hash(text: str) -> EventHash:
    """Read `ni:///sha-256;<hex>?ver=CBV2.0`.

    Raises:
        EventHashFormatError: it is none; RFC 6920 names in base64url are none either, because the
            CBV writes its digests in hex.
    """
    match = _NAME.fullmatch(text) if len(text) <= _LENGTH_MAX else None
    if match is None or _DIGITS.get(match[1]) != len(match[2]):
        raise EventHashFormatError(
            "not the name of an event hash",
            hint="ni:///sha-256;<64 hex digits>?ver=CBV2.0",
        )
    return EventHash(match[1], match[2].lower(), match[3])
