"""The folded directory says what the contracts' views say, now and at every past time."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest

from anchoring.directory.model import Directory, ProposalState, Status
from tests.anchoring.directory.histories import PEOPLE, PREFIXES, PRODUCTS, History, Views, times_of
from tests.anvil import Anvil
from tests.consortium import found

STATES = (
    "unknown",
    "open",
    "waiting",
    "ready",
    "executed",
    "failed",
    "lapsed",
    "vetoed",
    "withdrawn",
)
SAMPLE = 60


@pytest.fixture(params=[1, 2, 3])
async def history(request: pytest.FixtureRequest) -> AsyncIterator[History]:
    with Anvil() as anvil:
        net = await found(anvil, PEOPLE, delay_s=3, lifetime_s=60)
        made = History(net, random.Random(request.param))
        await made.go_on(140)
        yield made


async def test_the_fold_answers_as_the_contracts_do(history: History) -> None:
    directory = await history.net.directory()
    views, chance = Views(history.net), history.chance
    try:
        times = times_of(directory)
        sample = sorted(chance.sample(times, min(SAMPLE, len(times))))
        await participants_agree(directory, views, sample)
        await keys_agree(directory, views, sample)
        await prefixes_agree(directory, views, sample)
        await notices_agree(directory, views, sample)
        await proposals_agree(directory, views)
    finally:
        await views.close()
    assert len(set(history.done)) >= 7, history.done


async def participants_agree(directory: Directory, views: Views, times: list[int]) -> None:
    assert await views.one("Consortium", "participantCount") == len(directory.participants)
    for number, one in directory.participants.items():
        slug, name, url, roles, status, admin, recovery = await views.one(
            "Consortium", "participant", number
        )
        assert (one.slug, one.name, one.url, one.status) == (slug, name, url, Status(status))
        assert one.roles[-1].value == roles
        assert (one.admin_key.hex(), one.recovery_key.hex()) == (admin[2:], recovery[2:])
        assert await views.one("Consortium", "participantBySlug", one.slug) == number
        assert directory.participant_by_slug(one.slug) is one
        epochs = await views.one("Consortium", "epochChangesOf", number)
        assert [(each.since, each.value) for each in one.epochs] == [tuple(each) for each in epochs]
        urls = await views.one("Consortium", "urlChangesOf", number)
        assert [(each.since, each.value) for each in one.urls] == [tuple(each) for each in urls]
        suspensions = await views.one("Consortium", "suspensionsOf", number)
        assert list(one.suspensions()) == [tuple(each) for each in suspensions]
        for at in times:
            assert directory.status_at(number, at) == await views.one(
                "Consortium", "statusAt", number, at
            )
            assert directory.roles_at(number, at) == await views.one(
                "Consortium", "rolesAt", number, at
            )
            admin = await views.one("Consortium", "adminKeyAt", number, at)
            assert (directory.admin_key_at(number, at) or bytes(20)).hex() == admin[2:]
    assert directory.status_at(99, directory.head.time) is Status.UNKNOWN
    counted = directory.electorate_at(directory.head.time)
    assert counted == await views.all("Consortium", "electorate")


async def keys_agree(directory: Directory, views: Views, times: list[int]) -> None:
    for number in directory.participants:
        addresses = await views.one("Consortium", "keysOf", number)
        keys = directory.keys_of(number)
        assert [one.address.hex() for one in keys] == [one[2:] for one in addresses]
        for key in keys:
            streams = await views.one("Consortium", "streamsOf", key.address)
            assert key.streams == set(streams)
            for at in times[::3]:
                asked = (key.address, number, int(key.purpose), at)
                assert directory.key_valid_at(*asked) == await views.one(
                    "Consortium", "keyValidAt", *asked
                )
            wrong = 3 - key.purpose
            assert not directory.key_valid_at(key.address, number, wrong, key.valid_from)


async def prefixes_agree(directory: Directory, views: Views, times: list[int]) -> None:
    assert await views.one("CodeRegistry", "grantCount") == len(directory.grants)
    for number, grant in directory.grants.items():
        prefix, participant, start, end = await views.one("CodeRegistry", "grantOf", number)
        assert (grant.prefix, grant.participant) == (prefix, participant)
        assert (grant.valid_from, grant.valid_until) == (start, end)
        assert grant.offered_to == (await views.one("CodeRegistry", "offerOf", number))[0]
    for prefix in (*PREFIXES, *PRODUCTS, "gs1:69012341234599"):
        for at in times:
            owner = directory.owner_at(prefix, at)
            ours = (owner.grant.id, owner.participant.id) if owner else (0, 0)
            assert ours == await views.all("CodeRegistry", "ownerAt", prefix, at)


async def notices_agree(directory: Directory, views: Views, times: list[int]) -> None:
    assert await views.one("NoticeBoard", "noticeCount") == len(directory.notices)
    for number, one in directory.notices.items():
        fields = await views.one("NoticeBoard", "notice", number)
        _, drill, by_regulator, publisher, published_at, lifted_at, scope = fields
        assert (one.drill, one.by_regulator, one.publisher) == (drill, by_regulator, publisher)
        assert (one.product, one.lots, one.digest) == scope
        assert one.steps[0].at == published_at
        assert (one.level == 0) == (lifted_at != 0)
        wordings = await views.one("NoticeBoard", "wordingsOf", number)
        assert [(each.wording.zh, each.wording.en) for each in one.steps] == [
            each[:2] for each in wordings
        ]
        for at in times:
            assert one.level_at(at) == await views.one("NoticeBoard", "levelAt", number, at)
    for product in PRODUCTS:
        numbers = await views.one("NoticeBoard", "noticesOf", product)
        assert [one.id for one in directory.notices_of(product)] == list(numbers)


async def proposals_agree(directory: Directory, views: Views) -> None:
    """The state at the newest block; what is missing for it is what the contract counts."""
    assert await views.one("Consortium", "proposalCount") == len(directory.proposals)
    assert directory.delay_s == await views.one("Consortium", "delay")
    assert directory.lifetime_s == await views.one("Consortium", "lifetime")
    time = directory.head.time
    for number, one in directory.proposals.items():
        fields = await views.one("Consortium", "proposal", number)
        action, state, proposer, proposed_at, executable_from, lapses_at = fields[:6]
        assert (one.action, one.proposer, one.proposed_at) == (action, proposer, proposed_at)
        assert (one.executable_from, one.lapses_at) == (executable_from, lapses_at)
        assert (one.digest, one.evidence, one.arguments) == fields[6:]
        assert one.state_at(directory, time) == ProposalState(STATES[state])
        assert set(one.approvals) == set(await views.one("Consortium", "approvalsOf", number))
        assert one.is_heavy == await views.one("Consortium", "isHeavy", action)
        needed = await views.one("Consortium", "approvalsNeeded", action)
        assert one.approvals_needed(directory, time) == needed
