"""What stands around the events: the business header, master data, and members of extensions.

Source: EPCIS 2.0 section 9.3 and 9.5 (XML), 10.1 (JSON: sender, receiver, instanceIdentifier,
epcisHeader); UN/CEFACT Standard Business Document Header 1.3.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml.etree import _Element as Element

from node_gateway.epcis.xml.events import MEMBER
from node_gateway.epcis.xml.extensions import AS_JSON
from node_gateway.epcis.xml.place import members
from node_gateway.epcis.xml.reading import Reading
from node_gateway.epcis.xml.scope import local_name, standard_name
from node_gateway.epcis.xml.values import SPACE

_LEVEL: Final = 1
_WITHOUT_OFFSET: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?", re.ASCII)


def creation_date(text: str) -> str:
    """Return the time of making a document; without an offset it is read as UTC.

    XML Schema takes such a time, JSON does not, and nothing of it is stored.
    """
    text = text.strip(SPACE)
    return f"{text}Z" if _WITHOUT_OFFSET.fullmatch(text) else text


def header_members(reading: Reading, header: Element) -> dict[str, Any]:
    """Return the members of the twin that an EPCISHeader gives."""
    found: dict[str, Any] = {}
    for child in members(header):
        if local_name(child) == "StandardBusinessDocumentHeader":
            found.update(_business_header(child))
        elif standard_name(child) == "EPCISMasterData":
            for one in reading.items(child, "VocabularyList"):
                vocabularies = vocabulary_list(reading, one)
                found["epcisHeader"] = {"epcisMasterData": {"vocabularyList": vocabularies}}
    return found


def vocabulary_list(reading: Reading, element: Element) -> list[dict[str, Any]]:
    """Return master data as JSON has them."""
    found = []
    for vocabulary in reading.items(element, "Vocabulary"):
        one: dict[str, Any] = {"type": vocabulary.get("type", "")}
        for inside in reading.items(vocabulary, "VocabularyElementList"):
            one["vocabularyElementList"] = [
                _vocabulary_element(reading, each)
                for each in reading.items(inside, "VocabularyElement")
            ]
        found.append(one)
    return found


def foreign_members(reading: Reading, root: Element) -> dict[str, Any]:
    """Return the extensions of a document beside its header and body."""
    found: dict[str, Any] = {}
    foreign: list[Element] = []
    for child in members(root):
        if child.tag == MEMBER:
            found[child.get("name", "")] = reading.extensions.json(child, child.text or "", _LEVEL)
        elif standard_name(child) is None:
            foreign.append(child)
    return {**reading.extensions.grouped(foreign, _LEVEL), **found}


def only_child(element: Element, *names: str) -> Element | None:
    """Return the first element inside with one of these local names of EPCIS."""
    for child in element:
        if standard_name(child) in names:
            return child
    return None


def _vocabulary_element(reading: Reading, element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {"id": element.get("id", "")}
    for child in reading.items(element, "attribute", "children"):
        if standard_name(child) == "children":
            found["children"] = [reading.uri(one) for one in reading.items(child, "id")]
        else:
            found.setdefault("attributes", []).append(_attribute(reading, child))
    return found


def _attribute(reading: Reading, element: Element) -> dict[str, Any]:
    if element.get(AS_JSON) is not None:
        value: Any = reading.extensions.json(element, element.text or "", _LEVEL + 7)
    elif len(element):
        value = reading.extensions.object(element, element, _LEVEL + 7)
        value.pop("id", None)  # the attribute that names the attribute
    else:
        value = reading.extensions.leaf(element)
    return {"id": element.get("id", ""), "attribute": value}


def _business_header(element: Element) -> Iterator[tuple[str, str]]:
    """Yield who sends to whom, and under which number."""
    steps = {
        "sender": ("Sender", "Identifier"),
        "receiver": ("Receiver", "Identifier"),
        "instanceIdentifier": ("DocumentIdentification", "InstanceIdentifier"),
    }
    for name, path in steps.items():
        here: Element | None = element
        for step in path:
            inside = () if here is None else here
            here = next((one for one in inside if local_name(one) == step), None)
        text = (here.text or "").strip(SPACE) if here is not None else ""
        if text:
            yield name, text
