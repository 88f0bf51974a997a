"""The names of our own that stand in events made from the platform's files."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, unquote

EPCIS_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
PREFIX: Final = "cnt"
NAMESPACE: Final = "urn:x-cn-trace:"
"""What the files say beyond EPCIS; each name is described in docs/reference/china-drug-codes.md."""
BILL: Final = "urn:x-cn-bill:"
"""Before `<participant>:<number>`: bill numbers are unique within one company only."""
ENTERPRISE: Final = "urn:x-cn-ent:"
"""Before the id that the platform gave a company."""
LOT_NUMBER: Final = "cbvmda:lotNumber"
EXPIRES: Final = "cbvmda:itemExpirationDate"
MADE: Final = "gs1:productionDate"

PartyOf = Callable[[str], str | None]
"""From a company's id on the platform to the identifier that master data have for it."""
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+", re.ASCII)
_SAFE: Final = "!$'()*,;@._-~"


def nobody(_corp: str) -> str | None:
    """Know no party (`PartyOf`)."""
    return None


def ours(name: str) -> str:
    """Return the full name of a member of ours, as it stands in a normalised event."""
    return NAMESPACE + name


def bill_uri(owner: str, number: str) -> str:
    """Return the business transaction of a bill.

    Args:
        owner: The participant whose bill it is.
        number: Its number as printed.
    """
    return f"{BILL}{quote(owner, safe=_SAFE)}:{quote(number, safe=_SAFE)}"


def bill_number_of(uri: str) -> str | None:
    """Return the number of a bill, None if `uri` is no bill's."""
    _, found, number = uri.removeprefix(BILL).partition(":")
    return unquote(number) if found and uri.startswith(BILL) else None


def party_uri(corp: str, party_of: PartyOf) -> str:
    """Return the identifier of a company: from the master data, a URI as given, or a URN."""
    known = party_of(corp)
    if known is not None:
        return known
    return corp if _URI.fullmatch(corp) else ENTERPRISE + quote(corp, safe=_SAFE)


def document_of(events: list[dict[str, Any]], created: str) -> dict[str, Any]:
    """Return the EPCISDocument around events made here.

    Args:
        events: With members of ours under their full names.
        created: RFC 3339 time.
    """
    return {
        "@context": [EPCIS_CONTEXT, {PREFIX: NAMESPACE}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": created,
        "epcisBody": {"eventList": events},
    }
