"""EPCIS 2.0 JSON documents as EPCIS 2.0 XML.

What is written is valid against the official XML schema wherever the JSON has a form in it, and
reads back as the same document: members without such a form (several certificates, an empty list
where XML wants one entry) stand as JSON in elements of the namespace `urn:x-sealtrail:shape`,
which every other reader may pass over as the extension it is.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from lxml import etree
from lxml.etree import _Element as Element

from node_gateway.epcis.names import Names
from node_gateway.epcis.xml.extensions import AS_JSON
from node_gateway.epcis.xml.naming import OWN, Naming, UnwritableError, is_text
from node_gateway.epcis.xml.write_events import EventWriter
from node_gateway.epcis.xml.write_extensions import json_text, write_members

CbvForm = Literal["web", "urn"]
_EPCIS: Final = "urn:epcglobal:epcis:xsd:2"
_QUERY: Final = "urn:epcglobal:epcis-query:xsd:2"
_SBDH: Final = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
_FRAME: Final = frozenset(
    {"@context", "type", "schemaVersion", "creationDate", "epcisHeader", "epcisBody"}
)
_BUSINESS: Final = ("sender", "receiver", "instanceIdentifier")


def write_xml(document: Mapping[str, Any], *, words: CbvForm = "web") -> bytes:
    """Return a document as EPCIS 2.0 XML in UTF-8.

    Args:
        document: EPCISDocument or EPCISQueryDocument with `creationDate`; its events may be
            normalised or not. Valid: what the JSON schema refuses may have no form here.
        words: CBV words as web addresses (`GS1-CBV-XML-Format: Always_Web_URI`) or as URNs
            (`Always_URN`).

    Raises:
        UnwritableError: it is no such document.

    Cost: about 50 us per event of 15 members.
    """
    context = document.get("@context")
    naming = Naming(context)
    names = Names.official() if context is None else Names.official().within(context)
    writer = EventWriter(naming, names, urn=words == "urn")
    if document.get("type") == "EPCISQueryDocument":
        root = _query_document(document, writer)
    elif document.get("type") == "EPCISDocument":
        root = _capture_document(document, writer, names)
    else:
        raise UnwritableError("an EPCISDocument or EPCISQueryDocument is expected")
    for name, value in document.items():
        if name not in _FRAME and name not in _in_header(document):
            try:
                write_members(root, {name: value}, naming, names)
            except UnwritableError:
                writer.member(root, name, value)
    declared = {"epcis": _EPCIS, **naming.prefixes}
    kept = ["xs", "gs1", "cbv", *naming.given]
    etree.cleanup_namespaces(root, top_nsmap=declared, keep_ns_prefixes=kept)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _root(namespace: str, prefix: str, name: str, document: Mapping[str, Any]) -> Element:
    date = document.get("creationDate")
    if not isinstance(date, str):
        raise UnwritableError("the document has no creationDate")
    # `gs1` and `cbv` may stand in values, where nothing else shows that they are needed.
    curies = {"gs1": "https://gs1.org/voc/", "cbv": "https://ref.gs1.org/cbv/"}
    root = etree.Element(f"{{{namespace}}}{name}", nsmap={prefix: namespace, **OWN, **curies})
    root.set("schemaVersion", "2.0")
    root.set("creationDate", date)
    return root


def _capture_document(document: Mapping[str, Any], writer: EventWriter, names: Names) -> Element:
    root = _root(_EPCIS, "epcis", "EPCISDocument", document)
    in_header = _in_header(document)
    vocabularies = _vocabularies(document)
    if in_header or vocabularies is not None:
        header = etree.SubElement(root, "EPCISHeader")
        if in_header:
            _business_header(header, document)
        if vocabularies is not None:
            inside = etree.SubElement(header, "extension")
            listing = etree.SubElement(etree.SubElement(inside, "EPCISMasterData"), _VOCABULARIES)
            _write_vocabularies(listing, vocabularies, writer, names)
    body = etree.SubElement(root, "EPCISBody")
    events = etree.SubElement(body, "EventList")
    for event in document["epcisBody"].get("eventList", ()):
        writer.write(events, event)
    if vocabularies is None and document.get("epcisHeader"):
        writer.member(root, "epcisHeader", document["epcisHeader"])
    return root


def _query_document(document: Mapping[str, Any], writer: EventWriter) -> Element:
    results = document["epcisBody"]["queryResults"]
    root = _root(_QUERY, "epcisq", "EPCISQueryDocument", document)
    body = etree.SubElement(root, "EPCISBody")
    element = etree.SubElement(body, f"{{{_QUERY}}}QueryResults")
    etree.SubElement(element, "queryName").text = results.get("queryName", "SimpleEventQuery")
    if "subscriptionID" in results:
        etree.SubElement(element, "subscriptionID").text = results["subscriptionID"]
    inside = etree.SubElement(element, "resultsBody")
    events = etree.SubElement(inside, "EventList")
    for event in results["resultsBody"].get("eventList", ()):
        writer.write(events, event)
    return root


_VOCABULARIES: Final = "VocabularyList"


def _in_header(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the members that make a business header: all three, for it demands each."""
    whole = all(
        isinstance(text := document.get(name), str) and text.strip() == text and is_text(text)
        for name in _BUSINESS
    )
    return _BUSINESS if whole and document.get("type") == "EPCISDocument" else ()


def _business_header(header: Element, document: Mapping[str, Any]) -> None:
    def put(parent: Element, name: str, text: str | None = None) -> Element:
        element = etree.SubElement(parent, f"{{{_SBDH}}}{name}", nsmap={"sbdh": _SBDH})
        element.text = text
        return element

    outer = put(header, "StandardBusinessDocumentHeader")
    put(outer, "HeaderVersion", "1.0")
    put(put(outer, "Sender"), "Identifier", document["sender"])
    put(put(outer, "Receiver"), "Identifier", document["receiver"])
    identification = put(outer, "DocumentIdentification")
    put(identification, "Standard", "EPCglobal")
    put(identification, "TypeVersion", "1.0")
    put(identification, "InstanceIdentifier", document["instanceIdentifier"])
    put(identification, "Type", "Events")
    put(identification, "CreationDateAndTime", document["creationDate"])


def _vocabularies(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
    """Return the master data of the header, if the header has nothing else."""
    header = document.get("epcisHeader")
    if not isinstance(header, dict) or set(header) != {"epcisMasterData"}:
        return None
    inside = header["epcisMasterData"]
    listing = inside.get(_VOCABULARIES[0].lower() + _VOCABULARIES[1:])
    plain = set(inside) == {"vocabularyList"} and isinstance(listing, list)
    fits = plain and all(one.get("vocabularyElementList") for one in listing)
    return listing if fits else None


def _write_vocabularies(
    listing: Element, vocabularies: Sequence[Mapping[str, Any]], writer: EventWriter, names: Names
) -> None:
    for one in vocabularies:
        vocabulary = etree.SubElement(listing, "Vocabulary", type=one["type"])
        inside = etree.SubElement(vocabulary, "VocabularyElementList")
        for each in one["vocabularyElementList"]:
            element = etree.SubElement(inside, "VocabularyElement", id=each["id"])
            for attribute in each.get("attributes", ()):
                _write_attribute(element, attribute, writer, names)
            if "children" in each:
                children = etree.SubElement(element, "children")
                for child in each["children"]:
                    etree.SubElement(children, "id").text = child


def _write_attribute(
    parent: Element, attribute: Mapping[str, Any], writer: EventWriter, names: Names
) -> None:
    element = etree.SubElement(parent, "attribute", id=attribute["id"])
    value = attribute.get("attribute", "")
    if isinstance(value, dict) and value:
        try:
            write_members(element, value, writer.naming, names, bare=True)
        except UnwritableError:
            element[:] = []
        else:
            return
    if isinstance(value, str) and is_text(value) and value == value.strip():
        element.text = value
    else:
        element.set(AS_JSON, "true")
        element.text = json_text(value, names)
