"""Normalized paths: one text for one place, and nothing else."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.core.items import decode_disclosure, encode_base64url
from anchoring.core.paths import is_derived, name_segment, parse_path
from anchoring.errors import DisclosureError
from scripts.vectors.plain import canonical, segment
from tests.anchoring.core.published import load
from tests.anchoring.core.strategies import TEXT

PATHS = load("paths.json")
SEGMENTS = st.lists(TEXT | st.integers(0, 10**16 - 1), max_size=5)


def text_of(segments: Sequence[str | int]) -> str:
    return "$" + "".join(
        f"[{part}]" if isinstance(part, int) else name_segment(part) for part in segments
    )


@pytest.mark.parametrize("case", PATHS["valid"], ids=lambda case: ascii(case["path"]))
def test_a_published_path_is_read_and_written(case: dict[str, Any]) -> None:
    assert parse_path(case["path"]) == (tuple(case["segments"]), False)
    assert text_of(case["segments"]) == case["path"]


@pytest.mark.parametrize("path", PATHS["code_paths"])
def test_a_code_path_ends_with_a_wildcard(path: str) -> None:
    segments, wild = parse_path(path)
    assert wild
    assert f"{text_of(segments)}[*]" == path


@pytest.mark.parametrize("path", PATHS["derived"])
def test_a_derived_path(path: str) -> None:
    assert is_derived(path)
    with pytest.raises(DisclosureError):
        parse_path(path)


@pytest.mark.parametrize("case", PATHS["invalid"], ids=lambda case: ascii(case["path"]))
def test_an_invalid_path_is_refused(case: dict[str, Any]) -> None:
    text = canonical([encode_base64url(bytes(16)), case["path"], "x"])
    with pytest.raises(DisclosureError) as refusal:
        decode_disclosure(encode_base64url(text), is_code=False)
    assert refusal.value.code == case["code"]
    assert not is_derived(case["path"])


@given(TEXT)
def test_a_name_is_written_as_the_plain_generator_writes_it(name: str) -> None:
    assert name_segment(name) == segment(name)


@given(TEXT, SEGMENTS)
def test_segments_come_back(first: str, rest: list[str | int]) -> None:
    assert parse_path(text_of([first, *rest])) == ((first, *rest), False)


@given(TEXT, SEGMENTS, st.data())
def test_a_text_that_is_read_is_the_only_text_of_its_segments(
    first: str, rest: list[str | int], data: st.DataObject
) -> None:
    path = text_of([first, *rest])
    at = data.draw(st.integers(0, len(path)))
    put = data.draw(st.sampled_from(["", "0", "'", "[", "]", "\\", "$", "*", "u", "a", "\n", "-"]))
    cut = data.draw(st.integers(0, 2))
    changed = path[:at] + put + path[at + cut :]
    assert written_again(changed) in (changed, "path_form")


def written_again(path: str) -> str:
    """The text of what was read, or the code of the refusal."""
    try:
        segments, wild = parse_path(path)
    except DisclosureError as refusal:
        return refusal.code
    return text_of(segments) + ("[*]" if wild else "")
