"""A shipment is disclosed to exactly its receiver, and nothing else arrives."""

from __future__ import annotations

import asyncio
import sqlite3
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from node_gateway.partners.ports import Direction
from node_gateway.partners.received_events import received_bundle
from node_gateway.settings_partners import HandoversSection
from node_gateway.storage import handovers as reading
from node_gateway.storage.handovers import Handover, State
from tests.anvil import Anvil
from tests.consortium import DISTRIBUTOR, PHARMACY, VOTER
from tests.gateway.running import Running, commissioning, serial, shipping
from tests.partners import WISHES, Person, Town, party_of, town

MAKER, DIST, SHOP = "gs1:6901234", "gs1:6902345", "gs1:6903456"
PEOPLE: Final = (
    Person("maker", prefixes=(MAKER,)),
    Person("dist", roles=DISTRIBUTOR | VOTER, prefixes=(DIST,)),
    Person("shop", roles=PHARMACY | VOTER, prefixes=(SHOP,)),
)
SOON: Final = WISHES.but(sections={**WISHES.sections, "handovers": HandoversSection(poll_s=0.1)})
PRICE, PLACE, ORDER = "MARKER-PRICE-7731", "MARKER-PLACE-8842", "MARKER-ORDER-9953"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def three(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("three")
    async with town(anvil, template, folder, PEOPLE, wishes=SOON) as made:
        yield made


def packs(count: int) -> list[str]:
    return [f"https://id.gs1.org/01/06901234123456/21/{serial()}" for _ in range(count)]


def case() -> str:
    from node_gateway.epcis.identifiers.check_digits import check_digit

    body = f"06901234{serial():09d}"
    return f"https://id.gs1.org/00/{body}{check_digit(body)}"


def packing(unit: str, *codes: str, **members: Any) -> dict[str, Any]:
    return {
        "type": "AggregationEvent",
        "eventTime": "2026-03-01T10:00:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "parentID": unit,
        "childEPCs": list(codes),
        "action": "ADD",
        "bizStep": "packing",
        "disposition": "in_progress",
        **members,
    }


def sent(sender: str, receiver: str, *codes: str, **members: Any) -> dict[str, Any]:
    return shipping(
        *codes,
        **{
            "bizTransactionList": [{"type": "desadv", "bizTransaction": "urn:example:desadv:1"}],
            "sourceList": [{"type": "owning_party", "source": party_of(sender)}],
            "destinationList": [{"type": "owning_party", "destination": party_of(receiver)}],
            **members,
        },
    )


async def until(ask: Callable[[], Awaitable[Any]], *, timeout_s: float = 60) -> Any:
    """Ask until there is an answer."""
    async with asyncio.timeout(timeout_s):
        while True:
            answer = await ask()
            if answer:
                return answer
            await asyncio.sleep(0.05)


async def handed(up: Running, entry: str, *, direction: Direction = Direction.IN) -> Handover:
    """Return the newest said handover of a shipment, when it is there."""

    async def ask() -> Handover | None:
        found = await up.gateway.store.read(lambda c: reading.handovers_of(c, bytes.fromhex(entry)))
        said = [one for one in found if one.direction is direction and one.digest is not None]
        return said[-1] if said else None

    found: Handover = await until(ask)
    return found


async def codes_in(up: Running, one: Handover) -> dict[str, reading.HandedCode]:
    found = await up.gateway.store.read(lambda c: reading.codes_of(c, one.digest or b""))
    return {code.code: code for code in found}


async def sealed(up: Running, one: Handover) -> dict[str, Any]:
    async def ask() -> dict[str, Any] | None:
        answer = (await up.client.get(f"/v1/handovers/{one.number}")).json()
        return answer if not answer["proofs"]["sealing"] else None

    found: dict[str, Any] = await until(ask, timeout_s=40)
    return found


def everything(path: Path) -> bytes:
    """Return all that a database holds, what is compressed in it unpacked."""
    parts: list[bytes] = []
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in tables.fetchall():
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                for value in row:
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    parts += [raw, _unpacked(raw)]
    finally:
        connection.close()
    return b"\n".join(parts)


def _unpacked(raw: bytes) -> bytes:
    import zstandard

    for unpack in (
        zlib.decompress,
        lambda some: zstandard.ZstdDecompressor().decompress(some, allow_extra_data=True),
    ):
        try:
            plain: bytes = unpack(raw)
        except (zlib.error, zstandard.ZstdError):
            continue
        return plain + b"".join(_opened(plain))
    return b"".join(_opened(raw))


def _opened(raw: bytes) -> list[bytes]:
    """Return what disclosures in a text say: they are base64url."""
    import re
    from base64 import urlsafe_b64decode

    return [
        urlsafe_b64decode(one + b"=" * (-len(one) % 4))
        for one in re.findall(rb"(?<=\")Wy[A-Za-z0-9_-]{20,}(?=\")", raw)
        if len(one) % 4 != 1
    ]


async def test_a_case_arrives_with_its_packing_lot_and_proofs(three: Town) -> None:
    maker, dist = three["maker"], three["dist"]
    inside, loose, unit = packs(3), packs(1), case()
    made = await maker.entry(commissioning(*inside, *loose), final=False)
    await maker.entry(packing(unit, *inside), final=False)
    entry = await maker.entry(sent(MAKER, DIST, unit), final=False)
    one = await handed(dist, entry)
    assert (one.partner, one.code_count, one.event_count) == (1, 4, 3)
    codes = await codes_in(dist, one)
    assert set(codes) == {unit, *inside}
    assert codes[unit].parent is None
    for pack in inside:
        told = codes[pack]
        assert (told.parent, told.lot, told.expiry) == (unit, "L-2026-03", "2028-02-29")
        assert (told.made_by, told.made) == (1, bytes.fromhex(made))
    await maker.final(entry)
    assert (await sealed(dist, one))["proofs"] == {"sealed": 3, "sealing": 0, "refused": 0}
    bundle = await dist.gateway.store.read(
        lambda c: received_bundle(c, bytes.fromhex(made), [inside[0]])
    )
    assert bundle is not None
    (checked,) = await dist.checked(bundle.to_json())
    assert checked.code_values == {inside[0]}
    assert loose[0].encode() not in everything(three.database("dist"))


async def test_both_ends_have_the_same_edge(three: Town) -> None:
    maker, dist = three["maker"], three["dist"]
    (pack,) = packs(1)
    await maker.entry(commissioning(pack), final=False)
    entry = await maker.entry(sent(MAKER, DIST, pack), final=False)
    there = await handed(dist, entry)
    (ours,) = await maker.gateway.store.read(lambda c: reading.edges(c, pack))
    (theirs,) = await dist.gateway.store.read(lambda c: reading.edges(c, pack))
    assert (ours.direction, ours.partner, ours.handover) == (Direction.OUT, 2, there.digest)
    assert (theirs.direction, theirs.partner) == (Direction.IN, 1)
    assert (theirs.handover, theirs.shipment) == (ours.handover, bytes.fromhex(entry))


async def test_nothing_else_arrives(three: Town) -> None:
    """Prices, places, other orders, other shipments, upstream partners: looked for bytewise."""
    maker, dist, shop = three["maker"], three["dist"], three["shop"]
    mine, others = packs(2), packs(2)
    secret = {"urn:x-example:price": PRICE, "readPoint": {"id": f"urn:x-example:{PLACE}"}}
    order = [{"type": "prodorder", "bizTransaction": f"urn:x-example:{ORDER}"}]
    await maker.entry(
        commissioning(*mine, *others, bizTransactionList=order, **secret), final=False
    )
    supplier = [
        {"type": "owning_party", "source": party_of(MAKER)},
        {"type": "location", "source": "https://id.gs1.org/414/6909999000005"},
    ]
    entry = await maker.entry(sent(MAKER, DIST, *mine, sourceList=supplier, **secret), final=False)
    await maker.entry(sent(MAKER, SHOP, *others, **secret), final=False)
    one = await handed(dist, entry)
    await maker.final(entry)
    await sealed(dist, one)
    onward = await dist.entry(
        sent(DIST, SHOP, mine[0], eventTime="2026-03-03T09:00:00.000+08:00"), final=False
    )
    last = await handed(shop, onward)
    await dist.final(onward)
    assert (await sealed(shop, last))["proofs"]["refused"] == 0
    told = (await codes_in(shop, last))[mine[0]]
    assert (told.lot, told.made_by) == ("L-2026-03", 1)

    at_dist, at_shop = everything(three.database("dist")), everything(three.database("shop"))
    assert mine[0].encode() in at_dist  # what did arrive is found
    assert mine[0].encode() in at_shop
    for marker in (PRICE, PLACE, ORDER, others[0], others[1], "6909999000005"):
        assert marker.encode() not in at_dist, marker
    for marker in (PRICE, PLACE, ORDER, mine[1], "6909999000005", entry):
        assert marker.encode() not in at_shop, marker


async def test_a_unit_that_stays_closed_goes_on_as_it_came(three: Town) -> None:
    maker, dist, shop = three["maker"], three["dist"], three["shop"]
    inside, unit = packs(2), case()
    await maker.entry(commissioning(*inside), final=False)
    await maker.entry(packing(unit, *inside), final=False)
    entry = await maker.entry(sent(MAKER, DIST, unit), final=False)
    await handed(dist, entry)
    onward = await dist.entry(
        sent(DIST, SHOP, unit, eventTime="2026-03-03T09:00:00.000+08:00"), final=False
    )
    last = await handed(shop, onward)
    codes = await codes_in(shop, last)
    assert {code: told.parent for code, told in codes.items()} == {
        unit: None, **dict.fromkeys(inside, unit)
    }  # fmt: skip
    assert {told.lot for told in codes.values()} == {None, "L-2026-03"}
    assert entry.encode() not in everything(three.database("shop"))


async def test_what_was_unpacked_stays_out(three: Town) -> None:
    maker, dist = three["maker"], three["dist"]
    inside, unit = packs(3), case()
    await maker.entry(commissioning(*inside), final=False)
    await maker.entry(packing(unit, *inside), final=False)
    out = packing(unit, inside[2], eventTime="2026-03-01T11:00:00.000+08:00")
    await maker.entry({**out, "action": "DELETE", "bizStep": "unpacking"}, final=False)
    entry = await maker.entry(sent(MAKER, DIST, unit), final=False)
    one = await handed(dist, entry)
    assert set(await codes_in(dist, one)) == {unit, *inside[:2]}
    assert inside[2].encode() not in everything(three.database("dist"))


async def test_a_shipment_that_was_none_is_withdrawn_at_the_receiver(three: Town) -> None:
    maker, dist = three["maker"], three["dist"]
    (pack,) = packs(1)
    await maker.entry(commissioning(pack), final=False)
    entry = await maker.entry(sent(MAKER, DIST, pack), final=False)
    one = await handed(dist, entry)
    why = {"reason": "did_not_occur"}
    answer = await maker.client.post(f"/v1/events/{entry}/correction", json=why)
    assert answer.status_code in (200, 201), answer.text

    async def withdrawn() -> bool:
        found = await dist.gateway.store.read(lambda c: reading.handover(c, one.digest or b""))
        return found is not None and found.state is State.WITHDRAWN

    await until(withdrawn)
    assert await dist.gateway.store.read(lambda c: reading.edges(c, pack)) == []
    assert await maker.gateway.store.read(lambda c: reading.edges(c, pack)) == []
    again = await maker.client.post(
        f"/v1/handovers/{one.digest.hex() if one.digest else ''}/resend"
    )
    assert (again.status_code, again.json()["code"]) == (409, "handover_withdrawn")


async def test_a_handover_said_anew_replaces_the_old_one(three: Town) -> None:
    maker, dist = three["maker"], three["dist"]
    (pack,) = packs(1)
    await maker.entry(commissioning(pack), final=False)
    entry = await maker.entry(sent(MAKER, DIST, pack), final=False)
    first = await handed(dist, entry)
    assert first.digest is not None
    answer = await maker.client.post(f"/v1/handovers/{first.digest.hex()}/resend")
    assert answer.status_code == 201, answer.text

    async def replaced() -> Handover | None:
        found = await handed(dist, entry)
        return found if found.digest != first.digest else None

    second = await until(replaced)
    assert second.replaces == first.digest
    old = await dist.gateway.store.read(lambda c: reading.handover(c, first.digest or b""))
    assert old is not None
    assert old.state is State.WITHDRAWN
    (edge,) = await dist.gateway.store.read(lambda c: reading.edges(c, pack))
    assert edge.handover == second.digest


async def test_the_preview_is_what_arrives(three: Town) -> None:
    maker, dist = three["maker"], three["dist"]
    inside, unit = packs(2), case()
    await maker.entry(commissioning(*inside), final=False)
    await maker.entry(packing(unit, *inside), final=False)
    before = await maker.client.post(
        "/v1/handovers/preview", json={"codes": [unit], "to": party_of(DIST)}
    )
    assert before.status_code == 200, before.text
    assert before.json()["to"] == {"participant": 2, "name": "Example Dist"}
    assert before.json()["codeCount"] == 3
    shown = {path for one in before.json()["events"] for path in one["shown"]}
    assert "$['ilmd']['cbvmda:lotNumber']" in shown
    assert not [one for one in shown if "readPoint" in one or one == "sealtrail:source"]
    entry = await maker.entry(sent(MAKER, DIST, unit), final=False)
    after = await maker.client.post("/v1/handovers/preview", json={"event": entry})
    one = await handed(dist, entry)
    assert after.json()["codeCount"] == one.code_count
    assert after.json()["eventCount"] == one.event_count


async def test_nobody_gets_what_goes_to_a_stranger(three: Town) -> None:
    maker = three["maker"]
    (pack,) = packs(1)
    await maker.entry(commissioning(pack), final=False)
    entry = await maker.entry(sent(MAKER, "gs1:6907777", pack), final=False)
    await maker.gateway.follower.catch_up()
    found = await maker.gateway.store.read(lambda c: reading.handovers_of(c, bytes.fromhex(entry)))
    assert found == []
    answer = await maker.client.post("/v1/handovers", json={"event": entry})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_receiver")


async def test_a_receiver_that_is_down_and_a_sender_that_restarts_lose_and_double_nothing(
    three: Town,
) -> None:
    maker = three["maker"]
    inside = packs(2)
    await three.stop("dist")
    await maker.entry(commissioning(*inside), final=False)
    entries = [await maker.entry(sent(MAKER, DIST, one), final=False) for one in inside]
    maker = await three.restart("maker")
    dist = await three.start("dist")
    for entry, pack in zip(entries, inside, strict=True):
        one = await handed(dist, entry)
        ours = await handed(maker, entry, direction=Direction.OUT)
        assert ours.digest == one.digest
        assert set(await codes_in(dist, one)) == {pack}
        for up in (maker, dist):
            kept = await up.gateway.store.read(
                lambda c, entry=entry: reading.handovers_of(c, bytes.fromhex(entry))  # type: ignore[misc]
            )
            assert len(kept) == 1
