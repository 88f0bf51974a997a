"""The families of parameters whose names say what they ask for.

`EQ_value_CEL`, `EQ_bizTransaction_po`, `GE_ILMD_cbvmda:itemExpirationDate`, `EXISTS_INNER_ex:seal`,
`HASATTR_bizLocation`, ... The name of an extension is a prefix of the query's own context with a
local name, a full IRI, or, as in EPCIS 1.2, namespace, `#` and local name.

Source: EPCIS 2.0 section 8.2.7.1 and the patterns of its query schema.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from node_gateway.epcis.identifiers import canonical_dl
from node_gateway.epcis.names import Names
from node_gateway.epcis.normalise_errors import NormalisationError
from node_gateway.epcis.query.conditions import Condition, Facet, Need, Test, one_of
from node_gateway.epcis.query.errors import QueryParameterError
from node_gateway.epcis.query.fields import (
    Find,
    extension,
    is_there,
    member,
    plain,
    quantities,
    sensor_reports,
    typed,
)
from node_gateway.epcis.query.given import Given, as_number, as_time_ms
from node_gateway.epcis.query.parameters import BIZ_LOCATION, READ_POINT, word_of
from node_gateway.epcis.query.patterns import canonical_value
from node_gateway.epcis.query.units import converted

TRANSACTION: Final = "transaction"
SOURCE: Final = "source"
DESTINATION: Final = "destination"

_COMPARE: Final[Mapping[str, Callable[[float, float], bool]]] = MappingProxyType(
    {"GT": operator.gt, "GE": operator.ge, "LT": operator.lt, "LE": operator.le}
)
_MEASURE: Final = re.compile(
    r"(EQ|GT|GE|LT|LE)_(quantity|value|minValue|maxValue|meanValue|sDev|percRank|percValue)"
    r"(?:_([A-Z0-9]{2,4}))?",
    re.ASCII,
)
_UNITLESS: Final = frozenset({"quantity", "sDev", "percRank", "percValue"})
_LISTS: Final = MappingProxyType(
    {
        "bizTransaction": ("bizTransactionList", "bizTransaction", "biz_transaction", TRANSACTION),
        "source": ("sourceList", "source", "source_destination", SOURCE),
        "destination": ("destinationList", "destination", "source_destination", DESTINATION),
    }
)
_TYPED: Final = re.compile(r"EQ_(bizTransaction|source|destination)_(.+)", re.DOTALL)
_EXTENSION: Final = re.compile(
    r"(EQ|GT|GE|LT|LE|EXISTS)_(INNER_)?"
    r"(?:(ILMD|ERROR_DECLARATION|SENSORELEMENT|SENSORMETADATA|SENSORREPORT|readPoint|bizLocation)_)?"
    r"(.+)",
    re.DOTALL,
)
_HAS_ATTRIBUTE: Final = re.compile(r"HASATTR_(.+)", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"EQ_?ATTR_(.+)", re.DOTALL)
_VOCABULARY_FIELDS: Final[Mapping[str, tuple[Find, str]]] = MappingProxyType(
    {
        "readPoint": (member("readPoint", "id"), READ_POINT),
        "bizLocation": (member("bizLocation", "id"), BIZ_LOCATION),
        "bizTransaction": (member("bizTransactionList", "bizTransaction"), TRANSACTION),
        "source": (member("sourceList", "source"), SOURCE),
        "destination": (member("destinationList", "destination"), DESTINATION),
        "epcClass": (lambda event: (one.get("epcClass") for one in quantities(event)), "epc_class"),
        "bizStep": (member("bizStep"), "biz_step"),
        "disposition": (member("disposition"), "disposition"),
    }
)


def family(given: Given, names: Names) -> Condition | None:
    """Return the condition of a parameter without a fixed name; None if it asks for nothing.

    Raises:
        QueryParameterError: there is no such parameter, or its value does not fit.
    """
    if found := _MEASURE.fullmatch(given.name):
        operation, field, unit = found.groups()
        if unit is not None or field in _UNITLESS:
            return _measure(given, operation, field, unit)
    if found := _TYPED.fullmatch(given.name):
        return _typed(given, names, *found.groups())
    if found := _HAS_ATTRIBUTE.fullmatch(given.name):
        return _has_attribute(given, names, found[1])
    if found := _ATTRIBUTE.fullmatch(given.name):
        return _attribute(given, names, found[1])
    if found := _EXTENSION.fullmatch(given.name):
        operation, inner, scope, field = found.groups()
        return _extension(given, names, operation, bool(inner), scope or "", field)
    raise unknown(given.name)


def transaction_condition(uris: frozenset[str]) -> Condition:
    """Return the condition of naming one of these business transactions, of whatever type."""
    find, _ = _VOCABULARY_FIELDS["bizTransaction"]
    return Condition("bizTransaction", find, one_of(uris), Facet(TRANSACTION, uris))


def unknown(name: str) -> QueryParameterError:
    """Return the refusal of a parameter that does not exist."""
    return QueryParameterError(
        "there is no such query parameter",
        parameter=name[:200],
        code="query_parameter_unknown",
        hint="docs/reference/epcis-conformance.md lists all.",
    )


def _measure(given: Given, operation: str, field: str, unit: str | None) -> Condition:
    holders: Find = quantities if field == "quantity" else sensor_reports
    if operation == "EQ":
        wanted = given.numbers()
        agrees: Callable[[float, str | None], bool] = lambda value, stated: any(  # noqa: E731
            value == one if stated == unit else math.isclose(value, one, rel_tol=1e-9)
            for one in wanted
        )
    else:
        compare, limit = _COMPARE[operation], given.number()
        agrees = lambda value, _: compare(value, limit)  # noqa: E731

    def test(holder: Mapping[str, Any]) -> bool:
        value, stated = holder.get(field), holder.get("uom")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if unit is None:
            return agrees(float(value), None)
        there = converted(float(value), stated, unit) if isinstance(stated, str) else None
        return there is not None and agrees(there, stated)

    return Condition(given.name, holders, test)


def _typed(given: Given, names: Names, what: str, kind: str) -> Condition:
    list_name, value_name, vocabulary, facet = _LISTS[what]
    word = word_of(vocabulary, kind, names)  # type: ignore[arg-type]
    values = frozenset(canonical_value(names.value(one), given.name) for one in given.strings())
    find = typed(list_name, word, value_name)
    return Condition(given.name, find, one_of(values), Facet(facet, values))


def _extension(
    given: Given, names: Names, operation: str, inner: bool, scope: str, field: str
) -> Condition | None:
    if operation == "EXISTS" and not inner and not scope and field.isalpha():
        return Condition(given.name, member(field), is_there) if given.flag() else None
    stored = field_names(given.name, field, names, bare=inner)
    find = extension(scope, stored, inner=inner)
    if operation == "EXISTS":
        return Condition(given.name, find, is_there) if given.flag() else None
    if operation == "EQ":
        return Condition(given.name, find, _equal(given.scalars()))
    return Condition(given.name, find, _greater(_COMPARE[operation], *given.measure()))


def field_names(parameter: str, field: str, names: Names, *, bare: bool = False) -> frozenset[str]:
    """Return every name under which an extension that a parameter names can be stored.

    Args:
        parameter: The parameter, for refusals.
        field: `prefix:local`, a full IRI, or `namespace#local`.
        names: The query's own context.
        bare: Whether it may be a name without a namespace (below other extensions only).

    Raises:
        QueryParameterError: it has no namespace, or the query's context does not define it.
    """
    space, hash_mark, local = field.rpartition("#")
    if bare and not space and (hash_mark or ":" not in field):
        return frozenset({local})
    if ":" not in field:
        raise unknown(parameter)
    forms = [field]
    if hash_mark:
        forms += [f"{space}{mark}{local}" for mark in ("", "/", ":")]
    try:
        return frozenset(names.member(one) for one in forms)
    except NormalisationError as error:
        raise QueryParameterError(
            error.detail,
            parameter=parameter[:200],
            code="query_parameter_unknown",
            hint="Define the prefix in the query's @context, or in the header GS1-Extensions.",
        ) from None


def _equal(wanted: tuple[str | float, ...]) -> Test:
    texts = frozenset(one for one in wanted if isinstance(one, str))
    links = frozenset(dl for one in texts if (dl := canonical_dl(one)) is not None)
    times = frozenset(ms for one in texts if (ms := as_time_ms(one)) is not None)
    numbers = frozenset(
        number
        for one in wanted
        if (number := as_number(one) if isinstance(one, str) else one) is not None
    )

    def test(value: Any) -> bool:
        value = plain(value)
        if isinstance(value, bool):
            return ("true" if value else "false") in texts
        if isinstance(value, int | float):
            return float(value) in numbers
        if not isinstance(value, str):
            return False
        return (
            value in texts
            or bool(times and as_time_ms(value) in times)
            or bool(links and canonical_dl(value) in links)
        )

    return test


def _greater(compare: Callable[[float, float], bool], kind: str, limit: float) -> Test:
    def test(value: Any) -> bool:
        value = plain(value)
        found: float | None = None
        if isinstance(value, str):
            found = as_number(value) if kind == "number" else as_time_ms(value)
        elif kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
            found = float(value)
        return found is not None and compare(found, limit)

    return test


def _has_attribute(given: Given, names: Names, field: str) -> Condition:
    find, kind = _vocabulary_field(given, names, field)
    need = Need("attribute", given.strings())
    return Condition(given.name, find, one_of(frozenset()), _facet(kind), need)


def _attribute(given: Given, names: Names, rest: str) -> Condition:
    field, attribute = _split(rest)
    if not attribute:
        raise unknown(given.name)
    find, kind = _vocabulary_field(given, names, field)
    need = Need("attribute_value", given.strings(), attribute)
    return Condition(given.name, find, one_of(frozenset()), _facet(kind), need)


def _facet(kind: str) -> Facet | None:
    return Facet(kind, frozenset()) if kind else None


def _split(rest: str) -> tuple[str, str]:
    """Separate field and attribute; either may hold an underscore."""
    for name in _VOCABULARY_FIELDS:
        if rest.startswith(f"{name}_"):
            return name, rest[len(name) + 1 :]
    colon = rest.find(":")
    at = rest.find("_", colon + 1)
    return (rest[:at], rest[at + 1 :]) if at > 0 else (rest, "")


def _vocabulary_field(given: Given, names: Names, field: str) -> tuple[Find, str]:
    known = _VOCABULARY_FIELDS.get(field)
    if known is not None:
        return known
    find = extension("", field_names(given.name, field, names), inner=False)
    return (lambda event: (plain(one) for one in find(event))), ""
