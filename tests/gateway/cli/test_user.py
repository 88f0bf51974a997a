"""`sealtrail user`: the first person comes by a link, with the gateway up and without."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from node_gateway import wiring
from tests.anvil import Anvil
from tests.gateway.cli.conftest import Cli, Served, new_folder


def test_people_while_the_gateway_runs(served: Served) -> None:
    made = served("user", "add", "Alice", "--role", "admin")
    assert made.status == 0, made.err
    link = made.out.strip()
    token = link.rpartition("/app/join/")[2]
    assert len(token) == 43
    assert "only time" in made.err
    page = httpx2.get(f"{served.url}/app/join/{token}")
    assert page.status_code == 200
    again = served("user", "add", "alice", "--role", "viewer")
    assert again.status == 1
    assert "reset-link" in again.err
    assert served("user", "add", "x", "--role", "emperor").status == 2
    assert served("user", "reset-link", "alice").out.strip() != link
    assert httpx2.get(f"{served.url}/app/join/{token}").status_code == 404
    (alice,) = served("user", "list", "--json").json()
    assert (alice["name"], alice["role"], alice["state"]) == ("alice", "admin", "invited")
    assert served("user", "disable", "alice").status == 0
    assert "disabled" in served("user", "list").out
    assert served("user", "disable", "nobody").status == 11


def test_people_while_no_gateway_runs(
    anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_folder(tmp_path / "maker", anvil.url)
    monkeypatch.chdir(folder)
    wiring.prepare_database(f"sqlite:///{folder / 'sealtrail.db'}")
    cli = Cli(folder / "sealtrail.toml")
    known_as = {"SEALTRAIL_GATEWAY__PUBLIC_URL": "https://maker.example/"}
    made = cli("user", "add", "bob", "--role", "scanner", "--json", **known_as).json()
    assert made["link"].startswith("https://maker.example/app/join/")
    assert cli("user", "add", "bob", "--role", "scanner").status == 1
    assert [one["name"] for one in cli("user", "list", "--json").json()] == ["bob"]
    assert cli("user", "disable", "bob").status == 0
    assert cli("user", "list", "--json").json()[0]["state"] == "disabled"
    assert cli("user", "reset-link", "nobody").status == 11
