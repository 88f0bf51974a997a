"""The story of a distributor that has secrets: what it states, what it tells whom, what fails.

It gets goods from a maker and ships them to two pharmacies, with a short shipment, a clone, a
recall, grants and a challenge, while gateways stop, hang, repeat and refuse.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import pytest

from anchoring.chain.governance_calls import NO_DIGEST, NoticeScope, NoticeText
from anchoring.challenges import Leaf, Seed
from node_gateway.partners.client import PeerClient
from node_gateway.partners.grant_terms import GrantTerms, Items, Scope
from node_gateway.partners.grants import Wish
from node_gateway.partners.ports import Message, PeerAnswer
from tests.faults.markers import Marker
from tests.faults.posting_again import again
from tests.gateway.partners.arriving import (
    exceptions,
    finish,
    get,
    packing,
    post,
    receiving,
    scan,
    send,
)
from tests.gateway.partners.hearers import Noting
from tests.gateway.partners.ways import PREFIXES, do, hand_over, now, sell, trace, until
from tests.gateway.running import Running, commissioning, sgtin, shipping
from tests.gateway.state.flows import case as unit
from tests.partners import Town, party_of

DIST: Final = "dist"
LOT: Final = "LOT-7K31"
PLACE: Final = party_of(PREFIXES[DIST], 773).replace("/417/", "/414/")
READ_POINT: Final = party_of(PREFIXES[DIST], 774).replace("/417/", "/414/")
SUPPLIER: Final = "https://id.gs1.org/417/9521321000018"
AUDITED: Final = frozenset({"auditor"})
"""It holds a grant of full openings of everything: what events state, it may know."""


def _m(text: str, *may: str, audited: bool = False) -> Marker:
    return Marker(text, frozenset(may) | (AUDITED if audited else frozenset()))


MARKERS: Final[dict[str, Marker]] = {
    # What it states about goods: nobody but whom it ships them to, and little of it.
    "price": _m("PRICE-77310-CNY", audited=True),
    "stock": _m("884200417", audited=True),
    "quantity to the shop": _m("773100421", "shop", audited=True),
    "quantity to the corner": _m("551900873", "corner", audited=True),
    "remark": _m("planted-remark-55190", audited=True),
    "place": _m(PLACE.rsplit("/", 1)[1], audited=True),
    "read point": _m(READ_POINT.rsplit("/", 1)[1], audited=True),
    # Receivers are shown where a shipment comes from; who sent it to us, nothing of where it went.
    "city": _m("Planted City", "shop", "corner", audited=True),
    "region": _m("Planted Region", "shop", "corner", audited=True),
    "order of its own": _m("ORDER-OWN-48213", audited=True),
    "order of the shop": _m("ORDER-SHOP-77312", "shop", audited=True),
    "order of the corner": _m("ORDER-CORNER-5519", "corner", audited=True),
    "supplier outside": _m("9521321000018", audited=True),
    "dock of the shop": _m(party_of(PREFIXES["shop"], 88).rsplit("/", 1)[1], "shop", audited=True),
    "dock of the corner": _m(
        party_of(PREFIXES["corner"], 99).rsplit("/", 1)[1], "corner", audited=True
    ),
    "time of receiving": _m("T03:17:42.773", audited=True),
    # Codes: those who had them, and who made them.
    "pack of the shop": _m("SHOP7731990442", "maker", "shop", audited=True),
    "pack of the corner": _m("CORNER551990443", "maker", "corner", audited=True),
    "pack of its own": _m("OWN48213990444", "maker", audited=True),
    # What is told to one.
    "words to the shop": _m("planted words for the shop 7731", "shop"),
    "end of the exception": _m("planted resolution 7731", "shop", audited=True),
    "words to the maker": _m("planted words for the maker 6612", "maker"),
    "refused message": _m("planted-refused-7731", "shop"),
    "message that hangs": _m("planted-hanging-3391", "other"),
    "purpose for the corner": _m("planted purpose 5519", "corner"),
    "purpose for the auditor": _m("planted purpose 9981", "auditor"),
    # What it keeps.
    "name of the place": _m("Planted Warehouse 48213"),
    "address": _m("Planted Street 48213"),
    "name of a supplier": _m("Planted Supplier Company"),
    "recall note": _m("planted note on the recall 48213"),
    "words of its own": _m("planted detail 48213"),
    "owner of an exception": _m("planted.person.48213"),
    "webhook": _m("planted-webhook-48213"),
    "name of a key": _m("planted-key-48213"),
}
"""What is planted at the distributor, and who else may know it as its policies say."""


def text(name: str) -> str:
    """Return a marker's text."""
    return MARKERS[name].text


def pack(name: str) -> str:
    """Return the code whose serial is a marker."""
    return f"https://id.gs1.org/01/06901234123456/21/{text(name)}"


@dataclass
class Carried:
    """What gateways carried to each other, also what nobody stored: by who got it."""

    got: dict[int, list[bytes]] = field(default_factory=dict)

    @contextmanager
    def recording(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Note questions at whoever is asked, and answers at whoever asked."""
        plain = PeerClient.request

        async def request(
            self_: PeerClient, participant: int, *args: Any, **more: Any
        ) -> PeerAnswer:
            self.got.setdefault(participant, []).append(more.get("body", b""))
            answer = await plain(self_, participant, *args, **more)
            self.got.setdefault(self.names[id(self_)], []).append(answer.body)
            return answer

        with patch.context() as context:
            context.setattr(PeerClient, "request", request)
            yield

    names: dict[int, int] = field(default_factory=dict)

    def know(self, t: Town, *slugs: str) -> None:
        """Learn whose client is whose; again after each restart."""
        for slug in slugs:
            self.names[id(t[slug].gateway.partners.peers)] = t.member(slug).id


class Hanging(Noting):
    """Never comes to an end."""

    async def check(self, message: Message) -> object:
        del message
        return await asyncio.Event().wait()


def shipment(to: str, code: str, dock: int, **members: Any) -> dict[str, Any]:
    """Return a shipping event of the distributor with everything that it could state."""
    lot = f"https://id.gs1.org/01/06901234123456/10/{LOT}"
    return shipping(
        code,
        **{
            **now(),
            "readPoint": {"id": PLACE},
            "bizLocation": {"id": PLACE},
            "quantityList": [{"epcClass": lot, "quantity": int(text(f"quantity to the {to}"))}],
            "bizTransactionList": [
                {"type": "desadv", "bizTransaction": f"urn:example:{text(f'order of the {to}')}"}
            ],
            "sourceList": [
                {"type": "owning_party", "source": party_of(PREFIXES[DIST])},
                {"type": "location", "source": SUPPLIER},
            ],
            "destinationList": [
                {"type": "owning_party", "destination": party_of(PREFIXES[to])},
                {
                    "type": "location",
                    "destination": party_of(PREFIXES[to], dock).replace("/417/", "/414/"),
                },
            ],
            "urn:x-example:price": text("price"),
            **members,
        },
    )


async def keep_secrets(up: Running, webhook_port: int) -> None:
    """Tell the gateway what it is to keep: places, suppliers, keys, webhooks, stocks."""
    place = {
        "nameEn": text("name of the place"),
        "address": text("address"),
        "city": text("city"),
        "region": text("region"),
    }
    for path, body in (
        (f"/v1/locations/{PLACE.rsplit('/', 1)[1]}", place),
        (f"/v1/parties/{SUPPLIER.rsplit('/', 1)[1]}", {"nameEn": text("name of a supplier")}),
    ):
        answer = await up.client.put(path, json=body)
        assert answer.status_code in (200, 201), answer.text
    url = f"http://127.0.0.1:{webhook_port}/{text('webhook')}"
    await post(up, "/v1/webhooks", {"url": url}, status=201)
    key = {"name": text("name of a key"), "scopes": ["query"]}
    await post(up, "/v1/api-keys", key, status=201)
    lot = f"https://id.gs1.org/01/06901234123456/10/{LOT}"
    stock = {
        "type": "ObjectEvent",
        **now(),
        "action": "OBSERVE",
        "bizStep": "inspecting",
        "disposition": "in_progress",
        "epcList": [],
        "quantityList": [{"epcClass": lot, "quantity": int(text("stock"))}],
        "readPoint": {"id": PLACE},
        "sourceList": [{"type": "owning_party", "source": SUPPLIER}],
        "bizTransactionList": [
            {"type": "prodorder", "bizTransaction": f"urn:example:{text('order of its own')}"}
        ],
        "urn:x-example:remark": text("remark"),
    }
    await up.entry(stock, final=False)


class Story:
    """Plays it. `entries` are the distributor's events that others may ask about."""

    def __init__(self, t: Town, carried: Carried) -> None:
        self.t, self.carried = t, carried
        self.packs = {
            name: pack(f"pack of {name}") for name in ("the shop", "the corner", "its own")
        }
        self.missing, self.cloned, self.other = sgtin(), sgtin(), sgtin()
        self.entries: list[str] = []
        self.grants: list[str] = []
        self.case = ""
        self.received_ms = 0

    async def goods_come(self) -> None:
        """The distributor receives from the maker; the other one gets goods, too."""
        t, received = self.t, datetime.now(UTC) - timedelta(days=1)
        lot = {"ilmd": {"cbvmda:lotNumber": LOT, "cbvmda:itemExpirationDate": "2028-02-29"}}
        codes = [*self.packs.values(), self.missing, self.cloned]
        before = f"{received:%Y-%m-%d}T02:00:00.000+00:00"
        born = commissioning(*codes, self.other, eventTime=before, **lot)
        await t["maker"].entry({**born, "eventTimeZoneOffset": "+00:00"})
        await send(t, "maker", DIST, *codes, eventTime=before.replace("T02", "T03"))
        moment = f"{received:%Y-%m-%d}{text('time of receiving')}+00:00"
        places = {"readPoint": {"id": READ_POINT}, "bizLocation": {"id": PLACE}}
        wanted = {"eventTime": moment, "urn:x-example:remark": text("remark"), **places}
        self.entries.append(await t[DIST].entry(receiving(*codes, **wanted), final=False))
        self.received_ms = int(datetime.fromisoformat(moment).timestamp() * 1000)
        await hand_over(t, "maker", "other", self.other)
        await hand_over(t, "other", "corner", self.other)

    async def goods_go(self) -> None:
        """Two shipments: one while the receiver is down, one before the sender restarts."""
        t = self.t
        await t.stop("shop")
        box = unit(77_316)
        inside = (self.packs["the shop"], self.missing, self.cloned)
        await t[DIST].entry(packing(box, *inside), final=False)
        lines = shipment("shop", box, 88)
        self.entries.append(await t[DIST].entry(lines, final=False))
        corner = shipment("corner", self.packs["the corner"], 99)
        self.entries.append(await t[DIST].entry(corner, final=False))
        await t.restart(DIST)
        await t.start("shop")
        self.carried.know(t, DIST, "shop")
        t["other"].gateway.partners.channel.on("hang", Hanging())
        channel = t[DIST].gateway.partners.channel
        await channel.say(t.member("other").id, "hang", text("message that hangs").encode())
        await channel.say(t.member("shop").id, "nobody_takes", text("refused message").encode())

    async def short(self) -> None:
        """One pack is missing at the shop; both talk about it, and the distributor ends it."""
        t = self.t
        number = await self._first_shipment("shop")
        await scan(t["shop"], number, self.packs["the shop"], self.cloned)
        await finish(t["shop"], number)
        here = (await until(lambda: exceptions(t["shop"], "shortage", self.missing)))[0]
        there = (await until(lambda: exceptions(t[DIST], "shortage", self.missing)))[0]
        self.case = here["case"]
        path = f"/v1/exceptions/{there['number']}"
        await post(t[DIST], f"{path}/owner", {"owner": text("owner of an exception")})
        await post(t[DIST], f"{path}/messages", {"act": "say", "text": text("words to the shop")})
        end = {"cause": "picking_error", "action": "credit", "text": text("end of the exception")}
        await post(t[DIST], f"{path}/resolution", end)
        await self._told("shop", here["number"], text("end of the exception"))
        await do(t["corner"], "receive", self.packs["the corner"])

    async def words(self) -> None:
        """An exception that the maker is told of in other words than the own ones."""
        t = self.t
        wish = {
            "kind": "other",
            "partner": t.member("maker").id,
            "detail": text("words of its own"),
            "codes": [self.packs["its own"]],
            "tell": False,
        }
        made = await post(t[DIST], "/v1/exceptions", wish, status=201)
        path = f"/v1/exceptions/{made['number']}/tell"
        await post(t[DIST], path, {"text": text("words to the maker")})

    async def sold(self) -> None:
        """The shop sells a pack, the corner a clone of it; both and the maker learn it."""
        t, code = self.t, self.cloned
        await sell(t["shop"], code)
        await until(lambda: self._sold_times("maker", code, 1))
        await sell(t["corner"], code)
        await until(lambda: self._sold_times("maker", code, 2))
        await t[DIST].final(*self.entries)
        for slug in ("maker", "shop"):
            found = await trace(t[slug], self.packs["the shop"])
            assert (found["down" if slug == "maker" else "up"])["steps"]

    async def recalled(self) -> None:
        """The maker recalls the lot; the distributor acknowledges with a note."""
        t = self.t
        scope = NoticeScope("gs1:690123412345", (LOT,), NO_DIGEST)
        words = NoticeText("停止销售。", "Stop selling.")
        mined = await t.net.call("maker", t.net.calls.publish_notice(1, scope, words, drill=False))
        await t.seen()
        number = int(mined.fields("NoticePublished")["id"])
        path = f"/v1/recalls/{number}"

        async def reported() -> bool:
            found = await get(t["maker"], f"{path}/reach")
            return bool(found["partners"]) and all(
                one["state"] != "asked" for one in found["partners"] if one["units"] > 1
            )

        await post(t[DIST], f"{path}/acknowledge", {"note": text("recall note")})
        await until(reported)

    async def granted(self) -> None:
        """One grant of months is read and revoked; one of everything answers a challenge."""
        t = self.t
        gateway = t[DIST].gateway
        entry = self.entries[-1]
        await t[DIST].final(*self.entries)
        until_s = int(gateway.clock()) + 3600
        for slug, terms in (
            (
                "corner",
                GrantTerms(
                    Items(paths=("sealtrail:month",), codes=False), Scope(steps=("shipping",))
                ),
            ),
            ("auditor", GrantTerms(Items(opening="full"), Scope())),
        ):
            purpose = text(f"purpose for the {slug}")
            wish = Wish(t.member(slug).id, terms.to_wire(), purpose, until_s)
            given = await gateway.partners.granting.giving.give(wish, by="test")
            self.grants.append(given.id)
            assert purpose in json.dumps(await get(t[slug], f"/v1/granted/{DIST}"))
            path = f"/v1/granted/{DIST}/{given.id}/events"
            assert entry in (await get(t[slug], path))["entries"]
            assert (await t[slug].client.get(f"{path}/{entry}/bundle")).status_code == 200
        for one in (await get(t["auditor"], path))["entries"]:
            assert (await t["auditor"].client.get(f"{path}/{one}/opening")).status_code == 200
        await self._challenge(entry)
        await gateway.partners.granting.giving.revoke(self.grants[0], by="test")

    async def repeated(self) -> None:
        """Messages come a second time, as they were posted, to both sides."""
        t = self.t
        for sender, receiver in ((DIST, "shop"), ("shop", DIST), (DIST, "corner")):
            await again(t, sender, receiver)

    async def _challenge(self, entry: str) -> None:
        t = self.t
        place = await t[DIST].gateway.store.batch_place(bytes.fromhex(entry))
        assert place is not None
        anchor = place.batch.anchor
        leaves = tuple(Leaf(anchor.stream, anchor.sequence, one) for one in range(anchor.size))
        challenges = t["auditor"].gateway.partners.challenges
        await challenges.put(t.member(DIST).id, Seed(1, bytes(32)), leaves)

    async def _first_shipment(self, slug: str) -> int:
        async def come() -> list[dict[str, Any]]:
            return list((await get(self.t[slug], "/v1/shipments", state="all"))["shipments"])

        return int((await until(come))[0]["number"])

    async def _told(self, slug: str, number: int, words: str) -> None:
        async def there() -> bool:
            return words in json.dumps(await get(self.t[slug], f"/v1/exceptions/{number}"))

        await until(there)

    async def _sold_times(self, slug: str, code: str, times: int) -> bool:
        path = f"/v1/public/codes/{quote(code, safe='')}"
        found = (await self.t[slug].stranger().get(path)).json()
        return bool(found["soldTimes"] == times)
