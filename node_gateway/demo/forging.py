"""What somebody can forge who owns a gateway: its database, its secrets, its anchor key."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from anchoring.chain.evm import EvmChain
from anchoring.chain.rpc import EvmRpc
from anchoring.chain.signer import Signer
from anchoring.core import streams
from anchoring.core.anchor import Anchor
from anchoring.core.bundle import Bundle, FieldsProof, parse_bundle
from anchoring.core.fields import FieldsTree, build_fields
from anchoring.core.items import ACT_PATH, decode_disclosure, encode_disclosure
from anchoring.core.verify import check_bundle
from anchoring.errors import ChainUnavailableError, ContractRefusedError, RootMismatchError
from node_gateway.demo.processes import DemoError
from node_gateway.demo.world import Ledger, SecondAnchor
from node_gateway.storage.chunks import Content, cut_chunks, read_chunk

_SEND_TIMEOUT_S = 60.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class OpenedEvent:
    """An event as its owner's database holds it, with the secret."""

    event: dict[str, Any]
    derived: dict[str, str]
    secret: bytes

    def fields(self, event: dict[str, Any] | None = None) -> FieldsTree:
        """Build the fields tree of the event, or of another one in its place."""
        sub_secret = streams.fields_secret(self.secret)
        return build_fields(event or self.event, self.derived, sub_secret=sub_secret)


def read_event(database: Path, entry: str) -> OpenedEvent:
    """Read an event out of a gateway's database file, past the gateway."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        position, secret, first, contents = _find(connection, entry)
    content = contents[position - first]
    return OpenedEvent(orjson.loads(content.payload), orjson.loads(content.derived), secret)


def write_event(database: Path, entry: str, event: dict[str, Any]) -> None:
    """Put another event into its place in the database file; the gateway must be down."""
    with closing(sqlite3.connect(database)) as connection, connection:
        position, _, first, contents = _find(connection, entry)
        old = contents[position - first]
        contents[position - first] = Content(orjson.dumps(event), old.derived, old.codes)
        ((_, data),) = cut_chunks(first, contents)
        connection.execute("UPDATE chunk SET data = ? WHERE first = ?", (data, first))


def _find(connection: sqlite3.Connection, entry: str) -> tuple[int, bytes, int, list[Content]]:
    """Return (position, secret, first position of its chunk, contents of the chunk)."""
    position, secret = connection.execute(
        "SELECT position, secret FROM event WHERE entry = ?", (bytes.fromhex(entry),)
    ).fetchone()
    first, data = connection.execute(
        "SELECT first, data FROM chunk WHERE first <= ? ORDER BY first DESC LIMIT 1", (position,)
    ).fetchone()
    return position, secret, first, read_chunk(data)


def with_fields(honest: bytes, fields: FieldsTree, paths: Sequence[str] | None = None) -> bytes:
    """Return an honest bundle with another event's fields in it, all of them or only `paths`."""
    indices, disclosures, siblings = fields.select(fields.paths if paths is None else paths)
    proof = FieldsProof(fields.size, tuple(indices), tuple(disclosures), tuple(siblings))
    return replace(parse_bundle(honest), fields=proof).to_json()


def with_place_of(honest: bytes, other: bytes) -> bytes:
    """Return a bundle that claims the place and the anchor of another event's bundle."""
    lender = parse_bundle(other)
    return replace(
        parse_bundle(honest),
        event_index=lender.event_index,
        event_siblings=lender.event_siblings,
        anchor=lender.anchor,
        anchored_at=lender.anchored_at,
    ).to_json()


def with_act(honest: bytes, text: str) -> bytes:
    """Return an honest bundle in which nothing but the value of `sealtrail:act` is another."""
    bundle = parse_bundle(honest)
    disclosures = [_with_act(one, text) for one in bundle.fields.disclosures]
    fields = replace(bundle.fields, disclosures=tuple(disclosures))
    return replace(bundle, fields=fields).to_json()


def _with_act(disclosure: str, text: str) -> str:
    item = decode_disclosure(disclosure, is_code=False).item
    return encode_disclosure(replace(item, value=text)) if item.path == ACT_PATH else disclosure


def _under_its_own_root(forged: bytes) -> tuple[bytes, Anchor]:
    """Return a forged bundle under the root that it would need, and that anchor."""
    bundle: Bundle = parse_bundle(forged)
    try:
        check_bundle(bundle)
    except RootMismatchError as mismatch:
        anchor = replace(bundle.anchor, root=mismatch.computed)
        return replace(bundle, anchor=anchor).to_json(), anchor
    return forged, bundle.anchor


async def anchor_again(ledger: Ledger, signer: Signer, forged: bytes) -> SecondAnchor:
    """Anchor the root that a forged bundle needs, in the old one's place and with the real key.

    Raises:
        DemoError: nothing of it was mined in time.
    """
    bundle, anchor = _under_its_own_root(forged)
    rpc = EvmRpc(ledger.rpc_url)
    try:
        registry = ledger.network.registries[0].address
        chain = EvmChain(rpc, signer, chain_id=ledger.network.chain_id, registry=registry)
        refusal = ""
        try:
            await chain.preflight([anchor])
        except ContractRefusedError as error:
            refusal = f"{error.name}({', '.join(map(str, error.arguments))})"
        async with asyncio.timeout(_SEND_TIMEOUT_S):
            return SecondAnchor(bundle, refusal, await _send(chain, anchor))
    except TimeoutError as error:
        text = "the chain took no transaction in time"
        raise DemoError(text, attempt="the demo again") from error
    finally:
        await rpc.close()


async def _send(chain: EvmChain, anchor: Anchor) -> bool:
    """Send until a transaction of ours is mined; return whether it succeeded.

    The gateway may have left one of its own in the pool under the same nonce: then wait for that.
    """
    while True:
        nonce = await chain.nonce()
        tx = await chain.sign([anchor], nonce=nonce)
        try:
            await chain.submit(tx)
        except ChainUnavailableError:
            await asyncio.sleep(_POLL_S)
            continue
        while await chain.nonce() <= nonce:  # noqa: ASYNC110  nothing to wait on
            await asyncio.sleep(_POLL_S)
        receipt = await chain.receipt(tx.tx_hash)
        if receipt is not None:
            return receipt.succeeded
