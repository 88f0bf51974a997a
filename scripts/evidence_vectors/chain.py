"""A chain that never ran: keys, statuses and records in a state, under headers that are sealed.

Everything follows from names, so that the vectors are the same bytes wherever they are made.
"""

from __future__ import annotations

from hashlib import sha256

import rlp
from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak
from trie import HexaryTrie

from anchoring.chain.network import Contract, Network
from anchoring.chain.proofs import record_slot
from anchoring.chain.signer import Signer
from anchoring.core.anchor import Anchor, AnchoredAt, record
from anchoring.evidence.chain_material import AccountProof, ChainMaterial, RawHeader
from anchoring.evidence.layout import key_slot, status_count_slot, status_slot

START = 1_700_000_000
STEP_S = 20
BLOCKS = 8
CHAIN_ID = 31_337
PARTICIPANTS = (1, 2, 3)
ANCHOR, SIGN = 1, 2
REVOKED, STOLEN = "sign-1-revoked", "sign-1-stolen"
CONSORTIUM, REGISTRY = keccak(b"consortium")[-20:], keccak(b"registry")[-20:]
_CODES = {CONSORTIUM: keccak(b"code of the consortium"), REGISTRY: keccak(b"code of a registry")}
_VALIDATORS = [PrivateKey(sha256(f"validator {one}".encode()).digest()) for one in range(4)]
_ADDRESSES = sorted(one.public_key.to_canonical_address() for one in _VALIDATORS)
_EMPTY = keccak(rlp.encode([]))
_NO_TRIE = keccak(rlp.encode(b""))

NETWORK = Network(
    chain_id=CHAIN_ID,
    genesis_hash=sha256(b"block 0").digest(),
    consortium=CONSORTIUM,
    registries=(Contract(REGISTRY, _CODES[REGISTRY]),),
    witnesses=(),
    consortium_code_hash=_CODES[CONSORTIUM],
    validators=tuple(_ADDRESSES),
)


def signer(name: str) -> Signer:
    """Return a key: `anchor-1`, `sign-2`, or of nobody."""
    return Signer.from_key(sha256(f"key {name}".encode()).digest())


def time_of(block: int) -> int:
    """Return the time of a block."""
    return START + block * STEP_S


class Chain:
    """The state after some anchors, and headers 1 to 8; the last one holds the state.

    Slots of (stream, sequence) in `empty` are proven to hold nothing.
    """

    def __init__(
        self, anchors: dict[int, Anchor], *, empty: tuple[tuple[int, int], ...] = ()
    ) -> None:
        self._empty = empty
        self.placed = {number: AnchoredAt(number, time_of(number)) for number in anchors}
        self._slots = {CONSORTIUM: _consortium(), REGISTRY: self._records(anchors)}
        self._tries = {one: _trie(slots) for one, slots in self._slots.items()}
        self._accounts = HexaryTrie({})
        for address, trie in self._tries.items():
            fields = [1, 0, trie.root_hash, _CODES[address]]
            self._accounts[keccak(address)] = rlp.encode(fields)
        self.sealers = 3

    def material(self, *, first: int = BLOCKS) -> ChainMaterial:
        """Return headers from `first` on, and proofs of all slots under the last one."""
        headers, parent = [], bytes(32)
        for number in range(1, BLOCKS + 1):
            headers.append(self._header(number, parent))
            parent = headers[-1].block_hash
        proofs = tuple(self._proof(one, headers[-1].block_hash) for one in self._tries)
        return ChainMaterial(tuple(headers[first - 1 :]), proofs)

    def _records(self, anchors: dict[int, Anchor]) -> dict[bytes, bytes]:
        found = {}
        for block, anchor in anchors.items():
            tip = anchor.tip(chain_id=CHAIN_ID, registry=REGISTRY)
            slot = record_slot(anchor.stream, anchor.sequence)
            found[slot] = record(tip, block, time_of(block))
        return found

    def _header(self, number: int, parent: bytes) -> RawHeader:
        numbers = (1, number, 10**7, 0, time_of(number))
        state = self._accounts.root_hash if number == BLOCKS else sha256(b"a state").digest()

        def text(seals: list[bytes]) -> bytes:
            seal = [bytes(32), _ADDRESSES, [], b"", seals]
            members = [
                *(parent, _EMPTY, bytes(20), state, _NO_TRIE, _NO_TRIE, bytes(256)),
                *(_number(one) for one in numbers),
                *(rlp.encode(seal), bytes(32), bytes(8)),
            ]
            return bytes(rlp.encode(members))

        digest = keccak(text([]))
        seals = [one.sign_msg_hash(digest).to_bytes() for one in _VALIDATORS[: self.sealers]]
        return RawHeader(digest, text(seals))

    def _proof(self, address: bytes, block: bytes) -> AccountProof:
        trie = self._tries[address]
        slots = [*self._slots[address]]
        if address == REGISTRY:
            slots += [record_slot(*one) for one in self._empty]
        else:
            slots.append(key_slot(signer("nobody").address))
        account = self._accounts.get_proof(keccak(address))
        return AccountProof(
            block,
            address,
            tuple(rlp.encode(node) for node in account),
            tuple(
                (slot, tuple(rlp.encode(node) for node in trie.get_proof(keccak(slot))))
                for slot in slots
            ),
        )


def _number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)


def _trie(slots: dict[bytes, bytes]) -> HexaryTrie:
    trie = HexaryTrie({})
    for slot, value in slots.items():
        trie[keccak(slot)] = rlp.encode(value.lstrip(b"\0"))
    return trie


def _consortium() -> dict[bytes, bytes]:
    found = {}
    for number in PARTICIPANTS:
        found |= _key(f"anchor-{number}", number, ANCHOR) | _key(f"sign-{number}", number, SIGN)
    found[status_count_slot(1)] = (1).to_bytes(32)
    found[status_slot(1, 0)] = ((1 << 48) | START).to_bytes(32)
    found |= _key(REVOKED, 1, SIGN, revoked_at=START + 1)
    return found | _key(STOLEN, 1, SIGN, revoked_at=time_of(7), compromised_since=START)


def _key(
    name: str, participant: int, purpose: int, *, revoked_at: int = 0, compromised_since: int = 0
) -> dict[bytes, bytes]:
    address = signer(name).address
    times = (START - 1000, 0, revoked_at, compromised_since)
    low_first = participant.to_bytes(4, "little") + bytes([purpose, 0])
    low_first += b"".join(one.to_bytes(5, "little") for one in times)
    return {key_slot(address): low_first.ljust(32, b"\0")[::-1]}
