"""Whether an endpoint shows the chain that was agreed on, and where it left what is known of it."""

from __future__ import annotations

from collections.abc import Sequence

from anchoring.chain.logs import Header, InconsistentAnswersError, LogReader
from anchoring.chain.network import Contract, Network
from anchoring.errors import ChainIdentityError
from anchoring.ports import BlockRef


async def check_identity(reader: LogReader, network: Network, head: BlockRef) -> None:
    """Check chain id, genesis and, as of `head`, the code of the contracts.

    Raises:
        ChainIdentityError: one of them is another; says which.
        ChainUnavailableError: no answer.
    """
    chain_id = await reader.chain_id()
    if chain_id != network.chain_id:
        raise ChainIdentityError(
            f"{reader.name} has the chain id {chain_id}, the network file {network.chain_id}"
        )
    genesis = await header_at(reader, 0)
    if genesis.ref.block_hash != network.genesis_hash:
        raise ChainIdentityError(f"{reader.name} has another genesis than the network file")
    for name, contract in _pinned(network):
        code_hash = await reader.code_hash(contract.address, at=head.block_hash)
        where = f"at 0x{contract.address.hex()} in block {head.number}"
        if code_hash is None:
            raise ChainIdentityError(f"{reader.name} has no {name} {where}")
        if code_hash != contract.code_hash:
            raise ChainIdentityError(f"{reader.name} has another {name} {where}")


async def branching_block(
    reader: LogReader, known: Sequence[BlockRef], head: BlockRef
) -> BlockRef | None:
    """Return the newest known block that the endpoint still has, None if it has none of them.

    Args:
        reader: The endpoint.
        known: Blocks of one chain, ascending.
        head: The endpoint's newest block.

    Cost: about log2 of the number of known blocks in calls.
    """
    candidates = [one for one in known if one.number <= head.number]
    low, high = 0, len(candidates)  # those before `low` are canonical, those from `high` on are not
    while low < high:
        middle = (low + high) // 2
        found = await header_at(reader, candidates[middle].number)
        if found.ref.block_hash == candidates[middle].block_hash:
            low = middle + 1
        else:
            high = middle
    return candidates[low - 1] if low else None


async def headers_down(reader: LogReader, top: Header, *, to: int) -> list[Header]:
    """Return the headers from `to` up to `top`, each one the parent of the next.

    Raises:
        InconsistentAnswersError: they are no chain.
    """
    found = [top]
    while found[-1].ref.number > to:
        below = await header_at(reader, found[-1].ref.number - 1)
        if below.ref.block_hash != found[-1].parent_hash:
            text = f"{reader.name} has a block {found[-1].ref.number} that is not on the one before"
            raise InconsistentAnswersError(text)
        found.append(below)
    return found[::-1]


async def header_at(reader: LogReader, number: int) -> Header:
    """Return a header that must be there, because a newer one is.

    Raises:
        InconsistentAnswersError: it is not.
    """
    found = await reader.header(number)
    if found is None:
        raise InconsistentAnswersError(f"{reader.name} has no block {number} below its newest one")
    return found


def _pinned(network: Network) -> list[tuple[str, Contract]]:
    found = [("AnchorRegistry", one) for one in network.registries]
    if network.consortium_code_hash is not None:
        found.append(("Consortium", Contract(network.consortium, network.consortium_code_hash)))
    if network.code_registry is not None:
        found.append(("CodeRegistry", network.code_registry))
    if network.notice_board is not None:
        found.append(("NoticeBoard", network.notice_board))
    return found
