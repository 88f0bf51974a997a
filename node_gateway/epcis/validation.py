"""Checks EPCIS 2.0 documents and events against our schema, and says what to put right.

The verdict is that of GS1's own schema with format checks on (time, URI); the structure differs, so
that a refusal leads to one place and one reason. Identifiers and permissions are checked later.
"""

import json
from collections.abc import Mapping
from importlib.resources import files
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

import jsonschema_rs

from .problems import SchemaProblem, problems_of

_BASE: Final = "https://sealtrail.example/schema/epcis/"
PROBLEMS_MAX: Final = 20
# The validator builds the list of all errors, each with copies of what it speaks of, before it
# hands out the first: 300,000 bad events (600 kB of text) took 175 s and 19 GB. So it only ever
# lists the errors of a small part.
_LISTED_NODES_MAX: Final = 2_000
_LISTED_ITEMS_MAX: Final = 32
_EVENT_LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "EPCISDocument": ("epcisBody", "eventList"),
    "EPCISQueryDocument": ("epcisBody", "queryResults", "resultsBody", "eventList"),
}


class EpcisValidator:
    """Compiled validators; build one (a few ms) in the wiring and share it between threads.

    What it checks must come from `parse_json`: JSON values, nested at most 255 deep.
    Cost: 5 us per valid event of 15 members; a refused document costs up to ten times as much.
    """

    __slots__ = ("_event", "_record", "_schemas")

    def __init__(self) -> None:
        schemas = [json.loads(file.read_bytes()) for file in _schema_files()]
        self._schemas: Mapping[str, Any] = MappingProxyType({s["$id"]: s for s in schemas})
        self._record = _compile("record.json", self._schemas)
        self._event = _compile("event.json", self._schemas)

    def is_valid_document(self, document: object) -> bool:
        """Return whether it is an EPCISDocument, EPCISQueryDocument or event with `@context`."""
        return self._record.is_valid(document)

    def is_valid_event(self, event: object) -> bool:
        """Return whether it may stand in an event list (its `@context` is that of the list)."""
        return self._event.is_valid(event)

    def validate_document(self, document: object) -> list[SchemaProblem]:
        """Return at most 20 problems, those of the frame first, then event by event.

        An empty list means that `document` is valid: an EPCISDocument, an EPCISQueryDocument, or a
        bare event with its own `@context`.
        """
        if self._record.is_valid(document):
            return []
        frame, path, events = _split(document)
        problems = self._list(self._record, frame, ())
        for index, event in enumerate(events):
            if len(problems) >= PROBLEMS_MAX:
                break
            if not self._event.is_valid(event):
                problems += self._list(self._event, event, (*path, index))
        return problems[:PROBLEMS_MAX]

    def validate_event(self, event: object) -> list[SchemaProblem]:
        """Return at most 20 problems of one event of a list; empty if it is valid."""
        if self._event.is_valid(event):
            return []
        return self._list(self._event, event, ())[:PROBLEMS_MAX]

    def _list(
        self, validator: jsonschema_rs.Validator, part: object, prefix: tuple[str | int, ...]
    ) -> list[SchemaProblem]:
        """Return the problems of a small part, or of the beginning of a large one."""
        errors: list[jsonschema_rs.ValidationError] = []
        small = _beginning(part)
        if _nodes(small) <= _LISTED_NODES_MAX:
            errors = list(validator.iter_errors(small))
        if not errors:
            try:
                validator.validate(part)
            except jsonschema_rs.ValidationError as error:
                errors = [error]
        return problems_of(errors, self._schemas, prefix=prefix)


def _schema_files() -> list[Any]:
    folder = files(__package__) / "schema"
    return [file for file in folder.iterdir() if file.name.endswith(".json")]


def _compile(name: str, schemas: Mapping[str, Any]) -> jsonschema_rs.Validator:
    """Compile one schema: format checks on, nothing fetched, patterns in linear time."""
    return jsonschema_rs.validator_for(
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": _BASE + name},
        validate_formats=True,
        offline=True,
        registry=jsonschema_rs.Registry(list(schemas.items())),
        pattern_options=jsonschema_rs.RegexOptions(),
    )


def _split(document: object) -> tuple[object, tuple[str, ...], list[object]]:
    """Return the document without its events, the path of its event list, and the events."""
    kind = document.get("type") if isinstance(document, dict) else None
    path = _EVENT_LISTS.get(kind, ()) if isinstance(kind, str) else ()
    holders, node = [], document
    for name in path:
        if not isinstance(node, dict):
            return document, path, []
        holders.append(node)
        node = node.get(name)
    if not path or not isinstance(node, list):
        return document, path, []
    frame: object = []
    for holder, name in zip(reversed(holders), reversed(path), strict=True):
        frame = {**holder, name: frame}
    return frame, path, node


def _beginning(value: Any) -> Any:
    """Return a copy with the first items of every array only; what is refused in it stays so."""
    if isinstance(value, list):
        return [_beginning(item) for item in islice(value, _LISTED_ITEMS_MAX)]
    if isinstance(value, dict):
        return {name: _beginning(item) for name, item in value.items()}
    return value


def _nodes(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_nodes, inner))
