"""Names of members: what an inline context makes of them, and which are refused."""

import json
import time
from typing import Any

import pytest

from node_gateway.epcis.normalise import normalise_document, normalise_event
from tests.gateway.epcis.documents import EX, OFFICIAL, document, event, normal, problems


@pytest.mark.parametrize(
    ("context", "key", "name"),
    [
        (EX, "ex:foo", "https://example.org/ns/foo"),
        ([OFFICIAL, {"zz": "https://example.org/ns/"}], "zz:foo", "https://example.org/ns/foo"),
        ({"ex": {"@id": "https://example.org/ns/", "@prefix": True}}, "ex:foo",
         "https://example.org/ns/foo"),
        ({"ex": "https://example.org/", "sub": "ex:ns/"}, "sub:foo", "https://example.org/ns/foo"),
        ({"foo": "https://example.org/ns/foo"}, "foo", "https://example.org/ns/foo"),
        ([EX, {"foo": {"@id": "ex:foo", "@type": "@id"}}], "foo", "https://example.org/ns/foo"),
        ({"@vocab": "https://example.org/ns/"}, "foo", "https://example.org/ns/foo"),
        ({"ex": "urn:example:"}, "ex:foo", "urn:example:foo"),
        (OFFICIAL, "https://example.org/ns/foo", "https://example.org/ns/foo"),
        (OFFICIAL, "urn:example:foo", "urn:example:foo"),
        (OFFICIAL, "cbvmda:foo", "cbvmda:foo"),
        (OFFICIAL, "urn:epcglobal:cbv:mda:foo", "cbvmda:foo"),
        ({"q": "urn:epcglobal:cbv:mda:"}, "q:foo", "cbvmda:foo"),
        ({"q": "urn:epcglobal:cbv:mda"}, "q:foo", "cbvmda:foo"),
        ({"q": "https://www.gs1.org/voc/"}, "q:foo", "gs1:foo"),
        (OFFICIAL, "https://gs1.org/voc/foo", "gs1:foo"),
        # The document's own definition counts, even of a name that is official elsewhere.
        ({"cbvmda": "http://example.com/cbvmda/"}, "cbvmda:foo", "http://example.com/cbvmda/foo"),
    ],
)  # fmt: skip
def test_a_name_is_what_the_inline_context_makes_of_it(context: Any, key: str, name: str) -> None:
    for place in ("event", "ilmd", "nested"):
        value: Any = {key: "1"}
        if place == "nested":
            value = {"urn:example:outer": [{"urn:example:inner": value}]}
        members = {"ilmd": value} if place == "ilmd" else value
        [found] = normalise_document(document(event(**members), context=context))
        text = json.dumps(found.event)
        assert json.dumps({name: "1"})[1:-1] in text
        assert normalise_event(found.event) == found.event


def test_many_contexts_within_a_large_one_cost_little() -> None:
    large = {f"p{n}": f"https://example.org/{n}/" for n in range(20_000)}
    inner = [{"@context": {"q": "https://q.example/"}, "q:a": n, "p7:a": n} for n in range(20_000)]
    started = time.process_time()
    [found] = normalise_document(document(event(**{"p1:all": inner}), context=large))
    assert time.process_time() - started < 10  # 400 million definitions, were each one copied
    assert found.event["https://example.org/1/all"][3]["https://example.org/7/a"] == 3


def test_a_nested_context_holds_below_itself_only() -> None:
    inner = {"@context": {"ex": "https://other.example/"}, "ex:a": 1}
    assert normal(**{"ex:a": inner, "ex:b": 2}) | event() == event() | {
        "https://example.org/ns/a": {"https://other.example/a": 1},
        "https://example.org/ns/b": 2,
    }
    bare = normalise_event({"@context": [OFFICIAL, EX], **event(**{"ex:a": 1})})
    assert bare == event() | {"https://example.org/ns/a": 1}
    forgotten = {"@context": [None], "ex:a": 1}
    assert problems(event(**{"ex:o": forgotten})) == [
        ("unknown_prefix", "/epcisBody/eventList/0/ex:o/ex:a")
    ]


@pytest.mark.parametrize(
    ("context", "key"),
    [
        (OFFICIAL, "ex:foo"),
        (["https://example.org/never-fetched.jsonld"], "ex:foo"),
        ({"ex": "no-iri"}, "ex:foo"),
        ({"ex": "other:"}, "ex:foo"),
        ({"ex": "ex:"}, "ex:foo"),
        ({"ex": "@type"}, "ex:foo"),
        ({"ex": None}, "ex:foo"),
        ([EX, {"ex": None}], "ex:foo"),
        ({"ex": "https://example.org/" + "n" * 237}, "ex:foo"),
        (EX, "ex:"),
        (EX, ":foo"),
        (EX, "_:foo"),
        (EX, "foo"),
    ],
)
def test_a_name_that_nothing_defines_is_refused(context: Any, key: str) -> None:
    assert problems(event(**{key: 1}), context=context) == [
        ("unknown_prefix", f"/epcisBody/eventList/0/{key}")
    ]
    assert problems(event(ilmd={key: 1}), context=context) == [
        ("unknown_prefix", f"/epcisBody/eventList/0/ilmd/{key}")
    ]


@pytest.mark.parametrize(
    "members",
    [
        {"sealtrail:act": "x"},
        {"ilmd": {"sealtrail:x": "x"}},
        {"ex:a": [{"ex:b": {"sealtrail:c": 1}}]},
        {"readPoint": {"id": "urn:uuid:1", "sealtrail:x": 1}},
        {"quantityList": [{"epcClass": "urn:uuid:1", "sealtrail:x": 1}]},
        {"errorDeclaration": {"sealtrail:x": 1}},
        {"eventID": {"sealtrail:x": 1}},
        {"epcList": [{"sealtrail:x": 1}]},
        {"bizStep": [{"sealtrail:x": 1}]},
        {"eventTime": {"sealtrail:x": 1}},
    ],
)
def test_our_own_names_are_refused_at_any_depth(members: dict[str, Any]) -> None:
    [(code, pointer)] = problems(event(**members))
    assert code == "reserved_name"
    assert "/sealtrail:" in pointer


def test_our_own_names_are_refused_behind_a_prefix_too() -> None:
    own = {"sealtrail": "https://example.org/"}
    assert problems(event(**{"sealtrail:a": 1}), context=own)[0][0] == "reserved_name"
    spelled = {"ex": "sealtrail://example.org/"}
    assert problems(event(**{"ex:a": 1}), context=spelled)[0][0] == "reserved_name"


@pytest.mark.parametrize(
    "members",
    [
        {"epcis:action": "DELETE"},
        {"https://ref.gs1.org/epcis/action": "DELETE"},
        {"ee:errorDeclaration": {}},
        {"alias": "DELETE"},
        {"@type": "ObjectEvent"},
        {"readPoint": {"id": "urn:uuid:1", "@id": "urn:uuid:2"}},
        {"type": "epcis:ObjectEvent"},
        {"type": "https://ref.gs1.org/epcis/ObjectEvent"},
        {"type": "ee:ObjectEvent"},
    ],
)
def test_a_second_spelling_of_a_standard_member_cannot_contradict_it(
    members: dict[str, Any],
) -> None:
    context = {"ee": "https://ref.gs1.org/epcis/", "alias": "epcis:action"}
    assert [code for code, _ in problems(event(**members), context=context)] == ["reserved_name"]


def test_two_names_for_one_thing_must_agree() -> None:
    context = {**EX, "also": "https://example.org/ns/"}
    clash = event(**{"ex:a": {"ex:n": 1}, "also:a": {"ex:n": 2}})
    assert problems(clash, context=context) == [("name_clash", "/epcisBody/eventList/0/also:a")]
    assert problems(event(**{"ex:a": 1, "also:a": True}), context=context)[0][0] == "name_clash"
    agreed = event(**{"ex:a": {"ex:n": 1}, "also:a": {"also:n": 1}})
    [found] = normalise_document(document(agreed, context=context))
    assert found.event["https://example.org/ns/a"] == {"https://example.org/ns/n": 1}


def test_one_text_under_two_contexts_is_two_identifiers() -> None:
    one = {"@context": {"ex": "https://a.example/"}, **event(epcList=["ex:1"])}
    two = {"@context": {"ex": "https://b.example/"}, **event(epcList=["ex:1"])}
    found = normalise_document(document(one, two))
    assert [each.event["epcList"] for each in found] == [
        ["https://a.example/1"], ["https://b.example/1"],
    ]  # fmt: skip
