"""What is mistyped is repaired, and neither accused nor given away."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from node_gateway.pages.asking import path_of
from node_gateway.pages.repairing import Why, malformed
from node_gateway.pages.slips import digit_slips, odd_group, serial_slips
from node_gateway.settings import LimitsSection
from node_gateway.settings_pages import BrandSection
from tests.anvil import Anvil
from tests.gateway.running import LIMITS, Running, Wishes, commissioning, running_gateway, shipping

pytestmark = pytest.mark.asyncio(loop_scope="module")

DRUG_ID, GTIN = "8123456", "06901234123456"
MADE = f"{DRUG_ID}0000000010001"
"""Two codes that were made elsewhere and commissioned here: they differ in two places."""
MADE_TOO = f"{DRUG_ID}0000000020002"
OTHERS = "89999990000000071234"
FREE = LIMITS.model_copy(update={"public_repairs": "1000000/second", "public_answer_ms": 0})


@dataclass(frozen=True)
class Shop:
    """A gateway with codes of every kind."""

    up: Running
    drug: str
    serial: str

    async def said(self, text: str, by: str | None = "hand", **more: str) -> Said:
        async with self.up.stranger(Accept="text/html") as visitor:
            query = {"lang": "en", **({"by": by} if by else {}), **more}
            answer = await visitor.get(f"/c/{text}", params=query)
        return Said(answer.text)

    def pack(self, serial: str) -> str:
        return f"01/{GTIN}/21/{serial}"


@dataclass(frozen=True)
class Said:
    """A page, as far as it is about the repair."""

    text: str

    @property
    def verdict(self) -> str:
        found = re.search(r'data-verdict="(V\d\d)"', self.text)
        assert found, self.text[:2000]
        return found[1]

    @property
    def why(self) -> str | None:
        found = re.search(r'id="repair" [^>]*data-why="(\w+)"', self.text)
        return found and found[1]

    @property
    def groups(self) -> list[str]:
        return re.findall(r"<(?:mark|span)>(\w+)<", self.part)

    @property
    def marked(self) -> list[str]:
        return re.findall(r"<mark>(\w+)<", self.part)

    @property
    def instead(self) -> str | None:
        found = re.search(r'<a class="button first" href="([^"]+)"', self.part)
        return found and html.unescape(found[1])

    @property
    def part(self) -> str:
        return self.text[self.text.index('id="repair"') :].partition("</section>")[0]


async def ordered(up: Running, **request: Any) -> list[str]:
    answer = await up.client.post("/v1/codes/issue", json=request)
    assert answer.status_code in (200, 201), answer.text
    return [row["code"] for row in csv.DictReader(io.StringIO(answer.text))]


async def stocked(up: Running) -> Shop:
    (drug,) = await ordered(up, drug=DRUG_ID, count=1)
    (pack,) = await ordered(up, gtin=GTIN, count=1)
    made = (f"urn:x-cn-drug:{one}" for one in (MADE, MADE_TOO))
    await up.entry(commissioning(*made), final=False)
    await up.entry(shipping(f"urn:x-cn-drug:{OTHERS}"), final=False)
    return Shop(up, path_of(drug), pack.rpartition("/")[2])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    async with running_gateway(anvil, template, folder, Wishes(limits=FREE)) as up:
        yield await stocked(up)


def other(digit: str) -> str:
    return str((int(digit) + 5) % 10)


def replaced(code: str, at: int, to: str) -> str:
    return code[:at] + to + code[at + 1 :]


@pytest.mark.parametrize("at", range(1, 20))
async def test_one_wrong_digit_marks_its_group_and_tells_no_other(shop: Shop, at: int) -> None:
    typed = replaced(shop.drug, at, other(shop.drug[at]))
    said = await shop.said(typed)
    assert (said.verdict, said.why) == ("V09", Why.NEAR)
    assert said.groups == [typed[start : start + 4] for start in range(0, 20, 4)]
    assert said.marked == [typed[at // 4 * 4 : at // 4 * 4 + 4]]
    assert shop.drug not in re.sub(r"\s", "", said.text)
    assert f'value="{" ".join(said.groups)}"' in said.part
    numbers = re.findall(r"\d{2,}", re.sub(r"<[^>]*>", " ", said.part))
    assert set(numbers) <= {*said.groups, "12315"}
    assert "Then the maker has not issued this code" in said.text
    again = re.search(r'<a class="button" href="(/c/[^"]*)">Look again</a>', said.text)
    assert again is not None
    assert again[1].endswith(f"{typed}?by=hand"), "looked at again, it is repaired again"


async def test_neighbours_that_were_swapped_are_marked(shop: Shop) -> None:
    at = next(one for one in range(8, 19) if shop.drug[one] != shop.drug[one + 1])
    typed = shop.drug[:at] + shop.drug[at + 1] + shop.drug[at] + shop.drug[at + 2 :]
    said = await shop.said(typed)
    assert (said.verdict, said.why) == ("V09", Why.NEAR)
    assert {typed[one // 4 * 4 :][:4] for one in (at, at + 1)} == set(said.marked)


@pytest.mark.parametrize("at", [1, 9, 19])
async def test_a_missing_digit_and_one_too_many_are_marked_where_they_are(
    shop: Shop, at: int
) -> None:
    short = shop.drug[:at] + shop.drug[at + 1 :]
    said = await shop.said(short)
    assert (said.verdict, said.why) == ("V09", Why.NEAR)
    assert short[max(at - 1, 0) // 4 * 4 :][:4] in said.marked
    digit = other(shop.drug[at])
    long = shop.drug[:at] + digit + shop.drug[at:]
    said = await shop.said(long)
    assert (said.verdict, said.why) == ("V09", Why.NEAR)
    assert long[at // 4 * 4 :][:4] in said.marked
    assert shop.drug not in re.sub(r"\s", "", said.text)


async def test_two_slips_are_too_many(shop: Shop) -> None:
    typed = replaced(replaced(shop.drug, 9, other(shop.drug[9])), 18, other(shop.drug[18]))
    said = await shop.said(typed)
    assert (said.verdict, said.why) == ("V08", None)


async def test_what_two_codes_are_near_to_is_not_repaired(shop: Shop) -> None:
    between = MADE[:16] + MADE_TOO[16:]
    assert {MADE, MADE_TOO} <= digit_slips(between).keys()
    assert (await shop.said(between)).why is None
    alone = replaced(MADE, 12, "7")
    assert (await shop.said(alone)).why == Why.NEAR


async def test_what_is_recorded_and_not_public_is_as_what_is_not_there(shop: Shop) -> None:
    near_it, near_nothing = replaced(OTHERS, 12, "7"), replaced(OTHERS, 8, "7")[:-2] + "99"
    first, second = await shop.said(near_it), await shop.said(near_nothing)
    assert (first.verdict, first.why) == (second.verdict, second.why) == (first.verdict, None)
    assert len(first.text) == len(second.text)


@pytest.mark.parametrize("by", [None, "scan", "other"])
async def test_a_symbol_or_a_link_has_no_slips(shop: Shop, by: str | None) -> None:
    said = await shop.said(replaced(shop.drug, 9, other(shop.drug[9])), by)
    assert (said.verdict, said.why) == ("V08", None)


async def test_programs_are_told_as_ever(shop: Shop) -> None:
    typed = replaced(shop.drug, 9, other(shop.drug[9]))
    async with shop.up.stranger() as program:
        answer = await program.get(f"/c/{typed}", params={"by": "hand"})
    assert answer.json()["codeState"] == "never_issued"


async def test_an_issued_code_is_no_slip_of_itself(shop: Shop) -> None:
    said = await shop.said(shop.drug)
    assert (said.verdict, said.why) == ("V10", None)


@pytest.mark.parametrize("by", ["hand", "scan"])
async def test_a_scanner_with_caps_lock_is_explained(shop: Shop, by: str) -> None:
    turned = shop.serial.swapcase()
    assert turned != shop.serial
    said = await shop.said(shop.pack(turned), by)
    assert (said.verdict, said.why) == ("V09", Why.CASE)
    assert said.instead == f"/c/{shop.pack(shop.serial)}"


async def test_a_scanner_without_separator_is_explained(shop: Shop) -> None:
    said = await shop.said(shop.pack(shop.serial + "17271231"), "scan")
    assert (said.verdict, said.why) == ("V09", Why.SEPARATOR)
    assert said.instead == f"/c/{shop.pack(shop.serial)}"


async def test_a_scanner_of_another_keyboard_is_explained(shop: Shop) -> None:
    codes = await ordered(shop.up, gtin=GTIN, count=60)
    serial = next(one.rpartition("/")[2] for one in codes if re.search("[YZ]", one[40:]))
    turned = serial.translate(str.maketrans("YZ", "ZY"))
    said = await shop.said(shop.pack(turned), "scan")
    assert (said.verdict, said.why) == ("V09", Why.LAYOUT)
    assert said.instead == f"/c/{shop.pack(serial)}"


async def test_letters_that_look_alike_are_repaired(shop: Shop) -> None:
    slips = {"8": "B", "B": "8", "5": "S", "S": "5", "2": "Z", "Z": "2", "G": "6", "6": "G"}
    codes = await ordered(shop.up, gtin=GTIN, count=60)
    serial = next(
        one for one in (code.rpartition("/")[2] for code in codes) if slips.keys() & set(one)
    )
    at = next(at for at, one in enumerate(serial) if one in slips)
    typed = replaced(serial, at, slips[serial[at]])
    said = await shop.said(shop.pack(typed))
    assert (said.verdict, said.why) == ("V09", Why.NEAR)
    assert said.marked == [typed[at // 4 * 4 :][:4]]
    assert serial not in re.sub(r"\s", "", said.text)


async def test_searches_are_limited_by_the_codes_they_try(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    limits = LimitsSection(public_lookups="1000/second", public_answer_ms=0)
    async with running_gateway(anvil, template, tmp_path, Wishes(limits=limits)) as up:
        shop = await stocked(up)
        typed = replaced(shop.drug, 9, other(shop.drug[9]))
        found = [(await shop.said(typed)).why for _ in range(6)]
        again = await shop.said(typed)
    assert found == [Why.NEAR] * 3 + [None] * 3
    assert again.verdict == "V08"


async def test_who_says_nothing_of_what_was_not_issued_repairs_nothing(
    anvil: Anvil, template: Path, tmp_path: Path
) -> None:
    wishes = Wishes(limits=FREE, sections={"brand": BrandSection(say_unissued=False)})
    async with running_gateway(anvil, template, tmp_path, wishes) as up:
        shop = await stocked(up)
        said = await shop.said(replaced(shop.drug, 9, other(shop.drug[9])))
    assert (said.verdict, said.why) == ("V12", None)


@pytest.mark.parametrize(
    ("text", "why", "marked"),
    [
        ("8123 4567 89O1 2345 6789", Why.LETTERS, ["89O1"]),
        ("8123 4567 890 2345 6789", Why.SHORT, ["8902"]),
        ("8123 4567 89011 2345 6789", Why.LONG, ["8901", "1234"]),
        ("8123456789012345678", Why.SHORT, []),
        ("71234567890123456789", Why.FIRST, ["7123"]),
        ("8123", Why.SHORT, []),
        ("6901234123457", Why.CHECK, []),
        ("８１２３４５６７８９Ｏ１２３４５６７８９", Why.LETTERS, ["89O1"]),
        ("(01)123", Why.FORM, []),
        ("", Why.FORM, []),
    ],
)
async def test_the_form_alone_marks_what_does_not_fit(
    text: str, why: Why, marked: list[str]
) -> None:
    found = malformed(text)
    assert (found.why, [one.text for one in found.groups if one.is_wrong]) == (why, marked)


async def test_malformed_codes_are_marked_on_the_page(shop: Shop) -> None:
    said = await shop.said("8123 4567 89O1 2345 6789", None)
    assert (said.verdict, said.why, said.marked) == ("V09", Why.LETTERS, ["89O1"])


async def test_slips_are_few_and_none_is_the_text_itself() -> None:
    for typed in (MADE, MADE[:-1], MADE + "5"):
        slips = digit_slips(typed)
        assert 0 < len(slips) <= 200
        assert all(len(one) == 20 and one[0] == "8" and one != typed for one in slips)
    assert digit_slips("8" * 18) == digit_slips("8123 4567") == {}
    serials = serial_slips("AB2345XYZ")
    assert "AB2345XYZ" not in serials
    assert len(serials) < 100
    assert odd_group("8123 4567 8901 2345 6789") is None
