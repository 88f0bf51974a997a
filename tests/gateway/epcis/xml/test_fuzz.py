"""Whatever comes in: a document with or without problems, or one of our errors."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from node_gateway.epcis.errors import EpcisError
from node_gateway.epcis.normalise import normalise_document
from node_gateway.epcis.validation import EpcisValidator
from node_gateway.epcis.xml.members import READ
from node_gateway.epcis.xml.read import places_of, read_xml
from node_gateway.epcis.xml.schema_view import schema_views
from tests.gateway.epcis.xml.documents import ROOT, document, event

VALIDATOR = EpcisValidator()
GOOD = document(
    event("<ex:a><ex:b>1</ex:b></ex:a>", after_time="<eventID>urn:x:1</eventID>"),
    event("<readPoint><id>urn:x:1</id></readPoint><ilmd><ex:l>1</ex:l></ilmd>"),
)


def look_at(raw: bytes) -> None:
    """Do all that a capture does with it."""
    try:
        found = read_xml(raw, size_bytes_max=1 << 20)
    except EpcisError:
        return
    for one in found.problems:
        assert one.path.startswith("/")
        assert one.line >= 1
    for event_ in found.events:
        pointers = {""}
        if not event_.problems:
            for view in schema_views(event_.twin):
                pointers |= {one.pointer for one in VALIDATOR.validate_event(view)}
        places = places_of(raw, {event_.index: pointers}, size_bytes_max=1 << 20)
        assert len(places) == len(pointers)
    if found.kind in ("document", "query") and not found.problems:
        with suppress(EpcisError):
            normalise_document(found.document)


@given(st.binary(max_size=200))
def test_bytes(raw: bytes) -> None:
    look_at(raw)
    look_at(b"<" + raw)
    look_at(ROOT.encode() + raw)


@settings(max_examples=400)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 60), st.binary(max_size=12))
def test_damaged_documents(at: int, size: int, instead: bytes) -> None:
    look_at(GOOD[:at] + instead + GOOD[at + size :])


NAMES = st.sampled_from(
    [*READ, "id", "epc", "quantityElement", "quantity", "extension", "baseExtension", "source",
     "sensorElement", "sensorReport", "sensorMetadata", "set", "EventList", "ObjectEvent", "ex:a",
     "ex:b", "correctiveEventIDs", "declarationTime", "bizTransaction", "EPCISBody", "uom"]
)  # fmt: skip
ATTRIBUTES = st.lists(
    st.sampled_from(
        ['type="gs1:Mass"', 'value="1"', 'value="x"', 'ex:a="1"', 'a="b:c"', 'xmlns="urn:x:"',
         'xmlns:ex="urn:y:"', 'xml:space="preserve"', 'xmlns:s="urn:x-sealtrail:shape"']
    ),
    max_size=2,
    unique=True,
)  # fmt: skip
TREES = st.recursive(
    st.sampled_from(["", " ", "urn:x:1", "ex:1", "2026-03-01T00:00:00Z", "OBSERVE", "1.5", "药"]),
    lambda inner: st.builds(
        lambda name, attributes, parts: f"<{name} {' '.join(attributes)}>{''.join(parts)}</{name}>",
        NAMES,
        ATTRIBUTES,
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


@settings(max_examples=300)
@given(st.lists(TREES, max_size=4))
def test_elements_anywhere(trees: list[str]) -> None:
    look_at(document(event("".join(trees))))
    look_at(document(*(f"<ObjectEvent>{tree}</ObjectEvent>" for tree in trees)))
    look_at(document(*trees))
    look_at(document(header=f"<EPCISHeader>{''.join(trees)}</EPCISHeader>"))
