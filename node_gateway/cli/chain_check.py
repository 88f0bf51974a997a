"""`sealtrail chain check`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from node_gateway.cli.options import JsonOption
from node_gateway.cli.output import MISMATCH, USAGE, CommandError, command, put, talk

if TYPE_CHECKING:
    from anchoring.chain.contract_check import ContractFinding
    from anchoring.chain.network import Network

_MARKS = {True: "✓", False: "✗", None: "-"}


@command
def check(
    network: Annotated[Path, typer.Option(help="Your own network file.")] = Path("network.json"),
    rpc: Annotated[
        str | None, typer.Option(help="Chain endpoint; otherwise the first witness of the file.")
    ] = None,
    source: Annotated[
        Path | None, typer.Option(help="The folder contracts/: compile it again and compare.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare the contracts on the chain with the network file and with this release.

    Chain id, block 0, the code of every contract, that they name each other, and with --source
    that the sources give this code. Ends with 10 if something differs, 13 if nobody answers.
    """
    from anchoring.chain.contract_source import check_source
    from anchoring.chain.network import load_network

    known = load_network(network)
    url = rpc or next((one for group in known.witnesses for one in group.urls), None)
    if url is None:
        raise CommandError("the network file lists no witness", attempt="--rpc URL", status=USAGE)
    with talk().status("reading the contracts"):
        found = [*asyncio.run(_asked(known, url)), *check_source(source)]
    ok = all(one.ok is not False for one in found)
    if json:
        checks = [{"check": one.check, "ok": one.ok, "text": one.text} for one in found]
        put({"ok": ok, "checks": checks})
    else:
        for one in found:
            typer.echo(f"{_MARKS[one.ok]} {one.text}")
    if not ok:
        raise typer.Exit(MISMATCH)


async def _asked(network: Network, url: str) -> list[ContractFinding]:
    from anchoring.chain.contract_check import ContractReader, check_contracts
    from anchoring.chain.rpc import EvmRpc

    rpc = EvmRpc(url)
    try:
        return await check_contracts(network, ContractReader(rpc))
    finally:
        await rpc.close()
