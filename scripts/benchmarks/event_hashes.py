"""Event hashes: no database, no network."""

import json
import logging
import time
import warnings
from collections.abc import Callable, Iterator

from benchmarks.rows import Row, paired, single
from benchmarks.workload import document, event

from node_gateway.epcis.event_hash import event_hashes, hash_of_normalised
from node_gateway.epcis.normalise import normalise_event

ROUNDS = 5
CODES = 3
PER_DOCUMENT = 20


def rows(*, quick: bool) -> Iterator[Row]:
    rounds, count = (1, 100) if quick else (ROUNDS, 4000)
    events = [event(number, codes=CODES) for number in range(count)]
    yield _documents(rounds, events)
    yield _stored(rounds, events)


def _documents(rounds: int, events: list[dict]) -> Row:
    """The peer takes text, so reading it counts on both sides."""
    texts = [
        document(events[at : at + PER_DOCUMENT]).decode()
        for at in range(0, len(events), PER_DOCUMENT)
    ]
    of_peer = texts[: max(1, len(texts) // 20)]  # it is that much slower
    assert event_hashes(json.loads(texts[0]), version="CBV2.0-legacy") == _package(texts[0])

    def ours() -> None:
        for text in texts:
            event_hashes(json.loads(text))

    def peer() -> None:
        for text in of_peer:
            _package(text)

    each, each_of_peer = len(events), len(of_peer) * PER_DOCUMENT
    measured = [
        (_cpu_seconds(ours) / each * 1e6, _cpu_seconds(peer) / each_of_peer * 1e6)
        for _ in range(rounds)
    ]
    return paired(
        "hash.document",
        "us",
        measured,
        peer="epcis-event-hash-generator",
        workload=f"JSON text to hash, CPU time per event of 13 members and {CODES} codes",
    )


def _stored(rounds: int, events: list[dict]) -> Row:
    normal = [normalise_event(one) for one in events]

    def ours() -> None:
        for one in normal:
            hash_of_normalised(one)

    values = [_cpu_seconds(ours) / len(normal) * 1e6 for _ in range(rounds)]
    return single("hash.stored", "us", values, f"the same events as they are stored, {CODES} codes")


def _cpu_seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _package(text: str) -> list[str]:
    with warnings.catch_warnings():  # it opens its contexts in a way that newer Pythons warn of
        warnings.simplefilter("ignore")
        from epcis_event_hash_generator import hash_generator, json_to_py

        logging.disable(logging.CRITICAL)
        try:
            return hash_generator.epcis_hashes_from_events(
                json_to_py.event_list_from_epcis_document_str(text)
            )
        finally:
            logging.disable(logging.NOTSET)
