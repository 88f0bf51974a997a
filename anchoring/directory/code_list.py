"""A list of codes that a notice names by its digest only: `sealtrail/list/v1`.

The salt keeps anybody from trying codes against the digest; the list itself travels from hand to
hand, and whoever has it can check that it is the one that the notice means. Source:
docs/reference/formats.md, "List of codes".
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from anchoring.directory.prefixes import product_of_code
from anchoring.errors import FormatError

LIST_FORMAT: Final = "sealtrail/list/v1"
LIST_FORM: Final = "list_form"
LIST_TOO_LARGE: Final = "list_too_large"
LIST_PRODUCT: Final = "list_product"
SALT_SIZE: Final = 16
CODES_MAX: Final = 1_000_000
LIST_SIZE_BYTES_MAX: Final = 128 * 1024 * 1024
CODE_LENGTH_MAX: Final = 1000
_PART_CODES: Final = 4096


class CodeListError(FormatError):
    """Not a list of codes, or not one that a notice can mean."""

    code = LIST_FORM


@dataclass(frozen=True, slots=True)
class CodeList:
    """A salted list; `codes` are canonical, bytewise ascending, none twice.

    Attributes:
        salt: 16 random bytes, drawn by whoever makes the list.
    """

    salt: bytes
    codes: tuple[str, ...]

    @property
    def digest(self) -> bytes:
        """The 32 bytes that the notice carries."""
        return list_digest(self.salt, self.codes)

    def to_json(self) -> str:
        """Return the list as a file."""
        salt = urlsafe_b64encode(self.salt).rstrip(b"=").decode()
        wire = {"format": LIST_FORMAT, "salt": salt, "codes": self.codes}
        return json.dumps(wire, ensure_ascii=False, separators=(",", ":"))

    def require_product(self, product: str) -> None:
        """Refuse a list with codes of another product than the notice's.

        Raises:
            CodeListError: `list_product`, with the place of the first such code, never the code.
        """
        for index, code in enumerate(self.codes):
            if product_of_code(code) != product:
                raise CodeListError(
                    f"code {index + 1} of the list is none of {product}",
                    code=LIST_PRODUCT,
                    pointer=f"/codes/{index}",
                )


def list_digest(salt: bytes, codes: Sequence[str]) -> bytes:
    """Return SHA-256 of the format's name, the salt and the codes, each on a line.

    Args:
        salt: 16 bytes.
        codes: As in `CodeList`; their order and form are the caller's to check.
    """
    digest = sha256(f"{LIST_FORMAT}\n".encode())
    digest.update(urlsafe_b64encode(salt).rstrip(b"=") + b"\n")
    for start in range(0, len(codes), _PART_CODES):
        digest.update("".join(f"{code}\n" for code in codes[start : start + _PART_CODES]).encode())
    return digest.digest()


def make_code_list(codes: Iterable[str], *, salt: bytes) -> CodeList:
    """Return the list of some canonical codes, sorted, each once.

    Args:
        codes: In any order.
        salt: 16 bytes from a source of randomness, fresh for every list.

    Raises:
        CodeListError: no codes, too many, or something that is no code.
    """
    made = CodeList(salt, tuple(sorted(set(codes), key=str.encode)))
    _check(made)
    return made


def parse_code_list(raw: bytes, *, size_bytes_max: int = LIST_SIZE_BYTES_MAX) -> CodeList:
    """Read a list's file.

    Raises:
        CodeListError: `list_too_large`, or `list_form`: not JSON, members missing, unknown or
            twice, a salt that is none, codes that are not strictly ascending.
    """
    if len(raw) > size_bytes_max:
        raise CodeListError(
            f"a list has at most {size_bytes_max} bytes and {CODES_MAX} codes", code=LIST_TOO_LARGE
        )
    try:
        wire = json.loads(raw.decode("utf-8"), object_pairs_hook=_members)
    except (ValueError, RecursionError) as error:
        raise CodeListError("the list is not JSON text in UTF-8") from error
    if not isinstance(wire, dict) or set(wire) != {"format", "salt", "codes"}:
        raise CodeListError("a list has exactly the members format, salt and codes")
    if wire["format"] != LIST_FORMAT:
        raise CodeListError(f"the format is not {LIST_FORMAT}", pointer="/format")
    codes = wire["codes"]
    if not isinstance(codes, list) or not all(isinstance(one, str) for one in codes):
        raise CodeListError("codes is a list of strings", pointer="/codes")
    found = CodeList(_salt(wire["salt"]), tuple(codes))
    _check(found)
    return found


def _check(found: CodeList) -> None:
    if len(found.salt) != SALT_SIZE:
        raise CodeListError(f"a salt has {SALT_SIZE} bytes", pointer="/salt")
    if not found.codes:
        raise CodeListError("the list has no codes", pointer="/codes")
    if len(found.codes) > CODES_MAX:
        raise CodeListError(f"a list has at most {CODES_MAX} codes", code=LIST_TOO_LARGE)
    for index, code in enumerate(found.codes):
        # A line feed would let two lists have one digest.
        if not code or len(code) > CODE_LENGTH_MAX or not code.isprintable() or " " in code:
            raise CodeListError(f"code {index + 1} is none", pointer=f"/codes/{index}")
    keys = (code.encode() for code in found.codes)
    for index, (before, after) in enumerate(pairwise(keys)):
        if before >= after:
            raise CodeListError(
                f"code {index + 2} does not come after the one before it, bytewise",
                pointer=f"/codes/{index + 1}",
            )


def _salt(text: Any) -> bytes:
    try:
        salt = urlsafe_b64decode(str(text) + "==")
    except ValueError:
        salt = b""
    if urlsafe_b64encode(salt).rstrip(b"=").decode() != text or len(salt) != SALT_SIZE:
        raise CodeListError(
            f"the salt is base64url of {SALT_SIZE} bytes without padding", pointer="/salt"
        )
    return salt


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise CodeListError("a member stands twice")
    return members
