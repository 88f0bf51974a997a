"""Invites: what a newcomer needs to find the network, on paper that proves nothing by itself.

The network file in it is the root of the newcomer's trust. It comes by the same way as everything
else in the file, so its content hash is compared by another way, by telephone say.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from anchoring.chain.network import Network, parse_network
from anchoring.chain.network_signing import content_hash
from anchoring.core.strict_json import parse_plain
from anchoring.errors import FormatError

FORMAT: Final = "sealtrail/invite/v1"
SIZE_BYTES_MAX: Final = 2 * 1024 * 1024
ENDPOINTS_MAX: Final = 64
SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")

_URL: Final = re.compile(r"https?://[^/?#\s]+[!-~]{0,1000}")
_MEMBERS: Final = {"format", "slug", "network", "content", "endpoints", "invitedBy"}
_NAME_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Invite:
    """One invite.

    Attributes:
        slug: Short name that the newcomer is expected to take.
        network: The network file, with its signatures.
        endpoints: Chain endpoints that the inviting participant suggests.
        inviter: Id of the inviting participant, as it says.
        inviter_name: Its name, as it says.
    """

    slug: str
    network: Network
    endpoints: tuple[str, ...]
    inviter: int
    inviter_name: str

    @property
    def fingerprint(self) -> str:
        """What two people compare: the hash of the network file's content, in groups."""
        return grouped(content_hash(self.network).hex())

    def to_json(self) -> str:
        """Return the file's text."""
        document = {
            "format": FORMAT,
            "slug": self.slug,
            "invitedBy": {"participant": self.inviter, "name": self.inviter_name},
            "content": content_hash(self.network).hex(),
            "endpoints": list(self.endpoints),
            "network": self.network.to_json(),
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def grouped(digits: str) -> str:
    """Return hex digits in groups of eight, as people read them out."""
    return " ".join(digits[at : at + 8] for at in range(0, len(digits), 8))


def parse_invite(raw: bytes) -> Invite:
    """Read an invite.

    Raises:
        FormatError: `invite_form`, or an error of the network file in it.
    """
    try:
        document = parse_plain(raw, size_bytes_max=SIZE_BYTES_MAX)
    except FormatError as error:
        raise _malformed(str(error)) from error
    if not isinstance(document, dict) or set(document) != _MEMBERS:
        raise _malformed(f"it has exactly the members {', '.join(sorted(_MEMBERS))}")
    if document["format"] != FORMAT:
        raise _malformed(f"its format is not {FORMAT}")
    network = parse_network(json.dumps(document["network"]).encode())
    if document["content"] != content_hash(network).hex():
        raise _malformed("its content hash is not that of the network file in it")
    slug, urls = document["slug"], document["endpoints"]
    if not isinstance(slug, str) or not SLUG.fullmatch(slug):
        raise _malformed("its slug is 1 to 32 of a-z, 0-9 and inner hyphens")
    if not isinstance(urls, list) or len(urls) > ENDPOINTS_MAX or not all(map(_is_url, urls)):
        raise _malformed(f"its endpoints are at most {ENDPOINTS_MAX} addresses")
    number, name = _inviter(document["invitedBy"])
    return Invite(slug, network, tuple(urls), number, name)


def _inviter(value: Any) -> tuple[int, str]:
    fits = isinstance(value, dict) and set(value) == {"participant", "name"}
    fits = fits and type(value["participant"]) is int and 0 < value["participant"] < 2**32
    if not fits or not isinstance(value["name"], str) or len(value["name"]) > _NAME_LENGTH_MAX:
        raise _malformed("invitedBy is a participant's id and name")
    return value["participant"], value["name"]


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and _URL.fullmatch(value) is not None


def _malformed(why: str) -> FormatError:
    return FormatError(f"this is no invite: {why}", code="invite_form")
