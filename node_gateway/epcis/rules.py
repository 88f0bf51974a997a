"""What becomes of a standard member's value.

Every rule takes any JSON value: what the schema would refuse is walked like an extension, so no
name in it escapes the checks.
"""

from typing import Any, Final

from node_gateway.epcis.cbv import Vocabulary, bare_word
from node_gateway.epcis.identifiers import IdentifierError
from node_gateway.epcis.identifiers.urn import EPC
from node_gateway.epcis.names import Names
from node_gateway.epcis.normalise_errors import NormalisationError
from node_gateway.epcis.times import normal_time
from node_gateway.epcis.walk import Path, Rule, Rules, Walk

EVENT_TYPES: Final = frozenset(
    {
        "ObjectEvent",
        "AggregationEvent",
        "TransactionEvent",
        "TransformationEvent",
        "AssociationEvent",
    }
)


def as_given(walk: Walk, value: Any, names: Names, path: Path) -> Any:
    """Keep the value; in an object or list, resolve the names."""
    if isinstance(value, str):  # most are
        return value
    return walk.extension(value, names, path) if isinstance(value, dict | list) else value


def time(walk: Walk, value: Any, names: Names, path: Path) -> Any:
    """Write a time with three decimals."""
    if not isinstance(value, str):
        return as_given(walk, value, names, path)
    try:
        return normal_time(value)
    except NormalisationError as error:
        walk.refuse(error, path)
        return value


def word(vocabulary: Vocabulary, walk: Walk, value: Any, names: Names, path: Path) -> Any:
    """Write a CBV word bare, any other word as a full IRI."""
    if not isinstance(value, str):
        return as_given(walk, value, names, path)
    word = bare_word(vocabulary, value)
    if word is not None:
        return word
    written_out = names.value(value)
    return bare_word(vocabulary, written_out) or written_out


def words(vocabulary: Vocabulary, walk: Walk, value: Any, names: Names, path: Path) -> Any:
    """Do so for a list, and drop repeats."""
    if not isinstance(value, list):
        return word(vocabulary, walk, value, names, path)
    words = [word(vocabulary, walk, one, names, (*path, i)) for i, one in enumerate(value)]
    return _without_repeats(words)


def event_type(walk: Walk, value: Any, names: Names, path: Path) -> Any:
    """Keep a standard type, write out that of an extension."""
    if not isinstance(value, str) or value in EVENT_TYPES:
        return as_given(walk, value, names, path)
    try:
        name = names.type_name(value)
    except NormalisationError as error:
        walk.refuse(error, path)
        return value
    local = name.rpartition("/")[2].removeprefix("epcis:")
    if local in EVENT_TYPES and names.member(name) == f"epcis:{local}":
        refused = NormalisationError(
            "a standard event type is written by its bare name alone, or no schema would apply",
            code="reserved_name",
            hint=f"write {local!r}",
        )
        walk.refuse(refused, path)
    return name


def identifier(walk: Walk, value: Any, names: Names, path: Path) -> Any:
    """Write a GS1 identifier as its canonical Digital Link."""
    if not isinstance(value, str):
        return as_given(walk, value, names, path)
    try:
        return walk.identifier(value, names)
    except IdentifierError as error:
        walk.refuse(error, path)
        return value


def identifiers(walk: Walk, value: Any, names: Names, path: Path) -> Any:
    """Do so for a list, and drop repeats."""
    if not isinstance(value, list):
        return as_given(walk, value, names, path)
    converted = []
    for index, one in enumerate(value):
        if isinstance(one, str):
            try:
                converted.append(walk.identifier(one, names))
            except IdentifierError as error:
                walk.refuse(error, (*path, index))
        else:
            converted.append(as_given(walk, one, names, (*path, index)))
    return _without_repeats(converted)


def _without_repeats(values: list[Any]) -> list[Any]:
    """Two spellings of one identifier or word leave one; the schema wants them unique."""
    if all(isinstance(value, str) for value in values):
        return list(dict.fromkeys(values))
    return values


def link(walk: Walk, value: Any, names: Names, path: Path) -> Any:
    """An address of data stays as it is, that it may still be followed; an EPC URN is none."""
    if isinstance(value, str):
        if value[: len(EPC)].lower() == EPC:
            return identifier(walk, value, names, path)
        return names.value(value)
    if isinstance(value, list):
        return [link(walk, one, names, (*path, i)) for i, one in enumerate(value)]
    return as_given(walk, value, names, path)


def object_of(rules: Rules) -> Rule:
    """Return the rule for an object with these members."""

    def rule(walk: Walk, value: Any, names: Names, path: Path) -> Any:
        if isinstance(value, dict):
            return walk.members(rules, value, names, path)
        return as_given(walk, value, names, path)

    return rule


def list_of(rules: Rules) -> Rule:
    """Return the rule for a list of such objects."""
    one = object_of(rules)

    def rule(walk: Walk, value: Any, names: Names, path: Path) -> Any:
        if isinstance(value, list):
            return [one(walk, inner, names, (*path, i)) for i, inner in enumerate(value)]
        return one(walk, value, names, path)

    return rule
