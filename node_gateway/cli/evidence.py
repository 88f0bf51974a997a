"""`sealtrail evidence`: what partners said that cannot both hold, as files for third parties."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import CommandError, command, put, say, table

app = typer.Typer(no_args_is_help=True)


@app.command("list")
@command
def list_evidence(config: ConfigOption = DEFAULT_CONFIG, json: JsonOption = False) -> None:
    """List the contradictions that were kept: two messages with one number, two holders.

    Reads this machine's database; the gateway may run meanwhile.
    """
    found = asyncio.run(_list(config))
    if json:
        put({"evidence": found})
        return
    rows = [
        [one["name"], one["kind"], ", ".join(map(str, one["partners"])), _when(one), one["reason"]]
        for one in found
    ]
    table("", ["name", "kind", "by", "found", "why"], rows)


@app.command("export")
@command
def export(
    name: Annotated[str, typer.Argument(help="As in the list, or the digest of any message.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    bare: Annotated[
        bool, typer.Option("--bare", help="Without proofs of keys from our own node.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write one file that a third party checks with `python -m anchoring verify`.

    It discloses what was said: look into it before you hand it over.
    """
    raw, word = asyncio.run(_export(config, name, bare=bare))
    try:
        output.write_bytes(raw)
    except OSError as error:
        text = f"cannot write {output}: {error.strerror or 'error'}"
        raise CommandError(text, attempt="-o with a file that can be written") from error
    say(f"{output}: {word}")
    say(f"Next: python -m anchoring verify {output} --network FILE")


def _when(one: dict[str, Any]) -> str:
    return datetime.fromtimestamp(one["foundAt"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _list(config: Path) -> list[dict[str, Any]]:
    from node_gateway.partners.evidence import PartnerEvidence
    from node_gateway.settings import load_settings
    from node_gateway.wiring import network_of, read_database

    settings = load_settings(config)
    async with read_database(settings) as store:
        service = PartnerEvidence(store, network_of(settings), settings.gateway.participant)
        return [
            {
                "name": one.name,
                "kind": str(one.kind),
                "partners": list(one.partners),
                "foundAt": one.found_at,
                "reason": one.reason,
            }
            for one in await service.kept()
        ]


async def _export(config: Path, name: str, *, bare: bool) -> tuple[bytes, str]:
    from anchoring.chain.proving import EvmProver
    from anchoring.chain.rpc import EvmRpc
    from anchoring.evidence.making import with_proofs
    from anchoring.evidence.parse import parse_evidence
    from node_gateway.partners.evidence import PartnerEvidence
    from node_gateway.settings import load_settings
    from node_gateway.wiring import network_of, read_database

    settings = load_settings(config)
    network = network_of(settings)
    async with read_database(settings) as store:
        service = PartnerEvidence(store, network, settings.gateway.participant)
        raw = await service.file(name)
    if bare:
        return raw, "without proofs of keys: whoever checks it asks witnesses"
    rpc = EvmRpc(settings.chain.rpc)
    try:
        evidence, verdict = await with_proofs(parse_evidence(raw), network, EvmProver(rpc))
    finally:
        await rpc.close()
    return evidence.to_json(), f"{verdict.outcome}: {verdict.text} ({verdict.code})"
