"""What a witness can lie about, one lie each; a liar passes everything else on."""

from __future__ import annotations

from typing import Any

from eth_abi.abi import encode

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from tests.liars import HANG_S, Ask, BrokenError, Lie

_ABIS = {
    name: ContractAbi(load(name).abi)
    for name in ("AnchorRegistry", "Consortium", "CodeRegistry", "NoticeBoard")
}
_INVENTED = "0x" + "ab" * 32


def of_view(contract: str, function: str, types: list[str], *values: object) -> Lie:
    """Answer every call of one view with these values."""
    selector = "0x" + _ABIS[contract].selector(function).hex()
    answer = "0x" + encode(types, values).hex()

    def lie(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        del ask
        asked = method == "eth_call" and params[0]["data"].startswith(selector)
        return answer if asked else result

    return lie


def of_method(wanted: str, given: Any) -> Lie:
    """Answer one method with this, or with what it makes of the truth."""

    def lie(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        del ask, params
        if method != wanted:
            return result
        return given(result) if callable(given) else given

    return lie


def both(*lies: Lie) -> Lie:
    """Tell several lies that go together."""

    def lie(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        for one in lies:
            result = one(ask, method, params, result)
        return result

    return lie


def head(number: int, **changes: Any) -> Lie:
    """Claim another newest block: of that number counted from the true one, with these members."""

    def lie(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
        if method != "eth_getBlockByNumber" or params[0] != "latest":
            return result
        wanted = int(result["number"], 16) + number
        block = ask("eth_getBlockByNumber", hex(wanted), False) or dict(result)
        return {**block, "number": hex(wanted), **changes}

    return lie


def block_hashes(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Hold another chain from block 1 on."""
    del ask
    numbered = method == "eth_getBlockByNumber" and params[0] != "0x0"
    return {**result, "hash": _INVENTED} if numbered and result else result


def old_proof(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Prove the state of block 1, where nothing was anchored yet, and say the same."""
    if method == "eth_getProof":
        return ask(method, *params[:2], "0x1")
    return no_record(ask, method, params, result)


def other_slot(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Prove that another slot is empty, under the name of the one that was asked about."""
    if method == "eth_getProof":
        answer = ask(method, params[0], [_INVENTED], params[2])
        answer["storageProof"][0]["key"] = params[1][0]
        return answer
    return no_record(ask, method, params, result)


def changed_node(answer: Any) -> Any:
    """Change the last byte of the last node."""
    nodes = answer["storageProof"][0]["proof"]
    nodes[-1] = nodes[-1][:-2] + ("00" if nodes[-1][-2:] != "00" else "01")
    return answer


def other_signer(logs: Any) -> Any:
    """Have another key sign every anchor."""
    for log in logs:
        log["data"] = log["data"][:-40] + "77" * 20
    return logs


def other_root(logs: Any) -> Any:
    """Have every log tell another root."""
    for log in logs:
        log["data"] = "0x" + "99" * 32 + log["data"][66:]
    return logs


def silent(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Never answer."""
    raise BrokenError(200, after_s=HANG_S)


def silent_on_notices(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Answer everything but what the NoticeBoard and the Consortium hold."""
    known = [_ABIS["AnchorRegistry"].selector("records").hex()]
    if method == "eth_call" and params[0]["data"][2:10] not in known:
        raise BrokenError(200, after_s=HANG_S)
    return result


def status_503(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Answer like an overloaded host."""
    raise BrokenError(503, b"busy")


def no_json(ask: Ask, method: str, params: list[Any], result: Any) -> Any:
    """Answer like a captive portal."""
    raise BrokenError(200, b"<html>log in</html>")


no_record = of_view("AnchorRegistry", "records", ["bytes32"], bytes(32))
forged_record = of_view("AnchorRegistry", "records", ["bytes32"], b"\x05" * 32)
no_proof = of_method("eth_getProof", None)

STATE_LIES: dict[str, Lie] = {
    "no_record": no_record,
    "forged_record": forged_record,
    "old_proof": old_proof,
    "other_slot": other_slot,
    "changed_node": of_method("eth_getProof", changed_node),
    "other_code": of_method("eth_getCode", "0x6001"),
    "forged_header_and_record": both(
        of_method("eth_getBlockByHash", lambda block: {**block, "stateRoot": _INVENTED}),
        forged_record,
    ),
    "no_proof_and_no_record": both(no_proof, no_record),
}
"""Lies about what the registry holds: who tells them contradicts the block that it names."""

HARMLESS: dict[str, tuple[Lie, str]] = {
    "no_proof": (no_proof, "agrees"),
    "forged_header": (
        of_method("eth_getBlockByHash", lambda block: {**block, "stateRoot": _INVENTED}),
        "agrees",
    ),
    "tx_receipt": (of_method("eth_getTransactionReceipt", {"status": "0x0"}), "agrees"),
    "invented_head": (head(100, hash=_INVENTED, timestamp="0xffffffff"), "agrees"),
    "old_head": (head(-1), "agrees"),
    "head_before_the_anchor": (
        of_method("eth_getBlockByNumber", lambda block: {**block, "number": "0x2"}),
        "unavailable",
    ),
    "silent": (silent, "unavailable"),
    "status_503": (status_503, "unavailable"),
    "no_json": (no_json, "unavailable"),
    "chain_id": (of_method("eth_chainId", "0x1"), "wrong_chain"),
    "removed_log": (of_method("eth_getLogs", []), "agrees"),
    "silent_on_notices": (silent_on_notices, "agrees"),
}
"""Lies and faults that leave the others' verdict, and what the liar's line then says."""

_ACTIVE_EVER = [(0, 1)]
HIDING: dict[str, Lie] = {
    "no_notices": of_view("NoticeBoard", "noticesOf", ["uint256[]"], []),
    "always_active": of_view("Consortium", "statusChangesOf", ["(uint64,uint8)[]"], _ACTIVE_EVER),
    "clean_key": both(
        of_view(
            "Consortium",
            "key",
            ["(uint32,uint8,uint64,uint64,uint64,uint64,bool)"],
            (3, 1, 0, 0, 0, 0, False),
        ),
        of_view("Consortium", "keyValidAt", ["bool"], True),
    ),
    "removed_log": of_method("eth_getLogs", []),
    "other_signer": of_method("eth_getLogs", other_signer),
    "other_root": of_method("eth_getLogs", other_root),
    "old_head": head(-8),
    "owner_maker": of_view("CodeRegistry", "ownerAt", ["uint256", "uint32"], 1, 1),
    "owner_distributor": of_view("CodeRegistry", "ownerAt", ["uint256", "uint32"], 1, 2),
    "owner_nobody": of_view("CodeRegistry", "ownerAt", ["uint256", "uint32"], 0, 0),
    "no_board": of_method("eth_getCode", "0x"),
}
"""Lies that would keep something from view."""

FORKS: dict[str, Lie] = {"block_hashes": block_hashes}

EVERY: dict[str, Lie] = {
    **STATE_LIES,
    **{name: lie for name, (lie, _) in HARMLESS.items()},
    **HIDING,
    **FORKS,
}
