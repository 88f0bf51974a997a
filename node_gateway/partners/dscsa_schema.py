"""The shape of DSCSA exception messages (Partnership for DSCSA Governance), as JSON Schema.

Written from what the messages must have; members that are not named here are taken as well, since
the partnership adds to its messages. Beyond that only sizes are limited.
"""

from __future__ import annotations

from typing import Any, Final

TEXT_LENGTH_MAX: Final = 4096
CREDENTIAL_LENGTH_MAX: Final = 65_536
ITEMS_MAX: Final = 20_000
"""Most items of one list."""

RESOLUTIONS: Final = (
    "Send new data",
    "Send product",
    "Return product",
    "Send back product",
    "Credit account",
    "Debit account",
)
SOURCES: Final = ("Scan", "Packing Slip", "ASN", "Other")
ACCEPT, REJECT = "Accept", "Reject"
FOLLOW_UPS: Final = ("Email", "Phone")

_TEXT: Final = {"type": "string", "maxLength": TEXT_LENGTH_MAX}
_NO_TEXT: Final = {"type": ["string", "null"], "maxLength": TEXT_LENGTH_MAX}
_INTEGER: Final = {"type": "integer"}
_RESOLUTION: Final = {"enum": list(RESOLUTIONS)}
_NO_RESOLUTION: Final = {"enum": [*RESOLUTIONS, None]}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": ["array", "null"], "maxItems": ITEMS_MAX, "items": item}


_CONTACT: Final = _object(
    {"email": _TEXT},
    {
        "vp": {"type": ["string", "null"], "maxLength": CREDENTIAL_LENGTH_MAX},
        "gln": _NO_TEXT,
        "phone": _NO_TEXT,
    },
)
_NO_DATA: Final = _object(
    {
        "exception_item_uuid": _TEXT,
        "product_gtin": _TEXT,
        "observation_source": {"enum": list(SOURCES)},
        "resolution_request": _RESOLUTION,
    },
    {"product_serial": _NO_TEXT},
)
_NO_PRODUCT: Final = _object(
    {
        "exception_item_uuid": _TEXT,
        "file_id": _TEXT,
        "product_gtin": _TEXT,
        "product_serial": _TEXT,
        "resolution_request": _RESOLUTION,
    }
)
_MISALIGNED: Final = _object(
    {
        "exception_item_uuid": _TEXT,
        **{
            f"{side}_{what}": _NO_TEXT if what == "serial" else _TEXT
            for side in ("received_product", "product_data")
            for what in ("gtin", "lot", "expiry", "serial")
        },
        "resolution_request": _RESOLUTION,
    }
)
_AMOUNT: Final = _object(
    {
        "exception_item_uuid": _TEXT,
        "gtin": _TEXT,
        "quantity_ordered": _INTEGER,
        "quantity_received": _INTEGER,
        "resolution_request": _RESOLUTION,
    }
)


def _wrong(what: str) -> dict[str, Any]:
    return _object(
        {"exception_item_uuid": _TEXT, f"invalid_{what}": _TEXT},
        {f"proposed_{what}": _NO_TEXT, "resolution_request": _NO_RESOLUTION},
    )


_EXCEPTIONS: Final = {
    "type": ["object", "null"],
    "properties": {
        "missing_product_data": _list(_NO_DATA),
        "missing_product": _list(_NO_PRODUCT),
        "data_misalignment": _list(_MISALIGNED),
        "overages": _list(_AMOUNT),
        "underages": _list(_AMOUNT),
        "master_data_errors": {
            "type": ["object", "null"],
            "properties": {
                "gln_errors": _list(_wrong("gln")),
                "gtin_errors": _list(_wrong("gtin")),
            },
        },
    },
}
_HEAD: Final = {
    "message_uuid": _TEXT,
    "exception_case_uuid": _TEXT,
    "timestamp": _INTEGER,
    "po_number": _TEXT,
    "sender_information": _CONTACT,
}
REPORT_SCHEMA: Final = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        {**_HEAD, "case_resolved": {"type": "boolean"}},
        {"exceptions": _EXCEPTIONS, "other_errors": _list(_TEXT)},
    ),
}
_ALTERNATIVE: Final = {
    "type": ["object", "null"],
    "required": ["alternative_resolution", "follow_up"],
    "properties": {
        "alternative_resolution": _NO_RESOLUTION,
        "follow_up": {"enum": [*FOLLOW_UPS, None]},
        "follow_up_details": _NO_TEXT,
    },
}
RESPONSE_SCHEMA: Final = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_object(
        _HEAD,
        {
            "response_items": _list(
                _object(
                    {
                        "exception_item_uuid": _TEXT,
                        "resolution_response": {"enum": [ACCEPT, REJECT]},
                    },
                    {"comments": _NO_TEXT, "alternative_resolution": _ALTERNATIVE},
                )
            ),
            "additional_notes": _NO_TEXT,
        },
    ),
}
