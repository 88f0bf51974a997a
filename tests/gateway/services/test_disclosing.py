"""Policies: what a path lets through, and what none may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from anchoring.core import streams
from anchoring.core.fields import FieldsTree, build_fields
from anchoring.core.items import ACT_PATH
from anchoring.core.paths import name_segment, parse_path
from anchoring.errors import DisclosureError
from node_gateway.services.disclosing import choose_policy, chosen_paths, covers
from node_gateway.services.disclosing import without_content_hashes as without_hashes
from node_gateway.settings import PoliciesSection, PolicySection

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
segments = st.lists(st.one_of(names, st.integers(0, 99)), max_size=4)


def path_of(first: str, rest: list[str | int]) -> str:
    return "$" + "".join(
        name_segment(one) if isinstance(one, str) else f"[{one}]" for one in (first, *rest)
    )


def fields_of(**members: object) -> FieldsTree:
    event = {"type": "ObjectEvent", "action": "ADD", **members}
    return build_fields(event, {}, sub_secret=streams.fields_secret(b"\x01" * 32))


@given(names, segments, names, segments)
def test_a_path_lets_through_itself_and_what_lies_below(
    first: str, rest: list[str | int], other: str, more: list[str | int]
) -> None:
    """Decided by text; the oracle decides by segments."""
    allowed, path = path_of(first, rest), path_of(other, more)
    wanted = (first, *rest)
    assert covers(allowed, path) == ((other, *more)[: len(wanted)] == wanted)
    assert covers(allowed, path_of(first, [*rest, *more]))


@pytest.mark.parametrize(
    ("allowed", "path"),
    [
        ("$['a']", "$['ab']"),
        ("$['a'][1]", "$['a'][10]"),
        ("sealtrail:month", "sealtrail:monthly"),
        ("sealtrail:month", "sealtrail:mont"),
        ("$['a']['b']", "$['a']"),
    ],
)
def test_what_only_looks_alike_is_not_let_through(allowed: str, path: str) -> None:
    assert not covers(allowed, path)


def test_all_is_all() -> None:
    fields = fields_of(note="x")
    policy = PolicySection(paths=("*",))
    assert set(chosen_paths(fields, policy)) == set(fields.paths)


def test_hashes_of_events_are_left_out_wherever_they_stand() -> None:
    fields = fields_of(
        eventID="ni:///sha-256;00?ver=CBV2.0",
        errorDeclaration={"correctiveEventIDs": ["NI:///sha-256;01", "urn:uuid:1"]},
        note="nimble",
        count=3,
        nothing=None,
    )
    left = set(without_hashes(fields, fields.paths))
    assert set(fields.paths) - left == {
        "$['eventID']",
        "$['errorDeclaration']['correctiveEventIDs'][0]",
    }
    assert ACT_PATH in left


@pytest.mark.parametrize(
    "value", ["nih:sha-256;53", "https://maker.example/.well-known/ni/sha-256/f4OxZX_x"]
)
def test_other_spellings_of_a_hash_are_hashes(value: str) -> None:
    fields = fields_of(eventID=value, note="https://maker.example/nice")
    assert set(fields.paths) - set(without_hashes(fields, fields.paths)) == {"$['eventID']"}


def test_the_hash_of_the_document_is_left_out() -> None:
    """It covers every event of the document, those of other partners too."""
    fields = build_fields(
        {"type": "ObjectEvent"},
        {"sealtrail:source": "5a" * 32, "sealtrail:month": "2026-04"},
        sub_secret=streams.fields_secret(b"\x01" * 32),
    )
    left = set(fields.paths) - set(without_hashes(fields, fields.paths))
    assert left == {"sealtrail:source"}


def test_the_first_policy_that_fits_counts() -> None:
    first = PolicySection(paths=(), steps=("packing",))
    second = PolicySection(paths=("*",))
    policies = PoliciesSection(partner=(first, second))
    assert choose_policy(policies, "partner", "packing") is first
    assert choose_policy(policies, "partner", None) is second
    assert choose_policy(PoliciesSection(partner=(first,)), "partner", None) is None


@pytest.mark.parametrize(
    "path", ["ilmd", "$.ilmd", "$['ilmd", "$", "$['epcList'][*]", "sealtrail:Month", ""]
)
def test_a_policy_with_a_path_that_nothing_has_is_refused(path: str) -> None:
    with pytest.raises(ValidationError):
        PolicySection(paths=(path,))


@given(names, segments)
def test_every_normalized_path_may_stand_in_a_policy(first: str, rest: list[str | int]) -> None:
    path = path_of(first, rest)
    try:
        parse_path(path)
    except DisclosureError:
        with pytest.raises(ValidationError):
            PolicySection(paths=(path,))
    else:
        assert PolicySection(paths=(path,)).paths == (path,)
