"""Headers of documents: what they say is taken, what they garble is left out."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from node_gateway.epcis.derived import Location
from node_gateway.master_data.directory import Directory, Places
from node_gateway.master_data.header import ELEMENTS_MAX, Told, header_records
from node_gateway.master_data.records import read_record

GLN = "https://id.gs1.org/414/6901234000009"
GTIN = "06901234123456"
CITY = "urn:epcglobal:cbv:mda#city"


def document(*vocabularies: tuple[str, list[dict[str, Any]]]) -> dict[str, Any]:
    lists = [{"type": kind, "vocabularyElementList": some} for kind, some in vocabularies]
    return {"epcisHeader": {"epcisMasterData": {"vocabularyList": lists}}}


def element(name: str, *children: str, **attributes: Any) -> dict[str, Any]:
    listed = [{"id": key, "attribute": value} for key, value in attributes.items()]
    made: dict[str, Any] = {"id": name, "attributes": listed}
    return {**made, "children": list(children)} if children else made


def taken(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one.id: {**one.to_json(), "id": type(one).__name__} for one in header_records(told)}


def test_every_kind_and_every_way_to_name_an_attribute() -> None:
    told = document(
        (
            "urn:epcglobal:epcis:vtype:EPCClass",
            [
                element(
                    "urn:epc:idpat:sgtin:6901234.012345.*",
                    **{
                        "urn:epcglobal:cbv:mda#descriptionShort": "Amoxicillin",
                        "urn:epcglobal:cbv:mda#regulatedProductName": "阿莫西林胶囊",
                        "urn:epcglobal:cbv:mda#strengthDescription": "250 mg",
                        "urn:epcglobal:cbv:mda#netWeight": "5",
                    },
                )
            ],
        ),
        (
            "urn:epcglobal:epcis:vtype:BusinessLocation",
            [
                element(
                    "urn:epc:id:sgln:6901234.00000.0",
                    **{
                        "cbvmda:city": "Hangzhou",
                        "urn:epcglobal:cbv:mda:state": "Zhejiang",
                        "https://ref.gs1.org/cbv/mda/countryCode": "CN",
                    },
                )
            ],
        ),
        ("urn:epcglobal:epcis:vtype:Party", [element("6901234000009", **{"cbvmda:name": "Maker"})]),
    )
    assert taken(told) == {
        GTIN: {
            "id": "Product",
            "nameEn": "Amoxicillin",
            "nameZh": "阿莫西林胶囊",
            "specification": "250 mg",
            "levels": [{"gtins": [GTIN]}],
        },
        GLN: {"id": "LocationRecord", "city": "Hangzhou", "region": "Zhejiang", "country": "CN"},
        "https://id.gs1.org/417/6901234000009": {"id": "Party", "nameEn": "Maker"},
    }


def test_children_name_descendants_of_every_depth() -> None:
    site, hall, room = GLN, f"{GLN}/254/H", f"{GLN}/254/R"
    told = document(
        (
            "urn:epcglobal:epcis:vtype:BusinessLocation",
            [element(site, hall, room), element(hall, room)],
        )
    )
    places = Directory()
    for one in header_records(told):
        places.put("location", one)
    assert places.descendants(site) == {site, hall, room}
    assert places.descendants(hall) == {hall, room}
    assert places.descendants(room) == {room}


def test_what_is_garbled_is_left_out() -> None:
    good = element(GLN, **{CITY: "Hangzhou", "cbvmda:countryCode": "156", "cbvmda:state": "a\x00b"})
    bad: list[Any] = [
        element("urn:epc:id:sgln:6901234.000.0"),
        element("6901234000008"),
        {"id": 7},
        {},
        "text",
        {"id": "urn:a:b", "attributes": "text", "children": 9},
        {"id": "urn:a:c", "attributes": [1, {"id": CITY}, {"id": CITY, "attribute": {"a": 1}}]},
    ]
    told = document(
        ("urn:epcglobal:epcis:vtype:ReadPoint", [*bad, good]),
        ("urn:epcglobal:epcis:vtype:Disposition", [element("urn:x:y:z")]),
        ("nothing", [element("urn:x:y:z")]),
    )
    assert {name: one.get("city") for name, one in taken(told).items()} == {
        GLN: "Hangzhou",
        "urn:a:b": None,
        "urn:a:c": None,
    }


def test_a_header_has_its_limit() -> None:
    many = [element(f"urn:example:{number}") for number in range(ELEMENTS_MAX + 50)]
    told = document(("urn:epcglobal:epcis:vtype:ReadPoint", many))
    assert len(header_records(told)) == ELEMENTS_MAX
    wide = [element("urn:example:0", *(f"urn:example:c{n}" for n in range(9 * ELEMENTS_MAX)))]
    told = document(("urn:epcglobal:epcis:vtype:ReadPoint", wide * 3))
    assert len(header_records(told)) <= 2 * ELEMENTS_MAX


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([GLN, CITY]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "type", "attribute", "attributes", "children", "vocabularyElementList"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4))
def test_no_header_makes_it_fail(lists: list[Any]) -> None:
    header_records({"epcisHeader": {"epcisMasterData": {"vocabularyList": lists}}})
    header_records({"epcisHeader": {"epcisMasterData": lists}})
    header_records({"epcisHeader": lists})


def test_a_header_fills_what_nobody_said() -> None:
    known = Directory()
    known.put("location", read_record("location", {"id": GLN, "city": "Hangzhou"}))
    other = "urn:example:shop"
    told = document(
        (
            "urn:epcglobal:epcis:vtype:ReadPoint",
            [
                element(GLN, **{CITY: "Elsewhere", "cbvmda:state": "Zhejiang"}),
                element(other, **{CITY: "Ningbo"}),
            ],
        )
    )
    places = Told(Places(known), header_records(told))
    assert places[GLN] == Location("Hangzhou", "Zhejiang")
    assert places.get(other) == Location("Ningbo")
    assert places.get("urn:example:none") is None
    assert set(places) == {GLN, other}
