"""Actions as operators write them, in a command or a request, in typed form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from anchoring.chain.foundation import FirstKey, FirstParticipant
from anchoring.chain.governance import NO_ADDRESS
from anchoring.chain.governance_calls import NoticeScope, NoticeText
from anchoring.chain.governance_words import ROLE_NAMES
from anchoring.directory.model import Directory, Participant
from anchoring.directory.prefixes import is_product, normal_prefix
from node_gateway.errors import NotFoundError, ParameterError, TooLargeError

NAME_SIZE_BYTES_MAX: Final = 128
URL_SIZE_BYTES_MAX: Final = 256
TEXT_SIZE_BYTES_MAX: Final = 2048
URI_SIZE_BYTES_MAX: Final = 512
LOTS_MAX: Final = 64
LOT_SIZE_BYTES_MAX: Final = 64
LEVELS: Final = (1, 2, 3)
TIME_MAX: Final = 2**48 - 1

_MEMBERS: Final = frozenset({"slug", "name", "url", "roles", "keys"})
_KEYS: Final = frozenset({"anchor", "sign", "admin", "recovery"})
_ADDRESS: Final = re.compile(r"(?:0x)?([0-9a-fA-F]{40})")
_DIGEST: Final = re.compile(r"(?:0x)?([0-9a-f]{64})")
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_URL: Final = re.compile(r"https?://[^/?#\s]+[!-~]*")
_PURPOSE_ANCHOR, _PURPOSE_SIGN = 1, 2


def participant_of(text: str, directory: Directory) -> Participant:
    """Return the participant that an id or a slug names.

    Raises:
        NotFoundError: code `participant_not_found`.
    """
    known = directory.participants
    is_id = text.isascii() and text.isdecimal()
    found = known.get(int(text)) if is_id else directory.participant_by_slug(text)
    if found is None:
        hint = "sealtrail consortium list"
        text = f"there is no participant {text[:64]}"
        raise NotFoundError(text, code="participant_not_found", hint=hint)
    return found


def roles_of(names: list[str]) -> int:
    """Return the bits of some roles.

    Raises:
        ParameterError: code `unknown_role`.
    """
    roles = 0
    for name in names:
        if name not in ROLE_NAMES:
            hint = f"one of {', '.join(ROLE_NAMES)}"
            raise ParameterError(f"there is no role {name[:64]}", code="unknown_role", hint=hint)
        roles |= 1 << ROLE_NAMES.index(name)
    return roles


def address_of(text: str) -> bytes:
    """Return an address written in hex.

    Raises:
        ParameterError: code `address_form`.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        hint = "40 hex digits; sealtrail key list shows those of your keys"
        raise ParameterError("this is no address", code="address_form", hint=hint)
    return bytes.fromhex(found[1])


def digest_of_text(text: str) -> bytes:
    """Return a SHA-256 written in hex; 32 zero bytes for an empty text.

    Raises:
        ParameterError: code `digest_form`.
    """
    if not text:
        return bytes(32)
    found = _DIGEST.fullmatch(text)
    if found is None:
        hint = "64 lower-case hex digits"
        raise ParameterError("this is no SHA-256", code="digest_form", hint=hint)
    return bytes.fromhex(found[1])


def moment_of(text: str) -> int:
    """Return a time: Unix seconds, or ISO 8601 (UTC if no offset is given); 0 for an empty text.

    Raises:
        ParameterError: code `time_form`.
    """
    if not text:
        return 0
    try:
        if text.isascii() and text.isdecimal():
            seconds = int(text[:20])
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            seconds = int(moment.timestamp())
    except (ValueError, OverflowError):
        seconds = 0
    if not 0 < seconds <= TIME_MAX:
        hint = "2027-01-01, 2027-01-01T08:00:00+08:00, or Unix seconds"
        raise ParameterError(f"{text[:64]} is no time", code="time_form", hint=hint)
    return seconds


def check_url(url: str) -> None:
    """Refuse what is no address of a gateway; an empty one says that there is none.

    Raises:
        ParameterError: code `url_form`.
    """
    fits = len(url.encode()) <= URL_SIZE_BYTES_MAX and _URL.fullmatch(url) is not None
    if url and not fits:
        hint = f"https://host[:port]/..., at most {URL_SIZE_BYTES_MAX} bytes of visible ASCII"
        raise ParameterError(f"{url[:64]!r} is no URL", code="url_form", hint=hint)


def newcomer_of(document: Any) -> FirstParticipant:
    """Return the participant that a participant.json describes.

    Raises:
        ParameterError: code `participant_file`, `url_form` or `address_form`.
    """
    if not isinstance(document, Mapping) or _MEMBERS - set(document):
        raise _no_participant("it lacks a member")
    if strange := set(document) - _MEMBERS - {"prefixes"}:
        raise _no_participant(f"it has an unknown member {sorted(strange)[0][:64]!r}")
    prefixes = document.get("prefixes", [])
    if not isinstance(prefixes, list) or not all(isinstance(one, str) for one in prefixes):
        raise _no_participant("its prefixes are no list of texts")
    slug, name, url, keys = (document[one] for one in ("slug", "name", "url", "keys"))
    if not all(isinstance(one, str) for one in (slug, name, url)) or not _SLUG.fullmatch(slug):
        raise _no_participant("its slug is 1 to 32 of a-z, 0-9 and inner hyphens")
    if not 1 <= len(name.encode()) <= NAME_SIZE_BYTES_MAX:
        raise _no_participant(f"its name has 1 to {NAME_SIZE_BYTES_MAX} bytes")
    check_url(url)
    roles = document["roles"]
    if type(roles) is not int or not 0 < roles < 1 << len(ROLE_NAMES):
        raise _no_participant("its roles are none of those there are")
    if not isinstance(keys, Mapping) or set(keys) != _KEYS:
        raise _no_participant("its keys are anchor, sign, admin and recovery")
    found = {one: address_of(str(keys[one])) for one in _KEYS}
    return FirstParticipant(
        slug=slug,
        name=name,
        url=url,
        roles=roles,
        admin_key=found["admin"],
        recovery_key=found["recovery"],
        keys=(
            FirstKey(found["anchor"], _PURPOSE_ANCHOR),
            FirstKey(found["sign"], _PURPOSE_SIGN),
        ),
        prefixes=tuple(normal_prefix(one) for one in prefixes),
    )


def recovery_of(text: str) -> bytes:
    """Return an address, zero for an empty text: the recovery key stays."""
    return address_of(text) if text else NO_ADDRESS


def grant_of(number: int, directory: Directory) -> int:
    """Return the number of a grant that is known.

    Raises:
        NotFoundError: code `prefix_grant_not_found`.
    """
    if number not in directory.grants:
        hint = "sealtrail code-prefix list"
        text = f"there is no grant {number}"
        raise NotFoundError(text, code="prefix_grant_not_found", hint=hint)
    return number


def scope_of(product: str, lots: list[str], list_digest: bytes) -> NoticeScope:
    """Return what a notice is about.

    Raises:
        FormatError: code `prefix_form`.
        ParameterError: code `notice_scope`.
    """
    prefix = normal_prefix(product)
    if not is_product(prefix):
        hint = "gs1: and 12 digits, a GTIN, or cn: and 7 digits"
        raise ParameterError(f"{prefix} is no single product", code="notice_scope", hint=hint)
    fits = all(0 < len(one.encode()) <= LOT_SIZE_BYTES_MAX for one in lots)
    if not fits or len(lots) > LOTS_MAX or len(set(lots)) != len(lots):
        hint = f"at most {LOTS_MAX} lots of at most {LOT_SIZE_BYTES_MAX} bytes, none twice"
        raise ParameterError("these are no lots", code="notice_scope", hint=hint)
    if lots and any(list_digest):
        hint = "two notices: one for the lots, one for the list"
        text = "a notice is about lots or about a list of codes, not both"
        raise ParameterError(text, code="notice_scope", hint=hint)
    return NoticeScope(prefix, tuple(lots), list_digest)


def level_of(level: int) -> int:
    """Return a level that exists.

    Raises:
        ParameterError: code `notice_level`.
    """
    if level not in LEVELS:
        hint = "1 (gravest), 2 or 3"
        raise ParameterError(f"there is no level {level}", code="notice_level", hint=hint)
    return level


def text_of(zh: str, en: str, uri: str, uri_digest: bytes) -> NoticeText:
    """Return what a notice says.

    Raises:
        TooLargeError: code `notice_too_large`.
        ParameterError: code `notice_wording`.
    """
    for text, size_max in ((zh, TEXT_SIZE_BYTES_MAX), (en, TEXT_SIZE_BYTES_MAX)):
        if (size := len(text.encode())) > size_max:
            hint = "shorten it; the full notice goes behind the URI"
            said = f"the text has {size} bytes, and at most {size_max} go on the chain"
            raise TooLargeError(said, code="notice_too_large", hint=hint)
    if len(uri.encode()) > URI_SIZE_BYTES_MAX:
        said = f"the URI has more than {URI_SIZE_BYTES_MAX} bytes"
        raise TooLargeError(said, code="notice_too_large", hint="a shorter URI")
    if not zh and not en:
        raise ParameterError(
            "a notice needs a text", code="notice_wording", hint="in Chinese, in English, or both"
        )
    if bool(uri) != any(uri_digest):
        raise ParameterError(
            "a URI and the SHA-256 of what stands there go together",
            code="notice_wording",
            hint="give both, or none",
        )
    if uri and not _URL.fullmatch(uri):
        raise ParameterError(
            f"{uri[:64]!r} is no URL", code="url_form", hint="https://host/path in visible ASCII"
        )
    return NoticeText(zh, en, uri, uri_digest)


def _no_participant(why: str) -> ParameterError:
    return ParameterError(
        f"this is no participant.json: {why}",
        code="participant_file",
        hint="sealtrail init writes one",
    )
