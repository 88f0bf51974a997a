"""Capture jobs and problems as EPCIS 2.0 XML.

Source: EPCIS 2.0 XML schema, `EPCISCaptureJob` and `EPCISException` (RFC 7807 in XML).
"""

from collections.abc import Mapping
from typing import Any, Final

from lxml import etree
from lxml.etree import _Element as Element

from node_gateway.epcis.xml.naming import is_text

_EPCIS: Final = "urn:epcglobal:epcis:xsd:2"
_PROBLEM: Final = ("type", "title", "status", "detail", "instance")


def write_capture_job(job: Mapping[str, Any]) -> bytes:
    """Return a capture job, given as the REST interface's JSON has it, as XML."""
    root = _root("EPCISCaptureJob")
    for name in ("running", "success"):
        root.set(name, "true" if job[name] else "false")
    root.set("captureID", job["captureID"])
    for name in ("captureErrorBehaviour", "createdAt", "finishedAt"):
        if name in job:
            etree.SubElement(root, name).text = job[name]
    if job.get("errors"):
        errors = etree.SubElement(root, "errors")
        for one in job["errors"]:
            _write_problem(etree.SubElement(errors, "error"), one)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def write_problem(problem: Mapping[str, Any]) -> bytes:
    """Return a problem of RFC 9457 as XML; members beyond the five are left out."""
    root = _root("EPCISException")
    _write_problem(root, problem)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _root(name: str) -> Element:
    return etree.Element(f"{{{_EPCIS}}}{name}", nsmap={"epcis": _EPCIS})


def _write_problem(element: Element, problem: Mapping[str, Any]) -> None:
    for name in _PROBLEM:
        if name in problem:
            text = str(problem[name])
            etree.SubElement(element, name).text = text if is_text(text) else ascii(text)
