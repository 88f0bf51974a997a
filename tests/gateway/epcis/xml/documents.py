"""EPCIS XML of our own, as small as it may be."""

from datetime import UTC, datetime

from node_gateway.epcis.xml.read import XmlDocument, read_xml

ROOT = (
    '<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" '
    'xmlns:ex="https://example.org/ns/" schemaVersion="2.0" '
    'creationDate="2026-03-02T00:00:00Z">'
)
EVENT = """<ObjectEvent>
<eventTime>2026-03-01T10:00:00+08:00</eventTime>
<eventTimeZoneOffset>+08:00</eventTimeZoneOffset>
{after_time}<epcList><epc>{epc}</epc></epcList>
<action>{action}</action>
<bizStep>urn:epcglobal:cbv:bizstep:{step}</bizStep>
{more}</ObjectEvent>
"""
SGTIN = "urn:epc:id:sgtin:690123.4123456.1001"


def event(
    more: str = "",
    *,
    after_time: str = "",
    action: str = "OBSERVE",
    step: str = "shipping",
    epc: str = SGTIN,
) -> str:
    return EVENT.format(more=more, after_time=after_time, action=action, step=step, epc=epc)


def document(*events: str, root: str = ROOT, header: str = "") -> bytes:
    listed = "".join(events)
    body = f"<EPCISBody><EventList>\n{listed}</EventList></EPCISBody>"
    return f'<?xml version="1.0"?>\n{root}{header}{body}</epcis:EPCISDocument>'.encode()


def read(raw: bytes, *, size_bytes_max: int = 1 << 20, depth_max: int = 64) -> XmlDocument:
    return read_xml(raw, size_bytes_max=size_bytes_max, depth_max=depth_max)


def twin(more: str = "", **members: str) -> dict:
    """The JSON twin of one event; it has no problems."""
    found = read(document(event(more, **members)))
    assert found.problems == ()
    return found.events[0].twin


def problems(*events: str) -> list[tuple[str, str, int]]:
    return [(one.code, one.path, one.line) for one in read(document(*events)).problems]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
