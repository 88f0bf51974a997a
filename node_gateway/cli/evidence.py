"""`sealtrail evidence`: what partners said that cannot both hold, as files for third parties."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import command, put, say, table
from node_gateway.cli.writing import ForceOption, require_free, write_file

app = typer.Typer(no_args_is_help=True)

OfflineOption = Annotated[
    bool,
    typer.Option("--offline", help="Read this machine's database: no gateway need run."),
]


@app.command("list")
@command
def list_evidence(
    after: Annotated[str | None, typer.Option("--after", help="Where to go on.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="At most so many.")] = 100,
    offline: OfflineOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """List the contradictions that were kept: two messages with one number, two holders."""
    if offline:
        answer = asyncio.run(_list(config, after or "", limit))
    else:
        params: dict[str, Any] = {"perPage": limit, **({"after": after} if after else {})}
        answer = Client.from_config(config, gateway).get("/v1/evidence", **params)
    if json:
        put(answer)
        return
    rows = [
        [one["name"], one["kind"], ", ".join(map(str, one["partners"])), _when(one), one["reason"]]
        for one in answer["evidence"]
    ]
    table("", ["name", "kind", "by", "found", "why"], rows)
    if answer["next"] is not None:
        say(f"There are more: --after {answer['next']}")


@app.command("export")
@command
def export(
    name: Annotated[str, typer.Argument(help="As in the list, or the digest of any message.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    bare: Annotated[
        bool, typer.Option("--bare", help="Without proofs of keys from our own node.")
    ] = False,
    force: ForceOption = False,
    offline: OfflineOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
) -> None:
    """Write one file that a third party checks with `python -m anchoring verify`.

    It discloses what was said: look into it before you hand it over.
    """
    require_free(output, force=force)
    if offline:
        raw, word = asyncio.run(_export(config, name, bare=bare))
    else:
        path = f"/v1/evidence/{_escaped(name)}"
        client = Client.from_config(config, gateway)
        answer = client.request("GET", path, params={"bare": bare})
        raw, word = answer.content, answer.headers.get("Sealtrail-Evidence", "")
    write_file(output, raw, force=force)
    say(f"{output}: {word}")
    if word.startswith("cannot_check") and not bare:
        say("It lacks proofs of keys: the same again (--force) when a block is younger than it")
    say(f"Next: python -m anchoring verify {output} --network FILE")


def next_step(name: str) -> str:
    """Return how a person comes from a contradiction to its file."""
    return f"Next: sealtrail evidence export {name} -o {name}.json"


def _escaped(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


def _when(one: dict[str, Any]) -> str:
    return datetime.fromtimestamp(one["foundAt"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _list(config: Path, after: str, limit: int) -> dict[str, Any]:
    from node_gateway.partners.evidence import PartnerEvidence
    from node_gateway.settings import load_settings
    from node_gateway.wiring import network_of, read_database

    settings = load_settings(config)
    async with read_database(settings) as store:
        service = PartnerEvidence(store, network_of(settings), settings.gateway.participant)
        found = await service.kept(after=after, limit=limit + 1)
    more = found[limit - 1].place if len(found) > limit else None
    return {"evidence": [one.to_wire() for one in found[:limit]], "next": more}


async def _export(config: Path, name: str, *, bare: bool) -> tuple[bytes, str]:
    from anchoring.chain.proving import EvmProver
    from anchoring.chain.rpc import EvmRpc
    from node_gateway.partners.evidence import PartnerEvidence
    from node_gateway.settings import load_settings
    from node_gateway.wiring import network_of, read_database

    settings = load_settings(config)
    network, participant = network_of(settings), settings.gateway.participant
    rpc = EvmRpc(settings.chain.rpc)
    try:
        async with read_database(settings) as store:
            service = PartnerEvidence(store, network, participant, EvmProver(rpc))
            found = await service.checked(name, bare=bare)
    finally:
        await rpc.close()
    return found.raw, f"{found.outcome}; {found.code}"
