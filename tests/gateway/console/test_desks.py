"""The desks of the console by HTTP: units, labels, recalls, partners, settings."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from node_gateway.console.settings import HIDDEN, without_secrets
from node_gateway.settings_keys import KeysSection
from tests.anvil import Anvil
from tests.consortium import REGULATOR, VOTER, Person, found
from tests.gateway.console.visitors import Visitor, somebody, text_of
from tests.gateway.running import (
    Deployed,
    Running,
    Wishes,
    commissioning,
    running_gateway,
    serial,
    sgtin,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

PRODUCT = "gs1:690123412345"
PEOPLE = (
    Person("maker", prefixes=("gs1:6901234",)),
    Person("distributor", roles=2 | VOTER, name="Example Distributor"),
    Person("authority", roles=REGULATOR | VOTER, name="Example Authority"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def maker(
    anvil: Anvil, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """The maker's gateway, which holds its admin key, in a network of three."""
    folder = tmp_path_factory.mktemp("desks")
    net = await found(anvil, PEOPLE, delay_s=600, folder=folder)
    member, keys = net.member("maker"), folder / "maker" / "keys"
    section = KeysSection(
        anchor_keystore=keys / "anchor.json",
        sign_keystore=keys / "sign.json",
        admin_keystore=keys / "admin.json",
        passphrase_file=keys / "passphrase",
    )
    deployed = Deployed(net.network, member.anchor, member.sign)
    wishes = Wishes(keys=section)
    async with running_gateway(anvil, template, folder, wishes, deployed=deployed) as up:
        yield up


async def rows(one: Visitor, path: str, **params: str) -> list[dict[str, Any]]:
    answer = await one.get(path, format="json", **params)
    assert answer.status_code == 200, answer.text
    found_rows: list[dict[str, Any]] = answer.json()["rows"]
    return found_rows


async def made(up: Running, lot: str, *codes: str) -> None:
    event = commissioning(*codes)
    event["ilmd"] = {**event["ilmd"], "cbvmda:lotNumber": lot}
    await up.entry(event, final=False)


async def test_units_are_found_by_lot_gtin_and_code(maker: Running) -> None:
    lot, codes = f"L{serial()}", sorted(sgtin() for _ in range(3))
    await made(maker, lot, *codes)
    await made(maker, f"M{serial()}", sgtin())
    async with somebody(maker, "units-viewer", "viewer") as one:
        assert [row["code"] for row in await rows(one, "/app/units", lot=lot)] == codes
        assert (await rows(one, "/app/units", lot=lot))[0]["status"] == "active"
        gtin = codes[0].split("/")[4]
        by_gtin = [row["code"] for row in await rows(one, "/app/units", code=gtin, perPage="1000")]
        assert set(codes) < set(by_gtin)
        assert [row["code"] for row in await rows(one, "/app/units", code=codes[1])] == [codes[1]]
        page = await one.get("/app/units", lot=lot, perPage="2")
        assert 'rel="next"' in page.text
        assert "after=" in page.text
        second = (await one.get("/app/units", lot=lot, perPage="2", format="json")).json()
        rest = await rows(one, "/app/units", lot=lot, perPage="2", after=second["next"])
        assert [row["code"] for row in rest] == codes[2:]
        sheet = (await one.get("/app/units", lot=lot, format="csv")).text
        assert [row["lot"] for row in csv.DictReader(io.StringIO(sheet))] == [lot] * 3
        assert (await one.get("/app/units", code="anything at all")).status_code == 400


async def test_labels_are_locked_until_one_is_scanned(maker: Running) -> None:
    codes = [sgtin() for _ in range(3)]
    await made(maker, f"L{serial()}", *codes)
    wanted = {"of": "codes", "codes": "\n".join(codes), "media": "50x25", "symbol": "datamatrix"}
    form = "/app/labels/new"
    async with somebody(maker, "printer", "operator") as one:
        look = await one.send(form, **wanted)
        assert 'src="data:image/svg+xml;base64,' in look.text, text_of(look)
        assert "First of 3" in text_of(look)
        kept = await one.send("/app/labels/jobs", seen_at=form, **wanted)
        path = kept.headers["location"]
        early = await one.send(f"{path}/print", seen_at=path, format="pdf")
        assert (early.status_code, "label_locked" in early.text) == (409, True)
        first = await one.send(f"{path}/first", seen_at=path, format="pdf")
        assert first.content.startswith(b"%PDF-")
        assert "attachment" in first.headers["content-disposition"]
        wrong = await one.send(f"{path}/scan", seen_at=path, text="something else")
        assert "label_scan_differs" in wrong.text
        job = await maker.gateway.labels.jobs.job(int(path.rpartition("/")[2]))
        content = (await maker.gateway.labels.printing.look_at_first(job.request))[0]
        scanned = content.identifier + content.scanned.decode("ascii")
        assert (await one.send(f"{path}/scan", seen_at=path, text=scanned)).status_code == 303
        for kind, begins in (("zpl", b"^XA"), ("csv", b"")):
            reason = {} if kind == "zpl" else {"reason": "The roll was torn."}
            run = await one.send(f"{path}/print", seen_at=path, format=kind, **reason)
            assert run.status_code == 200, text_of(run)
            assert begins in run.content
        assert {row["kind"] for row in await rows(one, "/app/labels/printed")} == {"first", "run"}
        assert (await rows(one, "/app/labels"))[0]["state"] == "unlocked"
        assert "Print the rest" in text_of(await one.get(path))
        again = await one.send("/app/labels/file", seen_at=form, format="csv", **wanted)
        assert "label_reprint" in again.text
    deeds, _ = await maker.gateway.pages.console.log.page(before=None, limit=20, who="printer")
    assert {"preview_labels", "add_label_job", "print_first_label", "scan_first_label"} < {
        one["action"] for one in deeds
    }


async def test_a_drill_is_looked_at_begun_noted_and_lifted(maker: Running) -> None:
    lot, form = f"L{serial()}", "/app/recalls/new"
    await made(maker, lot, sgtin(), sgtin())
    wanted = {"product": PRODUCT, "lots": lot, "level": "3", "en": "An exercise."}
    async with somebody(maker, "quality", "quality") as one:
        look = await one.send(form, **wanted, drill="yes")
        assert "A recall drill of level 3" in text_of(look), text_of(look)
        assert maker.gateway.notices.directory.notices == {}
        refused = await one.send("/app/recalls/publish", seen_at=form, **wanted, drill="no")
        assert refused.status_code == 400
        assert "write the product once more" in text_of(refused)
        begun = await one.send("/app/recalls/publish", seen_at=form, **wanted, drill="yes")
        path = begun.headers["location"]
        twin = (await rows(one, path))[0]
        assert (twin["drill"], twin["level"], twin["lots"]) == (True, 3, [lot])
        assert (twin["reach"]["units"], twin["reach"]["here"]) == (2, 2)
        goods = await rows(one, f"{path}/goods")
        assert [row["match"] for row in goods] == ["meant", "meant"]
        assert [row["id"] for row in await rows(one, "/app/recalls", state="issued")] == [
            twin["id"]
        ]
        assert await rows(one, "/app/recalls", state="received") == []
        noted = await one.send(f"{path}/acknowledge", seen_at=path, note="Seen.")
        assert noted.status_code == 303
        shown = text_of(await one.get(path))
        assert "Score of the drill" in shown
        assert "noted" in shown
        assert "Who asks us" not in shown
        lifted = await one.send(f"{path}/lift", seen_at=path, en="The exercise is over.")
        assert lifted.status_code == 303, text_of(lifted)
        assert "lifted" in text_of(await one.get(path))
        assert await rows(one, "/app/recalls") == []
        assert "演练" in text_of(await one.get("/app/recalls", state="all", lang="zh-CN"))
    deeds, _ = await maker.gateway.pages.console.log.page(before=None, limit=9, who="quality")
    assert f"drill level 3 of {PRODUCT}" in [one["subject"] for one in deeds]


async def test_partners_say_how_they_are_and_why_not(maker: Running) -> None:
    async with somebody(maker, "partner-operator", "operator") as one:
        found_rows = await rows(one, "/app/partners", perPage="1")
        assert [row["slug"] for row in found_rows] == ["distributor"]
        assert found_rows[0]["roles"] == ["distributor", "voter"]
        assert (found_rows[0]["open"], found_rows[0]["failed"]) == (0, 0)
        rest = await rows(one, "/app/partners", after=str(found_rows[0]["participant"]))
        assert [row["slug"] for row in rest] == ["authority"]
        shown = text_of(await one.get("/app/partners"))
        assert "Example Distributor" in shown
        assert "not spoken yet" in shown
        asked = await one.send(
            "/app/partners/distributor/ping", seen_at="/app/partners/distributor"
        )
        assert "It does not answer." in text_of(asked)
        assert (await one.get("/app/partners/maker")).status_code == 404
        refused = await one.send("/app/partners/authority/retry", seen_at="/app/partners/authority")
        assert refused.status_code == 403


async def test_settings_are_shown_without_secrets(maker: Running) -> None:
    await maker.client.post("/v1/webhooks", json={"url": "https://hooks.example/in?token=s3cr3t"})
    async with somebody(maker, "settings-admin", "admin") as one:
        named = {row["setting"]: row["value"] for row in await rows(one, "/app/settings")}
        assert named["gateway.participant"] == "1"
        assert named["keys.admin_keystore"].endswith("admin.json")
        hook = (await rows(one, "/app/webhooks"))[0]
        assert hook["url"] == f"https://hooks.example/in?{HIDDEN}"
        assert "secret" not in hook
        for form in ("html", "json", "csv"):
            assert "s3cr3t" not in (await one.get("/app/webhooks", format=form)).text


async def test_a_url_is_shown_without_who_signs_in() -> None:
    assert without_secrets("postgresql://me:pw@db.example:5432/main") == (
        f"postgresql://{HIDDEN}@db.example:5432/main"
    )
    for plain in ("sqlite:///gateway.db", "127.0.0.1", "1200/minute", "fixed:16"):
        assert without_secrets(plain) == plain
