"""Witnesses from the viewer's network file and the command line."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from anchoring.chain.network import Network, load_network
from anchoring.cli.output import USAGE, CommandError
from anchoring.errors import ChainUnavailableError
from anchoring.verification import Witness

if TYPE_CHECKING:
    from anchoring.chain.evm_reader import EvmReader
    from anchoring.network_audit.auditor import Endpoint


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--rpc` and `--network`."""
    parser.add_argument(
        "--rpc",
        action="append",
        default=[],
        metavar="[ORG=]URL",
        help="a chain endpoint that YOU chose; repeatable; replaces those of the network file",
    )
    parser.add_argument("--network", type=Path, metavar="FILE", help="your own network file")


def network_of(arguments: argparse.Namespace) -> Network:
    """Load the network file; without one nothing about the chain can be trusted.

    Raises:
        CommandError: no file was named.
        FormatError: it cannot be read.
    """
    if arguments.network is None:
        text = "chain id, genesis and registries come from your own network file, never from a URL"
        raise CommandError(text, attempt="--network FILE beside --rpc", status=USAGE)
    return load_network(arguments.network)


@asynccontextmanager
async def witnesses_of(network: Network, rpc: Sequence[str]) -> AsyncIterator[list[Witness]]:
    """Open the witnesses; close them at the end.

    Raises:
        CommandError: there are none, or an address is none.
    """
    made: list[Witness] = []
    readers: list[EvmReader] = []
    try:
        for organisation, participant, url in _listed(network, rpc):
            readers.append(_reader(url))
            made.append(Witness(organisation, participant, readers[-1].name, readers[-1]))
        yield made
    finally:
        for reader in readers:
            await reader.close()


@asynccontextmanager
async def endpoints_of(network: Network, rpc: Sequence[str]) -> AsyncIterator[list[Endpoint]]:
    """Open the witnesses for an audit of the whole network; errors as `witnesses_of`."""
    from anchoring.chain.rpc import EvmRpc
    from anchoring.network_audit.auditor import Endpoint
    from anchoring.network_audit.reading import AuditReader

    made: list[Endpoint] = []
    try:
        for organisation, participant, url in _listed(network, rpc):
            try:
                reader = AuditReader(EvmRpc(url))
            except (ChainUnavailableError, ValueError) as error:
                raise _no_address() from error
            made.append(Endpoint(organisation, participant, reader))
        yield made
    finally:
        for one in made:
            await one.reader.close()


def first_url(network: Network, rpc: Sequence[str]) -> str:
    """Return the address of the first witness, for what one endpoint alone is asked.

    Raises:
        CommandError: there are none.
    """
    return _listed(network, rpc)[0][2]


def _reader(url: str) -> EvmReader:
    # Here, so that `inspect` and `--help` need not load what talks to a chain.
    from anchoring.chain.evm_reader import EvmReader
    from anchoring.chain.rpc import EvmRpc

    try:
        return EvmReader(EvmRpc(url))
    except (ChainUnavailableError, ValueError) as error:
        raise _no_address() from error


def _no_address() -> CommandError:
    text = "--rpc takes an http:// or https:// address"
    return CommandError(text, attempt="--rpc maker=http://127.0.0.1:8545", status=USAGE)


def _listed(network: Network, rpc: Sequence[str]) -> list[tuple[str, int | None, str]]:
    by_name = {group.organisation: group for group in network.witnesses}
    if not rpc:
        found = [
            (group.organisation, group.participant, url)
            for group in network.witnesses
            for url in group.urls
        ]
        if not found:
            text = "the network file lists no witness"
            raise CommandError(text, attempt="--rpc ORG=URL, twice or more", status=USAGE)
        return found
    by_url = {url: group for group in network.witnesses for url in group.urls}
    listed = []
    for one in rpc:
        name, separator, url = one.partition("=")
        if not separator or "://" in name:
            name, url = "", one
        group = by_name.get(name) if name else by_url.get(url)
        # An address alone is counted by its host: two ports of one host are one organisation.
        organisation = name or (group.organisation if group else urlsplit(url).hostname or url)
        listed.append((organisation, group.participant if group else None, url))
    return listed
