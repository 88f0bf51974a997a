"""The parameters with fixed names.

Source: EPCIS 2.0 section 8.2.7.1 and the query schema of its REST bindings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from node_gateway.epcis.cbv import Vocabulary, bare_word
from node_gateway.epcis.names import Names
from node_gateway.epcis.normalise_errors import NormalisationError
from node_gateway.epcis.query.conditions import (
    Codes,
    Condition,
    Facet,
    Need,
    Test,
    one_of,
    one_of_patterns,
)
from node_gateway.epcis.query.fields import (
    ANY_EPC_MEMBERS,
    EPC_MEMBERS,
    QUANTITY_MEMBERS,
    Find,
    is_there,
    member,
    members,
    sensor_value,
)
from node_gateway.epcis.query.given import Given, as_time_ms
from node_gateway.epcis.query.patterns import canonical_value, code_pattern
from node_gateway.epcis.rules import EVENT_TYPES

Build: TypeAlias = Callable[[Given, Names], Condition | None]

ACTIONS: Final = frozenset({"ADD", "OBSERVE", "DELETE"})
EVENT_TYPE: Final = "event_type"
ACTION: Final = "action"
BIZ_STEP: Final = "biz_step"
DISPOSITION: Final = "disposition"
READ_POINT: Final = "read_point"
BIZ_LOCATION: Final = "biz_location"
PARENT: Final = "parent"
EPC_CLASS: Final = "epc_class"
TRANSFORMATION: Final = "transformation"
EVENT_ID: Final = "event_id"
"""Kinds of facets; see `Facet`."""


def word_of(vocabulary: Vocabulary, text: str, names: Names) -> str:
    """Return a CBV word bare and any other word as a full IRI, as events hold them."""
    word = bare_word(vocabulary, text)
    if word is None:
        written_out = names.value(text)
        word = bare_word(vocabulary, written_out) or written_out
    return word


def _words(vocabulary: Vocabulary, find: Find, kind: str, given: Given, names: Names) -> Condition:
    values = frozenset(word_of(vocabulary, one, names) for one in given.strings())
    return Condition(given.name, find, one_of(values), Facet(kind, values) if kind else None)


def _event_types(given: Given, names: Names) -> Condition:
    values = set()
    for one in given.strings():
        try:
            values.add(one if one in EVENT_TYPES else names.type_name(one))
        except NormalisationError as error:
            raise given.refused(f"names an unknown type: {error}", hint=error.hint) from None
    types = frozenset(values)
    return Condition(given.name, member("type"), one_of(types), Facet(EVENT_TYPE, types))


def _actions(given: Given, names: Names) -> Condition:
    del names
    values = frozenset(given.strings())
    if not values <= ACTIONS:
        raise given.refused("wants ADD, OBSERVE or DELETE")
    return Condition(given.name, member("action"), one_of(values), Facet(ACTION, values))


def _identifiers(find: Find, kind: str, given: Given, names: Names) -> Condition:
    values = frozenset(canonical_value(names.value(one), given.name) for one in given.strings())
    return Condition(given.name, find, one_of(values), Facet(kind, values) if kind else None)


def _within(find: Find, kind: str, given: Given, names: Names) -> Condition:
    own = _identifiers(find, kind, given, names)
    values = own.hint.values if isinstance(own.hint, Facet) else frozenset()
    need = Need("descendants", tuple(sorted(values)))
    return Condition(given.name, find, own.test, own.hint, need)


def _exactly(find: Find, kind: str, given: Given, names: Names) -> Condition:
    """Strings that are compared as they are."""
    del names
    values = frozenset(given.strings())
    return Condition(given.name, find, one_of(values), Facet(kind, values) if kind else None)


def _links(find: Find, given: Given, names: Names) -> Condition:
    """Addresses: as they are, with a prefix written out, or as identifiers of one spelling."""
    values = set()
    for one in given.strings():
        written_out = names.value(one)
        values |= {one, written_out, canonical_value(written_out, given.name)}
    return Condition(given.name, find, one_of(frozenset(values)))


def _hexadecimal(find: Find, given: Given, names: Names) -> Condition:
    del names
    values = frozenset(one.upper() for one in given.strings())
    return Condition(
        given.name, find, lambda value: isinstance(value, str) and value.upper() in values
    )


def _boolean(find: Find, given: Given, names: Names) -> Condition:
    del names
    wanted = given.boolean()
    return Condition(given.name, find, lambda value: value is wanted)


def _exists(find: Find, given: Given, names: Names) -> Condition | None:
    del names
    return Condition(given.name, find, is_there) if given.flag() else None


def _from_time(find: Find, given: Given, names: Names) -> Condition:
    del names
    wanted_ms = given.time_ms()
    return Condition(given.name, find, _is_moment(lambda moment_ms: moment_ms >= wanted_ms))


def _before_time(find: Find, given: Given, names: Names) -> Condition:
    del names
    wanted_ms = given.time_ms()
    return Condition(given.name, find, _is_moment(lambda moment_ms: moment_ms < wanted_ms))


def _is_moment(agrees: Callable[[int], bool]) -> Test:
    def test(value: Any) -> bool:
        moment_ms = as_time_ms(value) if isinstance(value, str) else None
        return moment_ms is not None and agrees(moment_ms)

    return test


def _epcs(names_of: tuple[str, ...], given: Given, names: Names, *, parents: bool) -> Condition:
    patterns = tuple(
        code_pattern(names.value(one), of_classes=False, parameter=given.name)
        for one in given.strings()
    )
    listed = any(name != "parentID" for name in names_of)
    hint = Codes(patterns, listed=listed, parents=parents)
    return Condition(given.name, members(names_of), one_of_patterns(patterns), hint)


def _classes(names_of: tuple[str, ...], given: Given, names: Names) -> Condition:
    patterns = tuple(
        code_pattern(names.value(one), of_classes=True, parameter=given.name)
        for one in given.strings()
    )
    exact = [one.exact for one in patterns if one.exact is not None]
    hint = Facet(EPC_CLASS, frozenset(exact)) if len(exact) == len(patterns) else None
    return Condition(given.name, members(names_of, "epcClass"), one_of_patterns(patterns), hint)


_ERROR: Final = partial(member, "errorDeclaration")
_REPORT: Final = partial(member, "sensorElementList", "sensorReport")

FIXED: Final[Mapping[str, Build]] = MappingProxyType(
    {
        "eventType": _event_types,
        "EQ_action": _actions,
        "EQ_bizStep": partial(_words, "biz_step", member("bizStep"), BIZ_STEP),
        "EQ_disposition": partial(_words, "disposition", member("disposition"), DISPOSITION),
        "EQ_persistentDisposition_set": partial(
            _words, "disposition", member("persistentDisposition", "set"), ""
        ),
        "EQ_persistentDisposition_unset": partial(
            _words, "disposition", member("persistentDisposition", "unset"), ""
        ),
        "EQ_readPoint": partial(_identifiers, member("readPoint", "id"), READ_POINT),
        "WD_readPoint": partial(_within, member("readPoint", "id"), READ_POINT),
        "EQ_bizLocation": partial(_identifiers, member("bizLocation", "id"), BIZ_LOCATION),
        "WD_bizLocation": partial(_within, member("bizLocation", "id"), BIZ_LOCATION),
        "EQ_transformationID": partial(_identifiers, member("transformationID"), TRANSFORMATION),
        "MATCH_epc": partial(_epcs, EPC_MEMBERS, parents=False),
        "MATCH_parentID": partial(_epcs, ("parentID",), parents=True),
        "MATCH_inputEPC": partial(_epcs, ("inputEPCList",), parents=False),
        "MATCH_outputEPC": partial(_epcs, ("outputEPCList",), parents=False),
        "MATCH_anyEPC": partial(_epcs, (*ANY_EPC_MEMBERS, "parentID"), parents=True),
        "MATCH_epcClass": partial(_classes, ("quantityList", "childQuantityList")),
        "MATCH_inputEPCClass": partial(_classes, ("inputQuantityList",)),
        "MATCH_outputEPCClass": partial(_classes, ("outputQuantityList",)),
        "MATCH_anyEPCClass": partial(_classes, QUANTITY_MEMBERS),
        "EQ_eventID": partial(_exactly, member("eventID"), EVENT_ID),
        "EXISTS_errorDeclaration": partial(_exists, member("errorDeclaration")),
        "GE_errorDeclarationTime": partial(_from_time, _ERROR("declarationTime")),
        "LT_errorDeclarationTime": partial(_before_time, _ERROR("declarationTime")),
        "GE_errorDeclaration_Time": partial(_from_time, _ERROR("declarationTime")),
        "LT_errorDeclaration_Time": partial(_before_time, _ERROR("declarationTime")),
        "EQ_errorReason": partial(_words, "error_reason", _ERROR("reason"), ""),
        "EQ_correctiveEventID": partial(_exactly, _ERROR("correctiveEventIDs"), ""),
        "EXISTS_sensorElementList": partial(_exists, member("sensorElementList")),
        "EXISTS_sensorElement": partial(_exists, member("sensorElementList")),
        "GE_time": partial(_from_time, sensor_value("time")),
        "LT_time": partial(_before_time, sensor_value("time")),
        "GE_startTime": partial(_from_time, sensor_value("startTime")),
        "LT_startTime": partial(_before_time, sensor_value("startTime")),
        "GE_endTime": partial(_from_time, sensor_value("endTime")),
        "LT_endTime": partial(_before_time, sensor_value("endTime")),
        "EQ_type": partial(_words, "measurement", _REPORT("type"), ""),
        "EQ_deviceID": partial(_identifiers, sensor_value("deviceID"), ""),
        "EQ_dataProcessingMethod": partial(_links, sensor_value("dataProcessingMethod")),
        "EQ_microorganism": partial(_links, _REPORT("microorganism")),
        "EQ_chemicalSubstance": partial(_links, _REPORT("chemicalSubstance")),
        "EQ_bizRules": partial(_links, sensor_value("bizRules")),
        "EQ_stringValue": partial(_exactly, _REPORT("stringValue"), ""),
        "EQ_booleanValue": partial(_boolean, _REPORT("booleanValue")),
        "EQ_hexBinaryValue": partial(_hexadecimal, _REPORT("hexBinaryValue")),
        "EQ_uriValue": partial(_links, _REPORT("uriValue")),
    }
)
"""What each parameter with a fixed name asks of an event."""


def event_id_condition(event_id: str) -> Condition:
    """Return the condition of having an eventID."""
    values = frozenset({event_id})
    return Condition("EQ_eventID", member("eventID"), one_of(values), Facet(EVENT_ID, values))


TIMES: Final = ("GE_eventTime", "LT_eventTime", "GE_recordTime", "LT_recordTime")
STEERING: Final = ("orderBy", "orderDirection", "eventCountLimit", "maxEventCount")
