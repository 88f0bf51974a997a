"""What a gateway derives from an event at capture, because nothing can be generalised later.

`sealtrail:act` is not made here: `anchoring.core` makes it from the event itself.

Source: docs/reference/normalisation.md; the items are committed beside the fields of the event.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from node_gateway.epcis.times import month_at

CODE_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
PARENT: Final = "parentID"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Location:
    """What the master data say of a place, in the words given there; empty if they do not say."""

    city: str = ""
    region: str = ""


def derive(
    event: Mapping[str, Any], *, source_digest: str, locations: Mapping[str, Location]
) -> dict[str, str]:
    """Return the derived items of a normalised event, without `sealtrail:act`.

    Args:
        event: The normalised event.
        source_digest: SHA-256 of the original document, 64 lower-case hex characters.
        locations: Master data by canonical location identifier. The event's bizLocation is looked
            up, or its readPoint where it has no bizLocation.

    Returns:
        `sealtrail:source`; `sealtrail:month`, the `YYYY-MM` of eventTime at the event's own
        offset; `sealtrail:city` and `sealtrail:region` as far as the master data know them.

    Raises:
        NormalisationError: `time_form`, eventTime is no time.
        ValueError: `source_digest` is no digest.
    """
    if not _DIGEST.fullmatch(source_digest):
        raise ValueError("the source digest is not 64 lower-case hex characters")
    derived = {
        "sealtrail:source": source_digest,
        "sealtrail:month": month_at(event["eventTime"], event.get("eventTimeZoneOffset")),
    }
    place = location_of(event)
    location = None if place is None else locations.get(place)
    if location is not None and location.city:
        derived["sealtrail:city"] = location.city
    if location is not None and location.region:
        derived["sealtrail:region"] = location.region
    return derived


def location_of(event: Mapping[str, Any]) -> str | None:
    """Return the identifier of where an event left its things, or else of where it was seen."""
    for member in ("bizLocation", "readPoint"):
        place = event.get(member)
        if isinstance(place, Mapping):
            identifier = place.get("id")
            return identifier if isinstance(identifier, str) else None
    return None


def event_identity(event: Mapping[str, Any]) -> tuple[str | None, bool]:
    """Return (eventID or None, has errorDeclaration): what makes two statements one event.

    An error declaration carries the eventID of the event it takes back, so the ID alone names two.
    """
    event_id = event.get("eventID")
    return (event_id if isinstance(event_id, str) else None, "errorDeclaration" in event)


def code_lists(event: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the codes an event names, by member, for the code index.

    The four code lists in their order, then the parent as a list of one; members that are absent
    or empty are left out.
    """
    found: dict[str, list[str]] = {}
    for member in CODE_LISTS:
        codes = event.get(member)
        if isinstance(codes, list) and codes:
            found[member] = codes
    parent = event.get(PARENT)
    if isinstance(parent, str):
        found[PARENT] = [parent]
    return found
