"""Runs commands as a company's operator would, in a process of their own."""

from __future__ import annotations

import asyncio
import sys

from node_gateway.demo.companies import CompanyGateway
from node_gateway.demo.processes import spawn


async def run(gateway: CompanyGateway, *arguments: str) -> tuple[int, str]:
    """Run `python -m ...` in a company's folder; return its exit status and what it said."""
    process = await spawn(
        *(sys.executable, "-m", *arguments),
        home=gateway.home,
        folder=gateway.folder,
        output=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode(errors="replace").strip()
