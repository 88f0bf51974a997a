"""Documents of any size: one event in memory at a time, in the order of the text."""

import io
import subprocess
import sys

import pytest

from node_gateway.epcis.normalise import normalise_event
from node_gateway.epcis.xml.errors import XmlSyntaxError
from node_gateway.epcis.xml.read import read_events, read_xml
from node_gateway.epcis.xml.stream import EventStream
from tests.gateway.epcis.xml.documents import document, event

LARGE = """
import io, resource, sys
from node_gateway.epcis.xml.read import read_events
from tests.gateway.epcis.xml.documents import document, event
head, _, tail = document(event(epc="urn:x:EPC")).partition(event(epc="urn:x:EPC").encode())
one = event("<ex:a>1</ex:a>" * 20).encode() * 100
class Source(io.RawIOBase):
    left, rest = int(sys.argv[1]) // 100, head
    def readable(self): return True
    def readinto(self, buffer):
        if not self.rest:
            self.left -= 1
            self.rest = one if self.left >= 0 else tail if self.left == -1 else b""
        size = min(len(buffer), len(self.rest))
        buffer[:size], self.rest = self.rest[:size], self.rest[size:]
        return size
count = sum(1 for _ in read_events(Source(), size_bytes_max=1 << 40))
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_kib(events: int) -> int:
    done = subprocess.run(
        [sys.executable, "-c", LARGE, str(events)], capture_output=True, text=True, check=True
    )
    count, peak = map(int, done.stdout.split())
    assert count == events
    return peak


def test_memory_does_not_grow_with_the_document() -> None:
    small, large = peak_kib(1_000), peak_kib(20_000)
    # 19,000 events more are 13 MB of text and would be 60 MB of tree.
    assert large - small < 4_000


def test_events_come_while_the_text_is_still_read() -> None:
    class Source(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            asked.append(size)
            return super().read(size)

    asked: list[int | None] = []
    source = Source(document(*[event()] * 5_000))
    found = read_events(source, size_bytes_max=1 << 30)
    next(found)
    assert len(asked) <= 2
    assert sum(1 for _ in found) == 4_999


def test_what_was_read_is_let_go() -> None:
    raw = document(*[event()] * 100)
    stream = EventStream(io.BytesIO(raw), size_bytes_max=1 << 20, depth_max=64)
    list(stream.events())
    (listing,) = stream.root.iter("EventList")
    assert len(listing) == 1
    assert len(listing[0]) == 0


def test_a_stream_and_a_whole_reading_agree() -> None:
    wrapped = f"<extension><extension>{event()}</extension></extension>"
    raw = document(event("<ex:a>1</ex:a>"), wrapped, event('<b:a xmlns:b="urn:b:">1</b:a>'))
    whole = read_xml(raw, size_bytes_max=1 << 20)
    context = whole.document["@context"]
    streamed = list(read_events(io.BytesIO(raw), size_bytes_max=1 << 20))
    assert [(one.index, one.path, one.line) for one in streamed] == [
        (one.index, one.path, one.line) for one in whole.events
    ]
    assert [normalise_event(one.twin) for one in streamed] == [
        normalise_event(one.twin, context) for one in whole.events
    ]


@pytest.mark.parametrize("size", [1, 7, 64, 4096])
def test_a_source_may_give_little_at_a_time(size: int) -> None:
    class Slow(io.BytesIO):
        def read(self, wanted: int | None = -1) -> bytes:
            return super().read(min(size, wanted or size))

    raw = document(*[event(epc=f"urn:x:{n}") for n in range(20)])
    found = list(read_events(Slow(raw), size_bytes_max=1 << 20))
    assert [one.twin["epcList"] for one in found] == [[f"urn:x:{n}"] for n in range(20)]


def test_a_document_that_breaks_off_says_so_in_the_end() -> None:
    raw = document(*[event()] * 3_000)[:-40]
    found = read_events(io.BytesIO(raw), size_bytes_max=1 << 30)

    assert next(found).index == 0
    with pytest.raises(XmlSyntaxError):
        list(found)


def test_lines_beyond_65535_are_counted() -> None:
    raw = document("\n" * 70_000, event("<x/>"))
    (problem,) = read_xml(raw, size_bytes_max=1 << 20).problems
    assert problem.line == 70_000 + 9
