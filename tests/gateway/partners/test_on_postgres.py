"""Receiving and webhooks at a gateway whose database is PostgreSQL, end to end."""

from __future__ import annotations

from pathlib import Path

from standardwebhooks import Webhook

from node_gateway.settings_partners import WebhooksSection
from node_gateway.storage.engine import migrate
from tests.anvil import Anvil
from tests.gateway.partners.arriving import (
    answer,
    exceptions,
    finish,
    get,
    made_and_sent,
    post,
    scan,
    wishes,
)
from tests.gateway.partners.hearers import settled
from tests.gateway.partners.ways import person, until
from tests.gateway.rest.receiving import Receiver, receiving
from tests.gateway.running import sgtin
from tests.partners import town
from tests.postgres import running_postgres

HOOKS = WebhooksSection(
    allow_private=True, allow_http=True, poll_s=0.1, retry_scale=0.0005, timeout_s=3
)


async def test_a_short_shipment_is_received_and_told_of_on_postgresql(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    plain = wishes()
    with running_postgres() as server:
        url = server.new_database()
        migrate(url)
        there = plain.but(database=url, sections={**plain.sections, "webhooks": HOOKS})
        people = [person("maker"), person("shop")]
        async with (
            receiving(Receiver()) as hook,
            town(anvil, template, tmp_path, people, wishes=plain, own={"shop": there}) as t,
        ):
            shop, maker = t["shop"], t["maker"]
            made = await post(shop, "/v1/webhooks", {"url": hook.url, "types": []}, status=201)
            packs = [sgtin() for _ in range(3)]
            shipment = await made_and_sent(t, "maker", "shop", *packs)
            await scan(shop, shipment["number"], *packs[:2])
            await finish(shop, shipment["number"])
            told = await answer(maker, shipment["handover"])
            assert (told["expected"], told["found"]) == (3, 2)
            for up in (shop, maker):
                (case,) = await until(lambda up=up: exceptions(up, "shortage", packs[2]))
            await settled(shop, t.member("maker").id)
            assert case["state"] == "open"
            kept = (await get(shop, "/v1/shipments", state="all"))["shipments"]
            assert [one["state"] for one in kept] == ["finished"]

            opened = "sealtrail.exception.opened"
            await hook.until(lambda one: opened in {each.document["type"] for each in one.taken})
            for one in hook.taken:
                assert Webhook(made["secret"]).verify(one.body, one.headers) == one.document
