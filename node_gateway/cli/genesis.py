"""`sealtrail chain genesis`."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node_gateway.cli.chain import DelayOption, LifetimeOption
from node_gateway.cli.founders import (
    address_of,
    foundation_of,
    period_s,
    read_participant,
    refuse_occupied,
    witnesses_of,
)
from node_gateway.cli.output import FAILURE, USAGE, CommandError, command, put, say, talk

if TYPE_CHECKING:
    from anchoring.chain.foundation import Foundation
    from anchoring.chain.genesis import Genesis
    from anchoring.chain.network import WitnessGroup

VALIDATORS_ENOUGH = 4
CHAIN_ID_MAX = 2**53 - 1
_TIMESTAMP_MAX = 2**40 - 1  # what the Consortium can hold


@command
def genesis(
    participant: Annotated[
        list[Path], typer.Option(help="participant.json, in the order of their ids.")
    ],
    validator: Annotated[list[str], typer.Option(help="Address that seals blocks; repeatable.")],
    chain_id: Annotated[
        int, typer.Option(min=1, max=CHAIN_ID_MAX, help="A number that no other chain has.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Genesis file to write.")] = Path(
        "genesis.json"
    ),
    network: Annotated[Path, typer.Option(help="Network file to write.")] = Path("network.json"),
    delay: DelayOption = "7d",
    lifetime: LifetimeOption = "30d",
    timestamp: Annotated[
        int | None,
        typer.Option(min=2, max=_TIMESTAMP_MAX, help="Time of block 0, Unix seconds; now if not."),
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option(help="ORG=URL for the network file; a founder's slug is that participant."),
    ] = None,
    block_period: Annotated[int, typer.Option(min=1, max=60, help="Seconds between blocks.")] = 2,
) -> None:
    """Write the genesis file of a Besu QBFT chain that has the contracts in it from block 0.

    No key deploys anything, and none has a right that the founders did not get. The same options
    give the same two files: every founder makes them again and compares.
    """
    if output.resolve() == network.resolve():
        raise CommandError("two files need two names", attempt="--network FILE", status=USAGE)
    refuse_occupied(output, option="-o")
    refuse_occupied(network, option="--network")
    people = [read_participant(file) for file in participant]
    moment = int(time.time()) if timestamp is None else timestamp
    waits = period_s(delay, option="--delay"), period_s(lifetime, option="--lifetime")
    foundation = foundation_of(people, delay_s=waits[0], lifetime_s=waits[1])
    validators, witnesses = _validators(validator), witnesses_of(witness or [], people)
    with talk().status("running the constructors on a private chain"):
        made = asyncio.run(_make(foundation, validators, witnesses, chain_id, moment, block_period))
    _write(made, output, network)
    repeated = [f"--participant {shlex.quote(str(file))}" for file in participant]
    repeated += [f"--validator {one}" for one in validator]
    repeated += [f"--witness {shlex.quote(one)}" for one in witness or []]
    numbers = f"--chain-id {chain_id} --timestamp {moment} --block-period {block_period}"
    _say_how_to_repeat(f"{' '.join(repeated)} {numbers} --delay {delay} --lifetime {lifetime}")
    if len(validators) < VALIDATORS_ENOUGH:
        say(f"With fewer than {VALIDATORS_ENOUGH} validators the chain stands still if one fails.")


async def _make(
    foundation: Foundation,
    validators: Sequence[bytes],
    witnesses: Sequence[WitnessGroup],
    chain_id: int,
    timestamp: int,
    block_period_s: int,
) -> Genesis:
    from anchoring.chain.genesis import make_genesis
    from anchoring.chain.refusals import explain
    from anchoring.chain.rpc import EvmRpc
    from anchoring.errors import ContractRefusedError
    from node_gateway.demo.processes import DemoError, anvil, find_anvil

    flags = ("--timestamp", str(timestamp - 1))
    with tempfile.TemporaryDirectory(prefix="sealtrail-genesis-") as home:
        try:
            async with anvil(find_anvil(), home=Path(home), chain_id=chain_id, flags=flags) as url:
                rpc = EvmRpc(url)
                try:
                    return await make_genesis(
                        rpc,
                        foundation,
                        validators,
                        chain_id=chain_id,
                        timestamp=timestamp,
                        witnesses=witnesses,
                        block_period_s=block_period_s,
                    )
                finally:
                    await rpc.close()
        except ContractRefusedError as error:
            words = explain(error)
            text = f"the contracts refuse these founders: {words.sentence}"
            raise CommandError(text, attempt=words.step, status=USAGE) from error
        except DemoError as error:
            text = f"constructors run on a private anvil, and {error}"
            raise CommandError(text, attempt=error.attempt, status=FAILURE) from error


def _validators(listed: Sequence[str]) -> list[bytes]:
    found = [address_of(one, option="--validator") for one in listed]
    if len(set(found)) != len(found):
        raise CommandError(
            "a validator is named twice", attempt="each --validator once", status=USAGE
        )
    return found


def _write(made: Genesis, output: Path, network: Path) -> None:
    """Write both files; a crash between them leaves a genesis file that nobody trusts yet."""
    from anchoring.chain.network import write_network

    with output.open("x", encoding="utf-8") as stream:
        json.dump(made.document, stream, indent=2)
        stream.write("\n")
        stream.flush()
        os.fsync(stream.fileno())
    write_network(network, made.network)
    shown: dict[str, Any] = {
        "genesis": str(output),
        "network": str(network),
        "genesisHash": made.network.genesis_hash.hex(),
        "contracts": len(made.document["alloc"]),
        "validators": [one.hex() for one in made.network.validators],
    }
    put(shown)


def _say_how_to_repeat(options: str) -> None:
    say("Nobody deployed the contracts, and nobody owns them. Let every founder run this and")
    say("compare both files byte by byte, before any node starts:")
    say(f"  sealtrail chain genesis {options}")
    say("Next: sealtrail network sign, by each of them")
