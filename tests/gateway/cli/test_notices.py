"""`sealtrail notice`, and what other commands say of recalls, on a served gateway."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from anchoring.chain.governance_calls import NO_DIGEST, NoticeScope
from anchoring.directory.code_list import CODES_MAX, CodeList, make_code_list
from tests.anvil import Anvil
from tests.consortium import Net, found
from tests.gateway.cli.conftest import Cli, Served, start_serving, stop_serving, wait_until
from tests.gateway.recalling import PEOPLE, PRODUCT, TEXT
from tests.gateway.running import document
from tests.gateway.state.flows import made, pack, packed

SALT = b"0123456789abcdef"
IN_STOCK, SOLD, OTHER = pack("N1"), pack("N2"), pack("N3")
UNIT = "https://id.gs1.org/00/069012340000000023"


@dataclass(frozen=True)
class Shop:
    """The pharmacy's gateway, and the network that it is in."""

    net: Net
    cli: Served

    def publish(
        self, *, lots: tuple[str, ...] = (), digest: bytes = NO_DIGEST, drill: bool = False
    ) -> str:
        """Publish a notice and wait until the gateway has it; return its number."""
        scope = NoticeScope(PRODUCT, lots, digest)
        call = self.net.calls.publish_notice(1, scope, TEXT, drill=drill)
        mined = asyncio.run(self.net.call("maker", call))
        number = str(mined.fields("NoticePublished")["id"])
        wait_until(lambda: self.cli("notice", "show", number).status == 0)
        return number

    def lift(self, number: str) -> None:
        asyncio.run(self.net.call("maker", self.net.calls.lift_notice(int(number), TEXT)))
        wait_until(lambda: self.of(number)["level"] == 0)

    def of(self, number: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.cli("notice", "show", number, "--json").json()
        return answer


@pytest.fixture(scope="module")
def shop(anvil: Anvil, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    net = asyncio.run(found(anvil, PEOPLE, folder=tmp_path_factory.mktemp("network")))
    own = net.member("pharmacy")
    assert own.folder is not None
    process, url, log = start_serving(own.folder)
    served = Served(own.folder, url, Cli(own.config), log, process)
    try:
        wait_until(lambda: served("status", "--json").json()["state"] == "ready")
        events = own.folder / "events.json"
        stated = document(made(0, [IN_STOCK, SOLD]), made(0.5, [OTHER], lot="L2"))
        stated["epcisBody"]["eventList"].append(packed(1, UNIT, [OTHER]))
        events.write_text(json.dumps(stated), encoding="utf-8")
        assert served("capture", str(events)).status == 0
        yield Shop(net, served)
    finally:
        assert stop_serving(process) == 0, "".join(log)
    for line in log:
        assert not any(code in line for code in (IN_STOCK, SOLD, OTHER)), line


def test_a_recall_in_every_command_that_tells_of_it(shop: Shop) -> None:
    cli = shop.cli
    assert cli("dispense", SOLD).status == 0
    number = shop.publish(lots=("L1",))
    listed = cli("notice", "list", "--standing")
    assert (listed.status, PRODUCT in listed.out, "lots L1" in listed.out) == (0, True, True)
    shown = cli("notice", "show", number).out
    for text in ("Lot recalled (level 1)", "该批次召回（一级）", TEXT.zh, TEXT.en, "Example Maker"):
        assert text in shown
    refused = cli("dispense", IN_STOCK)
    assert (refused.status, "recall_notice" in refused.err) == (14, True)
    assert "override" in refused.tries()
    unknown = cli("dispense", pack("stranger"))
    assert "recall_lot_unknown" in unknown.err
    assert "--lot" in unknown.err
    assert cli("code", "show", IN_STOCK, "--json").json()["status"] == "recalled"
    assert f"notice {number}" in cli("code", "show", IN_STOCK).out
    assert "1 about products here" in cli("status").out
    here = cli("notice", "affected", number)
    assert (here.status, IN_STOCK in here.out, SOLD in here.out) == (14, True, False)
    assert "meant: 1 active, 1 dispensed" in here.err
    assert SOLD in cli("notice", "affected", number, "--where", "gone").out
    in_a_minute = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + 60))
    overriding = ("--override", "asked for by quality", "--time", in_a_minute)
    assert cli("dispense", IN_STOCK, *overriding).status == 0
    after = cli("notice", "affected", number, "--findings")
    assert (after.status, "with a reason" in after.out) == (14, True)
    shop.lift(number)
    assert "lifted" in cli("notice", "list").out
    assert "none about products here" in cli("status").out
    assert cli("dispense", pack("stranger")).status == 0


def test_a_drill_is_called_one(shop: Shop) -> None:
    number = shop.publish(drill=True)
    cli = shop.cli
    assert "1 (exercise)" in cli("notice", "list", "--standing").out
    assert "Exercise, not a real recall" in cli("notice", "show", number).out
    assert "Exercise, not a real recall" in cli("code", "show", OTHER).out
    shop.lift(number)


def test_a_unit_with_a_recalled_pack(shop: Shop) -> None:
    number = shop.publish(lots=("L2",))
    refused = shop.cli("ship", UNIT, "--to", "9521321000018")
    assert "packed in this unit" in refused.err
    assert f"means {OTHER} in it" in shop.cli("code", "show", UNIT).out
    shop.lift(number)


def test_a_list_of_a_million_codes(shop: Shop, tmp_path: Path) -> None:
    codes = CodeList(SALT, tuple(pack(f"{n:07d}") for n in range(CODES_MAX)))
    number = shop.publish(digest=codes.digest)
    file = tmp_path / "list.json"
    file.write_text(codes.to_json(), encoding="utf-8")
    assert "recall_list_unknown" in shop.cli("dispense", pack("beyond")).err
    began = time.perf_counter()
    loaded = shop.cli("notice", "load", number, str(file))
    took_s = time.perf_counter() - began
    assert loaded.status == 0, loaded.err
    print(f"\na list of 1,000,000 codes ({file.stat().st_size >> 20} MiB): {took_s:.1f} s")
    assert "1000000 codes" in loaded.err
    assert "recall_notice" in shop.cli("dispense", pack("0777777")).err
    assert shop.cli("dispense", pack("beyond")).status == 0
    assert shop.cli("notice", "load", number, str(file), "--json").json()["codeCount"] == CODES_MAX
    shop.lift(number)


def test_what_goes_wrong(shop: Shop, tmp_path: Path) -> None:
    number = shop.publish(lots=("L1",))
    file = tmp_path / "list.json"
    good = make_code_list([IN_STOCK], salt=SALT).to_json()

    def load(text: str) -> Callable[[], Any]:
        file.write_text(text, encoding="utf-8")
        return lambda: shop.cli("notice", "load", number, str(file))

    for said, status in (
        (shop.cli("notice", "show", "999"), 11),
        (shop.cli("notice", "affected", "999"), 11),
        (shop.cli("notice", "affected", number, "--where", "nowhere"), 2),
        (shop.cli("notice", "load", number, str(tmp_path / "none.json")), 2),
        (load("{}")(), 2),
        (load(good)(), 1),
    ):
        assert (said.status, bool(said.tries())) == (status, True), said.err
        assert IN_STOCK not in said.err
    shop.lift(number)
