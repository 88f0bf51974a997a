"""F25 in a network: what a distributor states and keeps is known where policy says, nowhere else.

Markers are planted at one gateway in everything that it can state, the whole story is played with
faults in between, and then everything that others have is searched: databases, what was carried
between gateways, logs, metrics, the chain, public answers, errors. Each marker must be found where
it may be, so that the search is known to find.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson
import pytest
import structlog

from anchoring.core.items import code_items, code_path, field_items
from node_gateway.epcis.event_hash import EventHashVersion, event_hash, parse_event_hash
from node_gateway.partners.trace_wire import PATH as TRACE_PATH
from node_gateway.partners.trace_wire import Question, Way
from node_gateway.services.disclosing import open_event
from node_gateway.settings_partners import RecallsSection, WebhooksSection
from node_gateway.storage import webhooks
from tests.anvil import Anvil
from tests.consortium import AUDITOR, VOTER, Person
from tests.faults.markers import (
    corpus_of,
    digests,
    found_in,
    preimages,
    spellings,
    texts_of,
    whole_database,
    without,
)
from tests.faults.network_story import AUDITED, DIST, MARKERS, Carried, Story, keep_secrets
from tests.faults.world import Template
from tests.gateway.partners.arriving import get
from tests.gateway.partners.ways import person, wishes
from tests.gateway.rest.receiving import Receiver, receiving
from tests.gateway.running import BATCHING
from tests.partners import Town, town

SLUGS: Final = ("maker", DIST, "other", "shop", "corner")
CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
Parts = dict[str, list[bytes]]


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Catch every line that gateways log, as the process that serves writes them."""
    lines = io.StringIO()
    before = structlog.get_config()
    handler = logging.StreamHandler(lines)
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        logger_factory=lambda *_: structlog.PrintLogger(lines),
    )
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)
        structlog.configure(**before)


def test_the_search_finds_every_form() -> None:
    """Planted in each form within other bytes, a marker is found; and not where it is not."""
    marker = "PRICE-77310-CNY"
    items = [("$['urn:x-example:price']", f'"{marker}"')]
    forms = spellings(marker) | digests(preimages(marker, items))
    for shift in range(3):
        beside = b"\x00" * (10 + shift)
        for one in texts_of(beside + marker.encode() + b"\xff\xff\xff"):
            assert found_in(b"before " + one + b" after", forms), one
    for one in digests(preimages(marker, items)):
        assert found_in(b"\x01" + one + b"\x02", forms)
    assert found_in(b"nothing of it: PRICE-7731", forms) == []


async def test_f25_markers_of_a_distributor_are_where_policy_says_and_nowhere_else(
    template: Template, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = wishes()
    like = plain.but(
        batching=BATCHING,  # anchors when the story asks for it, not twelve a second
        sections={
            **plain.sections,
            "recalls": RecallsSection(report_s=0.1, look_s=0.3),
            "webhooks": WebhooksSection(allow_private=True, allow_http=True, poll_s=0.1),
        },
    )
    people = [*map(person, SLUGS), Person("auditor", roles=AUDITOR | VOTER)]
    carried, heard = Carried(), list[bytes]()
    with logged() as log, carried.recording(monkeypatch), Anvil() as chain:
        async with (
            receiving(Receiver()) as hook,
            town(chain, template.file, tmp_path, people, wishes=like) as t,
        ):
            carried.know(t, *SLUGS, "auditor")
            await keep_secrets(t[DIST], hook.port)
            story = Story(t, carried)
            for act in (
                *(story.goods_come, story.goods_go, story.short, story.words),
                *(story.sold, story.recalled, story.granted, story.repeated),
            ):
                await act()
                if act in (story.sold, story.repeated):
                    heard += await public_answers(t, story)
            heard += await errors(t, story)
            assert hook.taken, "the customer's webhook was told nothing"
            items = await items_of(t)
            hashes = await event_hashes(t)
            heard += chain_data(chain)
            names = {one.id: one.slug for one in t.net.members}
            hidden = await own_only(t, story)
        known: Parts = {slug: [whole_database(t.database(slug))] for slug in names.values()}
    for number, parts in carried.got.items():
        known[names[number]] += parts
    heard.append(log.getvalue().encode())
    assert b"state" in heard[-1]
    corpora = {slug: corpus_of(parts) for slug, parts in known.items()}
    corpora["public"] = corpus_of(heard)
    wrong = [*judge_markers(corpora, items), *judge_hidden(corpora, hidden)]
    wrong += judge_hashes(corpora, hashes)
    assert not wrong, "\n".join(wrong)


def judge_markers(corpora: dict[str, bytes], items: list[tuple[str, str]]) -> Iterator[str]:
    """Search everything for every marker; say where it is and should not be, or the reverse."""
    for name, marker in MARKERS.items():
        plain = spellings(marker.text)
        forms = plain | digests(preimages(marker.text, items))
        for slug, corpus in corpora.items():
            if slug == DIST or slug in marker.may:
                if not found_in(corpus, plain):
                    yield f"{name}: not found at {slug}, where it should be"
            elif found := found_in(corpus, forms):
                yield f"{name}: found at {slug}: {found[:2]}"


def judge_hidden(corpora: dict[str, bytes], hidden: dict[str, set[bytes]]) -> Iterator[str]:
    """Search everything for what nobody but the distributor may have, in any form."""
    for name, forms in hidden.items():
        for slug, corpus in corpora.items():
            found = found_in(corpus, forms)
            if slug == DIST and not found:
                yield f"{name}: not found at {slug}, which has it"
            elif found and slug != DIST:
                yield f"{name}: found at {slug}: {found[:2]}"


def judge_hashes(corpora: dict[str, bytes], hashes: set[bytes]) -> Iterator[str]:
    """Search everything for content hashes of events."""
    for slug, corpus in corpora.items():
        found = found_in(corpus, hashes)
        if slug in {DIST, *AUDITED} and not found:
            yield f"content hashes: not found at {slug}, where they should be"
        elif found and slug not in {DIST, *AUDITED}:
            yield f"content hashes: found at {slug}: {found[:2]}"


async def own_only(t: Town, story: Story) -> dict[str, set[bytes]]:
    """Return what is chosen at random or by the clock, and nobody else may learn."""
    store = t[DIST].gateway.store
    (hook,) = (await get(t[DIST], "/v1/webhooks"))["webhooks"]
    (kept,) = await store.read(lambda c: webhooks.secrets_of(c, hook["id"], now_ms=0))
    return {
        "shared secret of a webhook": texts_of(kept.shared),
        "seed of a webhook": texts_of(kept.seed),
        "moment of receiving": {str(story.received_ms).encode()},
    }


async def items_of(t: Town) -> list[tuple[str, str]]:
    """Return all (path, value) that the distributor has committed to: fields, codes, derived."""
    found: list[tuple[str, str]] = []
    for stored in await stored_events(t):
        one = open_event(stored)
        found += field_items(one.event)
        found += [
            (code_path(name), orjson.dumps(code).decode()) for name, code in code_items(one.event)
        ]
        found += [(name, orjson.dumps(value).decode()) for name, value in one.derived.items()]
    return found


async def event_hashes(t: Town) -> set[bytes]:
    """Return the CBV hashes of its events, and the digests of their documents: both are oracles."""
    found: set[bytes] = set()
    for stored in await stored_events(t):
        one = open_event(stored)
        raw = [bytes.fromhex(one.derived["sealtrail:source"])]
        for version in EventHashVersion:
            digest = parse_event_hash(
                event_hash(one.event, version=version, context=CONTEXT)
            ).digest
            raw.append(bytes.fromhex(digest))
        found = found.union(*map(texts_of, raw))
    return found


async def stored_events(t: Town) -> list[Any]:
    return [one for one in await t[DIST].gateway.store.events_after(0, limit=1000) if one.payload]


async def public_answers(t: Town, story: Story) -> list[bytes]:
    """Return everything that anybody may ask of any gateway."""
    found = []
    codes = [*story.packs.values(), story.cloned, story.missing]
    for slug in (*SLUGS, "auditor"):
        up = t[slug]
        async with up.stranger() as stranger:
            listed = (await stranger.get("/v1/anchors")).json()
            paths = ["/readyz?verbose=1", "/healthz", "/metrics", "/v1/consortium", "/v1/notices"]
            paths += ["/v1/consortium/participants", "/v1/consortium/prefixes", "/v1/archives"]
            paths += [f"/v1/consortium/participants/{DIST}", "/v1/consortium/proposals"]
            paths += [f"/v1/anchors?stream={one}&perPage=1000" for one in listed["streams"]]
            for number in listed["streams"]:
                paths += [f"/v1/streams/{number}/anchors/{one}/entries" for one in (1, 2)]
            for path in paths:
                found += answer_parts(await stranger.get(path))
            for code in codes:
                answer = await stranger.get(f"/v1/public/codes/{quote(code, safe='')}")
                assert answer.status_code == 200
                found += [without(one, code) for one in answer_parts(answer)]
    return found


def answer_parts(answer: Any) -> Iterator[bytes]:
    yield "\n".join(f"{name}: {value}" for name, value in answer.headers.items()).encode()
    yield answer.content


async def errors(t: Town, story: Story) -> list[bytes]:
    """Return what strangers and wrong partners are answered, which ask for what is not theirs."""
    found = []
    code, entry = story.packs["the corner"], story.entries[-1]
    name = quote(code, safe="")
    async with t[DIST].stranger() as stranger:
        for path in (
            *(f"/v1/events/{entry}", f"/v1/events/{entry}/bundle", f"/v1/events/{entry}/opening"),
            *("/v1/exceptions", "/v1/handovers", "/v1/peers", "/v1/webhooks", "/v1/grants"),
            *(f"/v1/codes/{name}", f"/v1/traces/{name}", "/epcis/events", "/v1/locations"),
            *(f"/v1/public/codes/{name[:-3]}", "/v1/public/codes/none", "/v1/reads"),
            *("/v1/parties", "/v1/api-keys", "/v1/recalls/tasks", "/v1/streams/9/anchors/1/decoys"),
        ):
            answer = await stranger.get(path)
            found += [without(one, code) for one in answer_parts(answer)]
        found.append((await stranger.post("/v1/peer/messages", content=b"{}")).content)
        found.append((await stranger.post("/epcis/capture", content=b"{}")).content)
    question = Question(
        code=code, way=Way.UP, question="ab" * 16, distance=1, hops=5, budget_ms=999
    )
    for slug in ("other", "shop", "maker"):
        ask, to = t[slug].gateway.partners.peers.request, t.member(DIST).id
        for method, path, body in (
            ("POST", TRACE_PATH, question.model_dump_json().encode()),
            (
                "POST",
                TRACE_PATH,
                question.model_copy(update={"code": story.other}).model_dump_json().encode(),
            ),
            ("GET", "/v1/peer/grants", b""),
            *(("GET", f"/v1/peer/grants/{one}/events", b"") for one in story.grants),
            *(
                ("GET", f"/v1/peer/grants/{one}/events/{entry}/opening", b"")
                for one in story.grants
            ),
            ("POST", "/v1/peer/challenges", b"{}"),
            ("POST", "/v1/peer/messages", b"{}\nnothing"),
            ("POST", "/v1/peer/position", b"[]"),
            ("GET", "/v1/peer/reads", b""),
        ):
            answer = await ask(to, method, path, body=body)
            found.append(without(answer.body, code))
    revoked = await t["corner"].client.get(f"/v1/granted/{DIST}/{story.grants[0]}/events")
    assert revoked.status_code >= 400, revoked.text
    found.append(revoked.content)
    return found


def chain_data(chain: Anvil) -> list[bytes]:
    """Return every transaction's data and every log, as bytes."""
    found = []
    for number in range(int(chain.rpc("eth_blockNumber"), 16) + 1):
        block = chain.rpc("eth_getBlockByNumber", hex(number), True)
        found += [bytes.fromhex(one["input"][2:]) for one in block["transactions"]]
    logs = chain.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    assert logs
    return found + [bytes.fromhex(one["data"][2:]) for one in logs]
