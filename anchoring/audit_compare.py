"""What several organisations show of one participant: where they differ, and all of it together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from anchoring.audit_chain import Sighting, StreamSight
from anchoring.audit_report import AuditReport, Finding, FindingCode
from anchoring.ports import BlockRef

Seen = Mapping[int, StreamSight]
"""By stream."""


def compare_blocks(union: AuditReport, heads: Mapping[str, BlockRef]) -> None:
    """Note a fork: different hashes for the block that all were read at.

    Args:
        union: Takes the finding.
        heads: By witness.
    """
    _compare(
        union,
        "the witnesses are on different forks",
        {name: head.block_hash.hex() for name, head in heads.items()},
        block=union.head_number,
    )


def compare_streams(union: AuditReport, seen: Mapping[str, Seen]) -> None:
    """Note every head, anchor and record that not all organisations show alike.

    Args:
        union: Takes the findings, and the streams that anybody shows.
        seen: By organisation.
    """
    union.streams = sorted({stream for one in seen.values() for stream in one})
    for stream in union.streams:
        sights = {name: one.get(stream) for name, one in seen.items()}
        _compare(
            union,
            "the organisations show different heads of the stream",
            {name: _head(sight) for name, sight in sights.items()},
            stream=stream,
        )
        shown = {name: _by_sequence(sight) for name, sight in sights.items()}
        for sequence in sorted({number for one in shown.values() for number in one}):
            _compare(
                union,
                "the organisations show different anchors, or not all show one",
                {name: one.get(sequence) for name, one in shown.items()},
                stream=stream,
                sequence=sequence,
            )


def unite(union: AuditReport, reports: Mapping[str, AuditReport]) -> None:
    """Add what was found and not checked through each organisation; the same only once.

    Args:
        union: Takes everything.
        reports: By organisation. Counts of receipts and openings are those of the fullest.
    """
    by_content = {_content(one): place for place, one in enumerate(union.findings)}
    for name, report in reports.items():
        for finding in report.findings:
            place = by_content.setdefault(_content(finding), len(union.findings))
            if place == len(union.findings):
                union.findings.append(_seen_by(finding, ()))
            known = union.findings[place]
            union.findings[place] = _seen_by(known, (*known.seen_by, name))
        union.unchecked += [text for text in report.unchecked if text not in union.unchecked]
        union.receipts = max(union.receipts, report.receipts)
        union.not_due = max(union.not_due, report.not_due)
        union.openings = max(union.openings, report.openings)


def _compare(
    union: AuditReport,
    text: str,
    shown: Mapping[str, Any],
    *,
    stream: int | None = None,
    sequence: int | None = None,
    **evidence: Any,
) -> None:
    if len({json.dumps(one, sort_keys=True) for one in shown.values()}) > 1:
        code = FindingCode.WITNESS_DISAGREEMENT
        union.add(code, text, stream=stream, sequence=sequence, shown=dict(shown), **evidence)


def _head(sight: StreamSight | None) -> dict[str, Any] | None:
    if sight is None:
        return None
    return {"sequence": sight.head.sequence, "tip": sight.head.tip.hex()}


def _by_sequence(sight: StreamSight | None) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for one in sight.sightings if sight else ():
        found.setdefault(one.log.anchor.sequence, []).append(_shown(one))
    return found


def _shown(sighting: Sighting) -> dict[str, Any]:
    log, anchor = sighting.log, sighting.log.anchor
    return {
        "registry": log.registry.hex(),
        "root": anchor.root.hex(),
        "size": anchor.size,
        "previousTip": anchor.previous_tip.hex(),
        "tip": log.tip.hex(),
        "signer": log.signer.hex(),
        "blockNumber": log.block_number,
        "blockHash": log.block_hash.hex(),
        "blockTime": sighting.time,
        "record": sighting.stored.hex(),
        "tx": log.tx_hash.hex(),
    }


def _content(finding: Finding) -> str:
    return json.dumps({**finding.to_json(), "seenBy": None}, sort_keys=True)


def _seen_by(finding: Finding, names: tuple[str, ...]) -> Finding:
    return Finding(
        finding.code,
        finding.text,
        finding.stream,
        finding.sequence,
        finding.evidence,
        tuple(sorted(set(names))),
    )
