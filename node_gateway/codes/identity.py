"""What a text from a scanner, a keyboard or a partner names: one identity for every spelling.

`identify` reads what people type and scanners send as well; capture reads the unambiguous spellings
only (`epcis.identifiers.canonical_identifier`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from node_gateway.codes.china.drug_code import DrugCode, parse_drug_code
from node_gateway.codes.gs1 import ElementString, Gs1SyntaxError, parse
from node_gateway.codes.gs1.elements import GROUP_SEPARATOR
from node_gateway.codes.gs1.links import is_link
from node_gateway.codes.gs1.linters import LINTERS
from node_gateway.codes.gs1.urns import GcpLengthOf, urn_of
from node_gateway.epcis.identifiers import (
    DRUG_CODE,
    Identifier,
    IdentifierError,
    canonical_identifier,
    parse_identifier,
)
from node_gateway.epcis.identifiers.element_string import (
    identity_of,
    is_element_string,
    read_element_string,
)
from node_gateway.epcis.identifiers.keys import identify as identify_key

_FULL_WIDTH: Final[Mapping[int, int]] = MappingProxyType(
    {0x3000: 0x20, **{character: character - 0xFEE0 for character in range(0xFF01, 0xFF5F)}}
)
_SPACES: Final = re.compile(r"\s+")
_GROUPED: Final = re.compile(r"[0-9]+(?:[ -][0-9]+)*")
_WITH_SERIAL: Final = re.compile(r"([0-9]{8}|[0-9]{12,14})\s*[\s,;/]\s*(\S{1,20})")
_NAMED_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_GTIN_SIZES: Final = frozenset({8, 12, 13, 14})
_SSCC_SIZE: Final = 18
_LOT: Final = "10"
_DRUG_CODE_SIZE: Final = 20
# Symbols without FNC1: Code 128, Interleaved 2 of 5, QR Code and Data Matrix, with digits alone.
_PLAIN_SYMBOL: Final = re.compile(r"\](?:C0|I[0-3]|Q[01]|d[01])(?=[0-9]+$)")

_KEY_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "00": "sscc", "01": "gtin", "253": "gdti", "255": "gcn", "401": "ginc", "402": "gsin",
        "414": "gln", "415": "gln", "417": "gln", "8003": "grai", "8004": "giai", "8006": "itip",
        "8010": "cpid", "8013": "gmn", "8017": "gsrn", "8018": "gsrn",
    }
)  # fmt: skip
_QUALIFIER_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "10": "lot", "21": "serial", "235": "serial", "254": "extension", "8011": "serial",
        "8020": "reference",
    }
)  # fmt: skip
_KINDS: Final[Mapping[tuple[str, str | None], str]] = MappingProxyType(
    {
        ("01", "21"): "sgtin", ("01", "10"): "lgtin", ("01", "235"): "upui",
        ("255", None): "sgcn", ("414", None): "sgln", ("414", "254"): "sgln",
        ("415", "8020"): "payment", ("417", None): "pgln", ("8010", None): "cpi",
        ("8010", "8011"): "cpi", ("8017", None): "gsrnp",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Identity:
    """What a text names.

    Attributes:
        kind: EPC scheme of the thing (`sgtin`, `lgtin`, `gtin`, `sscc`, `sgln`, `pgln`, `grai`,
            ...), `drug_code`, or `uri` for any other URI.
        canonical: The spelling under which it is stored and committed.
        parts: Its parts by name: `gtin` and `serial`, `sscc`, `drug_id`, ...
        identifier: The GS1 identifier; None of other kinds.
        elements: Every GS1 element that was read, or that the identity consists of; else None.
    """

    kind: str
    canonical: str
    parts: Mapping[str, str]
    identifier: Identifier | None = None
    elements: ElementString | None = None

    def spellings(self, gcp_length_of: GcpLengthOf = lambda _: None) -> dict[str, Any]:
        """Return the identity in every spelling that it has.

        Args:
            gcp_length_of: Length of the company prefix; without it there is no URN.
        """
        if self.identifier is None or self.elements is None:
            return {}
        made: dict[str, Any] = {
            "bracketed": self.elements.bracketed,
            "unbracketed": self.elements.unbracketed(),
            "scan": self.elements.scan_data(),
            "hri": list(self.elements.hri),
        }
        try:
            made["digitalLink"] = self.elements.digital_link()
        except Gs1SyntaxError:
            made["digitalLink"] = self.canonical
        urn = urn_of(self.identifier, gcp_length_of)
        return made if urn is None else {**made, "urn": urn}


def identify(text: str) -> Identity:
    """Read what somebody scanned, typed or copied.

    Args:
        text: EPC URN, Digital Link, element string (bracketed also with spaces, FNC1, scan data,
            scan data whose FNC1 got lost), GTIN with or without a serial behind it
            (`09506000134352 12345`), SSCC, 20-digit drug code; full-width characters are read as
            ordinary ones.

    Raises:
        IdentifierError: it is none of these, or one with a mistake; of a wrong check digit the
            hint is the right identity.
        DrugCodeError: it is like a 20-digit drug code, with a mistake.
    """
    found = _read(text)
    if found is None:
        raise IdentifierError(
            "no spelling of a code that is known here",
            hint="Scan it, or write (01)...(21)..., GTIN and serial, SSCC, URN or Digital Link.",
        )
    return found


def canonical_code(text: str) -> str:
    """Return the canonical code that `text` stands for; what is no known spelling stays as it is.

    Raises:
        EpcisError: as `identify`, for what is a known spelling with a mistake.
    """
    return code_and_lot(text)[0]


def code_and_lot(text: str) -> tuple[str, str | None]:
    """Return the canonical code of `text`, and the lot (AI 10) that it states beside it.

    Raises:
        EpcisError: as `canonical_code`.
    """
    found = _read(text)
    if found is None:
        return text, None
    elements = found.elements.elements if found.elements is not None else ()
    return found.canonical, next((one.value for one in elements if one.ai == _LOT), None)


def _read(text: str) -> Identity | None:
    text = text.translate(_FULL_WIDTH).strip(" \t\r\n\f\v")
    for reading in (_element_string, _uri, _bare_elements, _digits, _with_serial):
        found = reading(text)
        if found is not None:
            return found
    return None


def _element_string(text: str) -> Identity | None:
    if not is_element_string(text):
        return None
    if text.startswith("("):
        text = _SPACES.sub("", text)  # no value holds a space
    if text.startswith("]") and is_link(text[3:]):
        return _uri(text[3:])
    if _PLAIN_SYMBOL.match(text):
        return _digits(text[3:])
    read = read_element_string(text)
    return _of_identifier(identity_of(read), read)


def _uri(text: str) -> Identity | None:
    if not _NAMED_URI.fullmatch(text):
        return None
    if text[: len(DRUG_CODE)].lower() == DRUG_CODE:
        return _of_drug_code(DrugCode(canonical_identifier(text)[len(DRUG_CODE) :]))
    found = parse_identifier(text)
    if found is None:
        return Identity("uri", canonical_identifier(text), MappingProxyType({}))
    try:
        read = parse("dl_uri", text, required=False) if is_link(text) else None
    except Gs1SyntaxError:
        read = None
    return _of_identifier(found, read)


def _bare_elements(text: str) -> Identity | None:
    """Read scan data without anything in front; FNC1 may have got lost altogether."""
    if not (len(text) >= 16 and (GROUP_SEPARATOR in text or text.startswith("01"))):
        return None
    try:
        read = parse("scan", f"]d2{text}", required=False)
        return _of_identifier(identity_of(read), read)
    except (Gs1SyntaxError, IdentifierError):
        if GROUP_SEPARATOR in text:
            raise IdentifierError("elements without a key, or with a mistake") from None
        return None


def _digits(text: str) -> Identity | None:
    if not _GROUPED.fullmatch(text):
        return None
    digits = text.replace(" ", "").replace("-", "")
    with_serial = _WITH_SERIAL.fullmatch(text)
    if with_serial and LINTERS["csum"](with_serial[1]) is None:
        return None  # a GTIN, and something behind it
    if len(digits) == _DRUG_CODE_SIZE and digits.startswith("00"):
        digits = digits[2:]
    if len(digits) == _SSCC_SIZE:
        return _of_identifier(identify_key("00", digits, {}))
    if len(digits) == _DRUG_CODE_SIZE:
        return _of_drug_code(parse_drug_code(digits))
    if len(digits) in _GTIN_SIZES:
        return _of_identifier(identify_key("01", digits, {}))
    return None


def _with_serial(text: str) -> Identity | None:
    match = _WITH_SERIAL.fullmatch(text)
    return match and _of_identifier(identify_key("01", match[1], {"21": match[2]}))


def _of_drug_code(code: DrugCode) -> Identity:
    parts = {"drug_id": code.drug_id, "serial": code.serial9, "check": code.check4}
    return Identity("drug_code", code.uri, MappingProxyType(parts))


def _of_identifier(found: Identifier, read: ElementString | None = None) -> Identity:
    key = _KEY_NAMES[found.ai]
    parts = {key: found.value}
    if found.qualifier is not None:
        parts[_QUALIFIER_NAMES[found.qualifier]] = found.qualifier_value
    if read is None or not read.elements:
        read = _elements_of(found)
    kind = _KINDS.get((found.ai, found.qualifier), key)
    return Identity(kind, found.digital_link, MappingProxyType(parts), found, read)


def _elements_of(found: Identifier) -> ElementString:
    pairs = [(found.ai, found.value)]
    if found.qualifier is not None:
        pairs.append((found.qualifier, found.qualifier_value))
    text = "".join(f"({ai}){value.replace('(', chr(92) + '(')}" for ai, value in pairs)
    return parse("bracketed", text, required=False)


def shown(identity: Identity, gcp_length_of: GcpLengthOf = lambda _: None) -> dict[str, Any]:
    """Return an identity as API and command line show it."""
    read = identity.elements
    return {
        "kind": identity.kind,
        "canonical": identity.canonical,
        "parts": dict(identity.parts),
        "elements": [
            {"ai": one.ai, "title": one.entry.title, "value": one.value}
            for one in (read.elements if read else ())
        ],
        "spellings": identity.spellings(gcp_length_of),
    }
