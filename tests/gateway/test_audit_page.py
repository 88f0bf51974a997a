"""The report for people: every finding in both languages, others' text as text, nothing fetched."""

import re

import pytest

from anchoring.audit_report import AuditWitness
from anchoring.network_audit.model import (
    SEVERITY,
    ChallengeScore,
    GatewayState,
    NetworkFinding,
    NetworkReport,
    ParticipantLine,
    StreamLine,
    Unchecked,
)
from anchoring.ports import BlockRef
from node_gateway.audit_page import LANGUAGES, page
from node_gateway.audit_page.words import FINDINGS, WORDS

HOSTILE = "<script>alert(1)</script>\" onload='x'"


def report(*findings: NetworkFinding, unchecked: tuple[Unchecked, ...] = ()) -> NetworkReport:
    line = ParticipantLine(
        1,
        "maker",
        HOSTILE,
        1,
        33,
        "https://maker.example",
        GatewayState.ANSWERED,
        streams=(StreamLine(65_536, 6, 6, 1_700_000_000, 3600, "learned"),),
        challenges=ChallengeScore(asked=4, held=3),
    )
    return NetworkReport(
        chain_id=7,
        genesis_hash=bytes(32),
        parts=("gaps",),
        head=BlockRef(9, bytes(32), 1_700_000_100),
        quorum=1,
        organisations=(HOSTILE,),
        witnesses=(AuditWitness("a", "b", "audited"),),
        participants=(line,),
        findings=findings,
        unchecked=unchecked,
        notes=(Unchecked(HOSTILE),),
    )


def test_both_languages_say_the_same_things() -> None:
    assert [set(WORDS[name]) for name in LANGUAGES] == [set(WORDS["en"])] * len(LANGUAGES)
    assert {code: set(words) for code, words in FINDINGS.items()} == {
        str(code): set(LANGUAGES) for code in SEVERITY
    }


@pytest.mark.parametrize("code", SEVERITY)
def test_every_finding_is_told_in_both_languages(code: str) -> None:
    html = page(report(NetworkFinding(code, HOSTILE, 1, 65_536, 3, since=1_700_000_000)))
    assert all(words in html for words in FINDINGS[code].values())
    assert html.count("2023-11-14 22:13:20 UTC") >= 2
    assert WORDS["zh-CN"][str(SEVERITY[code])] in html


def test_the_page_asks_for_nothing_and_runs_nothing() -> None:
    html = page(report(NetworkFinding("gap", HOSTILE, None), unchecked=(Unchecked(HOSTILE, 1),)))
    assert "<script" not in html
    assert not re.search(r"<[^>]*\bonload", html)
    assert not re.search(r"<(?:link|img|iframe)|url\(|\b(?:src|href)=|@import", html)
    assert "default-src 'none'" in html


def test_a_clean_report_that_is_not_complete_says_so() -> None:
    assert WORDS["en"]["all_checked"] in page(report())
    html = page(report(unchecked=(Unchecked("the lists", 1),)))
    assert WORDS["en"]["not_complete"] in html
    assert WORDS["en"]["all_checked"] not in html
