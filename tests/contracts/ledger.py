"""An Anvil that does as every account says, at the times that a test chooses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_utils.crypto import keccak
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.errors import ContractRefusedError
from tests.anvil import Anvil

ABIS = {
    name: ContractAbi(load(name).abi)
    for name in ("Consortium", "AnchorRegistry", "CodeRegistry", "NoticeBoard")
}


def address(name: str) -> str:
    """An account that is the same in every run. Nobody needs its key."""
    return "0x" + keccak(text=f"sealtrail test {name}")[12:].hex()


class Ledger:
    """One chain. `now` is the time of the newest block."""

    def __init__(self, anvil: Anvil) -> None:
        self._provider = HTTPProvider(anvil.url)
        self.now = int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
        self.rpc("anvil_autoImpersonateAccount", True)
        self._start = (self.rpc("evm_snapshot"), self.now)

    def begin_again(self) -> None:
        """Go back to the empty chain: a long one makes Anvil slow."""
        snapshot, self.now = self._start
        assert self.rpc("evm_revert", snapshot)
        self._start = (self.rpc("evm_snapshot"), self.now)

    def rpc(self, method: str, *params: object) -> Any:
        answer = self._provider.make_request(RPCEndpoint(method), list(params))
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def deploy(self, name: str, *arguments: object, at: int) -> str:
        data = load(name).bytecode + ABIS[name].constructor_data(*arguments)
        receipt = self._mined(self._sent(address("deployer"), None, data, at))
        assert receipt["status"] == "0x1", name
        return str(receipt["contractAddress"])

    def send(
        self, contract: tuple[str, str], function: str, *arguments: object, by: str, at: int
    ) -> str:
        """Mine a call in a block of its own; return the name of the error, or an empty text."""
        name, to = contract
        tx_hash = self._sent(by, to, ABIS[name].call_data(function, *arguments), at)
        if self._mined(tx_hash)["status"] == "0x1":
            return ""
        trace = self.rpc("debug_traceTransaction", tx_hash, {"tracer": "callTracer"})
        refusal: ContractRefusedError = ABIS[name].refusal(
            bytes.fromhex(trace.get("output", "0x")[2:])
        )
        return refusal.name

    def view(self, contract: tuple[str, str], function: str, *arguments: object) -> Any:
        return self.views(contract, [(function, *arguments)])[0]

    def views(self, contract: tuple[str, str], calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Ask several views in one request; each is (function, *arguments)."""
        name, to = contract
        requests = [
            ("eth_call", [{"to": to, "data": "0x" + ABIS[name].call_data(*one).hex()}, "latest"])
            for one in calls
        ]
        found = []
        for (function, *_), answer in zip(calls, self._batch(requests), strict=True):
            results = ABIS[name].results(function, bytes.fromhex(answer[2:]))
            found.append(results[0] if len(results) == 1 else tuple(results))
        return found

    def _batch(self, requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        named = [(RPCEndpoint(method), params) for method, params in requests]
        answers = self._provider.make_batch_request(named)
        if not isinstance(answers, list) or any("error" in one for one in answers):
            raise RuntimeError(answers)
        return [one["result"] for one in answers]

    def empty_block(self, *, at: int) -> None:
        self.rpc("evm_setNextBlockTimestamp", at)
        self.rpc("evm_mine")
        self.now = at

    def _sent(self, by: str, to: str | None, data: bytes, at: int) -> str:
        self.now = at
        call = {"from": by, "data": "0x" + data.hex(), "gasPrice": "0x0", "gas": hex(15_000_000)}
        sent = call if to is None else {**call, "to": to}
        timed = ("evm_setNextBlockTimestamp", [at])
        return str(self._batch([timed, ("eth_sendTransaction", [sent])])[1])

    def _mined(self, tx_hash: str) -> dict[str, Any]:
        for _ in range(2000):
            receipt: dict[str, Any] | None = self.rpc("eth_getTransactionReceipt", tx_hash)
            if receipt is not None:
                return receipt
        raise AssertionError("nothing was mined")
