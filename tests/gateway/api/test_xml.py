"""Capturing EPCIS XML over HTTP: the same events as from JSON, and problems where they stand."""

import pytest

from tests.gateway.epcis.xml.documents import document, event
from tests.gateway.running import Running, serial

pytestmark = pytest.mark.asyncio(loop_scope="module")
XML = "application/xml"
LIST = "/epcis:EPCISDocument/EPCISBody/EventList"


def fresh(**members: str) -> str:
    return event(epc=f"urn:epc:id:sgtin:690123.4123456.{serial()}", **members)


async def post(up: Running, raw: bytes, path: str = "/epcis/capture", **headers: str):
    sent = {"Content-Type": XML, **headers}
    return await up.client.post(path, content=raw, headers=sent)


@pytest.mark.parametrize("kind", ["application/xml", "text/xml", "text/xml; charset=utf-8"])
async def test_a_document_is_captured(shared: Running, kind: str) -> None:
    response = await post(shared, document(fresh(), fresh()), **{"Content-Type": kind})
    assert response.status_code == 202, response.text
    assert [one["result"] for one in response.json()["events"]] == ["stored", "stored"]


async def test_sent_again_nothing_is_stored_twice(shared: Running) -> None:
    raw = document(fresh())
    first = (await post(shared, raw)).json()
    again = (await post(shared, raw)).json()
    assert again["events"][0] == {**first["events"][0], "result": "duplicate"}


async def test_xml_and_json_of_one_event_are_one_event(shared: Running) -> None:
    number = serial()
    given = f"urn:uuid:0190a6f0-0000-7000-8000-{number:012d}"
    epc = f"urn:epc:id:sgtin:690123.4123456.{number}"
    raw = document(event(epc=epc, after_time=f"<eventID>{given}</eventID>"))
    stored = (await post(shared, raw)).json()["events"][0]
    same = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T10:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "eventID": given,
        "epcList": [epc],
        "action": "OBSERVE",
        "bizStep": "shipping",
    }
    again = (await shared.capture(same)).json()["events"][0]
    assert again == {**stored, "result": "duplicate"}


async def test_a_single_event(shared: Running) -> None:
    raw = fresh().encode()
    response = await post(shared, raw, "/epcis/events")
    assert response.status_code == 201, response.text
    assert response.json()["result"] == "stored"
    wrong = await post(shared, document(fresh()), "/epcis/events")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "document_kind")
    wrong = await post(shared, raw)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "document_kind")


async def test_problems_stand_at_their_elements(shared: Running) -> None:
    response = await post(shared, document(fresh(), fresh(action="OBSERV"), fresh(step="shiping")))
    assert response.status_code == 400
    body = response.json()
    assert body["code"] == "document_refused"
    assert [(one["code"], one["pointer"], one["line"]) for one in body["errors"]] == [
        ("action_unknown", f"{LIST}/ObjectEvent[2]/action", 14),
        ("biz_step_unknown", f"{LIST}/ObjectEvent[3]/bizStep", 22),
    ]
    assert 'Did you mean "OBSERVE"?' in body["errors"][0]["hint"]


async def test_what_shows_only_later_has_its_line_too(shared: Running) -> None:
    late = fresh().replace("2026-03-01T", "2126-03-01T")
    (spot,) = (await post(shared, document(fresh(), late))).json()["errors"]
    assert (spot["code"], spot["pointer"], spot["line"]) == (
        "event_time_future",
        f"{LIST}/ObjectEvent[2]/eventTime",
        10,
    )
    bad_digit = event(epc="https://id.gs1.org/01/06901234123450/21/1")
    (spot,) = (await post(shared, document(bad_digit))).json()["errors"]
    assert (spot["code"], spot["pointer"]) == (
        "check_digit",
        f"{LIST}/ObjectEvent[1]/epcList/epc",
    )


async def test_proceed_takes_the_good_and_reports_the_rest(shared: Running) -> None:
    flawed = fresh(more="<bizSteps>x</bizSteps>\n")
    late = fresh().replace("2026-03-01T", "2126-03-01T")
    raw = document(flawed, fresh(), fresh(action="ADDD"), late)
    headers = {"GS1-Capture-Error-Behaviour": "proceed"}
    response = await post(shared, raw, **headers)
    assert response.status_code == 202
    report = response.json()
    assert [one["result"] for one in report["events"]] == ["stored"]
    assert [(one["code"], one["index"]) for one in report["errors"]] == [
        ("element_unknown", 0),
        ("action_unknown", 2),
        ("event_time_future", 3),
    ]
    where = f"line 22, {LIST}/ObjectEvent[3]/action"
    assert report["errors"][1]["detail"].startswith(where)
    job = (await shared.client.get(response.headers["location"])).json()
    assert job["errors"] == report["errors"]
    refused = await post(shared, raw)
    assert refused.status_code == 400
    assert len(refused.json()["errors"]) == 2  # what the second look would find is not asked


async def test_a_conflict_names_the_element(shared: Running) -> None:
    number = serial()
    named = f"<eventID>urn:uuid:0190a6f0-0000-7000-8000-{number:012d}</eventID>"
    assert (await post(shared, document(fresh(after_time=named)))).status_code == 202
    response = await post(shared, document(fresh(after_time=named)))
    assert response.status_code == 409
    assert response.json()["errors"][0]["pointer"] == f"{LIST}/ObjectEvent[1]/eventID"


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 400, "not_xml"),
        (b"{}", 400, "not_xml"),
        (b"<a>", 400, "not_xml"),
        (b"<a/>", 400, "document_kind"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 400, "dtd_refused"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', 400, "encoding_unknown"),
        (b"<a>\xe4</a>", 400, "encoding_wrong"),
        (b"<a>" * 300, 413, "too_deep"),
        (document(), 400, "no_events"),
    ],
)
async def test_what_is_no_document(shared: Running, raw: bytes, status: int, code: str) -> None:
    response = await post(shared, raw)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_the_limit_on_size_holds_for_xml(shared: Running) -> None:
    limit = shared.gateway.settings.limits.body_size_bytes_max
    response = await shared.client.post(
        "/epcis/capture",
        content=b"<a/>",
        headers={"Content-Type": XML, "Content-Length": str(limit + 1)},
    )
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
