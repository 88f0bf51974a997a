"""Says in plain words why a schema refused something.

The schemas under `schema/` carry the words: `x-problem` by keyword (code, detail, hint) and
`x-missing` by member (hint). What has none gets a general sentence here. No value from the input
goes into a problem: at most names of members, and standard words that look like what was meant.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final
from urllib.parse import unquote

from jsonschema_rs import ValidationError, ValidationErrorKind

from .errors import pointer_to

_TIME_WITHOUT_OFFSET: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?", re.ASCII)
_WORD_BREAKS: Final = re.compile(r"[/:#-]")
_WORD_LENGTH_MAX: Final = 64
_NAMES: Final[Mapping[str, str]] = {
    "array": "an array",
    "boolean": "true or false",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}
_UNKNOWN_MEMBER_HINT: Final = (
    "Leave it out, or write an extension's member as prefix:name, its prefix declared in @context."
)
_NOT_A_URI_HINT: Final = (
    "A name with a colon is prefix:name or a URI, without spaces or letters outside ASCII."
)


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One reason why a document is refused.

    Attributes:
        pointer: RFC 6901 pointer to the place; for a missing member, to the object that lacks it.
        code: Stable, snake_case.
        detail: What is wrong, one sentence.
        hint: How to put it right.
    """

    pointer: str
    code: str
    detail: str
    hint: str


def problems_of(
    errors: Iterable[ValidationError], schemas: Mapping[str, Any], *, prefix: Sequence[str | int]
) -> list[SchemaProblem]:
    """Return what `errors` come to, each once; where a type is wrong, nothing else is said.

    Args:
        errors: What a validator compiled from `schemas` found.
        schemas: Schema documents by `$id`.
        prefix: Path of the validated part within the whole input.
    """
    found = dict.fromkeys(
        problem for error in errors for problem in _explain(error, schemas, tuple(prefix))
    )
    mistyped = {problem.pointer for problem in found if problem.code == "type_wrong"}
    return [p for p in found if p.code == "type_wrong" or p.pointer not in mistyped]


def _explain(
    error: ValidationError, schemas: Mapping[str, Any], prefix: tuple[str | int, ...]
) -> Iterator[SchemaProblem]:
    path = (*prefix, *error.instance_path)
    schema, keyword = _place(error, schemas)
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.Required):
        hint = schema.get("x-missing", {}).get(kind.property, f"Add {kind.property}.")
        detail = f"{_name(path)} has no {kind.property}."
        yield SchemaProblem(pointer_to(*path), "member_missing", detail, hint)
    elif isinstance(kind, ValidationErrorKind.PropertyNames):
        yield _unknown_member(path, str(kind.error.instance), _options(kind.error))
    elif isinstance(kind, ValidationErrorKind.AdditionalProperties):
        for name in kind.unexpected:
            yield _unknown_member(path, name, list(schema.get("properties", ())), closed=True)
    elif isinstance(kind, ValidationErrorKind.Type):
        expected = " or ".join(_NAMES.get(name, name) for name in kind.types)
        detail = f"{_name(path)} is {_type_of(error.instance)}, not {expected}."
        yield SchemaProblem(pointer_to(*path), "type_wrong", detail, f"Write {expected}.")
    else:
        yield _of_value(error, schema, keyword, path)


def _of_value(
    error: ValidationError, schema: Mapping[str, Any], keyword: str, path: tuple[str | int, ...]
) -> SchemaProblem:
    words = schema.get("x-problem", {}).get(keyword) or _general(keyword)
    code, hint = words["code"], words["hint"]
    value = error.instance
    if isinstance(value, str):
        if code == "time_form" and _TIME_WITHOUT_OFFSET.fullmatch(value):
            code, hint = "time_offset_missing", "Append the offset from UTC, such as +08:00, or Z."
        elif meant := _meant(value, words.get("words") or _options(error)):
            hint = f'Did you mean "{meant}"? {hint}'
    return SchemaProblem(pointer_to(*path), code, words["detail"].format(member=_name(path)), hint)


def _general(keyword: str) -> Mapping[str, str]:
    if keyword == "minItems":
        detail = "{member} is empty."
        return {
            "code": "list_empty",
            "detail": detail,
            "hint": "Give at least one, or leave it out.",
        }
    if keyword == "uniqueItems":
        detail = "{member} holds the same value twice."
        return {"code": "list_repeats", "detail": detail, "hint": "Remove the repetition."}
    return {"code": "not_allowed", "detail": "{member} is not as EPCIS 2.0 has it.", "hint": ""}


def _unknown_member(
    path: tuple[str | int, ...], name: str, known: Sequence[str], *, closed: bool = False
) -> SchemaProblem:
    meant = _meant(name, known)
    if ":" in name and not closed:
        code, detail = "member_name_form", f"{name!a} is neither prefix:name nor a URI."
        hint = _NOT_A_URI_HINT
    else:
        code, detail = "member_unknown", f"{_name(path)} has no member {name!a}."
        hint = "Leave it out; no extensions stand here." if closed else _UNKNOWN_MEMBER_HINT
    if meant:
        hint = f'Did you mean "{meant}"? {hint}'
    return SchemaProblem(pointer_to(*path, name), code, detail, hint)


def _place(error: ValidationError, schemas: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """Return the schema object that refused, and by which of its keywords."""
    base, _, fragment = (error.absolute_keyword_location or "").partition("#")
    segments = [unquote(s).replace("~1", "/").replace("~0", "~") for s in fragment.split("/")[1:]]
    node: Any = schemas.get(base, {})
    for segment in segments[:-1]:
        node = node[int(segment)] if isinstance(node, list) else node.get(segment, {})
    return (node if isinstance(node, dict) else {}), segments[-1] if segments else ""


def _options(error: ValidationError) -> list[str]:
    """Return the standard words that would have been accepted."""
    kind = error.kind
    if isinstance(kind, ValidationErrorKind.Enum):
        return [option for option in kind.options if isinstance(option, str)]
    if isinstance(kind, ValidationErrorKind.AnyOf):
        return [word for branch in kind.context for inner in branch for word in _options(inner)]
    return []


def _meant(written: str, known: Sequence[str]) -> str | None:
    """Return the known word that `written` resembles, be it a URI of the word or a slip."""
    tail = _WORD_BREAKS.split(written)[-1].casefold()
    if not known or len(tail) > _WORD_LENGTH_MAX:
        return None
    folded = {word.casefold(): word for word in known}
    close = get_close_matches(tail, folded, n=1, cutoff=0.8)
    return folded[close[0]] if close else None


def _name(path: tuple[str | int, ...]) -> str:
    """Return how a person calls the place: `action`, `epcList[3]`, `the record`."""
    indices = ""
    for segment in reversed(path):
        if isinstance(segment, str):
            return segment + indices
        indices = f"[{segment}]" + indices
    return f"item {indices}" if indices else "The record"


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    for types, name in ((bool, "boolean"), (int | float, "number"), (str, "string")):
        if isinstance(value, types):
            return _NAMES[name]
    return _NAMES["array" if isinstance(value, list) else "object"]
