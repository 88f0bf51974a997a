"""An event and one secret become one entry."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.core.commit import commit_event, event_entry
from anchoring.errors import EventFormError
from scripts.vectors import plain
from tests.anchoring.core.published import load
from tests.anchoring.core.strategies import DERIVED, EVENT, SCALAR, SECRET

PUBLISHED = load("event.json")


@pytest.mark.parametrize("case", PUBLISHED["cases"], ids=lambda case: case["name"])
def test_a_published_event(case: dict[str, Any]) -> None:
    made = commit_event(
        case["event"],
        case["derived"],
        participant=case["participant"],
        secret=bytes.fromhex(case["secret"]),
    )
    assert made.fields.size == case["fields"]["size"]
    assert made.fields.root.hex() == case["fields"]["root"]
    assert made.codes.root.hex() == case["codes"]["root"]
    assert plain.sha(case["lines"].encode()) == made.entry
    assert made.entry.hex() == case["entry"]


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=lambda case: ascii(case["event"]))
def test_an_event_that_cannot_be_committed(case: dict[str, Any]) -> None:
    with pytest.raises(EventFormError) as refusal:
        commit_event(case["event"], case["derived"], participant=7, secret=bytes(32))
    assert (refusal.value.code, refusal.value.pointer) == (case["code"], case["pointer"])


@given(EVENT, DERIVED, SECRET)
def test_any_event_has_the_plain_entry(
    event: dict[str, Any], derived: dict[str, str], secret: bytes
) -> None:
    before = copy.deepcopy(event)
    made = commit_event(event, derived, participant=7, secret=secret)
    assert made.entry == plain.commit(event, derived, secret=secret).entry
    assert event == before


@given(EVENT, SECRET, SCALAR, st.data())
def test_another_value_anywhere_is_another_entry(
    event: dict[str, Any], secret: bytes, value: Any, data: st.DataObject
) -> None:
    name = data.draw(
        st.sampled_from([*(n for n in event if n[-4:] not in ("List", "EPCs")), "ex:"])
    )
    changed = {**event, name: value}
    try:
        made = commit_event(changed, {}, participant=7, secret=secret)
    except EventFormError:
        return  # the act cannot be made of it
    same = plain.canonical(changed) == plain.canonical(event)
    entry = commit_event(event, {}, participant=7, secret=secret).entry
    assert (made.entry == entry) == same


def test_all_parts_are_bound() -> None:
    parts = {"participant": 7, "fields_size": 16, "fields_root": b"f" * 32, "codes_root": b"c" * 32}
    entries = {event_entry(**parts)}
    for change in (
        {"participant": 8},
        {"fields_size": 32},
        {"fields_root": b"c" * 32},
        {"codes_root": b"f" * 32},
    ):
        entries.add(event_entry(**parts | change))
    assert len(entries) == 5


def test_one_number_has_one_entry_however_it_was_written() -> None:
    entries = {
        commit_event({"type": "T", "ex:n": n}, {}, participant=7, secret=bytes(32)).entry
        for n in (1, 1.0)
    }
    assert len(entries) == 1
    assert commit_event(
        {"type": "T", "ex:n": True}, {}, participant=7, secret=bytes(32)
    ).entry not in (entries)


def test_another_secret_changes_every_disclosure_and_root() -> None:
    event = {"type": "ObjectEvent", "epcList": ["a", "b"]}
    one, two = (commit_event(event, {}, participant=7, secret=bytes([n]) * 32) for n in (1, 2))
    assert not set(one.fields.disclosures) & set(two.fields.disclosures)
    assert not {*one.fields.levels[0:1]} & {*two.fields.levels[0:1]}
    assert one.codes.root != two.codes.root
    assert one.entry != two.entry


def test_a_forgotten_secret_leaves_nothing_to_guess_with() -> None:
    """Who knows the event, but no secret, cannot tell a stored root from another event's.

    The salts are all that keeps a guess from being checked, so 16 bytes of each disclosure
    come from the secret, and no leaf is the same under two secrets.
    """
    event = {"type": "ObjectEvent", "action": "ADD"}
    leaves = [
        set(
            plain.cut(
                commit_event(event, {}, participant=7, secret=plain.sha(bytes([n]))).fields.levels[
                    0
                ],
                32,
            )
        )
        for n in range(8)
    ]
    assert len(set().union(*leaves)) == 8 * 16


def nested(levels: int, inner: Any) -> Any:
    for _ in range(levels - 1):
        inner = {"a": inner}
    return inner


@pytest.mark.parametrize("inner", [{}, [], {"a": 1}, [1]])
def test_64_levels_are_committed_and_65_are_not(inner: Any) -> None:
    event = {"type": "T"} | nested(64, inner)
    commit_event(event, {}, participant=7, secret=bytes(32))
    with pytest.raises(EventFormError) as refusal:
        commit_event({"type": "T"} | nested(65, inner), {}, participant=7, secret=bytes(32))
    assert refusal.value.code == "too_deep"


@pytest.mark.parametrize(
    ("participant", "secret"), [(0, 32), (2**32, 32), (-1, 32), (7, 31), (7, 33), (7, 0)]
)
def test_participants_and_secrets_out_of_range_are_refused(participant: int, secret: int) -> None:
    with pytest.raises(EventFormError):
        commit_event({"type": "T"}, {}, participant=participant, secret=bytes(secret))
