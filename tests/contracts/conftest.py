"""A private Anvil for this directory, and a network of two participants on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.types import TxReceipt

from anchoring.artifacts import load
from tests.anvil import Anvil


def account(name: str) -> LocalAccount:
    """A key that is the same in every run, so that gas figures are too."""
    made: LocalAccount = Account.from_key(Web3.keccak(text=f"sealtrail test {name}"))
    return made


@dataclass(frozen=True)
class Chain:
    w3: Web3

    def send(self, sender: LocalAccount, call: Any) -> TxReceipt:
        """Sign and send at no price; the receipt whatever the outcome (status 0 or 1)."""
        nonce = self.w3.eth.get_transaction_count(sender.address)
        fields = {"from": sender.address, "nonce": nonce, "gasPrice": 0, "gas": 12_000_000}
        signed = sender.sign_transaction(call.build_transaction({**fields, "chainId": 4242}))
        sent = self.w3.eth.send_raw_transaction(signed.raw_transaction)
        return self.w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)

    def deploy(self, name: str, *arguments: Any) -> tuple[Contract, TxReceipt]:
        artifact = load(name)
        factory = self.w3.eth.contract(abi=artifact.abi, bytecode=artifact.bytecode)
        receipt = self.send(account("deployer"), factory.constructor(*arguments))
        assert receipt["status"] == 1
        return self.w3.eth.contract(receipt["contractAddress"], abi=artifact.abi), receipt


@dataclass(frozen=True)
class Network:
    chain: Chain
    consortium: Contract
    registry: Contract
    deployment_gas: dict[str, int]


@pytest.fixture(scope="session")
def chain() -> Iterator[Chain]:
    with Anvil() as anvil:
        yield Chain(Web3(HTTPProvider(anvil.url)))


@pytest.fixture
def network(chain: Chain) -> Iterator[Network]:
    snapshot = chain.w3.provider.make_request("evm_snapshot", [])["result"]
    participants = [participant("first"), participant("second")]
    keys = [
        [
            (account("first anchor").address, 1, 0, 0, []),
            (account("first sign").address, 2, 0, 0, []),
        ],
        [
            (account("second limited").address, 1, 0, 0, [(2 << 16) + 5]),
            (account("second anchor").address, 1, 0, 0, []),
        ],
    ]
    consortium, made = chain.deploy("Consortium", participants, keys, 604_800, 2_592_000)
    registry, made_too = chain.deploy("AnchorRegistry", consortium.address, "0x" + "00" * 20)
    gas = {"Consortium": made["gasUsed"], "AnchorRegistry": made_too["gasUsed"]}
    yield Network(chain, consortium, registry, gas)
    assert chain.w3.provider.make_request("evm_revert", [snapshot])["result"]


def participant(slug: str) -> tuple[str, str, str, int, int, str, str]:
    admin, recovery = account(f"{slug} admin").address, account(f"{slug} recovery").address
    return (slug, f"The {slug} participant", f"https://{slug}.example", 1 | 32, 1, admin, recovery)
