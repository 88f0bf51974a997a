"""Verification requests between trading partners: yes, or no with a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from tests.gateway.pages.fair import GTIN, LOTS, NOBODYS_GTIN, OTHERS_GTIN, Fair

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def partner(stalls: Fair) -> AsyncIterator[httpx2.AsyncClient]:
    """A trading partner without a key."""
    async with stalls.maker.stranger(accept="application/json") as client:
        yield client


@pytest.mark.parametrize(
    ("gtin", "lot", "serial", "exp", "expected"),
    [
        (GTIN, "A-0316", "6", "380228", {"verified": True}),
        (GTIN, "B-1", "6", "380228", "No_match_GTIN_Serial_Lot"),
        (GTIN, "A-0316", "6", "380227", "No_match_GTIN_Serial_Expiry"),
        (GTIN, "B-1", "6", "380227", "No_match_GTIN_Serial_Lot_Expiry"),
        (GTIN, "A-0316", "424242", "380228", "No_match_GTIN_Serial"),
        (OTHERS_GTIN, "A-0316", "1", "380228", "GTIN_not_found"),
        (NOBODYS_GTIN, "A-0316", "1", "380228", "GTIN_not_found"),
        (GTIN, LOTS["recalled"], "7", "380228", {"verified": True, "additionalInfo": "Recalled"}),
        (GTIN, "A-0316", "4", "200131", {"verified": True, "additionalInfo": "Expired"}),
    ],
)
async def test_all_four_have_to_be_those_of_one_pack(
    partner: httpx2.AsyncClient, gtin: str, lot: str, serial: str, exp: str, expected: Any
) -> None:
    answer = await partner.get(
        f"/verify/gtin/{gtin}/lot/{lot}/ser/{serial}", params={"exp": exp, "corrUUID": "a-1"}
    )
    assert answer.status_code == 200
    said = answer.json()
    if isinstance(expected, str):
        expected = {"verified": False, "verificationFailureReason": expected}
    assert said["data"] == expected
    assert said["corrUUID"] == "a-1"
    assert said["responderGLN"].startswith("69012341")


async def test_what_is_out_of_trade_is_not_verified(partner: httpx2.AsyncClient) -> None:
    answer = await partner.get(f"/verify/gtin/{GTIN}/lot/A-0316/ser/5?exp=380228")
    assert answer.json()["data"] == {
        "verified": False,
        "verificationFailureReason": "Not_for_re-distribution",
        "additionalInfo": "Suspect",
    }


@pytest.mark.parametrize(
    "path",
    [
        f"/verify/gtin/{GTIN}/ser/1",
        f"/verify/gtin/{GTIN}/lot/A/ser/1?exp=2028",
        f"/verify/gtin/{GTIN}/lot/A-0316/ser/6?exp=380229",
    ],
)
async def test_what_is_malformed_is_refused(partner: httpx2.AsyncClient, path: str) -> None:
    assert (await partner.get(path)).status_code == 400


async def test_a_partner_finds_the_service(partner: httpx2.AsyncClient) -> None:
    answer = await partner.get("/checkConnectivity", params={"corrUUID": "a-2"})
    assert (answer.status_code, answer.json()["corrUUID"]) == (200, "a-2")
