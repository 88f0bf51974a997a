"""Preparing: eventIDs of our making, content keys, ids of captures."""

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.epcis.validation import EpcisValidator
from node_gateway.errors import DocumentRefusedError
from node_gateway.services.capture import _capture_id, _part_key
from node_gateway.services.preparing import Preparing, content_key
from node_gateway.settings import LimitsSection
from tests.gateway.running import commissioning, document, sgtin, shipping

NOW_MS = 1_800_000_000_000
VALIDATOR = EpcisValidator()


def preparing(key: bytes = b"\x05" * 32, participant: int = 1) -> Preparing:
    return Preparing(
        participant=participant,
        validator=VALIDATOR,
        limits=LimitsSection(),
        event_id_key=key,
        locations={},
    )


def prepared(one: Preparing, *events: Mapping[str, Any]) -> Any:
    raw = json.dumps(document(*map(dict, events))).encode()
    return one.document(raw, proceed=False, now_ms=NOW_MS).events


def made_id(one: Preparing, event: Mapping[str, Any]) -> str:
    return str(prepared(one, event)[0].event_id)


def test_the_same_content_gets_the_same_event_id() -> None:
    event = shipping(sgtin())
    assert made_id(preparing(), event) == made_id(preparing(), dict(reversed(event.items())))


def test_the_event_id_tells_nothing_without_the_key() -> None:
    event = shipping(sgtin())
    assert made_id(preparing(b"\x05" * 32), event) != made_id(preparing(b"\x06" * 32), event)


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_other_content_gets_another_one(one: int, other: int) -> None:
    ids = {made_id(preparing(), shipping(f"urn:example:{number}")) for number in (one, other)}
    assert len(ids) == len({one, other})


def test_it_is_a_uuid_of_version_8() -> None:
    text = made_id(preparing(), shipping(sgtin()))
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", text)
    parsed = uuid.UUID(text)
    assert (parsed.version, parsed.variant) == (8, uuid.RFC_4122)


def test_every_commit_has_its_own_secret() -> None:
    event = shipping(sgtin())
    first, second = prepared(preparing(), event)[0], prepared(preparing(), event)[0]
    assert first.new.content_key == second.new.content_key
    assert first.new.event_key == second.new.event_key
    assert first.new.secret != second.new.secret
    assert first.new.entry != second.new.entry


@given(st.permutations(list(shipping("urn:example:1"))))
def test_the_order_of_members_is_no_content(order: list[str]) -> None:
    event = shipping("urn:example:1")
    assert content_key({name: event[name] for name in order}) == content_key(event)


@given(st.integers(0, 2**47), st.integers(1, 2**40))
def test_capture_ids_grow_with_time(now_ms: int, later_ms: int) -> None:
    first, second = _capture_id(now_ms), _capture_id(now_ms + later_ms)
    assert first < second
    assert uuid.UUID(first).version == 7
    assert uuid.UUID(first).variant == uuid.RFC_4122


def test_capture_ids_of_one_moment_differ() -> None:
    assert len({_capture_id(NOW_MS) for _ in range(100)}) == 100


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20), st.integers(1, 3))
def test_keys_of_parts_meet_no_key_of_a_client(key: str, part: int) -> None:
    assert _part_key(key, 0) == key
    assert "\n" in (_part_key(key, part) or "")
    assert _part_key(None, part) is None


def test_a_large_event_keeps_its_codes_apart() -> None:
    codes = [sgtin() for _ in range(1025)]
    (large,) = prepared(preparing(), commissioning(*codes))
    (small,) = prepared(preparing(), commissioning(*codes[1:]))
    assert (large.new.codes_apart, small.new.codes_apart) == (True, False)
    assert codes[0].encode() not in large.new.payload
    assert codes[1].encode() in small.new.payload
    assert [one.code for one in sorted(large.new.codes, key=lambda one: one.order)] == codes


def test_an_event_of_the_future_is_refused() -> None:
    event = commissioning(sgtin(), eventTime="2027-01-15T16:10:01.000+08:00")
    with pytest.raises(DocumentRefusedError) as refused:
        prepared(preparing(), event)
    assert refused.value.code == "event_time_future"
    early = commissioning(sgtin(), eventTime="2027-01-15T16:09:59.000+08:00")
    assert prepared(preparing(), early)
