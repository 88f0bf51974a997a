"""EPC URNs of what a Digital Link names, for partners that read nothing else.

A URN cuts the company prefix off the rest of the key, which a Digital Link does not show: its
length has to be known. Check digits are dropped; they come back when the URN is read.

Source: EPC Tag Data Standard 2.x, sections 6 to 8 (pure identities), EPCIS 2.0 section 8.3
(classes). Tag URIs and binary encodings are the business of readers of tags, not of a gateway.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from node_gateway.epcis.identifiers import Identifier, IdentifierError, parse_identifier

GcpLengthOf = Callable[[str], int | None]
"""Takes the digits from the company prefix on; returns how many of them are the prefix."""

_PREFIX_SIZES: Final = range(6, 13)
_UNESCAPED: Final = "!'()*+,-.:;=_"
_ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class _Form:
    """Where the parts of a URN stand in a key's value.

    `key` is the slice with company prefix and reference, `moved` the index of the digit that goes
    in front of the reference, `extra` slices that follow as fields of their own. The serial is
    `appended` to the key, or the qualifier's value; without one the URN names a class if
    `class_scheme`, and `no_serial` stands where a thing has none.
    """

    scheme: str
    key: slice
    moved: int | None = None
    extra: tuple[slice, ...] = ()
    appended: slice | None = None
    has_serial: bool = False
    class_scheme: bool = False
    no_serial: str | None = None


_GTIN: Final = slice(1, 13)
_FORMS: Final[Mapping[tuple[str, str | None], _Form]] = MappingProxyType(
    {
        ("00", None): _Form("id:sscc", slice(1, 17), moved=0),
        ("01", None): _Form("idpat:sgtin", _GTIN, moved=0, class_scheme=True),
        ("01", "21"): _Form("id:sgtin", _GTIN, moved=0, has_serial=True),
        ("01", "10"): _Form("class:lgtin", _GTIN, moved=0, has_serial=True),
        ("01", "235"): _Form("id:upui", _GTIN, moved=0, has_serial=True),
        ("253", None): _Form("gdti", slice(12), appended=slice(13, None)),
        ("255", None): _Form("sgcn", slice(12), appended=slice(13, None)),
        ("401", None): _Form("id:ginc", slice(None)),
        ("402", None): _Form("id:gsin", slice(16)),
        ("414", None): _Form("id:sgln", slice(12), no_serial="0"),
        ("414", "254"): _Form("id:sgln", slice(12), has_serial=True),
        ("417", None): _Form("id:pgln", slice(12)),
        ("8003", None): _Form("grai", slice(1, 13), appended=slice(14, None)),
        ("8004", None): _Form("id:giai", slice(None)),
        ("8006", None): _Form(
            "idpat:itip", _GTIN, moved=0, extra=(slice(14, 16), slice(16, 18)), class_scheme=True
        ),
        ("8006", "21"): _Form(
            "id:itip", _GTIN, moved=0, extra=(slice(14, 16), slice(16, 18)), has_serial=True
        ),
        ("8010", None): _Form("idpat:cpi", slice(None), class_scheme=True),
        ("8010", "8011"): _Form("id:cpi", slice(None), has_serial=True),
        ("8017", None): _Form("id:gsrnp", slice(17)),
        ("8018", None): _Form("id:gsrn", slice(17)),
    }
)
_OPEN_ENDED: Final = frozenset({"401", "8004"})
"""Keys whose reference has no fixed length: it must not be empty."""


def to_urn(link: str, gcp_length_of: GcpLengthOf) -> str | None:
    """Return the EPC URN of what a Digital Link names.

    Args:
        link: A Digital Link, or any other spelling of a GS1 identifier.
        gcp_length_of: Length of the company prefix, by the digits from the prefix on; None if it
            is not known.

    Returns:
        A pure identity (`urn:epc:id:...`), a lot (`urn:epc:class:lgtin:...`) or a class
        (`urn:epc:idpat:...`); None if it is no valid GS1 identifier, its company prefix is not
        known, or no EPC scheme has it (a GMN, a lot of an ITIP, a GLN to pay to).
    """
    try:
        found = parse_identifier(link)
    except IdentifierError:
        return None
    return None if found is None else urn_of(found, gcp_length_of)


def urn_of(found: Identifier, gcp_length_of: GcpLengthOf) -> str | None:
    """Return the EPC URN of an identifier; see `to_urn`."""
    form = _FORMS.get((found.ai, found.qualifier))
    if form is None:
        return None
    key = found.value[form.key]
    size = gcp_length_of(key)
    if size is None or size not in _PREFIX_SIZES:
        return None
    if size > len(key) or not key[:size].isdigit():
        return None
    prefix, reference = key[:size], key[size:]
    if found.ai in _OPEN_ENDED and not reference:
        return None
    if form.moved is not None:
        reference = found.value[form.moved] + reference
    fields = [prefix, _quoted(reference), *(found.value[one] for one in form.extra)]
    scheme = form.scheme
    if form.appended is not None:
        serial = found.value[form.appended]
        scheme = f"id:{scheme}" if serial else f"idpat:{scheme}"
        fields.append(_quoted(serial) or _ANY)
    elif form.has_serial:
        fields.append(_quoted(found.qualifier_value))
    elif form.class_scheme or form.no_serial is not None:
        fields.append(form.no_serial or _ANY)
    return f"urn:epc:{scheme}:{'.'.join(fields)}"


def _quoted(text: str) -> str:
    return quote(text, safe=_UNESCAPED)
