"""`sealtrail chain`."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Annotated, Any

import typer

from node_gateway.cli.output import USAGE, CommandError, command, put, say, talk

app = typer.Typer(no_args_is_help=True)

PURPOSE_ANCHOR, PURPOSE_SIGN = 1, 2
_TEXTS = ("slug", "name", "url")
_KEYS = frozenset({"anchor", "sign", "admin", "recovery"})
_ADDRESS = re.compile(r"[0-9a-f]{40}")
_ROLES_END = 2**32


@app.command("deploy")
@command
def deploy(
    rpc: Annotated[str, typer.Option(help="Chain endpoint (JSON-RPC).")],
    participant: Annotated[
        list[Path], typer.Option(help="participant.json, in the order of their ids.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Network file to write.")] = Path(
        "network.json"
    ),
    keystore: Annotated[
        Path | None, typer.Option(help="Key that pays for it; a throw-away key if left out.")
    ] = None,
) -> None:
    """Deploy the contracts with their first participants and write the network file.

    The deploying key gets no right by it: neither contract has an owner.
    """
    people = [_read(file) for file in participant]
    if not output.parent.is_dir():  # said before anything is on the chain
        raise CommandError(
            f"there is no folder {output.parent}", attempt="--output FILE", status=USAGE
        )
    if output.is_dir():
        raise CommandError(f"{output} is a folder", attempt="--output FILE", status=USAGE)
    if output.exists():
        raise CommandError(
            f"{output} exists: it may be what somebody trusts",
            attempt="another name with -o",
            status=USAGE,
        )
    with talk().status("deploying and waiting for blocks"):
        network = asyncio.run(deploy_network(rpc, people, _deployer(keystore)))
    from anchoring.chain.network import write_network

    write_network(output, network)
    put({"network": str(output), "registry": network.registries[0].address.hex()})
    say(f"{len(people)} participants; compare {output} with them before relying on it.")


async def deploy_network(rpc_url: str, people: list[dict[str, Any]], signer: Any) -> Any:
    """Deploy for participants as `init` wrote them; return the network."""
    from anchoring.chain.deploy import deploy as deploy_contracts
    from anchoring.chain.network import Contract, Network, WitnessGroup
    from anchoring.chain.rpc import EvmRpc

    rpc = EvmRpc(rpc_url)
    try:
        made = await deploy_contracts(rpc, signer, [_first(one) for one in people])
    finally:
        await rpc.close()
    identity = made.identity
    return Network(
        chain_id=identity.chain_id,
        genesis_hash=identity.genesis_hash,
        consortium=made.consortium,
        registries=(Contract(identity.registry, identity.code_hash),),
        witnesses=(WitnessGroup("local", None, (rpc_url,)),),
    )


def _first(person: dict[str, Any]) -> Any:
    from anchoring.chain.deploy import FirstKey, FirstParticipant

    keys = {name: bytes.fromhex(address) for name, address in person["keys"].items()}
    return FirstParticipant(
        slug=person["slug"],
        name=person["name"],
        url=person["url"],
        roles=person["roles"],
        admin_key=keys["admin"],
        recovery_key=keys["recovery"],
        keys=(FirstKey(keys["anchor"], PURPOSE_ANCHOR), FirstKey(keys["sign"], PURPOSE_SIGN)),
    )


def _deployer(keystore: Path | None) -> Any:
    from anchoring.chain.keystore import load_keystore
    from anchoring.chain.signer import Signer

    if keystore is None:
        return Signer.from_key(os.urandom(32))
    return load_keystore(keystore, os.environ.get("SEALTRAIL_PASSPHRASE", ""))


def _read(file: Path) -> dict[str, Any]:
    try:
        person = json.loads(file.read_text(encoding="utf-8"))
        complete = isinstance(person, dict) and set(person) == {*_TEXTS, "roles", "keys"}
        complete = complete and all(isinstance(person[name], str) for name in _TEXTS)
        complete = complete and type(person["roles"]) is int and 0 < person["roles"] < _ROLES_END
        complete = complete and set(person["keys"]) == _KEYS
        complete = complete and all(_ADDRESS.fullmatch(one) for one in person["keys"].values())
    except (OSError, ValueError, TypeError) as error:
        raise CommandError(
            f"cannot read {file}", attempt="sealtrail init writes participant.json", status=USAGE
        ) from error
    if not complete:
        raise CommandError(
            f"{file} is no participant.json", attempt="sealtrail init writes one", status=USAGE
        )
    return dict(person)
