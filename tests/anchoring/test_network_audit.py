"""The audit of a whole network: an honest one is clean, and every planted fault is named."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from anchoring.audit_report import FindingCode
from anchoring.network_audit.auditor import NetworkAudit
from anchoring.network_audit.material import read_files, read_folder
from anchoring.network_audit.model import SEVERITY, GatewayState, NetworkCode
from anchoring.network_audit.options import GAPS, AuditOptions
from anchoring.network_audit.schedule import Limits
from tests.anchoring.cli_scene import Page, anchoring
from tests.anchoring.network_scene import HOUR_S, LIMITS, NetworkScene, open_network_scene
from tests.anvil import ROOT

NOBODY = "http://127.0.0.1:9"
STREAM = {number: number << 16 for number in (1, 2)}


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


@pytest.fixture
def scene(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> Iterator[NetworkScene]:
    with open_network_scene(tmp_path, loop) as made:
        yield made


class Run:
    def __init__(self, loop: asyncio.AbstractEventLoop, scene: NetworkScene) -> None:
        self.loop, self.scene = loop, scene

    def audit(self, *args: object, **options: object) -> NetworkAudit:
        audit: NetworkAudit = self.loop.run_until_complete(
            self.scene.audit(*args, **options)  # type: ignore[arg-type]
        )
        return audit

    def round(self, *participants: int, after_s: int = HOUR_S, with_blocks: bool = True) -> None:
        self.loop.run_until_complete(
            self.scene.round(*participants, after_s=after_s, with_blocks=with_blocks)
        )


@pytest.fixture
def run(loop: asyncio.AbstractEventLoop, scene: NetworkScene) -> Run:
    return Run(loop, scene)


SCHEMA = json.loads(
    (ROOT / "anchoring/schemas/audit-report-v1.schema.json").read_text(encoding="utf-8")
)


def found(audit: NetworkAudit) -> list[tuple[str, int | None]]:
    return [(str(one.code), one.participant) for one in audit.report.findings]


def test_an_honest_network_is_clean(run: Run) -> None:
    report = run.audit().report
    assert (report.findings, report.unchecked) == ((), ())
    assert [one.slug for one in report.participants] == ["maker-1", "maker-2", "maker-3"]
    [line] = report.participants[0].streams
    assert (line.anchors, line.last_sequence, line.basis) == (6, 6, "learned")
    assert 3600 <= (line.interval_s or 0) <= 3630
    assert report.participants[0].lists == 6
    assert [one.text for one in report.notes] == ["has an anchor key and never anchored"]
    assert report.participants[2].gateway is GatewayState.NOT_ASKED


def test_a_report_has_the_published_shape(run: Run) -> None:
    issuer = run.scene.issuers[1]
    receipt = issuer.receipt(b"\x11" * 32, received_at=1, anchor_by=2)
    options = AuditOptions(limits=LIMITS, participants=frozenset({1, 2, 9}))
    files = read_files([("one.json", receipt.to_json())])
    report = run.audit(files, addresses={2: NOBODY}, options=options).report
    assert report.findings
    assert report.unchecked
    wire = json.loads(json.dumps(report.to_json()))
    jsonschema.Draft202012Validator(SCHEMA).validate(wire)
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid({**wire, "more": 1})


def test_every_finding_has_a_severity() -> None:
    assert set(SEVERITY) == {*FindingCode, *NetworkCode}


def test_a_silent_stream_is_named(run: Run) -> None:
    for _ in range(4):
        run.round(1)
    report = run.audit().report
    [one] = report.findings
    assert (one.code, one.participant, one.stream) == ("silent_stream", 2, STREAM[2])
    assert one.since == report.participants[1].streams[0].last_time
    assert one.evidence["allowedS"] == 3 * one.evidence["intervalS"] + 60


def test_a_late_anchor_is_named(run: Run) -> None:
    for _ in range(2):
        run.round(1)
    run.round(1, 2)
    assert found(run.audit()) == [("late_anchor", 2)]
    only = replace(AuditOptions(limits=LIMITS), cadence_s={STREAM[2]: 3 * HOUR_S})
    assert found(run.audit(options=only)) == []


def test_a_chain_that_made_no_blocks_excuses_everybody(run: Run) -> None:
    run.round(1, 2, after_s=10 * HOUR_S, with_blocks=False)
    assert found(run.audit()) == []


def test_a_list_that_lacks_an_entry_is_named(run: Run) -> None:
    del run.scene.gateway.lists[STREAM[1], 3][7]
    [one] = run.audit().report.findings
    assert (one.code, one.participant, one.sequence) == ("wrong_root", 1, 3)
    assert one.references == ("anchors/1.json", "lists/65536-3.bin")


def test_withheld_lists_are_one_finding(run: Run) -> None:
    for sequence in (2, 4):
        del run.scene.gateway.lists[STREAM[2], sequence]
    [one] = run.audit().report.findings
    assert (one.code, one.participant) == ("withheld_list", 2)
    assert one.evidence["sequences"] == [2, 4]


def test_a_dead_gateway_is_a_finding_and_fails_nobody_else(run: Run) -> None:
    report = run.audit(addresses={2: NOBODY}).report
    [one] = report.findings
    assert (one.code, one.participant) == ("gateway_unreachable", 2)
    assert one.evidence["listsNotChecked"] == 6
    assert report.participants[0].lists == 6
    assert report.participants[1].gateway is GatewayState.UNREACHABLE


def test_an_archive_takes_the_place_of_a_dead_gateway(run: Run) -> None:
    scene = run.scene
    listed = json.dumps({"archives": [{"slug": "maker-2"}]}).encode()
    scene.gateway.pages["/v1/archives"] = [Page(listed)]
    for (stream, sequence), entries in list(scene.gateway.lists.items()):
        path = f"/archives/maker-2/v1/streams/{stream}/anchors/{sequence}/entries"
        wire = {"stream": stream, "sequence": sequence, "entries": [e.hex() for e in entries]}
        scene.gateway.pages[path] = [Page(json.dumps(wire).encode())]
    report = run.audit(addresses={2: NOBODY}).report
    assert report.participants[1].gateway is GatewayState.ARCHIVE
    assert report.participants[1].lists == 6
    assert [str(one.code) for one in report.findings] == ["gateway_unreachable"]


def test_receipts_are_kept_broken_or_somebody_elses_fault(run: Run) -> None:
    issuer = run.scene.issuers[1]
    entry = issuer.sealed[2].commitments[0].entry
    last = issuer.outbox.final[issuer.stream, 6].block_time
    kept = issuer.receipt(entry, received_at=last - 100, anchor_by=last)
    broken = issuer.receipt(b"\x11" * 32, received_at=last - 200, anchor_by=last - 100)
    forged = issuer.receipt(entry, received_at=last - 300, anchor_by=last, key="stranger")
    files = [(f"{at}.json", one.to_json()) for at, one in enumerate((kept, broken, forged))]
    report = run.audit(read_files(files)).report
    codes = {str(one.code): one for one in report.findings}
    assert set(codes) == {"broken_receipt", "receipt_invalid"}
    assert (codes["broken_receipt"].participant, codes["receipt_invalid"].participant) == (1, None)
    score = report.participants[0].receipts
    assert (score.given, score.kept, score.broken, score.invalid) == (3, 1, 1, 1)


def test_a_promise_in_a_stream_that_never_anchored_is_broken(run: Run) -> None:
    issuer = run.scene.issuers[1]
    last = issuer.outbox.final[issuer.stream, 6].block_time
    issuer.stream += 5
    receipt = issuer.receipt(b"\x11" * 32, received_at=last - 200, anchor_by=last - 100)
    audit = run.audit(read_files([("one.json", receipt.to_json())]))
    assert found(audit) == [("broken_receipt", 1)]


def test_files_that_are_none_of_it_are_named(run: Run, tmp_path: Path) -> None:
    handed = tmp_path / "handed"
    handed.mkdir()
    (handed / "a.json").write_text('{"format": "something"}')
    (handed / "b.txt").write_text("no hex")
    report = run.audit(read_folder(handed)).report
    assert [one.text for one in report.unchecked] == [
        "a file that was handed over: a.json: format_unknown",
        "a file that was handed over: b.txt: unreadable_file",
    ]


def test_only_gaps_asks_no_gateway(run: Run) -> None:
    report = run.audit(options=AuditOptions(parts=(GAPS,), limits=Limits())).report
    assert (report.findings, report.unchecked) == ((), ())
    assert run.scene.gateway.asked == []


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ([], 0, "verified"),
        (["--only", "gaps"], 0, "verified"),
        (["--at", f"2={NOBODY}"], 14, "gateway_unreachable"),
        (["--who", "9"], 13, "not_complete"),
        (["--rpc", f"a={NOBODY}"], 13, "chain_unavailable"),
        (["--at", "x"], 2, "usage"),
        (["--gateway", NOBODY], 2, "usage"),
        (["--quorum", "0"], 2, "usage"),
        (["--handed", "nowhere"], 2, "unreadable_file"),
    ],
)
def test_the_command_ends_with_what_it_found(
    scene: NetworkScene, more: list[str], status: int, code: str
) -> None:
    network = str(scene.folder / "network.json")
    at = [part for number in (1, 2) for part in ("--at", f"{number}={scene.url}")]
    done = anchoring("audit", "--all", "--network", network, "--json", *at, *more)
    assert (done.status, done.json["code"]) == (status, code), done.out + done.err
