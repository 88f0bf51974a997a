"""`--svg`: a command draws what a page draws, byte by byte."""

from __future__ import annotations

import asyncio
import io
import json
import math
import re
from pathlib import Path

import pytest
from lxml import etree
from pypdf import PdfReader

from anchoring.chain.network import write_network
from anchoring.core.bundle import parse_bundles
from anchoring.core.verify import check_bundles
from node_gateway.pictures.composing import HOURS, beat, entry_of, hours_of, levels_of
from node_gateway.pictures.svg import svg
from node_gateway.web.words import LANGUAGES, say
from tests.gateway.cli.conftest import Cli, Said
from tests.gateway.console.visitors import somebody
from tests.gateway.pages.fair import Fair, drug_code, link
from tests.gateway.running import SSCC, commissioning

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHILDREN = tuple(link(number) for number in range(7100, 7130))


async def run(stalls: Fair, *arguments: str | Path) -> Said:
    """Run a command of the maker's operator, beside the gateway that answers it."""
    command = Cli(Path("no-settings-here.toml"))
    more = () if arguments[0] == "verify" else ("--gateway", stalls.url)
    words = (*map(str, arguments), *more)
    return await asyncio.to_thread(
        lambda: command(*words, SEALTRAIL_API_KEY=stalls.maker.admin_key)
    )


def drawings(page: str) -> list[str]:
    return re.findall(r"<svg [^>]*class=\"picture\".*?</svg>", page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("fate", ["sold", "sold_again", "link"])
async def test_the_way_is_that_of_the_page(stalls: Fair, fate: str, language: str) -> None:
    path = stalls.codes[fate]
    async with stalls.maker.stranger(accept="text/html") as shopper:
        page = (await shopper.get(f"/c/{path}", params={"lang": language})).text
        paper = (await shopper.get(f"/c/{path}/proof.pdf", params={"lang": language})).content
    code = drug_code(2) if fate == "sold" else drug_code(3) if fate == "sold_again" else link(6)
    drawn = await run(stalls, "trace", code, "--public", "--svg", "-", "--lang", language)
    assert drawn.status == 0, drawn.err
    assert drawings(page) == [drawn.out.rstrip("\n")]
    said = "".join(one.extract_text() for one in PdfReader(io.BytesIO(paper)).pages)
    for words in etree.fromstring(drawn.out).iter("{*}text"):
        assert (words.text or "").replace(" ", "") in re.sub(r"\s", "", said)


async def test_a_trace_is_drawn_with_what_its_operator_may_see(stalls: Fair) -> None:
    drawn = await run(stalls, "trace", drug_code(2), "--svg", "-")
    assert drawn.status == 0, drawn.err
    said = "".join(etree.fromstring(drawn.out).itertext())
    assert "2026-03-0" in said, "the day, which no page shows"
    assert said.count(say("en", "result.step.dispensing")) >= 1
    told = await run(stalls, "trace", drug_code(2), "--public")
    assert "V02 SOLD_ONCE, unchecked" in told.out
    assert "2026-03-0" not in told.out
    both = await run(stalls, "trace", drug_code(2), "--public", "--hops", "1")
    assert (both.status, bool(both.tries())) == (2, True)


async def test_what_is_packed_is_that_of_the_units_page(stalls: Fair) -> None:
    packing = {**commissioning(), "type": "AggregationEvent", "bizStep": "packing"}
    for name in ("epcList", "ilmd", "disposition"):
        packing.pop(name)
    packed = {**packing, "parentID": SSCC, "childEPCs": list(CHILDREN)}
    await stalls.maker.entry(commissioning(*CHILDREN), final=False)
    await stalls.maker.entry(packed, final=False)
    for code in (SSCC, CHILDREN[0]):
        async with somebody(stalls.maker, f"drawer-{code[-2:]}", "viewer") as one:
            for language in LANGUAGES:
                page = await one.get("/app/unit", code=code, lang=language)
                asked = ("code", "show", code, "--svg", "-", "--lang", language)
                drawn = await run(stalls, *asked)
                assert drawn.status == 0, drawn.err
                assert drawings(page.text) == [drawn.out.rstrip("\n")]
    alone = await run(stalls, "code", "show", link(6), "--svg", "-")
    assert (alone.status, alone.out) == (1, "")
    assert "nothing to draw" in alone.err


async def test_the_heartbeat_is_that_of_today(stalls: Fair) -> None:
    drawn = await run(stalls, "anchor", "list", "--svg", "-")
    assert drawn.status == 0, drawn.err
    async with somebody(stalls.maker, "listener", "viewer") as one:
        page = (await one.get("/app", lang="en")).text
    times = re.compile(r">\d\d:\d\d<")  # a minute may end between the two
    (shown,) = drawings(page)
    assert times.sub("><", shown) == times.sub("><", drawn.out.rstrip("\n"))


async def test_a_batch_lies_in_the_hour_before_now_in_which_it_was_made() -> None:
    now = 1_000_000_000.5
    counts = hours_of([int(now), int(now) - 3599, int(now) - 3600, int(now) - 86_400], now=now)
    assert counts == (*(0,) * (HOURS - 2), 1, 2)
    assert "3 batches in 24 hours; 22 hours" in svg(beat(counts, now=now, language="en"))


async def test_hours_before_the_first_batch_are_no_silence() -> None:
    now = 1_000_000_000.5
    at = int(now) - 2 * 3600 - 60
    drawn = svg(beat(hours_of([at], now=now), now=now, language="en", began=at))
    assert "1 batches in 24 hours; 2 hours without any; 21 hours before the first one" in drawn
    never = svg(beat([0] * HOURS, now=now, language="en", began=math.inf))
    assert "0 hours without any; 24 hours before the first one" in never


async def test_a_proof_is_drawn_with_every_hash_on_its_way(stalls: Fair, tmp_path: Path) -> None:
    async with stalls.maker.stranger() as shopper:
        raw = (await shopper.get(f"/c/{stalls.codes['sold']}/proof.json")).content
    checked, bundles = check_bundles(raw), parse_bundles(raw)
    assert [entry_of(one) for one in bundles] == [one.entry for one in checked]
    for one in bundles:
        levels = levels_of(one, entry_of(one))
        assert levels[-1].node == one.anchor.root.hex()
        siblings = [level.sibling for level in levels if level.sibling]
        assert siblings == [sibling.hex() for sibling in one.event_siblings]
    file, network = tmp_path / "proof.json", tmp_path / "network.json"
    file.write_bytes(raw)
    write_network(network, stalls.town.net.network)
    drawn = await run(stalls, "verify", file, "--network", network, "--svg", tmp_path / "p.svg")
    said = (tmp_path / "p.svg").read_text(encoding="utf-8")
    assert drawn.status in (0, 13), drawn.err
    assert said.count(say("en", "picture.path.agrees")) >= len(bundles)
    again = await run(stalls, "verify", file, "--network", network, "--svg", tmp_path / "p.svg")
    assert (again.status, "--force" in again.tries()) == (2, True)
    wrong = json.loads(raw)
    wrong["bundles"][0]["event"]["siblings"][0] = "00" * 32
    file.write_text(json.dumps(wrong), encoding="utf-8")
    drawn = await run(stalls, "verify", file, "--network", network, "--svg", "-")
    assert drawn.status == 10
    assert drawn.out.startswith("<svg ")
    assert say("en", "picture.path.differs") in drawn.out
    code = await run(stalls, "verify", drug_code(2), "--network", network, "--svg", "-")
    assert code.status == 2
    assert "proof get" in code.tries()
