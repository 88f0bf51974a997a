"""A query asked in XML (`Poll`) to the query definition of the REST interface.

Source: EPCIS 2.0 XML schema for queries (EPCglobal-epcis-query-2_0.xsd), section 8.2.
"""

from typing import Any, Final

from lxml.etree import _Element as Element

from node_gateway.epcis.xml.reading import Reading
from node_gateway.epcis.xml.scope import standard_name
from node_gateway.epcis.xml.values import KIND_OF_TYPE

_COUNTS: Final = frozenset({"eventCountLimit", "maxEventCount", "maxElementCount", "perPage"})


def poll_twin(reading: Reading, poll: Element) -> dict[str, Any]:
    """Return `{"name": ..., "query": {parameter: value}}`; problems go to `reading`."""
    found: dict[str, Any] = {"name": "", "query": {}}
    for child in reading.items(poll, "queryName", "params"):
        if standard_name(child) == "queryName":
            found["name"] = reading.text(child)
            continue
        for param in reading.items(child, "param"):
            name, value = _param(reading, param)
            if name in found["query"]:
                detail = "A parameter stands twice."
                reading.report("element_repeated", detail, param, hint="Keep one of the two.")
            found["query"][name] = value
    if not found["name"]:
        hint = "SimpleEventQuery asks for events."
        reading.report("element_missing", "Poll has no queryName.", poll, hint=hint)
    return found


def _param(reading: Reading, param: Element) -> tuple[str, Any]:
    parts = {standard_name(one): one for one in reading.items(param, "name", "value")}
    for name in ("name", "value"):
        if name not in parts:
            detail = f"A parameter has no {name}."
            reading.report("element_missing", detail, param, hint=f"Add <{name}>.")
    if len(parts) < 2:
        return "", None
    name = reading.text(parts["name"])
    return name, _value(reading, parts["value"], name)


def _value(reading: Reading, element: Element, name: str) -> Any:
    if len(element):
        return [reading.text(one) for one in reading.items(element, "string")]
    text = reading.extensions.leaf(element)
    if name in _COUNTS and isinstance(text, str):
        return reading.extensions.typed(element, text, KIND_OF_TYPE["integer"])
    if text == "" and not list(element):
        return []  # an ArrayOfString without strings
    return text
