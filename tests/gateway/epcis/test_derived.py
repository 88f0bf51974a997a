"""What is derived at capture, and what an event is known by."""

from typing import Any

import pytest

from node_gateway.epcis.derived import (
    Location,
    code_lists,
    derive,
    event_identity,
    location_of,
)
from node_gateway.epcis.normalise import normalise_event
from node_gateway.epcis.normalise_errors import NormalisationError

DIGEST = "ab" * 32
HERE, THERE = "https://id.gs1.org/414/6901234000016", "https://id.gs1.org/414/6901234000023"
LOCATIONS = {HERE: Location(city="杭州", region="浙江"), THERE: Location(region="Bavaria")}


def event(**members: Any) -> dict[str, Any]:
    return {"eventTime": "2026-03-31T23:30:00.000Z", "eventTimeZoneOffset": "+08:00", **members}


def derived(**members: Any) -> dict[str, str]:
    return derive(event(**members), source_digest=DIGEST, locations=LOCATIONS)


def test_source_and_month_are_always_there() -> None:
    assert derived() == {"sealtrail:source": DIGEST, "sealtrail:month": "2026-04"}


@pytest.mark.parametrize(
    ("offset", "month"),
    [("+08:00", "2026-04"), ("+00:00", "2026-03"), ("-05:00", "2026-03"), ("+00:30", "2026-04")],
)
def test_the_month_is_that_of_the_place(offset: str, month: str) -> None:
    assert derived(eventTimeZoneOffset=offset)["sealtrail:month"] == month


def test_the_month_without_a_stated_offset_is_that_of_the_time() -> None:
    bare = {"eventTime": "2026-04-01T00:30:00.000+08:00"}
    assert derive(bare, source_digest=DIGEST, locations={})["sealtrail:month"] == "2026-04"


def test_the_place_is_where_the_things_are_left_or_else_where_they_were_seen() -> None:
    city = {"sealtrail:city": "杭州", "sealtrail:region": "浙江"}
    region = {"sealtrail:region": "Bavaria"}
    places = {"bizLocation": {"id": HERE}, "readPoint": {"id": THERE}}
    assert derived(**places) == derived() | city
    assert derived(readPoint={"id": HERE}) == derived() | city
    assert derived(bizLocation={"id": THERE}) == derived() | region
    # An unknown bizLocation is not replaced by the read point: that may be another city.
    unknown = {"bizLocation": {"id": "urn:uuid:1"}, "readPoint": {"id": HERE}}
    assert derived(**unknown) == derived()
    assert location_of(event(**places)) == HERE
    assert location_of(event(bizLocation={}, readPoint=1)) is None


def test_a_place_is_found_under_its_canonical_name() -> None:
    normalised = normalise_event(event(bizLocation={"id": "urn:epc:id:sgln:6901234.00001.0"}))
    assert derive(normalised, source_digest=DIGEST, locations=LOCATIONS)["sealtrail:city"] == "杭州"


def test_the_act_is_not_made_here() -> None:
    assert "sealtrail:act" not in derived(type="ObjectEvent", action="ADD")


@pytest.mark.parametrize("digest", ["", "AB" * 32, "ab" * 31, "ab" * 32 + "\n", "zz" * 32])
def test_what_is_no_digest_is_refused(digest: str) -> None:
    with pytest.raises(ValueError, match="digest"):
        derive(event(), source_digest=digest, locations={})


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(NormalisationError) as caught:
        derived(eventTime="yesterday")
    assert caught.value.code == "time_form"


def test_an_event_is_known_by_its_id_and_whether_it_takes_back() -> None:
    assert event_identity({"eventID": "urn:uuid:1"}) == ("urn:uuid:1", False)
    assert event_identity({"eventID": "urn:uuid:1", "errorDeclaration": {}}) == ("urn:uuid:1", True)
    assert event_identity({"eventID": 1}) == (None, False)
    assert event_identity({}) == (None, False)


def test_the_codes_of_an_event_by_member() -> None:
    assert code_lists(event()) == {}
    assert code_lists(event(epcList=[], quantityList=[{"epcClass": "c"}])) == {}
    assert code_lists(event(parentID="p", childEPCs=["a", "b"], epcList="x")) == {
        "childEPCs": ["a", "b"],
        "parentID": ["p"],
    }
    both = code_lists(event(outputEPCList=["o"], inputEPCList=["i"], epcList=["e"]))
    assert list(both) == ["epcList", "inputEPCList", "outputEPCList"]
