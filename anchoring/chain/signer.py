"""What is signed, and who signs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import coincurve  # eth-keys too signs ten times faster with it; fail here if it is missing
from eth_utils.address import to_canonical_address, to_checksum_address

from anchoring.chain.recursion import recursion_limit_kept

with recursion_limit_kept():
    from eth_account import Account
    from eth_account.signers.local import LocalAccount


@dataclass(frozen=True, slots=True)
class LegacyCall:
    """A transaction before it is signed: no value, gas price 0, protected by the chain id."""

    chain_id: int
    nonce: int
    gas: int
    to: bytes | None
    data: bytes


class TransactionSigner(Protocol):
    """Whatever signs the transactions of one account: a key in this process, or one elsewhere."""

    @property
    def address(self) -> bytes:
        """Address of the account, 20 bytes."""
        ...

    async def sign_transaction(self, call: LegacyCall) -> tuple[bytes, bytes]:
        """Return (raw transaction, its hash): exactly `call`, signed by `address`.

        Two signatures of one call may differ; its content may not.

        Raises:
            SignerUnavailableError: nothing was signed, as far as anybody here knows.
            SignerMismatchError: something else was signed, or by somebody else.
        """
        ...

    async def close(self) -> None:
        """Close the connections, if there are any."""
        ...


class Signer:
    """A key in this process, which never shows: neither in `repr` nor in an error."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account
        self._key = coincurve.PrivateKey(bytes(account.key))
        self._address = to_canonical_address(account.address)

    @classmethod
    def from_key(cls, key: bytes) -> Signer:
        """Make a signer from a 32-byte private key."""
        return cls(Account.from_key(key))

    @property
    def address(self) -> bytes:
        """Address of the account, 20 bytes."""
        return self._address

    def __repr__(self) -> str:
        return f"Signer(0x{self.address.hex()})"

    def sign(self, call: LegacyCall) -> tuple[bytes, bytes]:
        """Return (raw transaction, its hash). Deterministic (RFC 6979)."""
        fields: dict[str, Any] = {
            "chainId": call.chain_id,
            "nonce": call.nonce,
            "gas": call.gas,
            "gasPrice": 0,  # never filled in by web3: it would add the endpoint's suggestion
            "value": 0,
            "data": call.data,
        }
        if call.to is not None:
            fields["to"] = to_checksum_address(call.to)
        signed = self._account.sign_transaction(fields)
        return bytes(signed.raw_transaction), bytes(signed.hash)

    async def sign_transaction(self, call: LegacyCall) -> tuple[bytes, bytes]:
        """Return what `sign` does; for callers whose key may be elsewhere."""
        return self.sign(call)

    async def close(self) -> None:
        """Do nothing: there is no connection."""

    def sign_digest(self, digest: bytes) -> bytes:
        """Return r, s, v (65 bytes, v 27 or 28, low s) over a 32-byte digest. Deterministic.

        Cost: about 50 us; eth-account's EIP-712 path takes ten times that.
        """
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])
