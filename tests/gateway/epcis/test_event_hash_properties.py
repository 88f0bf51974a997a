"""The event hash of any event: spelling and order do not count, and it takes any JSON."""

import copy
import json
import logging
import random
import warnings
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from node_gateway.epcis.event_hash import (
    EventHashVersion,
    event_hash,
    event_hashes,
    hash_of_normalised,
)
from node_gateway.epcis.normalise import normalise_event
from tests.gateway.epcis.documents import EX, OFFICIAL, document
from tests.gateway.epcis.test_normalise_properties import CONTEXTS, JSON, NAMES

CBV_2_0, CBV_2_1, LEGACY = EventHashVersion
CONTEXT = [OFFICIAL, EX]

SERIALS = st.text("ABCXYZabcxyz0123456789", min_size=1, max_size=6)
CODES = st.one_of(
    SERIALS.map(lambda serial: f"urn:epc:id:sgtin:6901234.012345.{serial}"),
    SERIALS.map(lambda serial: f"https://id.gs1.org/01/06901234123456/21/{serial}"),
    SERIALS.map(lambda serial: f"https://maker.example/x/01/06901234123456/10/L/21/{serial}?a=b"),
    st.integers(0, 10**20 - 1).map(lambda digits: f"urn:x-cn-drug:{digits:020d}"),
)
PLACES = st.integers(0, 99999).map(lambda place: f"urn:epc:id:sgln:6901234.{place:05d}.0")
TIMES = st.tuples(
    st.datetimes().filter(lambda time: 1950 < time.year < 2100),
    st.sampled_from(["Z", "+08:00", "-03:30"]),
    st.text("0123456789", max_size=7),
).map(lambda t: f"{t[0]:%Y-%m-%dT%H:%M:%S}{'.' + t[2] if t[2] else ''}{t[1]}")
NUMBERS = st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15, allow_subnormal=False)


def spellings(word: str, kind: str, urn: str) -> list[str]:
    prefix = f"{kind}-{word}"
    return [
        word, f"urn:epcglobal:cbv:{urn}:{word}", f"https://ref.gs1.org/cbv/{prefix}",
        f"cbv:{prefix}",
    ]  # fmt: skip


STEPS = st.sampled_from(
    [one for word in ("shipping", "holding") for one in spellings(word, "BizStep", "bizstep")]
)
PARTIES = st.sampled_from([*spellings("owning_party", "SDT", "sdt"), "ex:keeper"])
EXTENSION_TEXTS = st.sampled_from(
    ["x", "", " x", "007", "1e3", "shipping", "urn:epcglobal:cbv:disp:active", "(01)06901234123456"]
)
EXTENSIONS = st.dictionaries(
    st.sampled_from(["ex:a", "ex:b", "ex:cList", "cbvmda:lotNumber", "gs1:d", "ex:action"]),
    st.recursive(
        EXTENSION_TEXTS | NUMBERS | st.booleans() | st.none() | CODES,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["ex:a", "ex:e", "bare", "type"]), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    max_size=3,
)
REPORTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["Temperature", "gs1:Mass", "https://gs1.org/voc/Speed", "ex:own"])},
    optional={
        "value": NUMBERS,
        "time": TIMES,
        "component": st.sampled_from(["x", "cbv:Comp-y"]),
        "deviceID": st.just("urn:epc:id:giai:6901234.7"),
        "rawData": st.just("https://data.example/8004/69012347"),
        "uom": st.just("CEL"),
        "bizRules": st.just("urn:x:1"),
        "ex:r": EXTENSION_TEXTS,
    },
)
SENSORS = st.fixed_dictionaries(
    {"sensorReport": st.lists(REPORTS, min_size=1, max_size=3)},
    optional={
        "sensorMetadata": st.fixed_dictionaries({}, optional={"time": TIMES, "ex:m": CODES}),
        "ex:s": EXTENSION_TEXTS,
    },
)
EVENTS = st.builds(
    lambda base, extensions: {**base, **extensions},
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["ObjectEvent", "AggregationEvent", "TransactionEvent"]),
            "eventTime": TIMES,
            "eventTimeZoneOffset": st.sampled_from(["+08:00", "-03:30"]),
            "action": st.sampled_from(["ADD", "OBSERVE", "DELETE"]),
        },
        optional={
            "epcList": st.lists(CODES, max_size=4, unique_by=lambda c: c.rpartition("/")[2][:6]),
            "parentID": st.just("urn:epc:id:sscc:6901234.1000000001"),
            "bizStep": STEPS,
            "readPoint": st.builds(
                lambda place, extra: {"id": place, **extra}, PLACES, EXTENSIONS
            ),
            "bizLocation": PLACES.map(lambda place: {"id": place}),
            "quantityList": st.lists(
                st.fixed_dictionaries(
                    {"epcClass": st.just("urn:epc:class:lgtin:6901234.012345.L1")},
                    optional={"quantity": NUMBERS, "uom": st.just("KGM")},
                ),
                max_size=2,
            ),
            "sourceList": st.lists(
                st.fixed_dictionaries(
                    {"type": PARTIES, "source": st.just("urn:epc:id:pgln:6901234.00001")}
                ),
                max_size=2,
            ),
            "persistentDisposition": st.fixed_dictionaries(
                {"set": st.lists(st.sampled_from(["active", "cbv:Disp-damaged"]), unique=True)}
            ),
            "sensorElementList": st.lists(SENSORS, max_size=3),
            "ilmd": EXTENSIONS,
            "eventID": st.just("urn:uuid:0190a6f0-0000-7000-8000-000000000001"),
        },
    ),
    EXTENSIONS,
)  # fmt: skip


def shuffled(value: Any, chance: random.Random) -> Any:
    """Return the value with members and array items in another order."""
    if isinstance(value, dict):
        names = list(value)
        chance.shuffle(names)
        return {name: shuffled(value[name], chance) for name in names}
    if isinstance(value, list):
        items = [shuffled(one, chance) for one in value]
        chance.shuffle(items)
        return items
    return value


@given(EVENTS, st.randoms())
def test_order_does_not_count(event: dict[str, Any], chance: random.Random) -> None:
    other = shuffled(event, chance)
    for version in EventHashVersion:
        one = event_hash(event, version=version, context=CONTEXT)
        assert event_hash(other, version=version, context=CONTEXT) == one


@given(EVENTS)
def test_a_stored_event_has_the_hash_of_the_submitted_one(event: dict[str, Any]) -> None:
    normalised = normalise_event(event, CONTEXT)
    for version in (CBV_2_0, CBV_2_1):
        whole = event_hash(event, version=version, context=CONTEXT)
        assert hash_of_normalised(normalised, version) == whole
        assert event_hash(normalised, version=version) == whole


@given(EVENTS, st.sampled_from(["epcList", "childEPCs", "inputEPCList"]), SERIALS)
def test_one_more_code_changes_the_hash(event: dict[str, Any], name: str, serial: str) -> None:
    more = {**event, name: [*event.get(name, []), f"urn:x:more:{serial}"]}
    for version in EventHashVersion:
        one = event_hash(event, version=version, context=CONTEXT)
        assert event_hash(more, version=version, context=CONTEXT) != one


@given(st.dictionaries(NAMES, JSON, max_size=12), CONTEXTS | JSON)
def test_any_json_has_a_hash(members: dict[str, Any], context: Any) -> None:
    """Also what capture would refuse: a hash is for comparing."""
    before = copy.deepcopy(members)
    for version in EventHashVersion:
        named = event_hash(members, version=version, context=context)
        assert event_hash(members, version=version, context=context) == named
        assert named.startswith("ni:///sha-256;")
        assert named.endswith(version.label)
        hash_of_normalised(members, version)
    assert members == before


def hashes_of_the_package(made: dict[str, Any]) -> list[str]:
    """Return what the reference package of 2023 makes of a document."""
    with warnings.catch_warnings():  # it opens its contexts in a way that newer Pythons warn of
        warnings.simplefilter("ignore")
        from epcis_event_hash_generator import hash_generator, json_to_py

        json_to_py._namespaces.clear()  # it remembers the prefixes of every earlier document
        level = logging.root.manager.disable
        logging.disable(logging.CRITICAL)
        try:
            read = json_to_py.event_list_from_epcis_document_str(json.dumps(made))
            found: list[str] = hash_generator.epcis_hashes_from_events(read)
        finally:
            logging.disable(level)
    return found


PLAIN_TEXTS = st.sampled_from(["x", "007", "1e3", "urn:epcglobal:cbv:disp:active", "a b"])
PLAIN_EVENTS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["ObjectEvent", "TransactionEvent"]),
        "eventTime": TIMES.filter(lambda time: ".999" not in time),  # it drops some of these
        "eventTimeZoneOffset": st.just("+08:00"),
        "action": st.sampled_from(["ADD", "OBSERVE"]),
    },
    optional={
        "certificationInfo": st.just("https://example.org/c"),
        "parentID": st.just("urn:epc:id:sscc:6901234.1000000001"),
        "epcList": st.lists(
            SERIALS.map(lambda serial: f"urn:epc:id:sgtin:6901234.012345.{serial}"),
            min_size=1, max_size=3, unique=True,
        ),
        "bizStep": st.sampled_from(spellings("shipping", "BizStep", "bizstep")[:3]),
        "disposition": st.just("in_transit"),
        "readPoint": PLACES.map(lambda place: {"id": place, "ex:gate": "7"}),
        "bizTransactionList": st.just([{"type": "po", "bizTransaction": "urn:x:1"}]),
        "sensorElementList": st.lists(
            st.fixed_dictionaries(
                {
                    "sensorReport": st.lists(
                        st.fixed_dictionaries(
                            {"type": st.just("Temperature"), "value": st.integers(-40, 40)},
                            optional={"uom": st.just("CEL"), "ex:r": PLAIN_TEXTS},
                        ),
                        min_size=1, max_size=2,
                    )
                }
            ),
            min_size=1, max_size=2,
        ),
        "ilmd": st.fixed_dictionaries({"ex:lot": PLAIN_TEXTS}),
        "ex:note": PLAIN_TEXTS | st.booleans() | st.integers(-99, 99),
    },
)  # fmt: skip


@settings(max_examples=60)
@given(PLAIN_EVENTS)
def test_the_legacy_dialect_is_that_of_the_package(event: dict[str, Any]) -> None:
    made = document(event)
    assert event_hashes(made, version=LEGACY) == hashes_of_the_package(made)
