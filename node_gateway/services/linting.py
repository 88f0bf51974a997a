"""What a file would do if it were captured, without storing anything of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final, Literal

import orjson

from node_gateway.codes.china.bill_events import bill_events
from node_gateway.codes.china.bills import read_bills
from node_gateway.codes.china.findings import FileFormError, Findings, LineProblem
from node_gateway.codes.china.relation import read_relation
from node_gateway.codes.china.relation_events import relation_events
from node_gateway.codes.china.sniffing import sniff
from node_gateway.codes.china.vocabulary import document_of
from node_gateway.codes.csv.mapping import CsvMapping
from node_gateway.codes.csv.values import PartyOf
from node_gateway.epcis.errors import EpcisError
from node_gateway.errors import MediaTypeError, Spot, SpottedError
from node_gateway.services.disclosing import open_event, whole_event
from node_gateway.services.foreseeing import Foreseeing, Foreseen
from node_gateway.services.importing import FileRefusedError
from node_gateway.services.importing_csv import CSV, CsvFiles
from node_gateway.services.preparing import PreparedDocument, PreparedEvent, Preparing, content_key
from node_gateway.services.xml_input import XmlInput
from node_gateway.storage.ports import EventStore

JSON: Final = "epcis-json"
XML: Final = "epcis-xml"
RELATION: Final = "mashang-relation"
PROBLEMS_MAX: Final = 1000
_TIME: Final = "2000-01-01T00:00:00.000Z"

Fate = Literal["new", "duplicate", "conflict"]


@dataclass
class LintReport:
    """What was found.

    Attributes:
        kind: What the file is.
        events: Events that would be looked at by capture.
        counts: By (type, action, bizStep): events, codes.
        fates: How many events are new, known (`duplicate`), or known with other content.
        refused: How many would be refused.
        problems: Why, and where.
        foreseen: What the state rules would say of the new events.
    """

    kind: str
    events: int = 0
    counts: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    fates: Counter[Fate] = field(default_factory=Counter)
    refused: int = 0
    problem_count: int = 0
    problems: list[Spot] = field(default_factory=list)
    foreseen: Foreseen | None = None

    def add(self, spots: Sequence[Spot]) -> None:
        """Keep problems, or only count them when there are too many."""
        self.problem_count += len(spots)
        self.problems.extend(spots[: max(0, PROBLEMS_MAX - len(self.problems))])

    @property
    def is_good(self) -> bool:
        """Whether all of it would be stored."""
        return not self.problem_count and not self.fates["conflict"]


class Linting:
    """Looks at files the way capture and the imports do."""

    def __init__(
        self,
        *,
        events: EventStore,
        preparing: Preparing,
        files: CsvFiles,
        foreseeing: Foreseeing,
        party_of: PartyOf,
        participant: int,
        clock: Callable[[], float],
    ) -> None:
        self._events, self._preparing, self._files = events, preparing, files
        self._foreseeing, self._party_of = foreseeing, party_of
        self._owner, self._clock = str(participant), clock

    async def lint(self, raw: bytes, mapping: CsvMapping | None = None) -> LintReport:
        """Look at a file.

        Args:
            raw: The file: EPCIS JSON or XML, relation file, bills, or CSV with a mapping.
            mapping: What the columns of a CSV file mean.

        Raises:
            MediaTypeError: `import_kind`, it is none of these.
        """
        report = LintReport(CSV if mapping else kind_of(raw))
        try:
            prepared = await asyncio.to_thread(self._prepared, raw, mapping, report)
        except SpottedError as error:
            report.add(error.spots)
            return report
        except EpcisError as error:
            report.add([Spot(error.code, error.detail, error.pointer, error.hint)])
            return report
        if prepared is None:
            return report
        report.refused = len(prepared.refused)
        report.events = len(prepared.events) + report.refused
        report.add([spot for one in prepared.refused for spot in one.spots])
        new = []
        for one in prepared.events:
            event = _event_of(one)
            _count(report, event)
            fate = await self._fate(one, event)
            report.fates[fate] += 1
            if fate == "new":
                new.append(event)
            elif fate == "conflict":
                detail = "this eventID is known with other content"
                report.add([Spot("event_conflict", detail, f"{one.pointer}/eventID")])
        report.foreseen = await self._foreseeing.of(new)
        return report

    def _prepared(
        self, raw: bytes, mapping: CsvMapping | None, report: LintReport
    ) -> PreparedDocument | None:
        now_ms = int(self._clock() * 1000)
        if report.kind == JSON:
            return self._preparing.document(raw, proceed=True, now_ms=now_ms)
        if report.kind == XML:
            return XmlInput(self._preparing).document(raw, proceed=True, now_ms=now_ms)
        made = self._made(raw, mapping, report)
        if not made:
            return None
        document = document_of([event for _, event in made], _TIME)
        prepared = self._preparing.converted(
            document, sha256(raw).digest(), proceed=True, now_ms=now_ms
        )
        lines = [line for line, _ in made]
        return _at_lines(prepared, lines)

    def _made(
        self, raw: bytes, mapping: CsvMapping | None, report: LintReport
    ) -> list[tuple[int, dict[str, Any]]]:
        """Return (line, event) of a file that is no EPCIS, with what is wrong in the report."""
        try:
            if mapping is not None:
                made = self._files.made(lambda: raw, mapping, check=False)
                findings, events = made.findings, [(one.line, one.event) for one in made.events]
            else:
                findings, events = self._of_platform(raw, report.kind)
        except FileRefusedError as error:
            report.add([_line_spot(one) for one in error.problems])
            return []
        except FileFormError as error:
            problem = LineProblem(error.line, error.code, error.detail, error.hint)
            report.add([_line_spot(problem)])
            return []
        report.add([_line_spot(one) for one in findings.problems])
        report.problem_count += findings.count - len(findings.problems)
        return events

    def _of_platform(
        self, raw: bytes, kind: str
    ) -> tuple[Findings, list[tuple[int, dict[str, Any]]]]:
        if kind == RELATION:
            relation = read_relation(iter([raw]))
            if relation.findings.count:
                return relation.findings, []
            return relation.findings, [
                (line, event) for line, _, event in relation_events(relation)
            ]
        bills = read_bills(iter([raw]), bill_type=None)
        if bills.findings.count:
            return bills.findings, []
        made = bill_events(
            bills.bills, owner=self._owner, party_of=self._party_of, is_active=lambda _bill: False
        )
        return bills.findings, list(made)

    async def _fate(self, one: PreparedEvent, event: Mapping[str, Any]) -> Fate:
        stored = await self._events.event_by_key(one.new.event_key)
        if stored is None:
            return "new"
        if stored.payload is None:
            return "duplicate"
        known = content_key(await whole_event(self._events, open_event(stored)))
        return "duplicate" if known == content_key(event) else "conflict"


def kind_of(raw: bytes) -> str:
    """Return what a file is, by its beginning.

    Raises:
        MediaTypeError: `import_kind`.
    """
    head = raw[:4096]
    found = sniff(head)
    if found is not None:
        return found
    begins = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if begins in (b"<", b"{"):
        return XML if begins == b"<" else JSON
    raise MediaTypeError(
        "no kind of file that is read here begins so",
        code="import_kind",
        hint="EPCIS JSON or XML, files of the platform, or CSV with its mapping.",
    )


def _event_of(one: PreparedEvent) -> dict[str, Any]:
    """Return the normalised event as it was committed, with all its codes."""
    event: dict[str, Any] = orjson.loads(one.new.payload)
    if one.new.codes_apart:
        for code in sorted(one.new.codes, key=lambda each: each.order):
            event.setdefault(code.list_name, []).append(code.code)
    return event


def _count(report: LintReport, event: Mapping[str, Any]) -> None:
    lists = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
    codes = sum(len(event.get(name) or ()) for name in lists)
    key = (event["type"], str(event.get("action", "-")), str(event.get("bizStep", "-")))
    known = report.counts.get(key, (0, 0))
    report.counts[key] = (known[0] + 1, known[1] + codes)


def _at_lines(prepared: PreparedDocument, lines: Sequence[int]) -> PreparedDocument:
    """Return a document whose places are lines of the file that it was made from."""
    events = tuple(replace(one, pointer=f"line {lines[one.index]}") for one in prepared.events)
    refused = tuple(
        replace(one, spots=tuple(replace(s, pointer=f"line {lines[one.index]}") for s in one.spots))
        for one in prepared.refused
    )
    return replace(prepared, events=events, refused=refused)


def _line_spot(one: LineProblem) -> Spot:
    return Spot(one.code, one.detail, f"line {one.line}" if one.line else "", one.hint)


def report_wire(report: LintReport) -> dict[str, Any]:
    """Return the JSON form of a report."""
    wire: dict[str, Any] = {
        "kind": report.kind,
        "good": report.is_good,
        "events": report.events,
        "byType": [
            {"type": kind, "action": action, "bizStep": step, "events": events, "codes": codes}
            for (kind, action, step), (events, codes) in sorted(report.counts.items())
        ],
        "new": report.fates["new"],
        "duplicates": report.fates["duplicate"],
        "conflicts": report.fates["conflict"],
        "refused": report.refused,
        "problemCount": report.problem_count,
        "problems": [_wire_of(one) for one in report.problems],
        "findings": [],
        "findingsJudged": 0,
    }
    if report.foreseen is not None:
        wire["findings"] = report.foreseen.wire()
        wire["findingsJudged"] = report.foreseen.judged
    return wire


def _wire_of(spot: Spot) -> dict[str, Any]:
    made = {"pointer": spot.pointer, "code": spot.code, "detail": spot.detail}
    return {**made, "hint": spot.hint} if spot.hint else made
