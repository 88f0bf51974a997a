"""Extensions of JSON as XML elements.

Whatever XML cannot say in its own way (an empty object, a list in a list, a control character)
becomes JSON text in an element marked `shape:json`, so that reading gives back what was written.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from lxml import etree
from lxml.etree import _Element as Element

from node_gateway.epcis.names import Names
from node_gateway.epcis.normalise_errors import NormalisationError
from node_gateway.epcis.xml.extensions import AS_JSON, AS_LIST, TEXT
from node_gateway.epcis.xml.naming import Naming, UnwritableError, is_text
from node_gateway.epcis.xml.scope import XML, XSI
from node_gateway.epcis.xml.values import SPACE

_TYPE: Final = f"{{{XSI}}}type"
_NIL: Final = f"{{{XSI}}}nil"
_SPACE: Final = f"{{{XML}}}space"
_OWN_CONTENT: Final = "true"


def write_members(
    parent: Element,
    members: Mapping[str, Any],
    naming: Naming,
    names: Names,
    *,
    bare: bool = False,
) -> None:
    """Append members of extensions to an element.

    Args:
        parent: The element.
        members: Names and values.
        naming: The names of the document.
        names: What names mean here.
        bare: A name without namespace may stand here; beside elements of EPCIS it may not.

    Raises:
        UnwritableError: a name has no form in XML, or two are the same there.
    """
    tags = [naming.tag(key, names) for key in members]
    if len(set(tags)) < len(tags):
        raise UnwritableError("two members of one name")
    if not bare and any(tag[0] != "{" for tag in tags):
        raise UnwritableError("a name without namespace")
    for tag, value in zip(tags, members.values(), strict=True):
        if isinstance(value, list) and value and not any(isinstance(v, list) for v in value):
            for item in value:
                element = _write(parent, tag, item, naming, names)
                if len(value) == 1:
                    element.set(AS_LIST, "true")
        else:
            _write(parent, tag, value, naming, names)


def write_json(element: Element, value: Any, names: Names) -> None:
    """Make JSON text the content of an element, names written out in full."""
    element.set(AS_JSON, _OWN_CONTENT)
    element.text = json_text(value, names)


def json_text(value: Any, names: Names) -> str:
    """Return a value as JSON of ASCII, names written out in full."""
    return json.dumps(_expanded(value, names), separators=(",", ":"))


def _write(parent: Element, tag: str, value: Any, naming: Naming, names: Names) -> Element:
    element = etree.SubElement(parent, tag, nsmap=naming.nsmap(tag))
    try:
        _fill(element, value, naming, names)
    except UnwritableError:
        for child in list(element):
            element.remove(child)
        element.attrib.clear()
        write_json(element, value, names)
    return element


def _fill(element: Element, value: Any, naming: Naming, names: Names) -> None:
    if isinstance(value, str):
        if not is_text(value):
            raise UnwritableError("a control character")
        element.text = value
        if value != value.strip(SPACE):
            element.set(_SPACE, "preserve")
    elif isinstance(value, bool):
        element.set(_TYPE, "xs:boolean")
        element.text = "true" if value else "false"
    elif isinstance(value, int | float):
        element.set(_TYPE, "xs:integer" if isinstance(value, int) else "xs:double")
        element.text = repr(value)
    elif value is None:
        element.set(_NIL, "true")
    elif isinstance(value, dict) and value:
        _fill_object(element, value, naming, names)
    else:
        raise UnwritableError("an empty object, or a list in a list")


def _fill_object(element: Element, value: dict[str, Any], naming: Naming, names: Names) -> None:
    members = dict(value)
    if "@context" in members:
        names = names.within(members.pop("@context"))
    if TEXT not in members:
        if not members:
            raise UnwritableError("an empty object")
        write_members(element, members, naming, names, bare=True)
        return
    text = members.pop(TEXT)
    if not members or not all(isinstance(one, str) and is_text(one) for one in members.values()):
        raise UnwritableError("text beside elements")
    if not isinstance(text, str) or text.strip(SPACE) != text or not text or not is_text(text):
        raise UnwritableError("text of another type")
    for key, one in members.items():
        element.set(naming.tag(key, names), one)
    element.text = text


def _expanded(value: Any, names: Names) -> Any:
    if isinstance(value, list):
        return [_expanded(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    if "@context" in value:
        names = names.within(value["@context"])
    found: dict[str, Any] = {}
    for key, inner in value.items():
        if key != "@context":
            try:
                found[names.member(key)] = _expanded(inner, names)
            except NormalisationError:
                found[key] = _expanded(inner, names)
    return found
