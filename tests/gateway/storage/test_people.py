"""What is kept of people, on both databases: links, one-time codes, sessions, the log."""

from __future__ import annotations

import pytest

from node_gateway.storage.people import AuditRow, Credentials, PeopleStore, SessionRow
from node_gateway.storage.ports import GatewayStore

NOW = 1_790_000_000
LINK, OTHER = b"l" * 32, b"o" * 32
CODES = tuple(bytes([one]) * 32 for one in range(1, 4))
CREDENTIALS = Credentials("$argon2id$", b"k" * 20, 7, CODES)


@pytest.fixture
def people(store: GatewayStore) -> PeopleStore:
    return PeopleStore(store)


async def added(people: PeopleStore, name: str = "anna", link: bytes = LINK) -> int:
    row = await people.add(name, "operator", link_hash=link, link_until=NOW + 60, now=NOW)
    assert row is not None
    return row.number


async def test_a_name_is_given_once_and_a_link_is_used_once(people: PeopleStore) -> None:
    number = await added(people)
    again = await people.add("anna", "admin", link_hash=OTHER, link_until=NOW + 60, now=NOW)
    assert again is None
    assert await people.join(LINK, CREDENTIALS, now=NOW + 60) is None  # too late
    joined = await people.join(LINK, CREDENTIALS, now=NOW + 1)
    assert joined is not None
    assert joined.number == number
    found = await people.named("anna")
    assert found is not None
    assert (found.password, found.code_key, found.code_step) == ("$argon2id$", b"k" * 20, 7)
    assert found.link_hash is None
    assert await people.join(LINK, CREDENTIALS, now=NOW + 2) is None
    assert await people.by_link(LINK) is None


async def test_two_people_without_a_link_are_two(people: PeopleStore) -> None:
    # NULL is unique as often as it likes: both have no link any more.
    for name, link in (("anna", LINK), ("ben", OTHER)):
        await added(people, name, link)
        assert await people.join(link, CREDENTIALS, now=NOW) is not None
    assert [one.name for one in await people.people(after="", limit=9)] == ["anna", "ben"]
    assert [one.name for one in await people.people(after="anna", limit=9)] == ["ben"]


async def test_codes_are_taken_once(people: PeopleStore) -> None:
    number = await added(people)
    await people.join(LINK, CREDENTIALS, now=NOW)
    assert not await people.take_step(number, 7)
    assert await people.take_step(number, 8)
    assert not await people.take_step(number, 8)
    assert await people.take_recovery(number, CODES[0])
    assert not await people.take_recovery(number, CODES[0])
    assert await people.recovery_count(number) == 2
    await people.renew_recovery(number, CODES)
    assert await people.recovery_count(number) == 3


async def test_a_change_may_end_sessions(people: PeopleStore) -> None:
    number = await added(people)
    row = SessionRow(b"t" * 32, number, NOW, NOW, NOW + 60, "192.0.2.0/24")
    await people.add_session(row, now=NOW)
    await people.seen(row.token_hash, NOW + 5)
    found = await people.session(row.token_hash)
    assert found is not None
    assert (found[0].seen_at, found[1].name) == (NOW + 5, "anna")
    assert len(await people.sessions(number, limit=9)) == 1
    kept = await people.change("anna", ends_sessions=False, role="viewer")
    assert kept is not None
    assert kept.role == "viewer"
    assert await people.session(row.token_hash) is not None
    await people.change("anna", ends_sessions=True, disabled_at=NOW)
    assert await people.session(row.token_hash) is None
    assert await people.change("nobody", ends_sessions=True, role="admin") is None


async def test_the_log_is_read_newest_first(people: PeopleStore) -> None:
    for at, who in enumerate(("anna", "ben", "anna"), NOW * 1000):
        await people.log(AuditRow(0, at, who, "sign_in", "药 " * 90, "ok", "192.0.2.0/24", 303))
    found = await people.logged(before=None, limit=2)
    assert [one.number for one in found] == [3, 2]
    assert found[0].subject == "药 " * 90
    assert [one.number for one in await people.logged(before=2, limit=9)] == [1]
    assert [one.number for one in await people.logged(before=None, limit=9, who="anna")] == [3, 1]
