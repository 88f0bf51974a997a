"""A small network whose maker has packs of every fate, for the tests of pages.

async with fair(anvil, template, folder) as stalls:
    stalls.codes["sold"]        # path behind /c/ of a pack that was sold once
    stalls.url                  # the maker's gateway
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from anchoring.chain.governance_calls import NO_DIGEST, NoticeScope, NoticeText
from node_gateway.pages.asking import path_of, read_code
from node_gateway.settings_pages import BrandSection
from node_gateway.settings_partners import SalesSection, TraceSection
from tests.anvil import Anvil
from tests.consortium import DISTRIBUTOR, MANUFACTURER, PHARMACY, VOTER, Person
from tests.gateway.running import SLOW, Running, Wishes, batching, commissioning, dispensing
from tests.partners import PEERS, Town, town

GTIN: Final = "06901234123456"
DRUG_ID: Final = "8123456"
PREFIX: Final = "gs1:69012341"
PRODUCT: Final = "gs1:690123412345"
OTHERS_GTIN: Final = "06909999000012"
NOBODYS_GTIN: Final = "04012345678901"
PLACE: Final = "https://id.gs1.org/414/6901234100006"
PEOPLE: Final = (
    Person("maker", MANUFACTURER | VOTER, (PREFIX, f"cn:{DRUG_ID}"), "示例制药有限公司"),
    Person("wholesaler", DISTRIBUTOR | VOTER, ("gs1:6909999",), "Example Wholesale"),
    Person("pharmacy", PHARMACY | VOTER, (), "示例大药房"),
)
BRAND: Final = BrandSection(
    phone="400-000-0000",
    leaflet="https://maker.example/leaflet/{product}",
    certificates="https://maker.example/certificates",
    campaign="https://maker.example/health-week",
    campaign_zh="健康周活动",
    campaign_en="Health week",
)
PACK: Final = {
    "nameZh": "阿莫西林胶囊",
    "nameEn": "Amoxicillin capsules",
    "specification": "0.25g×24",
    "levels": [{"gtins": [GTIN], "drugIds": [DRUG_ID]}],
}
LOTS: Final = {"recalled": "R-0317", "drill": "D-0317"}
RECALL: Final = NoticeText(
    "该批次的溶出度不合格。请停止使用，退回购买的药店，可全额退款。",
    "Dissolution of this lot failed. Stop using it and take it back to the pharmacy for a refund.",
)


@dataclass
class Fair:
    """The network. `codes` are paths behind `/c/`, by fate."""

    town: Town
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def maker(self) -> Running:
        """The gateway that made the packs."""
        return self.town["maker"]

    @property
    def url(self) -> str:
        """Where it is."""
        return self.town.url("maker")

    def page(self, fate: str) -> str:
        """Return the address of a pack's page on the maker's gateway."""
        return f"{self.url}/c/{self.codes[fate]}"


def drug_code(number: int) -> str:
    """Return a 20-digit code of the maker."""
    return f"urn:x-cn-drug:{DRUG_ID}{number:09d}{number % 10_000:04d}"


def link(number: int, gtin: str = GTIN) -> str:
    """Return a code of a product."""
    return f"https://id.gs1.org/01/{gtin}/21/{number}"


def wishes(**sections: Any) -> Wishes:
    """Return what the gateways are like: nothing is sealed by itself."""
    common = {
        "peers": PEERS,
        "brand": BRAND,
        "trace": TraceSection(publish="coarse", publish_steps=("commissioning", "dispensing")),
        "sales": SalesSection(spread_s=0),
        **sections,
    }
    places = {PLACE: {"city": "杭州", "region": "浙江"}}
    return Wishes(batching=batching(SLOW), poll_s=0.2, locations=places, sections=common)


@asynccontextmanager
async def fair(anvil: Anvil, template: Path, folder: Path) -> AsyncIterator[Fair]:
    """Run the network, with every pack at its fate."""
    async with town(anvil, template, folder, PEOPLE, wishes=wishes()) as t:
        made = Fair(t)
        await t["maker"].gateway.master.put("product", "amoxicillin", PACK, by="test")
        await _packs(made)
        await _recalls(made)
        yield made


def _ilmd(**changes: str) -> Mapping[str, str]:
    return {"cbvmda:lotNumber": "A-0316", "cbvmda:itemExpirationDate": "2038-02-28", **changes}


async def _packs(made: Fair) -> None:
    up, first = made.maker, "https://id.gs1.org"
    named = {
        "unsold": drug_code(1),
        "sold": drug_code(2),
        "sold_again": drug_code(3),
        "expired": link(4),
        "destroyed": link(5),
        "link": link(6),
        "recalled": link(7),
        "drill": link(8),
    }
    point = {"readPoint": {"id": PLACE}}
    takes_back = {
        "declarationTime": "2026-03-06T09:00:00.000+08:00",
        "reason": "did_not_occur",
    }
    gone = "urn:uuid:0190a6f0-0000-7000-a000-00000000fa1e"
    wasted = commissioning(named["destroyed"], ilmd=_ilmd(), eventID=gone, **point)
    events = [
        commissioning(
            *(named[one] for one in ("unsold", "sold", "sold_again", "link")), ilmd=_ilmd(), **point
        ),
        commissioning(
            named["expired"], ilmd=_ilmd(**{"cbvmda:itemExpirationDate": "2020-01-31"}), **point
        ),
        *(
            commissioning(named[one], ilmd=_ilmd(**{"cbvmda:lotNumber": lot}), **point)
            for one, lot in LOTS.items()
        ),
        wasted,
        {**wasted, "errorDeclaration": takes_back},
        dispensing(named["sold"], **point),
        dispensing(named["sold_again"]),
        dispensing(named["sold_again"], eventTime="2026-03-07T10:00:00.000+08:00"),
    ]
    entries = [await up.entry(one, final=False) for one in events]
    await up.final(*entries)
    sealing = drug_code(9)
    await up.entry(commissioning(sealing, ilmd=_ilmd(), **point), final=False)
    ordered = await up.client.post("/v1/codes/issue", json={"gtin": GTIN, "count": 1})
    (row,) = csv.DictReader(io.StringIO(ordered.text))
    named |= {
        "sealing": sealing,
        "not_activated": row["code"],
        "never_issued": link(424242),
        "unknown": link(1, OTHERS_GTIN),
        "outside": link(1, NOBODYS_GTIN),
        "case": f"{first}/00/069012341000000013",
        "product": f"{first}/01/{GTIN}",
    }
    made.codes |= {fate: path_of(read_code(code).code) for fate, code in named.items()}


async def _recalls(made: Fair) -> None:
    for fate, lot in LOTS.items():
        scope = NoticeScope(PRODUCT, (lot,), NO_DIGEST)
        is_drill = fate == "drill"
        call = made.town.net.calls.publish_notice(1, scope, RECALL, drill=is_drill)
        await made.town.net.call("maker", call)
    await made.town.seen()
