"""Items of an event, and the disclosures that open them.

An item is `[salt, path, value]`. Its disclosure is base64url of the RFC 8785 text of that array,
its entry the SHA-256 of the disclosure: the forms and digest of an RFC 9901 disclosure.
"""

import json
import re
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from anchoring.core.canonical import quote, scalar
from anchoring.core.paths import RESERVED_PREFIX, Segment, is_derived, name_segment, parse_path
from anchoring.core.strict_json import LEVELS_MAX
from anchoring.errors import DisclosureError, EventFormError

CODE_LISTS = ("childEPCs", "epcList", "inputEPCList", "outputEPCList")
ACT_PATH = "sealtrail:act"
SALT_SIZE_BYTES = 16
DISCLOSURE_CHARACTERS_MAX = 16_384

Value = str | int | float | bool | None | list[Any] | dict[str, Any]
"""A JSON scalar, `{}` or `[]`."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_ITEM_PARTS = 3
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class Item:
    """One salted (path, value) of an event."""

    salt: bytes  # exactly 16 bytes
    path: str
    value: Value


@dataclass(frozen=True, slots=True)
class OpenedItem:
    """A decoded and checked disclosure."""

    item: Item
    disclosure: str
    segments: tuple[Segment, ...]  # empty for derived items
    is_code: bool

    @property
    def entry(self) -> bytes:
        """SHA-256 of the disclosure as transmitted (32 bytes)."""
        return sha256(self.disclosure.encode("ascii")).digest()


def encode_base64url(raw: bytes) -> str:
    """Return base64url without padding (RFC 4648 section 5)."""
    return b2a_base64(raw, newline=False).translate(_URL_SAFE, b"=").decode("ascii")


def decode_base64url(text: str) -> bytes | None:
    """Return the bytes, or None unless `text` is their only base64url form."""
    if _BASE64URL.fullmatch(text) is None or len(text) % 4 == 1:
        return None
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return raw if encode_base64url(raw) == text else None  # refuses non-zero trailing bits


def disclosure_of(salt: bytes, quoted_path: str, canonical_value: str) -> bytes:
    """Return a disclosure from parts that are RFC 8785 text already (the hot path)."""
    salt_text = b2a_base64(salt, newline=False).translate(_URL_SAFE, b"=").decode("ascii")
    text = f'["{salt_text}",{quoted_path},{canonical_value}]'
    return b2a_base64(text.encode("utf-8"), newline=False).translate(_URL_SAFE, b"=")


def disclosures_of(
    salts: Sequence[bytes], quoted_paths: Sequence[str], canonical_values: Sequence[str]
) -> list[bytes]:
    """Return what `disclosure_of` makes of each; at least one. A third of its cost for many.

    All are encoded in one piece. Two zero bytes fill a salt up to whole groups of base64 and
    change none of its 22 characters, as these are padded with zero bits anyway.
    """
    filled = b"\x00\x00".join(salts) + b"\x00\x00"
    encoded = b2a_base64(filled, newline=False).translate(_URL_SAFE).decode("ascii")
    texts = [
        f'["{encoded[at : at + 22]}",{path},{value}]'
        for at, path, value in zip(
            range(0, len(encoded), 24), quoted_paths, canonical_values, strict=True
        )
    ]
    lines = b"".join(map(b2a_base64, map(str.encode, texts)))
    return lines.translate(_URL_SAFE, b"=").split(b"\n")[:-1]


def encode_disclosure(item: Item) -> str:
    """Return the disclosure of `item`.

    Raises:
        EventFormError: salt, path or value cannot be committed.
        DisclosureError: `disclosure_too_long`.
    """
    if len(item.salt) != SALT_SIZE_BYTES:
        raise EventFormError("a salt is 16 bytes", code="salt_form")
    try:
        made = disclosure_of(item.salt, quote(item.path), scalar(item.value)).decode("ascii")
    except UnicodeEncodeError as error:
        raise EventFormError("a lone surrogate is no text", code="lone_surrogate") from error
    if len(made) > DISCLOSURE_CHARACTERS_MAX:
        raise DisclosureError("a disclosure has at most 16,384 characters", "disclosure_too_long")
    return made


def decode_disclosure(text: str, *, is_code: bool) -> OpenedItem:
    """Return the item that a disclosure opens, refusing every other spelling of it.

    Args:
        text: As transmitted.
        is_code: Whether it stands among the code paths rather than the fields.

    Raises:
        DisclosureError: with the code of the first check that fails (formats page, step 4).
    """
    if len(text) > DISCLOSURE_CHARACTERS_MAX:
        raise DisclosureError("a disclosure has at most 16,384 characters", "disclosure_too_long")
    raw = decode_base64url(text)
    if raw is None:
        raise DisclosureError("not canonical base64url", "disclosure_encoding")
    item = _item_from(_decode_parts(raw))
    if encode_disclosure(item) != text:
        raise DisclosureError("not the RFC 8785 form", "disclosure_not_canonical")
    return OpenedItem(item, text, _check_place(item, is_code=is_code), is_code)


def _decode_parts(raw: bytes) -> Any:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DisclosureError("not UTF-8", "disclosure_not_utf8") from error
    if text.startswith("\ufeff"):
        raise DisclosureError("begins with a byte order mark", "disclosure_not_utf8")
    try:
        return json.loads(
            text, parse_int=_integer, parse_float=_finite, parse_constant=_refuse_constant
        )
    except (json.JSONDecodeError, ValueError) as error:
        raise DisclosureError("not JSON", "disclosure_json") from error
    except RecursionError as error:
        raise DisclosureError("not an item", "disclosure_shape") from error


def _integer(token: str) -> int:
    # Python refuses to read thousands of digits; whatever is that long is out of range anyway.
    return int(token[:40])


def _finite(token: str) -> float:
    value = float(token)
    if value in (float("inf"), float("-inf")):
        raise ValueError(token)
    return value


def _refuse_constant(token: str) -> float:
    raise ValueError(token)


def _item_from(parts: Any) -> Item:
    """Check the array's shape; surrogates and ranges first, as the codes are ordered."""
    if not (isinstance(parts, list) and len(parts) == _ITEM_PARTS):
        raise DisclosureError("an item is [salt, path, value]", "disclosure_shape")
    salt, path, value = parts
    if not (isinstance(salt, str) and isinstance(path, str)):
        raise DisclosureError("salt and path are strings", "disclosure_shape")
    if isinstance(value, dict | list) and value:
        raise DisclosureError("a value is a scalar, {} or []", "disclosure_shape")
    try:
        "\n".join(part for part in parts if isinstance(part, str)).encode("utf-8")
        scalar(value)
    except UnicodeEncodeError as error:
        raise DisclosureError("a lone surrogate is no text", "lone_surrogate") from error
    except EventFormError as error:
        raise DisclosureError(str(error), error.code) from error
    raw_salt = decode_base64url(salt)
    if raw_salt is None or len(raw_salt) != SALT_SIZE_BYTES:
        raise DisclosureError("a salt is 16 bytes, 22 characters", "salt_form")
    return Item(raw_salt, path, value)


def _check_place(item: Item, *, is_code: bool) -> tuple[Segment, ...]:
    """Check that a path may stand where it stands; return its segments."""
    if is_derived(item.path):
        if is_code or not isinstance(item.value, str):
            raise DisclosureError("a derived item is a string among the fields", "item_kind")
        return ()
    segments, wild = parse_path(item.path)
    if any(isinstance(part, str) and part.startswith(RESERVED_PREFIX) for part in segments):
        raise DisclosureError("names beginning with sealtrail: are reserved", "reserved_name")
    in_list = segments[0] in CODE_LISTS
    if is_code or wild:
        if not (is_code and wild and in_list and isinstance(item.value, str)):
            raise DisclosureError("a code item is a string of a code list", "item_kind")
    elif in_list and (len(segments) != 1 or item.value != []):
        raise DisclosureError("below a code list only code items stand", "item_kind")
    return segments


def field_items(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (path, RFC 8785 value) of every field item of a normalised event, unsorted.

    Raises:
        EventFormError: a value that cannot be committed, with a JSON pointer to it.
    """
    found: list[tuple[str, str]] = []
    for name, value in event.items():
        if name in CODE_LISTS:
            if not value and isinstance(value, list):
                found.append((f"${name_segment(name)}", "[]"))
            continue
        try:
            _collect(found, f"${_checked_segment(name)}", value, 2)
        except EventFormError as error:
            error.pointer = _pointer(name, error)
            raise
    return found


def _collect(found: list[tuple[str, str]], path: str, value: Any, level: int) -> None:
    """Append the items at or below `path`; the pointer of an error grows as it passes upwards."""
    if isinstance(value, str):  # most are
        found.append((path, quote(value)))
        return
    in_object = isinstance(value, dict)
    is_container = in_object or isinstance(value, list)
    if is_container and level > LEVELS_MAX:
        raise EventFormError("nested deeper than 64 levels", code="too_deep")
    if not is_container or not value:
        found.append((path, scalar(value)))
        return
    members: Iterable[tuple[Any, Any]] = value.items() if in_object else enumerate(value)
    name: object = None
    try:
        for name, inner in members:
            segment = _checked_segment(name) if in_object else f"[{name}]"
            _collect(found, path + segment, inner, level + 1)
    except EventFormError as error:
        error.pointer = _pointer(name, error)
        raise


def _checked_segment(name: object) -> str:
    if not isinstance(name, str):
        raise EventFormError("member names are strings", code="event_form")
    if name.isalnum():  # letters and digits only: nothing to escape, and no colon
        return f"['{name}']"
    if name.startswith(RESERVED_PREFIX):
        raise EventFormError("names beginning with sealtrail: are reserved", code="reserved_name")
    return name_segment(name)


def _pointer(name: object, error: EventFormError) -> str:
    """Return a JSON pointer (RFC 6901) with one more segment in front."""
    return "/" + str(name).replace("~", "~0").replace("/", "~1") + error.pointer


def code_items(event: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return (list name, code) of every code item in tree order, duplicates collapsed.

    Raises:
        EventFormError: `code_list_form`: a code list is no list of strings.
    """
    found: set[tuple[str, str]] = set()
    for name in CODE_LISTS:
        if name not in event:
            continue
        codes = event[name]
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
            raise EventFormError(
                "a code list is a list of strings", code="code_list_form", pointer=f"/{name}"
            )
        found.update((name, code) for code in codes)
    return sorted(found, key=lambda item: (item[0], quote(item[1])))


def code_path(list_name: str) -> str:
    """Return the path of the code items of one list, `$['epcList'][*]`."""
    return f"${name_segment(list_name)}[*]"
