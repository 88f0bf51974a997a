"""Every problem of a document: its code, its event, its element and line."""

import pytest

from node_gateway.epcis.xml.read import places_of
from tests.gateway.epcis.xml.documents import document, event, problems, read

EVENT = "/epcis:EPCISDocument/EPCISBody/EventList/ObjectEvent[1]"
QUANTITY = (
    "<quantityList><quantityElement><epcClass>urn:x:1</epcClass>{}</quantityElement></quantityList>"
)


@pytest.mark.parametrize(
    ("xml", "code", "path"),
    [
        ("<bizSteps>x</bizSteps>", "element_unknown", "/bizSteps"),
        ("<QuantityEvent/>", "element_unknown", "/QuantityEvent"),
        ("<action>ADD</action>", "element_repeated", "/action[2]"),
        ("<disposition><id>x</id></disposition>", "text_expected", "/disposition"),
        ("<quantityList>x</quantityList>", "mixed_content", "/quantityList"),
        ("stray", "mixed_content", ""),
        ("<quantityList><epc>x</epc></quantityList>", "element_unknown", "/quantityList/epc"),
        (QUANTITY.format("<quantity>x</quantity>"), "number_form",
         "/quantityList/quantityElement/quantity"),
        (QUANTITY.format("<quantity>NaN</quantity>"), "number_form",
         "/quantityList/quantityElement/quantity"),
        (QUANTITY.format("<quantity>9007199254740993</quantity>"), "number_range",
         "/quantityList/quantityElement/quantity"),
        (QUANTITY.format("<quantity>0.12345678901234567890</quantity>"), "number_precision",
         "/quantityList/quantityElement/quantity"),
        (QUANTITY.format("<unit>KGM</unit>"), "element_unknown",
         "/quantityList/quantityElement/unit"),
        (('<sensorElementList><sensorElement><sensorReport booleanValue="yes"/></sensorElement>'
         "</sensorElementList>"), "boolean_form",
         "/sensorElementList/sensorElement/sensorReport"),
        (("<sensorElementList><sensorElement><sensorReport>5</sensorReport></sensorElement>"
         "</sensorElementList>"), "text_unexpected",
         "/sensorElementList/sensorElement/sensorReport"),
        ("<ex:a>x<ex:b/></ex:a>", "mixed_content", "/ex:a"),
        ('<ex:a b="1"><b>2</b></ex:a>', "name_clash", "/ex:a"),
        ("<ilmd>x</ilmd>", "mixed_content", "/ilmd"),
        ("<readPoint><id>urn:x:1</id><city>x</city></readPoint>", "element_unknown",
         "/readPoint/city"),
    ],
)  # fmt: skip
def test_problems_of_an_event(xml: str, code: str, path: str) -> None:
    found = read(document(event(xml + "\n"))).problems
    assert [(one.code, one.path, one.event) for one in found] == [(code, EVENT + path, 0)]
    assert 3 <= found[0].line <= 9


def test_a_slip_is_seen() -> None:
    (one,) = read(document(event("<bizSteps>x</bizSteps>"))).problems
    assert one.hint is not None
    assert one.hint.startswith("Did you mean bizStep?")


def test_an_unknown_attribute() -> None:
    (one,) = read(document(event().replace("<ObjectEvent>", '<ObjectEvent x="1">'))).problems
    assert (one.code, one.path) == ("attribute_unknown", EVENT)
    taken = event().replace("<ObjectEvent>", '<ObjectEvent ex:x="1">')
    assert read(document(taken)).events[0].twin["ex:x"] == "1"


@pytest.mark.parametrize(
    ("order", "early"),
    [
        (("action", "eventTime", "eventTimeZoneOffset", "bizStep", "readPoint"), "action"),
        (("eventTime", "action", "eventTimeZoneOffset", "bizStep", "readPoint"), "action"),
        (("eventTime", "eventTimeZoneOffset", "bizStep", "action", "readPoint"), "bizStep"),
        (("eventTime", "eventTimeZoneOffset", "action", "readPoint", "bizStep"), "readPoint"),
        (("eventTime", "eventTimeZoneOffset", "action", "bizStep", "readPoint"), None),
        (("eventTimeZoneOffset", "eventTime", "action", "bizStep", "readPoint"), None),
    ],
)
def test_order(order: tuple[str, ...], early: str | None) -> None:
    written = {
        "eventTime": "2026-03-01T10:00:00+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "ADD",
        "bizStep": "urn:epcglobal:cbv:bizstep:packing",
        "readPoint": "<id>urn:x:1</id>",
    }
    raw = "".join(f"<{name}>{written[name]}</{name}>\n" for name in order)
    found = problems(f"<ObjectEvent>\n<disposition>urn:x:1</disposition>{raw}</ObjectEvent>")
    expected = [] if early is None else [("element_order", f"{EVENT}/{early}")]
    assert [one[:2] for one in found] == expected


def test_every_event_has_its_own() -> None:
    found = read(document(event("<x/>"), event(), event("<y/><z/>")))
    assert [one.event for one in found.problems] == [0, 2, 2]
    assert [len(one.problems) for one in found.events] == [1, 0, 2]
    assert [one.line for one in found.events] == [3, 10, 17]
    assert [one.twin["action"] for one in found.events] == ["OBSERVE"] * 3


def test_the_frame() -> None:
    twice = document(event()).replace(b"</EPCISBody>", b"<EventList/></EPCISBody>")
    assert [one.code for one in read(twice).frame_problems] == ["element_repeated"]
    bare = b'<e:EPCISDocument xmlns:e="urn:epcglobal:epcis:xsd:2"/>'
    assert [one.code for one in read(bare).frame_problems] == ["element_missing"]
    query = bare.replace(b"EPCISDocument", b"EPCISQueryDocument").replace(b"/>", b"><EPCISBody/>")
    query += b"</e:EPCISQueryDocument>"
    assert [one.code for one in read(query).frame_problems] == ["element_missing"]


@pytest.mark.parametrize(
    ("pointer", "path", "line"),
    [
        ("", "", 3),
        ("/eventTime", "/eventTime", 4),
        ("/missing", "", 3),
        ("/epcList/0", "/epcList/epc", 6),
        ("/epcList/7", "/epcList", 6),
        ("/bizTransactionList/1/type", "/bizTransactionList/bizTransaction[2]/@type", 11),
        ("/bizTransactionList/1/bizTransaction", "/bizTransactionList/bizTransaction[2]", 11),
        ("/persistentDisposition/set/1", "/extension/persistentDisposition/set[2]", 14),
        ("/sensorElementList/0/sensorReport/1/value",
         "/sensorElementList/sensorElement/sensorReport[2]/@value", 18),
        ("/ex:list/1", "/ex:list[2]", 21),
        ("/ex:list/1/ex:a~1b", "/ex:list[2]", 21),
    ],
)  # fmt: skip
def test_a_pointer_into_the_twin_leads_to_its_element(pointer: str, path: str, line: int) -> None:
    more = """<bizTransactionList>
<bizTransaction type="po">urn:x:1</bizTransaction>
<bizTransaction type="po">urn:x:2</bizTransaction>
</bizTransactionList>
<extension><persistentDisposition><set>urn:x:1</set>
<set>urn:x:2</set></persistentDisposition></extension>
<sensorElementList>
<sensorElement>
<sensorReport type="gs1:Mass" value="1"/>
<sensorReport type="gs1:Mass" value="1"/>
</sensorElement></sensorElementList>
<ex:list>1</ex:list>
<ex:list>2</ex:list>
"""
    raw = document(event(more))
    ((key, place),) = places_of(raw, {0: [pointer]}, size_bytes_max=1 << 20).items()
    assert key == (0, pointer)
    assert (place.path, place.line) == (EVENT + path, line)
