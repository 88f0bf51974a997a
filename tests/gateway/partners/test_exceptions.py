"""Exceptions at one gateway: opened once, due, escalated, listed, resolved by a sealed event."""

import asyncio
import json
import os

import pytest

from anchoring.core.verify import check_bundles
from anchoring.errors import RootMismatchError
from node_gateway.api import exceptions as api
from node_gateway.partners import exception_words as words
from node_gateway.partners.exception_resolving import Resolution
from node_gateway.partners.exceptions import Rules
from node_gateway.partners.ports import ExceptionKind
from node_gateway.settings_exceptions import ExceptionsSection
from node_gateway.storage.exceptions import case_by_number
from tests.gateway.conftest import Start
from tests.gateway.partners.cases import codes_of, listed, opened, post, shown, wish
from tests.gateway.running import Running, Wishes

shared_loop = pytest.mark.asyncio(loop_scope="module")
DAY_S = 86_400
MONDAY = 1_772_445_600.0  # 2026-03-02T10:00:00Z


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> float:
        return self.now


@shared_loop
async def test_a_mismatch_is_a_case_with_owner_and_due_time(shared: Running) -> None:
    codes = codes_of(3)
    number = await opened(
        shared, wish(ExceptionKind.SHORTAGE, codes=codes[::-1], expected=3, found=0)
    )
    found = await shown(shared, number)
    assert found["kind"] == "shortage"
    assert found["state"] == "open"
    assert found["owner"] == "quality"
    assert found["codes"] == codes
    assert (found["codeCount"], found["expected"], found["found"]) == (3, 3, 0)
    assert (found["partner"], found["partnerKnows"], found["overdue"]) == (None, False, False)
    assert [one["what"] for one in found["history"]] == ["opened"]
    row = await shared.gateway.store.read(lambda one: case_by_number(one, number))
    assert row is not None
    rules = Rules(1, ExceptionsSection(), shared.gateway.clock)
    assert row.due_at_ms == rules.due_ms(row.opened_at_ms)


@shared_loop
async def test_the_same_mismatch_is_the_same_case(shared: Running) -> None:
    codes = codes_of(4)
    first = wish(codes=codes)
    number = await opened(shared, first)
    same = wish(codes=[*codes, codes[0]], subject=first.subject, detail="said otherwise")
    assert await opened(shared, same) == number
    assert await opened(shared, wish(codes=codes)) != number
    other = wish(ExceptionKind.OVERAGE, codes=codes, subject=first.subject)
    assert await opened(shared, other) != number
    assert await opened(shared, wish(codes=codes[:3], subject=first.subject)) != number


@shared_loop
async def test_thousands_of_codes_are_kept_and_paged(shared: Running) -> None:
    codes = codes_of(5000)
    number = await opened(shared, wish(codes=codes))
    found = await shown(shared, number)
    assert (found["codeCount"], found["codes"]) == (5000, codes[:100])
    seen: list[str] = []
    after = ""
    while True:
        answer = await shared.client.get(
            f"/v1/exceptions/{number}/codes", params={"after": after, "perPage": 1000}
        )
        seen += answer.json()["codes"]
        if answer.json()["next"] is None:
            break
        after = answer.json()["next"]
    assert seen == codes
    assert [one["number"] for one in await listed(shared, code=codes[4321])] == [number]


@shared_loop
async def test_pages_go_on_where_they_ended(shared: Running) -> None:
    owner = os.urandom(8).hex()
    numbers = []
    for _ in range(7):
        number = await opened(shared, wish())
        await post(shared, f"/{number}/owner", owner=owner)
        numbers.append(number)
    await post(shared, f"/{numbers[2]}/resolution", cause="other", action="none")
    seen, after = [], None
    while True:
        params = {"owner": owner, "perPage": 2, **({"after": after} if after else {})}
        answer = (await shared.client.get("/v1/exceptions", params=params)).json()
        seen += [one["number"] for one in answer["exceptions"]]
        after = answer["next"]
        if after is None:
            break
    assert seen == [*numbers[:2], *numbers[3:], numbers[2]]  # what is resolved comes last


@shared_loop
@pytest.mark.parametrize("after", ["x", "2.1.1", "1.1", "1.-1.1", "1.1.99999999999999999999"])
async def test_a_page_that_was_never_handed_out_is_refused(shared: Running, after: str) -> None:
    answer = await shared.client.get("/v1/exceptions", params={"after": after})
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter")


@shared_loop
async def test_a_resolution_is_a_sealed_event_that_names_the_case_alone(shared: Running) -> None:
    codes = codes_of(2)
    number = await opened(shared, wish(codes=codes))
    body = {"cause": "counting_error", "action": "accept_shortage", "text": "counted again"}
    done = await post(shared, f"/{number}/resolution", **body)
    assert done["state"] == "resolved"
    entry = done["resolution"]["event"]
    early = await shared.client.get(f"/v1/exceptions/{number}/proof")
    assert (early.status_code, early.json()["code"]) == (409, "not_final")

    await shared.final(entry)
    bundle = await shared.bundle(entry)
    assert bundle.act.text == "TransactionEvent OBSERVE inspecting - 0"
    assert bundle.values["$['bizTransactionList'][0]['bizTransaction']"] == (
        f"urn:uuid:{done['case']}"
    )
    assert bundle.code_values == frozenset()

    raw = (await shared.client.get(f"/v1/exceptions/{number}/proof")).content
    (proof,) = await shared.checked(raw)
    assert proof.entry.hex() == entry
    assert "$['eventTime']" not in proof.values
    assert {path.rpartition("x-sealtrail:")[2].rstrip("']") for path in proof.values} >= {
        *("kind", "cause", "action", "text")
    }
    assert not any(code.encode() in raw for code in codes)

    for code in codes:  # the state of no code is changed by it
        state = await shared.client.get(f"/v1/codes/{code}/state")
        assert state.status_code == 404


@shared_loop
async def test_a_changed_proof_is_refused(shared: Running) -> None:
    number = await opened(shared, wish())
    done = await post(shared, f"/{number}/resolution", cause="other", action="none")
    await shared.final(done["resolution"]["event"])
    raw = (await shared.client.get(f"/v1/exceptions/{number}/proof")).json()
    raw["fields"]["siblings"][0] = "00" * 32
    changed = json.dumps(raw).encode()
    with pytest.raises(RootMismatchError):
        check_bundles(changed)


@shared_loop
async def test_resolved_again_is_the_same_and_otherwise_refused(shared: Running) -> None:
    number = await opened(shared, wish())
    body = {"cause": "data_late", "action": "send_data", "text": ""}
    first = await post(shared, f"/{number}/resolution", **body)
    again = await post(shared, f"/{number}/resolution", **body)
    assert again["resolution"] == first["resolution"]
    refused = await post(shared, f"/{number}/resolution", 409, **(body | {"action": "return"}))
    assert refused["code"] == "exception_closed"


@shared_loop
async def test_a_crash_between_event_and_case_leaves_one_event(shared: Running) -> None:
    number = await opened(shared, wish())
    resolving = shared.gateway.partners.exceptions.resolving
    resolution = Resolution("data_wrong", "correct_data", "", "somebody")
    row = await shared.gateway.store.read(lambda one: case_by_number(one, number))
    assert row is not None
    entry = await resolving._state(row, resolution)  # the crash is here
    assert (await shown(shared, number))["state"] == "open"
    assert await resolving.resolve(number, resolution) == entry


@shared_loop
async def test_reopened_it_can_end_in_another_way(shared: Running) -> None:
    number = await opened(shared, wish())
    early = await post(shared, f"/{number}/messages", 409, act="reopen")
    assert early["code"] == "exception_not_closed"
    first = await post(shared, f"/{number}/resolution", cause="data_late", action="none")
    refused = await post(shared, f"/{number}/messages", 409, act="ask", text="why?")
    assert refused["code"] == "exception_closed"
    opened_again = await post(shared, f"/{number}/messages", act="reopen", text="look again")
    assert (opened_again["state"], opened_again["resolution"]) == ("open", None)
    second = await post(shared, f"/{number}/resolution", cause="data_wrong", action="none")
    assert second["resolution"]["event"] != first["resolution"]["event"]
    whats = [one["what"] for one in second["history"]]
    assert whats == ["opened", "resolved", "reopened", "resolved"]


@shared_loop
async def test_what_such_cases_were_is_counted_and_never_guessed(shared: Running) -> None:
    kind = ExceptionKind.BROKEN_PACKING
    first = await opened(shared, wish(kind))
    assert (await shown(shared, first))["suggestion"] is None
    for cause in ("packed_wrongly", "packed_wrongly", "damaged"):
        number = await opened(shared, wish(kind))
        await post(shared, f"/{number}/resolution", cause=cause, action="none")
    found = (await shown(shared, first))["suggestion"]
    assert found["causes"] == [
        {"cause": "packed_wrongly", "count": 2},
        {"cause": "damaged", "count": 1},
    ]
    assert (found["resolved"], found["partner"]) == (3, None)
    assert found["text"].startswith("2 of 3 resolved exceptions of this kind with anybody")


@shared_loop
async def test_an_assignment_is_in_the_history(shared: Running) -> None:
    number = await opened(shared, wish())
    await post(shared, f"/{number}/owner", owner="returns desk")
    found = await post(shared, f"/{number}/owner", owner="returns desk")
    assert found["owner"] == "returns desk"
    assert [(one["what"], one["value"], one["who"]) for one in found["history"][1:]] == [
        ("owner", "returns desk", "admin")
    ]


@shared_loop
async def test_opened_by_hand(shared: Running) -> None:
    code = codes_of(1)[0]
    body = {"kind": "wrong_lot", "detail": "the label says L-9", "codes": [code]}
    found = await post(shared, "", 201, **body)
    assert (found["kind"], found["detail"], found["codes"]) == ("wrong_lot", body["detail"], [code])
    assert found["history"][0]["who"] == "admin"
    assert (await post(shared, "", 201, **body))["number"] == found["number"]


@shared_loop
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "nothing", "detail": "x"}, 400, "parameter"),
        ({"kind": "other"}, 400, "parameter"),
        ({"kind": "other", "detail": ""}, 400, "parameter"),
        ({"kind": "other", "detail": "a\0b"}, 400, "parameter"),
        ({"kind": "other", "detail": "x" * 4001}, 400, "parameter"),
        ({"kind": "other", "detail": "x", "handover": "zz"}, 400, "parameter"),
        ({"kind": "other", "detail": "x", "more": 1}, 400, "parameter"),
        ({"kind": "other", "detail": "x", "partner": 99}, 409, "exception_no_partner"),
        ({"kind": "other", "detail": "x", "partner": 1}, 409, "exception_no_partner"),
    ],
)
async def test_what_cannot_be_opened(
    shared: Running, body: dict[str, object], status: int, code: str
) -> None:
    before = len(await listed(shared, perPage=1000))
    refused = await post(shared, "", status, **body)
    assert refused["code"] == code
    assert len(await listed(shared, perPage=1000)) == before


@shared_loop
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("resolution", {"cause": "bad luck", "action": "none"}),
        ("resolution", {"cause": "other", "action": "forget"}),
        ("messages", {"act": "shout"}),
        ("messages", {"act": "propose", "text": "no action"}),
        ("messages", {"act": "say", "action": "return"}),
        ("owner", {"owner": ""}),
        ("owner", {"owner": "x" * 201}),
    ],
)
async def test_words_that_are_not_known_are_refused(
    shared: Running, path: str, body: dict[str, object]
) -> None:
    number = await opened(shared, wish())
    refused = await post(shared, f"/{number}/{path}", 400, **body)
    assert refused["code"] == "parameter"
    assert (await shown(shared, number))["history"][1:] == []


@shared_loop
async def test_an_unknown_number_is_not_found(shared: Running) -> None:
    for path in ("", "/codes", "/proof"):
        answer = await shared.client.get(f"/v1/exceptions/4711{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "exception_not_found")
    refused = await post(shared, "/4711/owner", 404, owner="x")
    assert refused["code"] == "exception_not_found"


def test_the_interface_names_all_causes_and_actions() -> None:
    assert set(api.Cause.__args__) == set(words.CAUSES)
    assert set(api.Action.__args__) == set(words.ACTIONS)


async def test_what_is_overdue_is_escalated_with_an_alarm_and_listed_first(start: Start) -> None:
    clock = Clock()
    up = await start(Wishes(clock=clock))
    first = await opened(up, wish())
    clock.now += DAY_S
    second = await opened(up, wish())
    watch = up.gateway.partners.exceptions.watch
    await watch.look()
    assert (await shown(up, first))["state"] == "open"
    assert await alarms(up) == 0

    clock.now = MONDAY + 3 * DAY_S  # Thursday, the same time
    await watch.look()
    await watch.look()  # once is enough
    found = await shown(up, first)
    assert (found["state"], found["overdue"]) == ("escalated", True)
    assert [one["what"] for one in found["history"]] == ["opened", "escalated"]
    assert (await shown(up, second))["state"] == "open"
    assert await alarms(up) == 1
    assert [one["number"] for one in await listed(up)] == [first, second]
    assert [one["number"] for one in await listed(up, overdue=True)] == [first]
    text = (await up.client.get("/metrics")).text
    assert 'sealtrail_exceptions{state="overdue"} 1.0' in text
    assert 'sealtrail_exceptions{state="open"} 2.0' in text

    done = await post(up, f"/{first}/resolution", cause="other", action="none")
    assert (done["state"], done["overdue"]) == ("resolved", False)
    assert [one["number"] for one in await listed(up, overdue=True)] == []


async def alarms(up: Running) -> float:
    text = (await up.client.get("/metrics")).text
    lines = [line for line in text.splitlines() if 'code="exception_overdue"' in line]
    counts = [float(line.rsplit(" ", 1)[1]) for line in lines if "_total" in line]
    return sum(counts)


async def test_two_who_resolve_at_once_make_one_end(start: Start) -> None:
    up = await start()
    number = await opened(up, wish())
    bodies = [{"cause": "other", "action": action} for action in ("keep", "return", "destroy")]
    answers = await asyncio.gather(
        *(up.client.post(f"/v1/exceptions/{number}/resolution", json=body) for body in bodies)
    )
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    found = await shown(up, number)
    assert [one["what"] for one in found["history"]].count("resolved") == 1
