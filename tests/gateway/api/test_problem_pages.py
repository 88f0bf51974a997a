"""The address that a problem's `type` names answers, at the gateway itself."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2

from node_gateway.app import describe_app

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "problems.md"


def asking() -> httpx2.AsyncClient:
    """Return a client of the routes alone: these need no gateway."""
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=describe_app()), base_url="http://gateway.example"
    )


async def test_the_type_of_a_problem_resolves() -> None:
    async with asking() as stranger:
        problem = (await stranger.get("/v1/nowhere")).json()
        found = await stranger.get(problem["type"])
        assert (found.status_code, found.json()["code"]) == (200, problem["code"])
        assert found.json()["meaning"] == "there is no such address"
        page = await stranger.get(problem["type"], headers={"Accept": "text/html,*/*;q=0.8"})
        assert page.headers["content-type"].startswith("text/html")
        assert "there is no such address" in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert len(page.content) < 2048
        for name in ("nothing-such", "<script>", "x" * 100):
            unknown = await stranger.get(f"/problems/{name}")
            assert unknown.status_code in (400, 404)
            assert "<script>" not in unknown.text


async def test_every_code_of_the_page_is_served() -> None:
    codes = re.findall(r"^\| `(\w+)` \| (?:\d+|-|any)", PAGE.read_text(encoding="utf-8"), re.M)
    assert len(codes) > 300
    async with asking() as stranger:
        for code in codes:
            found = await stranger.get(f"/problems/{code.replace('_', '-')}")
            assert found.status_code == 200, code
            assert found.json()["meaning"], code
