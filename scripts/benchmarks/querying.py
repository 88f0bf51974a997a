"""Pages of EPCIS queries out of a full database, over HTTP."""

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from benchmarks.asking import asked, sent
from benchmarks.importing import wait_followed
from benchmarks.rows import Row
from benchmarks.running import running_gateway
from benchmarks.workload import document, event, goods

ARRAY = 500
PER_PAGE = 30
_STEPS = ("shipping", "receiving", "inspecting", "storing")
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def rows(*, quick: bool) -> Iterator[Row]:
    stored, pages = (1000, 20) if quick else (200_000, 200)
    with running_gateway() as gateway:
        for first in range(0, stored, ARRAY):
            events = [_event(first + at) for at in range(ARRAY)]
            asyncio.run(sent(gateway, [document(events)]))
        wait_followed(gateway)
        chosen = random.Random(1)
        for name, what in _QUERIES.items():
            paths = []
            for _ in range(pages):
                parameters = {**what(chosen.randrange(stored)), "perPage": PER_PAGE}
                paths.append(("GET", f"/epcis/events?{urlencode(parameters)}", b""))
            said = ", ".join(what(0))
            workload = f"{said}; {stored} events, at most {PER_PAGE} per page"
            yield asked(gateway, f"query.page.{name}", paths, workload)


def _event(number: int) -> dict:
    """One event every half minute, with one of four steps."""
    return {
        **event(number),
        **goods(_STEPS[number % 4], "in_transit", "OBSERVE"),
        "eventTime": _time(number),
    }


def _time(number: int) -> str:
    moment = _BEGIN + timedelta(seconds=30 * number)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_QUERIES = {
    "all": lambda _: {"eventType": "ObjectEvent"},
    "transaction": lambda at: {
        "EQ_bizTransaction_desadv": f"urn:epcglobal:cbv:bt:9506000000019:{at}"
    },
    "code": lambda at: {"MATCH_epc": f"urn:epc:id:sgtin:9506000.013435.{at}S0"},
    "step_and_time": lambda at: {
        "EQ_bizStep": _STEPS[at % 4],
        "GE_eventTime": _time(at),
        "LT_eventTime": _time(at + 240),
    },
    "party_backwards": lambda _: {
        "EQ_source_owning_party": "https://id.gs1.org/417/9506000000015",
        "orderBy": "eventTime",
        "orderDirection": "DESC",
    },
    "pattern": lambda _: {"MATCH_epc": "urn:epc:idpat:sgtin:9506000.013435.*"},
    "not_indexed": lambda at: {"EQ_correctiveEventID": f"urn:uuid:{at:08x}"},
}
