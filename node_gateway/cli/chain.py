"""`sealtrail chain deploy`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node_gateway.cli.founders import (
    address_of,
    foundation_of,
    period_s,
    read_participant,
    refuse_occupied,
)
from node_gateway.cli.output import USAGE, CommandError, command, put, say, talk

if TYPE_CHECKING:
    from anchoring.chain.network import Contract, Network
    from anchoring.chain.signer import Signer

app = typer.Typer(no_args_is_help=True)

DelayOption = Annotated[
    str, typer.Option(help="How long a heavy decision waits, such as 7d; for ever.")
]
LifetimeOption = Annotated[
    str, typer.Option(help="How long a proposal may wait for approvals; for ever.")
]


@app.command("deploy")
@command
def deploy(
    rpc: Annotated[str, typer.Option(help="Chain endpoint (JSON-RPC).")],
    participant: Annotated[
        list[Path] | None, typer.Option(help="participant.json, in the order of their ids.")
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Network file to write.")] = Path(
        "network.json"
    ),
    delay: DelayOption = "7d",
    lifetime: LifetimeOption = "30d",
    registry_only: Annotated[
        bool, typer.Option("--registry-only", help="Only the successor of a registry.")
    ] = False,
    predecessor: Annotated[
        str | None, typer.Option(help="With --registry-only: the registry to continue.")
    ] = None,
    consortium: Annotated[
        str | None, typer.Option(help="With --registry-only: the network's Consortium.")
    ] = None,
    keystore: Annotated[
        Path | None, typer.Option(help="Key that pays for it; a throw-away key if left out.")
    ] = None,
) -> None:
    """Deploy the contracts with their first participants and write the network file.

    The deploying key gets no right by it: no contract has an owner. A chain that does not run yet
    gets the contracts without any key: sealtrail chain genesis.
    """
    if registry_only:
        if participant or predecessor is None or consortium is None:
            raise CommandError(
                "--registry-only continues one registry, and has no founders",
                attempt="--registry-only --predecessor ADDRESS --consortium ADDRESS",
                status=USAGE,
            )
        _deploy_successor(rpc, keystore, predecessor, consortium)
        return
    if not participant or predecessor is not None or consortium is not None:
        raise CommandError(
            "a network has founders", attempt="--participant FILE for each of them", status=USAGE
        )
    refuse_occupied(output, option="-o")
    people = [read_participant(file) for file in participant]
    with talk().status("deploying and waiting for blocks"):
        network = asyncio.run(
            deploy_network(
                rpc,
                people,
                _deployer(keystore),
                delay_s=period_s(delay, option="--delay"),
                lifetime_s=period_s(lifetime, option="--lifetime"),
            )
        )
    _write(output, network)
    say(f"{len(people)} participants; a heavy decision waits {delay}, a proposal lives {lifetime}.")


def _write(output: Path, network: Network) -> None:
    from anchoring.chain.network import write_network

    write_network(output, network)
    put({"network": str(output), "registry": network.registries[0].address.hex()})
    say(f"Compare {output} with the others before relying on it: sealtrail network compare A B")


async def deploy_network(
    rpc_url: str,
    people: Sequence[dict[str, Any]],
    signer: Signer,
    *,
    delay_s: int | None = None,
    lifetime_s: int | None = None,
) -> Network:
    """Deploy for participants as `init` wrote them; return the network."""
    from anchoring.chain.deploy import deploy as deploy_contracts
    from anchoring.chain.network import Contract, Network, WitnessGroup
    from anchoring.chain.rpc import EvmRpc

    foundation = foundation_of(people, delay_s=delay_s, lifetime_s=lifetime_s)
    rpc = EvmRpc(rpc_url)
    try:
        made = await deploy_contracts(
            rpc,
            signer,
            foundation.participants,
            delay_s=foundation.delay_s,
            lifetime_s=foundation.lifetime_s,
        )
    finally:
        await rpc.close()
    identity = made.identity
    return Network(
        chain_id=identity.chain_id,
        genesis_hash=identity.genesis_hash,
        consortium=made.consortium,
        registries=(Contract(identity.registry, identity.code_hash),),
        witnesses=(WitnessGroup("local", None, (rpc_url,)),),
        consortium_code_hash=made.consortium_code_hash,
        code_registry=made.code_registry,
        notice_board=made.notice_board,
    )


def _deploy_successor(rpc: str, keystore: Path | None, predecessor: str, consortium: str) -> None:
    old = address_of(predecessor, option="--predecessor")
    governing = address_of(consortium, option="--consortium")
    with talk().status("deploying and waiting for blocks"):
        made = asyncio.run(_successor(rpc, _deployer(keystore), old, governing))
    put({"address": made.address.hex(), "codeHash": made.code_hash.hex()})
    say(f"It continues 0x{old.hex()} as soon as the participants name it, and not before.")
    say(f"Next: sealtrail consortium propose successor 0x{made.address.hex()}")
    say("Once that is executed, put the line above first in `registries` of the network file,")
    say("sign the file again, and let every gateway go on: sealtrail chain succeed")


async def _successor(
    rpc_url: str, signer: Signer, predecessor: bytes, consortium: bytes
) -> Contract:
    from anchoring.chain.deploy import deploy_registry
    from anchoring.chain.rpc import EvmRpc

    rpc = EvmRpc(rpc_url)
    try:
        return await deploy_registry(rpc, signer, consortium, predecessor=predecessor)
    finally:
        await rpc.close()


def _deployer(keystore: Path | None) -> Signer:
    from anchoring.chain.keystore import load_keystore
    from anchoring.chain.signer import Signer

    if keystore is None:
        return Signer.from_key(os.urandom(32))
    return load_keystore(keystore, os.environ.get("SEALTRAIL_PASSPHRASE", ""))
