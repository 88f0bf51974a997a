"""Headers and seals: Python and the core of browsers recover the same signers and count the same.

Anvil seals nothing, so the witnesses here give its blocks as Besu would seal them: with QBFT's
extraData, hence under another hash. The state root stays, and so do the proofs under it.
"""

import asyncio
import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
import rlp
from eth_keys.datatypes import PrivateKey, Signature
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from anchoring.chain.headers import check_header, header_rlp, known_sealers
from anchoring.errors import FormatError
from tests.anchoring.chain.test_headers import KEYS, MAINNET_1, MAINNET_1_HASH, VALIDATORS, sealed
from tests.js.module_call import call
from tests.js.test_same_words import World, ask_js, ask_python, build
from tests.js.witness_proxy import proxy

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
EXTRA_DATA, ROUND = 12, 3


def signer(digest: bytes, seal: bytes) -> str | None:
    try:
        key = Signature(seal).recover_public_key_from_msg_hash(digest)
    except (BadSignature, ValidationError, ValueError):
        return None
    return str(key.to_canonical_address().hex())


def seals() -> Iterator[tuple[bytes, bytes]]:
    """Digests and seals: honest, of another digest, upside down, and what no key makes."""
    some = random.Random(6)
    for _ in range(40):
        digest = some.randbytes(32)
        seal = PrivateKey(some.randbytes(32)).sign_msg_hash(digest).to_bytes()
        r, s, v = seal[:32], int.from_bytes(seal[32:64]), seal[64]
        yield digest, seal
        yield some.randbytes(32), seal
        yield digest, r + (ORDER - s).to_bytes(32) + bytes([1 - v])
        yield digest, some.randbytes(64) + b"\x00"
        yield digest, seal[:64] + b"\x02"
    zero, one, order = bytes(32), (1).to_bytes(32), ORDER.to_bytes(32)
    for r, s in ((zero, one), (one, zero), (order, one), (one, order), (one, one)):
        yield bytes(32), r + s + b"\x00"


def test_who_made_a_seal_is_recovered_alike() -> None:
    cases = list(seals())
    asked = [[digest.hex(), seal.hex()] for digest, seal in cases]
    wanted = [signer(digest, seal) for digest, seal in cases]
    assert call("core.signerOf(one[0], bytes(one[1]))", asked) == wanted
    assert 100 < sum(one is not None for one in wanted) < len(wanted)


def headers() -> dict[str, tuple[dict[str, Any], bytes]]:
    found = {f"{count} seals": sealed(*KEYS[:count]) for count in range(5)}
    block, block_hash = sealed(*KEYS)
    parts = rlp.decode(bytes.fromhex(block["extraData"][2:]))

    def with_extra(*extra: Any) -> tuple[dict[str, Any], bytes]:
        return {**block, "extraData": "0x" + rlp.encode([*extra]).hex()}, block_hash

    return {
        **found,
        "a public block": (MAINNET_1, MAINNET_1_HASH),
        "another hash": (MAINNET_1, block_hash),
        "one key often": sealed(KEYS[0], KEYS[0], PrivateKey(b"\x05" * 32)),
        "block 0": sealed(*KEYS, number=0),
        "another round": with_extra(*parts[:3], b"\x04", parts[4]),
        "another validator": with_extra(parts[0], parts[1][:3], *parts[2:]),
        "a short seal": with_extra(*parts[:4], [parts[4][0][:64]]),
        "a list for a seal": with_extra(*parts[:4], [[b"x"]]),
        "a member less": with_extra(*parts[:4]),
        "a member missing": ({**block, "nonce": None}, block_hash),
        "a member too long": ({**block, "nonce": block["nonce"] + "00"}, block_hash),
    }


def test_headers_and_their_sealers_are_read_alike() -> None:
    cases = headers()
    known = [one.hex() for one in VALIDATORS]
    asked = [[block, "0x" + block_hash.hex(), known] for block, block_hash in cases.values()]
    expression = "core.sealsOf(core.checkHeader(one[0], one[1]), one[2])"
    counts: dict[str, Any] = {}
    for name, answer in zip(cases, call(expression, asked), strict=True):
        counts[name] = None if "error" in answer else (answer["count"], answer["isEnough"])
    wanted: dict[str, Any] = {}
    for name, (block, block_hash) in cases.items():
        try:
            wanted[name] = known_sealers(check_header(block, block_hash).sealers, VALIDATORS)
        except FormatError:
            wanted[name] = None
    assert counts == wanted
    assert wanted["3 seals"] == (3, True)
    assert sum(one is None for one in wanted.values()) > 5


class Sealing:
    """Gives the blocks of a node as they would be if these keys had sealed them."""

    def __init__(self, *keys: PrivateKey, vanity: bytes = bytes(32)) -> None:
        self.keys, self.vanity = keys, vanity
        self.real: dict[str, str] = {}

    def change(self, method: str, params: list[Any], result: Any) -> Any:
        is_block = method.startswith("eth_getBlockBy") and result
        if not is_block or int(result["number"], 16) == 0:
            return result
        members = rlp.decode(header_rlp(result))
        digest = keccak(self._header(members, ROUND, []))
        made = [key.sign_msg_hash(digest).to_bytes() for key in self.keys]
        block_hash = "0x" + keccak(self._header(members, 0, [])).hex()
        self.real[block_hash] = result["hash"]
        extra = "0x" + self._extra(ROUND, made).hex()
        return {**result, "extraData": extra, "hash": block_hash}

    def asking(self, params: list[Any]) -> list[Any]:
        return [self._real(one) for one in params]

    def _real(self, value: Any) -> Any:
        if isinstance(value, dict) and "blockHash" in value:
            return {**value, "blockHash": self._real(value["blockHash"])}
        return self.real.get(value, value) if isinstance(value, str) else value

    def _extra(self, round_number: int, made: list[bytes]) -> bytes:
        vote = [VALIDATORS[0], b"\xff"]
        return bytes(rlp.encode([self.vanity, VALIDATORS, vote, round_number, made]))

    def _header(self, members: list[Any], round_number: int, made: list[bytes]) -> bytes:
        changed = list(members)
        changed[EXTRA_DATA] = self._extra(round_number, made)
        return bytes(rlp.encode(changed))


class Mute(Sealing):
    """The same, and no proof of anything."""

    def change(self, method: str, params: list[Any], result: Any) -> Any:
        return None if method == "eth_getProof" else super().change(method, params, result)


OTHER = sha256(b"another history").digest()
KINDS = {
    "three": Sealing(*KEYS[:3]),
    "two": Sealing(*KEYS[:2]),
    "three-mute": Mute(*KEYS[:3]),
    "other-none": Sealing(vanity=OTHER),
    "other-three": Sealing(*KEYS[1:], vanity=OTHER),
}
# Who is asked, whether seals suffice, and what both must say.
TABLE: dict[str, tuple[str, bool, str, str, tuple[int, int] | None]] = {
    "two under seals": ("a:three b:three", False, "verified", "verified", (3, 4)),
    "one shows fewer seals": ("a:two b:three", False, "verified", "verified", (3, 4)),
    "too few seals, two agree": ("a:two b:two", False, "verified", "verified", (2, 4)),
    "one": ("a:three", False, "cannot_check", "quorum_not_met", (3, 4)),
    "one, and seals suffice": ("a:three", True, "verified", "verified", (3, 4)),
    "one, too few seals": ("a:two", True, "cannot_check", "quorum_not_met", (2, 4)),
    "one, sealed and unproven": ("a:three-mute", True, "cannot_check", "quorum_not_met", (3, 4)),
    "the maker's own": ("maker-1:three", True, "cannot_check", "quorum_not_met", None),
    "one history is not sealed": (
        *("a:three b:three c:other-none", False, "verified", "verified", (3, 4)),
    ),
    "two sealed histories": (
        *("a:three b:three c:other-three", False, "disagreement", "witness_disagreement", None),
    ),
    "no history is sealed": (
        *("a:two b:other-none", False, "disagreement", "witness_disagreement", None),
    ),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with ExitStack() as stack:
        made = asyncio.run(build(stack, tmp_path_factory.mktemp("seals")))
        made.network = replace(made.network, validators=tuple(sorted(VALIDATORS)))
        for kind, one in KINDS.items():
            served = proxy(made.anvil.url, one.change, asking=one.asking)
            made.urls[kind] = stack.enter_context(served)
        yield made


@pytest.mark.parametrize("name", TABLE)
def test_both_say_the_same_under_seals(world: World, name: str) -> None:
    witnesses, suffice, outcome, code, counted = TABLE[name]
    text, network = world.text("good"), world.of(witnesses)
    js = ask_js({name: (text, network, 2)}, sealsSuffice=suffice)[name]
    python = ask_python(world, text, network, 2, *(["--seals-suffice"] if suffice else []))
    [bundle] = python["bundles"]
    chain = bundle["chain"]
    assert (python["outcome"], python["code"]) == (outcome, code)
    assert (js["outcome"], js["code"]) == (outcome, code)
    seals_of = [chain["seals"], js["seals"]]
    assert [one and (one["count"], one["validators"]) for one in seals_of] == [counted, counted]
    lines = [(w["organisation"], w["code"], w["proven"]) for w in chain["witnesses"]]
    assert lines == [(w["organisation"], w["status"], w["proven"]) for w in js["witnesses"]]
    both = [{one["code"] for one in said["warnings"]} for said in (chain, js)]
    assert both[0] == both[1]
    assert ("witness_block_not_sealed" in both[0]) == (name == "one history is not sealed")
