"""A real browser, and gateways that it can reach: the fixtures of the tests of pages.

Such a module says `pytestmark = pytest.mark.asyncio(loop_scope="module")`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from node_gateway import wiring
from tests.anvil import Anvil

ROOT = Path(__file__).parents[2]
_SWITCHES = (
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
    "--host-resolver-rules=MAP gateway.test 127.0.0.1",  # a host of plain HTTP: no secure context
)


@pytest.fixture(scope="session")
def anvil() -> Iterator[Anvil]:
    """Mines at once; anchors are final at depth 0."""
    with Anvil() as chain:
        yield chain


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of the current schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    wiring.prepare_database(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return where a Chromium is: a machine without one is an error, never a test left out."""
    if named := os.environ.get("CHROMIUM"):
        return named
    script = [str(ROOT / "scripts" / "find_chromium.sh")]
    done = subprocess.run(script, capture_output=True, text=True, check=True, timeout=600)
    return done.stdout.strip()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One browser for a module; every test opens a context of its own."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=chromium, args=list(_SWITCHES), timeout=120_000
        )
        yield launched
        await launched.close()
