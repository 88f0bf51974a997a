"""What is kept of cases, grants, sales, recalls and webhooks, written and read on both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from node_gateway.partners.ports import Direction
from node_gateway.storage import (
    cascade,
    delegated_requests,
    exception_documents,
    exception_goods,
    exceptions,
    exceptions_reading,
    grant_reads,
    granted_goods,
    grants,
    receiving_lookups,
    sales,
    webhooks,
)
from node_gateway.storage.ports import GatewayStore
from node_gateway.storage.sale_counting import counted
from tests.gateway.storage.between import (
    CODES,
    HANDOVER,
    MADE,
    NOW,
    PREFIX,
    SHIPMENT,
    UNIT,
    come,
)
from tests.gateway.storage.making import NOW_MS, digest

T = TypeVar("T")


@pytest.fixture
def run(store: GatewayStore) -> Callable[[Callable[[Connection], Any]], Any]:
    async def write(work: Callable[[Connection], T]) -> T:
        return await store.write("test", work)

    return write


def case(number: int) -> exceptions.CaseRow:
    return exceptions.CaseRow(
        number=number,
        uuid=f"uuid-{number}",
        fingerprint=digest("case", number),
        origin=exceptions.HERE,
        kind="product_no_data",
        partner=2,
        subject=digest("handover", "a"),
        detail="One sentence.",
        code_count=2,
        expected=None,
        found=None,
        owner="quality",
        state=exceptions.OPEN,
        told=True,
        opened_at_ms=NOW_MS,
        due_at_ms=NOW_MS + number,
    )


async def test_exceptions(store: GatewayStore, run: Any) -> None:
    change = exceptions.ChangeRow(NOW_MS, "anna", "opened", None)
    said = exceptions.MessageRow(2, None, NOW_MS, "propose", "return", "Text.", MADE)

    def write(connection: Connection) -> None:
        come(connection, store.insert, "a")
        for number in (1, 2):
            assert exceptions.next_case(connection) == number
            codes = [CODES[0], "unlisted"]
            exceptions.add_case(connection, store.insert, case(number), codes, change)
        assert exceptions.add_message(connection, 1, said) == 1
        exceptions.rename(connection, MADE, SHIPMENT)
        exceptions.change_case(
            connection,
            2,
            state=exceptions.RESOLVED,
            cause="data_late",
            proof_owed=1,
            resolved_at_ms=NOW_MS,
            entry=MADE,
        )
        body = exception_documents.DocumentRow(1, "uuid", True, "report", NOW_MS, b"{}")
        exception_documents.add_document(connection, body)

    await run(write)

    def read(connection: Connection) -> None:
        reading, wanted = exceptions_reading, exceptions_reading.Wanted
        cases = reading.page(connection, wanted(partner=2), after=None, limit=9)
        assert [one.number for one in cases] == [1, 2]
        assert cases[0].told is True
        place = reading.place_of(cases[0])
        (after,) = reading.page(connection, wanted(code=CODES[0]), after=place, limit=9)
        assert after.number == 2
        every = wanted(("open",), 2, "product_no_data", "quality", CODES[0], cases[0].subject)
        (one,) = reading.page(connection, every, after=None, limit=9)
        assert one == exceptions.case_by_uuid(connection, "uuid-1", 2)
        assert one == exceptions.case_by_fingerprint(connection, digest("case", 1))
        assert reading.codes_of(connection, 1, after="", limit=1) == [CODES[0]]
        assert [row.digest for row in reading.messages_of(connection, 1)] == [SHIPMENT]
        assert reading.last_proposal(connection, 1) is not None
        assert reading.message_count(connection, 1) == 1
        assert [row.who for row in reading.changes_of(connection, 1)] == ["anna"]
        assert reading.causes(connection, "product_no_data", 2)[0].cause == "data_late"
        assert reading.open_count(connection, 2) == 0
        assert reading.unresolved(connection, 2, "product_no_data") == 1
        assert [row.number for row in reading.overdue(connection, NOW_MS + 9, limit=9)] == [1]
        assert [row.number for row in reading.unproven(connection, limit=9)] == [2]
        assert reading.open_counts(connection, NOW_MS + 9) == (1, 1)
        named = digest("handover", "a")
        assert exception_goods.is_between(connection, named, 2)
        assert exception_goods.listed(connection, 1, named) == [CODES[0]]
        assert exception_goods.unlisted_count(connection, 1, named) == 1
        assert exception_goods.not_from_others(connection, 1, 3) == ["unlisted"]
        (document,) = exception_documents.documents_of(connection, 1)
        assert document == exception_documents.document(connection, 1, "uuid")
        assert (document.incoming, document.body) == (True, b"{}")
        assert receiving_lookups.cases_without_data(connection) == {1: [CODES[0], "unlisted"]}

    await store.read(read)


@pytest.mark.parametrize("table", [grants.GRANTS, grants.DELEGATIONS])
async def test_permissions(store: GatewayStore, run: Any, table: grants.Permissions) -> None:
    wish = grants.Permission(0, "grant-1", 4, {"items": [1]}, "audit", NOW, NOW + 100, NOW, "anna")
    made = await run(lambda c: table.add(c, wish))
    assert made == replace(wish, number=1)
    assert await store.read(lambda c: table.after(c, 0, 5, 4)) == [made]
    assert await store.read(lambda c: table.active(c, NOW + 1, 4)) == [made]
    assert await store.read(lambda c: table.unended(c, NOW - 9)) == [made]
    ended = await run(lambda c: table.revoke(c, "grant-1", at=NOW, by="anna"))
    assert ended is not None
    assert ended.revoked_at == NOW
    assert await store.read(lambda c: table.active(c, NOW + 1)) == []


async def test_reads_under_grants(store: GatewayStore, run: Any) -> None:
    wish = [grant_reads.NewRead("grant-1", "bundle", MADE, '["x"]')] * 2

    def write(connection: Connection) -> None:
        for _ in range(2):
            grant_reads.append(connection, store.insert, wish, owner=1, grantee=4, at_ms=NOW_MS)
        ends = grant_reads.ends(connection, unstated=True, limit=5)
        for _ in range(2):
            grant_reads.state(connection, ends, entry=SHIPMENT, at=NOW)

    await run(write)

    def read(connection: Connection) -> None:
        end = grant_reads.end_of(connection, 4)
        assert end is not None
        assert (end.number, end.stated) == (4, 4)
        assert grant_reads.ends(connection) == [end]
        assert grant_reads.ends(connection, unstated=True) == []
        reads = grant_reads.reads_of(connection, 4, owner=1, after=1, limit=2)
        assert [one.number for one in reads] == [2, 3]
        assert grant_reads.digest_at(connection, 4, 4) == end.digest
        found, count = grant_reads.reads_of_event(connection, MADE, owner=1, limit=1)
        assert (found[0].number, count) == (4, 4)
        (stated,) = grant_reads.statements_of(connection, 4)
        assert stated == grant_reads.last_statement(connection, 4, 9)

    await store.read(read)


async def test_goods_under_grants(store: GatewayStore, run: Any) -> None:
    key = "gs1:9506000134352/"

    def write(connection: Connection) -> None:
        assert granted_goods.register(connection, [CODES[0], key]) == sorted([CODES[0], key])
        assert granted_goods.register(connection, [key]) == []
        for _ in range(2):
            granted_goods.add_rows(connection, store.insert, [(key, 3), (CODES[0], 3), (key, 4)])
        granted_goods.keep_only(connection, [key])

    await run(write)

    def read(connection: Connection) -> None:
        assert granted_goods.window(connection, [key, CODES[0]], 0, 9) == [3, 4]
        assert granted_goods.window(connection, [key], 3, 9) == [4]
        assert granted_goods.is_about(connection, [key], 4)
        assert not granted_goods.is_about(connection, [CODES[0]], 3)
        for goods in (CODES[0], key, f"{key}L-1"):
            assert granted_goods.events_about(connection, goods) == []
        assert granted_goods.last_position(connection) == 0

    await store.read(read)


async def test_requests_of_providers(store: GatewayStore, run: Any) -> None:
    asked = delegated_requests.DelegatedRequest(
        1, 5, "key", "ship", "delegation-1", NOW_MS, b"{}", MADE
    )
    for _ in range(2):
        await run(lambda c: delegated_requests.ask(c, asked))
    await run(lambda c: delegated_requests.answer(c, asked, "done", entry=SHIPMENT, answer=b"{}"))
    found = await store.read(lambda c: delegated_requests.request_of(c, 1, 5, "key"))
    assert found == replace(asked, outcome="done", entry=SHIPMENT, answer=b"{}")


async def test_sales(store: GatewayStore, run: Any) -> None:
    state = sales.ClaimState

    def write(connection: Connection) -> None:
        own = sales.NewClaim(MADE, CODES[0], 0, None, state.WAITING, NOW, 9, SHIPMENT)
        heard = sales.NewClaim(
            HANDOVER, CODES[0], 2, 0, state.DUE, NOW, due_at=NOW + 5, strange=True
        )
        sales.add(connection, [own, heard])
        sales.change(connection, 2, times=1)
        step = sales.PublishedStep(CODES[0], MADE, 2, 3, b"{}")
        for _ in range(2):
            sales.keep_steps(connection, [step])

    await run(write)

    def read(connection: Connection) -> None:
        first, second = sales.of_code(connection, CODES[0])
        assert sales.by_token(connection, MADE) == first
        assert (first.entry, second.times) == (SHIPMENT, 1)
        assert counted([second]).net == 1
        assert sales.strange_since(connection, 2, NOW) == 1
        assert sales.strange_since(connection, 2, NOW + 1) == 0
        assert sales.of_event(connection, 9, [CODES[0]]) == [first]
        assert sales.own_standing(connection, CODES[0]) == [first]
        assert sales.waiting(connection, limit=5) == [first]
        assert sales.due(connection, NOW + 5, limit=5) == [second]
        assert sales.due(connection, NOW + 4, limit=5) == []
        assert sales.next_due(connection) == NOW + 5
        assert not sales.event_counts(connection, 9)
        (step,) = sales.steps_of(connection, CODES[0], limit=5)
        assert (step.entry, bytes(step.bundle)) == (MADE, b"{}")

    await store.read(read)
    await run(lambda c: sales.forget_event(c, 9))
    assert await store.read(lambda c: sales.by_token(c, MADE)) is None


async def test_recalls(store: GatewayStore, run: Any) -> None:
    def write(connection: Connection) -> None:
        come(connection, store.insert, "a")
        for units in (3, 4):
            cascade.keep_task(
                connection, 8, cascade.WE_ASKED, 2, handovers=b"[]", units=units, asked_at_ms=NOW_MS
            )
            cascade.keep_course(connection, 8, began_at_ms=NOW_MS, note=f"{units}")

    await run(write)

    def read(connection: Connection) -> None:
        found = cascade.goods(connection, PREFIX, PREFIX[:-1] + "0", after=CODES[0], limit=2)
        assert found == CODES[1:3]
        (step,) = cascade.steps(connection, CODES)[CODES[0]]
        assert (step.direction, step.partner) == (Direction.IN, 2)
        told = cascade.told(connection, [UNIT, CODES[0]])
        assert (told[UNIT].holds, told[CODES[0]].holds, told[CODES[0]].lot) == (True, False, "L-1")
        task = cascade.task(connection, 8, cascade.WE_ASKED, 2)
        assert task is not None
        assert (task.units, bytes(task.handovers)) == (4, b"[]")
        assert cascade.tasks(connection, way=cascade.WE_ASKED, notice=8) == [task]
        course = cascade.course(connection, 8)
        assert course is not None
        assert course.note == "4"

    await store.read(read)


async def test_webhooks(store: GatewayStore, run: Any) -> None:
    about = ("wh-1", "https://example.com/", ("event.captured",), "active", NOW_MS)
    made = webhooks.StoredWebhook(*about, None, 0, None, None, None)
    events = [webhooks.NewEvent(f"key-{at}", "event.captured", NOW_MS + at, b"{}") for at in (1, 2)]

    def write(connection: Connection) -> None:
        webhooks.add_webhook(connection, made)
        for seed in (b"\1" * 32, b"\2" * 32, b"\3" * 32):
            webhooks.add_secret(
                connection, "wh-1", shared=seed, seed=seed, now_ms=NOW_MS, overlap_ms=1000
            )
        assert webhooks.add_events(connection, events) == 2
        assert webhooks.add_events(connection, events) == 0
        for text in ("1", "2"):
            webhooks.set_reached(connection, "events", text)
        assert webhooks.change_webhook(connection, "wh-1", state="failing")
        webhooks.note_try(
            connection, "wh-1", 1, state=webhooks.GIVEN_UP, tries=3, last_error="x", last_status=500
        )

    await run(write)

    def read(connection: Connection) -> None:
        (hook,) = webhooks.all_webhooks(connection)
        assert hook == webhooks.one_webhook(connection, "wh-1")
        assert (hook.kinds, hook.state) == (("event.captured",), "failing")
        secrets = webhooks.secrets_of(connection, "wh-1", now_ms=NOW_MS + 5)
        assert [bytes(one.seed[:1]) for one in secrets] == [b"\3", b"\2"]
        assert webhooks.reached(connection, "events") == "2"
        due = webhooks.due(connection, "wh-1", now_ms=NOW_MS, limit=5)
        assert [one.event for one in due] == [2]
        assert webhooks.next_due_ms(connection, "wh-1") == 0
        found = webhooks.deliveries(connection, "wh-1", before=None, state=None, limit=5)
        assert [(one.event, one.state) for one in found] == [(2, "waiting"), (1, "given_up")]

    await store.read(read)
    assert await run(lambda c: webhooks.replay(c, "wh-1", since_ms=None, event=None)) == 1
    assert await run(lambda c: webhooks.replay(c, "wh-1", since_ms=NOW_MS, event=None)) == 2
    await run(lambda c: webhooks.note_try(c, "wh-1", 1, state=webhooks.TAKEN))
    await run(lambda c: webhooks.forget_before(c, NOW_MS + 9))
    await run(lambda c: webhooks.remove_events(c, ["key-2"]))
    assert (
        await store.read(lambda c: webhooks.deliveries(c, "wh-1", before=9, state=0, limit=5)) == []
    )
    assert await run(lambda c: webhooks.remove_webhook(c, "wh-1"))
