"""What XML says, as JSON says it."""

import pytest

from node_gateway.epcis.normalise import normalise_document
from node_gateway.epcis.validation import EpcisValidator
from tests.gateway.epcis.xml.documents import ROOT, SGTIN, document, event, read, twin

EX = "https://example.org/ns/"


def test_a_plain_event() -> None:
    found = read(document(event()))
    assert (found.kind, found.version, found.problems) == ("document", "2.0", ())
    assert found.document == {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"ex": EX},
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-02T00:00:00Z",
        "epcisBody": {
            "eventList": [
                {
                    "type": "ObjectEvent",
                    "eventTime": "2026-03-01T10:00:00+08:00",
                    "eventTimeZoneOffset": "+08:00",
                    "epcList": [SGTIN],
                    "action": "OBSERVE",
                    "bizStep": "shipping",
                }
            ]
        },
    }
    assert EpcisValidator().validate_document(found.document) == []


@pytest.mark.parametrize(
    ("xml", "member", "value"),
    [
        ("<disposition>https://ref.gs1.org/cbv/Disp-in_transit</disposition>", "disposition",
         "in_transit"),
        ("<disposition> urn:epcglobal:cbv:disp:recalled\n</disposition>", "disposition",
         "recalled"),
        ("<disposition>https://example.org/lost</disposition>", "disposition",
         "https://example.org/lost"),
        ("<readPoint><id>urn:x:1</id><ex:gate>3</ex:gate></readPoint>", "readPoint",
         {"id": "urn:x:1", "ex:gate": "3"}),
        (('<bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:po"> urn:x:1'
         "</bizTransaction><bizTransaction>urn:x:2</bizTransaction></bizTransactionList>"),
         "bizTransactionList",
         [{"type": "po", "bizTransaction": "urn:x:1"}, {"bizTransaction": "urn:x:2"}]),
        (("<quantityList><quantityElement><epcClass>urn:x:1</epcClass><quantity>200.50</quantity>"
         "<uom>KGM</uom></quantityElement></quantityList>"), "quantityList",
         [{"epcClass": "urn:x:1", "quantity": 200.5, "uom": "KGM"}]),
        (("<quantityList><quantityElement><epcClass>urn:x:1</epcClass><quantity>30.0</quantity>"
         "</quantityElement></quantityList>"), "quantityList",
         [{"epcClass": "urn:x:1", "quantity": 30}]),
        (('<sourceList><source type="urn:epcglobal:cbv:sdt:owning_party">urn:x:1</source>'
         "</sourceList>"), "sourceList", [{"type": "owning_party", "source": "urn:x:1"}]),
        (('<destinationList><destination type="https://ref.gs1.org/cbv/SDT-location">urn:x:1'
         "</destination></destinationList>"), "destinationList",
         [{"type": "location", "destination": "urn:x:1"}]),
        (("<persistentDisposition><unset>urn:epcglobal:cbv:disp:active</unset><set>"
         "urn:epcglobal:cbv:disp:recalled</set></persistentDisposition>"),
         "persistentDisposition", {"unset": ["active"], "set": ["recalled"]}),
        ("<ilmd><ex:lot>1</ex:lot></ilmd>", "ilmd", {"ex:lot": "1"}),
        ("<quantityList/>", "quantityList", []),
        ("<ex:a>1</ex:a><ex:b/><ex:a>2</ex:a>", "ex:a", ["1", "2"]),
        ('<ex:w unit="KGM">3</ex:w>', "ex:w", {"unit": "KGM", "#text": "3"}),
        ("<ex:o><ex:p><plain>x</plain></ex:p></ex:o>", "ex:o", {"ex:p": {"plain": "x"}}),
        ("<ex:名称>药</ex:名称>", "ex:%E5%90%8D%E7%A7%B0", "药"),
        ("<ex:t><![CDATA[<a & b>]]></ex:t>", "ex:t", "<a & b>"),
        ('<ex:t xml:space="preserve"> a </ex:t>', "ex:t", " a "),
        ("<ex:t>  a\n</ex:t>", "ex:t", "a"),
    ],
)  # fmt: skip
def test_members(xml: str, member: str, value: object) -> None:
    assert twin(xml)[member] == value


@pytest.mark.parametrize(
    ("stated", "text", "value"),
    [
        ("xsd:integer", "10", 10),
        ("xsd:double", "20", 20),
        ("xsd:decimal", "1.50", 1.5),
        ("xsd:boolean", "1", True),
        ("xsd:string", "10", "10"),
        ("xsd:dateTime", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("ex:integer", "10", "10"),
        ("nobody:integer", "10", "10"),
    ],
)
def test_only_a_type_of_xml_schema_makes_a_number(stated: str, text: str, value: object) -> None:
    declared = (
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    )
    found = twin(f'<ex:v {declared} xsi:type="{stated}">{text}</ex:v>')["ex:v"]
    assert (found, type(found)) == (value, type(value))


def test_sensor_data() -> None:
    xml = (
        '<sensorElementList><sensorElement><sensorMetadata time="2026-03-01T00:00:00Z" ex:n="7"/>'
        '<sensorReport type="gs1:Temperature" value="5.50" uom="CEL" booleanValue="true"/>'
        '<sensorReport exception="gs1:ALARM_CONDITION" component="cbv:Comp-x" stringValue=" s "/>'
        "<ex:more>1</ex:more></sensorElement></sensorElementList>"
    )
    assert twin(xml)["sensorElementList"] == [
        {
            "sensorMetadata": {"time": "2026-03-01T00:00:00Z", "ex:n": "7"},
            "sensorReport": [
                {"type": "Temperature", "value": 5.5, "uom": "CEL", "booleanValue": True},
                {"exception": "ALARM_CONDITION", "component": "x", "stringValue": " s "},
            ],
            "ex:more": "1",
        }
    ]


def test_an_error_declaration() -> None:
    xml = (
        "<errorDeclaration><declarationTime>2026-03-02T00:00:00Z</declarationTime>"
        "<reason>urn:epcglobal:cbv:er:incorrect_data</reason><correctiveEventIDs>"
        "<correctiveEventID>urn:x:2</correctiveEventID></correctiveEventIDs><ex:who>1</ex:who>"
        "</errorDeclaration>"
    )
    assert twin(after_time=xml)["errorDeclaration"] == {
        "declarationTime": "2026-03-02T00:00:00Z",
        "reason": "incorrect_data",
        "correctiveEventIDs": ["urn:x:2"],
        "ex:who": "1",
    }


def test_the_wrappers_of_1_2_leave_no_trace() -> None:
    root = ROOT.replace("xsd:2", "xsd:1").replace('"2.0"', '"1.2"')
    wrapped = event(
        "<extension><quantityList/><extension><persistentDisposition><set>urn:x:1</set>"
        "</persistentDisposition></extension></extension>",
        after_time="<baseExtension><eventID>urn:x:9</eventID></baseExtension>",
    )
    transformation = (
        "<extension><TransformationEvent><eventTime>2026-03-01T10:00:00Z</eventTime>"
        "<eventTimeZoneOffset>+00:00</eventTimeZoneOffset></TransformationEvent></extension>"
    )
    found = read(document(wrapped, transformation, event(), root=root))
    assert (found.version, found.problems) == ("1.2", ())
    assert found.document["schemaVersion"] == "2.0"
    first, second, third = found.document["epcisBody"]["eventList"]
    assert first["eventID"] == "urn:x:9"
    assert first["quantityList"] == []
    assert first["persistentDisposition"] == {"set": ["urn:x:1"]}
    assert [one["type"] for one in (second, third)] == ["TransformationEvent", "ObjectEvent"]
    assert found.events[1].path.endswith("EventList/extension[1]/TransformationEvent")


def test_an_event_type_of_an_extension() -> None:
    own = (
        "<extension><ex:Audit><eventTime>2026-03-01T10:00:00Z</eventTime>"
        "<eventTimeZoneOffset>+00:00</eventTimeZoneOffset><ex:by>7</ex:by></ex:Audit></extension>"
    )
    (found,) = normalise_document(read(document(own)).document)
    assert found.event["type"] == f"{EX}Audit"
    assert found.event[f"{EX}by"] == "7"


def test_a_comment_hides_nothing() -> None:
    code = "urn:epc:id:sgtin:690123.4123456.1<!-- 2 -->001<?x y?>"
    assert twin(epc=code)["epcList"] == [SGTIN]


def test_a_namespace_is_known_by_its_address_not_by_its_prefix() -> None:
    one = event('<a:x xmlns:a="urn:ns:1:">1</a:x><b:x xmlns:b="urn:ns:1:">2</b:x>')
    two = event('<a:x xmlns:a="urn:ns:2:">1</a:x><x xmlns="urn:ns:1:">2</x>')
    first, second = normalise_document(read(document(one, two)).document)
    assert first.event["urn:ns:1:x"] == ["1", "2"]
    assert (second.event["urn:ns:2:x"], second.event["urn:ns:1:x"]) == ("1", "2")


def test_a_prefix_in_a_value_means_what_it_means_there() -> None:
    first = event("<bizLocation><id>my:1</id></bizLocation>").replace(
        "<ObjectEvent>", '<ObjectEvent xmlns:my="urn:ns:1:">'
    )
    second = event('<bizLocation xmlns:my="urn:ns:2:"><id>my:1</id></bizLocation>')
    third = event("<bizLocation><id>my:1</id></bizLocation>")
    found = normalise_document(read(document(first, second, third)).document)
    places = [one.event["bizLocation"]["id"] for one in found]
    assert places == ["urn:ns:1:1", "urn:ns:2:1", "my:1"]


def test_a_prefix_that_stands_for_another_address_inside() -> None:
    inner = '<a:o xmlns:a="urn:ns:2:"><a:x>1</a:x></a:o>'
    outer = event(f"<a:x>0</a:x>{inner}").replace(
        "<ObjectEvent>", '<ObjectEvent xmlns:a="urn:ns:1:">'
    )
    (found,) = normalise_document(read(document(outer)).document)
    assert found.event["urn:ns:1:x"] == "0"
    assert found.event["urn:ns:2:o"] == {"urn:ns:2:x": "1"}


def test_gs1_names_are_found_with_and_without_their_last_colon() -> None:
    for space in ("urn:epcglobal:cbv:mda", "urn:epcglobal:cbv:mda:"):
        raw = document(event(f'<ilmd><m:lotNumber xmlns:m="{space}">L1</m:lotNumber></ilmd>'))
        (found,) = normalise_document(read(raw).document)
        assert found.event["ilmd"] == {"cbvmda:lotNumber": "L1"}


HEADER = """<EPCISHeader>
<sbdh:StandardBusinessDocumentHeader xmlns:sbdh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">
<sbdh:HeaderVersion>1.0</sbdh:HeaderVersion>
<sbdh:Sender><sbdh:Identifier Authority="SGLN">urn:x:a</sbdh:Identifier></sbdh:Sender>
<sbdh:Receiver><sbdh:Identifier>urn:x:b</sbdh:Identifier></sbdh:Receiver>
<sbdh:DocumentIdentification><sbdh:Standard>EPCglobal</sbdh:Standard>
<sbdh:InstanceIdentifier>100</sbdh:InstanceIdentifier></sbdh:DocumentIdentification>
</sbdh:StandardBusinessDocumentHeader>
<extension><EPCISMasterData><VocabularyList>
<Vocabulary type="urn:epcglobal:epcis:vtype:BusinessLocation"><VocabularyElementList>
<VocabularyElement id="urn:x:c"><attribute id="urn:epcglobal:cbv:mda:city"> Suzhou </attribute>
<attribute id="urn:x:address"><ex:street>1</ex:street></attribute>
<children><id>urn:x:d</id></children></VocabularyElement>
</VocabularyElementList></Vocabulary></VocabularyList></EPCISMasterData></extension>
</EPCISHeader>"""
VOCABULARIES = [
    {
        "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
        "vocabularyElementList": [
            {
                "id": "urn:x:c",
                "attributes": [
                    {"id": "urn:epcglobal:cbv:mda:city", "attribute": "Suzhou"},
                    {"id": "urn:x:address", "attribute": {"ex:street": "1"}},
                ],
                "children": ["urn:x:d"],
            }
        ],
    }
]


def test_the_header() -> None:
    found = read(document(event(), header=HEADER)).document
    assert (found["sender"], found["receiver"]) == ("urn:x:a", "urn:x:b")
    assert found["instanceIdentifier"] == "100"
    assert found["epcisHeader"] == {"epcisMasterData": {"vocabularyList": VOCABULARIES}}
    assert EpcisValidator().validate_document(found) == []


def test_a_query_document() -> None:
    raw = document(event()).decode()
    raw = raw.replace("epcis:EPCISDocument", "q:EPCISQueryDocument")
    raw = raw.replace("xmlns:epcis=", 'xmlns:q="urn:epcglobal:epcis-query:xsd:2" xmlns:epcis=')
    raw = raw.replace(
        "<EventList>",
        "<q:QueryResults><queryName>mine</queryName><subscriptionID>7</subscriptionID>"
        "<resultsBody><EventList>",
    ).replace("</EventList>", "</EventList></resultsBody></q:QueryResults>")
    found = read(raw.encode())
    assert (found.kind, found.problems) == ("query", ())
    results = found.document["epcisBody"]["queryResults"]
    assert (results["queryName"], results["subscriptionID"]) == ("mine", "7")
    assert len(results["resultsBody"]["eventList"]) == 1
    assert EpcisValidator().validate_document(found.document) == []


def test_a_query_asked() -> None:
    body = (
        "<EPCISBody><q:Poll><queryName>SimpleEventQuery</queryName><params>"
        "<param><name>eventType</name><value><string>ObjectEvent</string></value></param>"
        "<param><name>GE_eventTime</name><value>2026-01-01T00:00:00Z</value></param>"
        "<param><name>eventCountLimit</name><value>5</value></param>"
        "<param><name>EQ_bizStep</name><value/></param></params></q:Poll></EPCISBody>"
    )
    root = '<q:EPCISQueryDocument xmlns:q="urn:epcglobal:epcis-query:xsd:2" schemaVersion="2.0">'
    found = read(f"{root}{body}</q:EPCISQueryDocument>".encode())
    assert (found.kind, found.problems) == ("poll", ())
    assert found.document == {
        "name": "SimpleEventQuery",
        "query": {
            "eventType": ["ObjectEvent"],
            "GE_eventTime": "2026-01-01T00:00:00Z",
            "eventCountLimit": 5,
            "EQ_bizStep": [],
        },
    }


def test_master_data_alone() -> None:
    inside = HEADER.partition("<EPCISMasterData>")[2].partition("</EPCISMasterData>")[0]
    raw = (
        '<m:EPCISMasterDataDocument xmlns:m="urn:epcglobal:epcis-masterdata:xsd:2" '
        f'xmlns:ex="{EX}" schemaVersion="2.0" creationDate="2026-03-02T00:00:00Z"><EPCISBody>'
        f"{inside}</EPCISBody></m:EPCISMasterDataDocument>"
    )
    found = read(raw.encode())
    assert found.kind == "master_data"
    header = found.document["epcisHeader"]
    assert header == {"epcisMasterData": {"vocabularyList": VOCABULARIES}}


@pytest.mark.parametrize("prefix", ["", "e:"])
def test_elements_of_epcis_may_be_qualified(prefix: str) -> None:
    text = event().replace("</", "<!").replace("<", f"<{prefix}").replace(f"<{prefix}!", "</")
    text = text.replace("</", f"</{prefix}")
    declared = f'xmlns{":" + prefix[:-1] if prefix else ""}="urn:epcglobal:epcis:xsd:2"'
    raw = text.replace("ObjectEvent>", f"ObjectEvent {declared}>", 1)
    found = read(raw.encode())
    assert (found.kind, found.problems) == ("event", ())
    assert found.document["epcList"] == [SGTIN]
    assert EpcisValidator().validate_document(found.document) == []


def test_the_time_of_making_may_lack_an_offset() -> None:
    root = ROOT.replace("00:00:00Z", "00:00:00")
    found = read(document(event(), root=root)).document
    assert found["creationDate"] == "2026-03-02T00:00:00Z"
