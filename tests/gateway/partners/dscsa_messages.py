"""DSCSA exception messages for tests: whole ones, and generated ones."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from node_gateway.partners.dscsa_schema import FOLLOW_UPS, RESOLUTIONS, SOURCES

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
NUMBERS = st.integers(-1000, 10**9)
_SIDES = ("received_product", "product_data")
_WHAT = ("gtin", "lot", "expiry", "serial")
CONTACT = {"vp": None, "gln": "0614141000005", "email": "quality@example.com", "phone": "1"}
REPORT: dict[str, Any] = {
    "message_uuid": "5f0a7f0e-8a5b-4c57-9d5a-2f1f60a0c001",
    "exception_case_uuid": "5f0a7f0e-8a5b-4c57-9d5a-2f1f60a0c002",
    "timestamp": 1_772_000_000,
    "po_number": "PO-1",
    "sender_information": CONTACT,
    "exceptions": {
        "missing_product_data": [
            {
                "exception_item_uuid": "a1",
                "product_gtin": "06901234123456",
                "observation_source": "Scan",
                "resolution_request": "Send new data",
                "product_serial": "S1",
            }
        ],
        "missing_product": [
            {
                "exception_item_uuid": "a2",
                "file_id": "F",
                "product_gtin": "06901234123456",
                "product_serial": "S2",
                "resolution_request": "Send product",
            }
        ],
        "data_misalignment": [
            {
                "exception_item_uuid": "a3",
                **{f"{side}_{what}": "same" for side in _SIDES for what in _WHAT},
                "product_data_lot": "other",
                "resolution_request": "Send new data",
            }
        ],
        "overages": [
            {
                "exception_item_uuid": "a4",
                "gtin": "06901234123456",
                "quantity_ordered": 10,
                "quantity_received": 12,
                "resolution_request": "Debit account",
            }
        ],
        "underages": [
            {
                "exception_item_uuid": "a5",
                "gtin": "06901234123456",
                "quantity_ordered": 10,
                "quantity_received": 9,
                "resolution_request": "Credit account",
            }
        ],
        "master_data_errors": {
            "gln_errors": [
                {
                    "exception_item_uuid": "a6",
                    "invalid_gln": "1",
                    "proposed_gln": None,
                    "resolution_request": None,
                }
            ],
            "gtin_errors": [{"exception_item_uuid": "a7", "invalid_gtin": "2"}],
        },
    },
    "other_errors": ["the label is torn"],
    "case_resolved": False,
}
RESPONSE: dict[str, Any] = {
    "message_uuid": "5f0a7f0e-8a5b-4c57-9d5a-2f1f60a0c003",
    "exception_case_uuid": "5f0a7f0e-8a5b-4c57-9d5a-2f1f60a0c002",
    "timestamp": 1_772_000_100,
    "po_number": "PO-1",
    "sender_information": {"email": "quality@example.com"},
    "response_items": [
        {
            "exception_item_uuid": "a4",
            "resolution_response": "Reject",
            "comments": "we counted ten",
            "alternative_resolution": {
                "alternative_resolution": "Return product",
                "follow_up": "Email",
                "follow_up_details": None,
            },
        }
    ],
    "additional_notes": "the rest is fine",
}
_VALUES: tuple[Any, ...] = (
    *(None, 1, 1.0, 1.5, True, "x", "Email", "Accept", "Scan", "Send product"),
    *([], {}, [None], [{}], ["x"]),
)


def mutations(whole: dict[str, Any]) -> Iterator[Any]:
    """Yield the message with each of its parts left out, or replaced by something else."""
    for path in _paths(whole):
        for value in ("", *_VALUES):
            changed = copy.deepcopy(whole)
            holder: Any = changed
            for part in path[:-1]:
                holder = holder[part]
            if value == "":
                del holder[path[-1]]
            else:
                holder[path[-1]] = value
            yield changed


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if before:
        yield before
    inner = value.items() if isinstance(value, dict) else ()
    for name, one in enumerate(value) if isinstance(value, list) else inner:
        yield from _paths(one, (*before, name))


def _maybe(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | one


def _listed(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    item = st.fixed_dictionaries({"exception_item_uuid": TEXT, **members})
    return _maybe(st.lists(item, max_size=3))


_ASKED = {"resolution_request": st.sampled_from(RESOLUTIONS)}
_HEAD = {
    "message_uuid": TEXT,
    "exception_case_uuid": TEXT,
    "timestamp": NUMBERS,
    "po_number": TEXT,
    "sender_information": st.fixed_dictionaries(
        {"email": TEXT}, optional={"gln": _maybe(TEXT), "phone": _maybe(TEXT), "new": TEXT}
    ),
}
_AMOUNT = {"gtin": TEXT, "quantity_ordered": NUMBERS, "quantity_received": NUMBERS, **_ASKED}
_EXCEPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "missing_product_data": _listed(
            product_gtin=TEXT, observation_source=st.sampled_from(SOURCES), **_ASKED
        ),
        "missing_product": _listed(file_id=TEXT, product_gtin=TEXT, product_serial=TEXT, **_ASKED),
        "data_misalignment": _listed(
            **{f"{side}_{what}": TEXT for side in _SIDES for what in _WHAT}, **_ASKED
        ),
        "overages": _listed(**_AMOUNT),
        "underages": _listed(**_AMOUNT),
        "master_data_errors": _maybe(
            st.fixed_dictionaries({}, optional={"gln_errors": _listed(invalid_gln=TEXT)})
        ),
        "torn_labels": _listed(depth=NUMBERS),  # nobody knows this one here
    },
)
REPORTS = st.fixed_dictionaries(
    {**_HEAD, "case_resolved": st.booleans()},
    optional={
        "exceptions": _maybe(_EXCEPTIONS),
        "other_errors": _maybe(st.lists(TEXT, max_size=3)),
    },
)
_ALTERNATIVE = st.fixed_dictionaries(
    {
        "alternative_resolution": _maybe(st.sampled_from(RESOLUTIONS)),
        "follow_up": _maybe(st.sampled_from(FOLLOW_UPS)),
    }
)
RESPONSES = st.fixed_dictionaries(
    _HEAD,
    optional={
        "response_items": _maybe(
            st.lists(
                st.fixed_dictionaries(
                    {
                        "exception_item_uuid": TEXT,
                        "resolution_response": st.sampled_from(["Accept", "Reject"]),
                    },
                    optional={"comments": _maybe(TEXT), "alternative_resolution": _ALTERNATIVE},
                ),
                max_size=3,
            )
        ),
        "additional_notes": _maybe(TEXT),
    },
)
