"""Participants' signatures under a network file (EIP-712 over secp256k1).

Signed is everything but the signatures, the witnesses too: a file whose witnesses somebody else
chose is not the file that was signed.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import rfc8785
from eth_utils.crypto import keccak

from anchoring.chain.network import Network, NetworkSignature
from anchoring.chain.receipts import recovered_address
from anchoring.chain.signer import Signer
from anchoring.core.receipt import domain_separator
from anchoring.errors import ReceiptError

_TYPE = b"NetworkFile(bytes32 content)"


def content_hash(network: Network) -> bytes:
    """Return SHA-256 of the RFC 8785 text of the file without its member `signatures`.

    It is what two people compare by telephone, signed or not.
    """
    document = replace(network, signatures=()).to_json()
    return hashlib.sha256(rfc8785.dumps(document)).digest()


def signing_digest(network: Network) -> bytes:
    """Return the 32 bytes that a participant signs.

    EIP-712: domain (name `Sealtrail`, version `1`, chain id, the Consortium as the contract), type
    `NetworkFile(bytes32 content)`.
    """
    separator = domain_separator(
        chain_id=network.chain_id, registry=network.consortium, keccak=_keccak
    )
    return _keccak(b"\x19\x01" + separator + _keccak(_keccak(_TYPE) + content_hash(network)))


def signed(network: Network, participant: int, signer: Signer) -> Network:
    """Return the file with the participant's signature; an older one of its own is replaced."""
    signature = signer.sign_digest(signing_digest(network))
    added = NetworkSignature(participant, signer.address, signature)
    others = [one for one in network.signatures if one.participant != participant]
    ordered = sorted([*others, added], key=lambda one: one.participant)
    return replace(network, signatures=tuple(ordered))


def is_signed_by(network: Network, signature: NetworkSignature) -> bool:
    """Return True if the signature opens to the address that stands beside it.

    Whether that address is the participant's admin key only the Consortium can say.
    """
    try:
        opened = recovered_address(signing_digest(network), signature.signature)
    except ReceiptError:
        return False
    return opened == signature.address


def _keccak(data: bytes) -> bytes:
    return bytes(keccak(data))
