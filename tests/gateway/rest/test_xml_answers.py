"""Events as EPCIS XML: asked for with Accept, and taken back."""

from __future__ import annotations

import pytest
from lxml import etree

from node_gateway.epcis.xml.read import read_xml
from tests.gateway.rest.conftest import CAPTURED, Rest
from tests.gateway.rest.covering import covers
from tests.gateway.running import events_of

pytestmark = pytest.mark.asyncio(loop_scope="module")
PATHS = (
    "/events?perPage=100",
    f"/events/{CAPTURED[-1]['eventID']}",
    "/bizSteps/commissioning/events",
)


@covers("GET /events", "GET /events/{eventID}", "GET /bizSteps/{bizStep}/events")
@pytest.mark.parametrize("path", PATHS)
async def test_the_xml_says_what_the_json_says(rest: Rest, path: str) -> None:
    asked = events_of((await rest.get(path)).json())
    answer = await rest.get(path, Accept="application/xml")
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["gs1-cbv-xml-format"] == "Always_Web_URI"
    read = read_xml(answer.content, size_bytes_max=1_000_000)
    assert not read.frame_problems
    assert len(read.events) == len(asked)
    same = ("type", "eventID", "eventTime", "action", "epcList", "parentID", "childEPCs")
    for written, meant in zip(read.events, asked, strict=True):
        assert [written.twin.get(name) for name in same] == [meant.get(name) for name in same]


@pytest.mark.parametrize(
    ("asked", "step"),
    [
        ("Always_URN", "urn:epcglobal:cbv:bizstep:commissioning"),
        ("Always_Web_URI", "https://ref.gs1.org/cbv/BizStep-commissioning"),
    ],
)
async def test_words_come_in_the_form_that_was_asked_for(rest: Rest, asked: str, step: str) -> None:
    answer = await rest.get(PATHS[-1], Accept="application/xml", GS1_CBV_XML_Format=asked)
    assert answer.headers["gs1-cbv-xml-format"] == asked
    steps = {one.text for one in etree.fromstring(answer.content).iter("bizStep")}
    assert steps == {step}


async def test_pages_and_identifiers_are_as_in_json(rest: Rest) -> None:
    answer = await rest.get(
        "/events?perPage=3", Accept="application/xml", GS1_EPC_Format="Always_EPC_URN"
    )
    assert 'rel="next"' in answer.headers["link"]
    codes = [one.text or "" for one in etree.fromstring(answer.content).iter("epc")]
    assert len(codes) == 3
    assert all(code.startswith("urn:epc:id:sgtin:6901234.012345.") for code in codes)


async def test_an_answer_in_xml_is_captured_again(rest: Rest) -> None:
    answer = await rest.get(PATHS[0], Accept="application/xml")
    sent = {"Content-Type": "application/xml"}
    again = await rest.up.client.post("/epcis/capture", content=answer.content, headers=sent)
    assert again.status_code == 202, again.text
    assert [one["result"] for one in again.json()["events"]] == ["duplicate"] * len(CAPTURED)


@covers("GET /capture/{captureID}")
async def test_a_capture_job_comes_as_xml(rest: Rest) -> None:
    jobs = (await rest.get("/capture?perPage=1")).json()
    answer = await rest.get(f"/capture/{jobs[0]['captureID']}", Accept="application/xml")
    assert answer.headers["content-type"] == "application/xml"
    job = etree.fromstring(answer.content)
    assert etree.QName(job).localname == "EPCISCaptureJob"
    assert job.get("captureID") == jobs[0]["captureID"]
    assert (job.get("running"), job.get("success")) == ("false", "true")
    missing = await rest.get("/capture/none", Accept="application/xml")
    assert missing.status_code == 404
