"""Scans that are sent again are taken once."""

from __future__ import annotations

from node_gateway.console.once import Once

ONE, TWO, THREE = ("1" * 32, "2" * 32, "3" * 32)


def test_a_key_counts_once_for_its_shipment() -> None:
    once = Once()
    assert once.new(1, ["a", "b"], [ONE, TWO]) == ["a", "b"]
    once.took(1, [ONE])
    assert once.new(1, ["a", "b"], [ONE, TWO]) == ["b"]
    assert once.new(2, ["a"], [ONE]) == ["a"]


def test_texts_without_a_key_are_new() -> None:
    once = Once()
    once.took(1, ["", "no key at all", ONE])
    assert once.new(1, ["a", "b", "c"], [ONE]) == ["b", "c"]
    assert once.new(1, ["a"], []) == ["a"]
    assert once.new(1, ["a"], ["no key at all"]) == ["a"]


def test_only_the_newest_keys_are_kept() -> None:
    once = Once(size_max=2)
    for key in (ONE, TWO, THREE):
        once.took(1, [key])
    assert once.new(1, ["a", "b", "c"], [ONE, TWO, THREE]) == ["a"]
