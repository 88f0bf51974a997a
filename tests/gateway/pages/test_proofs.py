"""Taking a proof home: the file, the certificate with the file in it, and codes that are read."""

from __future__ import annotations

import io
import zlib
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from anchoring.core.verify import check_bundles
from node_gateway.pages.qr import DATA_SIZE_BYTES_MAX, QUIET, Qr, data_qr, deflated, qr
from node_gateway.web.words import LANGUAGES, say
from tests.gateway.pages.fair import Fair, drug_code

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shopper(stalls: Fair) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser without a key."""
    async with stalls.maker.stranger(accept="text/html") as client:
        yield client


def picture(code: Qr, scale: int = 4) -> Image.Image:
    side = code.size + 2 * QUIET
    drawn = Image.new("L", (side, side), 255)
    for column, row, length in code.runs:
        drawn.paste(0, (column + QUIET, row + QUIET, column + QUIET + length, row + QUIET + 1))
    return drawn.resize((side * scale, side * scale), Image.Resampling.NEAREST)


def read(code: Qr) -> bytes:
    (found,) = zxingcpp.read_barcodes(picture(code))
    return bytes(found.bytes)


async def test_the_file_is_accepted_by_verifiers(stalls: Fair, shopper: httpx2.AsyncClient) -> None:
    answer = await shopper.get(f"/c/{stalls.codes['sold']}/proof.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    checked = check_bundles(answer.content)
    assert {drug_code(2)} == {code for one in checked for code in one.code_values}
    assert {one.act.biz_step for one in checked} == {"commissioning", "dispensing"}
    none = await shopper.get(f"/c/{stalls.codes['never_issued']}/proof.json")
    assert none.status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("fate", ["sold", "recalled", "sealing"])
async def test_the_certificate_says_what_the_page_says(
    stalls: Fair, shopper: httpx2.AsyncClient, fate: str, language: str
) -> None:
    address = f"/c/{stalls.codes[fate]}"
    answer = await shopper.get(f"{address}/proof.pdf", params={"lang": language})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    found = PdfReader(io.BytesIO(answer.content))
    assert found.root_object["/Lang"] == language
    text = "".join(page.extract_text() for page in found.pages).replace("\n", "")
    verdict = {"sold": "V02", "recalled": "V05", "sealing": "V03"}[fate]
    for wanted in (
        say(language, f"verdict.{verdict}.headline"),
        say(language, "result.certificate.title"),
        "A-0316" if fate == "sold" else "",
        f"ST-{verdict}",
    ):
        assert wanted.replace(" ", "") in text.replace(" ", "")
    for never in ("genuine", "正品", "!", "！"):
        assert never not in text.lower()
    if fate == "sealing":
        assert not found.attachments
        return
    proof = (await shopper.get(f"{address}/proof.json")).content
    assert found.attachments == {"proof.json": [proof]}


async def test_equal_looks_give_equal_certificates(
    stalls: Fair, shopper: httpx2.AsyncClient
) -> None:
    one, other = [
        (await shopper.get(f"/c/{stalls.codes['link']}/proof.pdf")).content for _ in range(2)
    ]
    assert one == other


async def test_the_code_of_a_page_leads_to_it(stalls: Fair, shopper: httpx2.AsyncClient) -> None:
    answer = await shopper.get(f"/c/{stalls.codes['link']}/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    link = f"{stalls.url}/c/{stalls.codes['link']}"
    assert f"<title>{link}</title>" in answer.text
    assert read(qr(link)) == link.encode()


async def test_a_code_holds_a_whole_proof_or_there_is_none(
    stalls: Fair, shopper: httpx2.AsyncClient
) -> None:
    raw = (await shopper.get(f"/c/{stalls.codes['unsold']}/proof.json")).content
    packed = deflated(raw)
    assert zlib.decompress(packed, -zlib.MAX_WBITS) == raw
    code = data_qr(raw)
    assert (code is not None) == (len(packed) <= DATA_SIZE_BYTES_MAX)
    small = b'{"format":"sealtrail/proofs/v1","bundles":[]}'
    made = data_qr(small)
    assert made is not None
    assert zlib.decompress(read(made), -zlib.MAX_WBITS) == small
    assert data_qr(bytes((7919 * at * at) >> 5 & 255 for at in range(9000))) is None
