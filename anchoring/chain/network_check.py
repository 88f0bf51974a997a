"""Whose signatures stand under a network file, as the Consortium of the chain says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.network import Network, NetworkSignature
from anchoring.chain.network_signing import is_signed_by
from anchoring.errors import ChainIdentityError
from anchoring.ports import ParticipantState

_REMOVED = 3


class SignatureState(StrEnum):
    """What is to be said of one participant's signature."""

    SIGNED = "signed"
    NOT_SIGNED = "not_signed"
    DOES_NOT_FIT = "does_not_fit"
    OTHER_KEY = "other_key"
    UNKNOWN_PARTICIPANT = "unknown_participant"
    NOT_ASKED = "not_asked"


_WORDS = {
    SignatureState.SIGNED: "signed this file with its admin key",
    SignatureState.NOT_SIGNED: "has not signed this file",
    SignatureState.DOES_NOT_FIT: "signed something else than this file",
    SignatureState.OTHER_KEY: "signed with a key that is not its admin key now",
    SignatureState.UNKNOWN_PARTICIPANT: "is none of the Consortium's",
    SignatureState.NOT_ASKED: "signed this file, by the key that stands beside it",
}


@dataclass(frozen=True, slots=True)
class SignatureFinding:
    """One participant's signature, or that it is missing.

    Attributes:
        name: The participant's name on the chain, empty if the chain was not asked.
        address: The key that stands beside the signature, None without one.
    """

    participant: int
    name: str
    state: SignatureState
    address: bytes | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether something was signed that this is not, or by somebody else."""
        wrong = (
            SignatureState.DOES_NOT_FIT,
            SignatureState.OTHER_KEY,
            SignatureState.UNKNOWN_PARTICIPANT,
        )
        return self.state in wrong

    @property
    def text(self) -> str:
        """One sentence without its full stop."""
        named = f" ({self.name})" if self.name else ""
        return f"participant {self.participant}{named} {_WORDS[self.state]}"


def signatures_alone(network: Network) -> list[SignatureFinding]:
    """Return what the file itself shows: whether each signature opens to its address."""
    return [
        SignatureFinding(
            one.participant,
            "",
            SignatureState.NOT_ASKED if is_signed_by(network, one) else SignatureState.DOES_NOT_FIT,
            one.address,
        )
        for one in network.signatures
    ]


async def signatures_on_chain(network: Network, reader: EvmReader) -> list[SignatureFinding]:
    """Return what the Consortium says: one finding for each participant, by id.

    Participants that were removed are left out unless they signed.

    Raises:
        ChainIdentityError: the endpoint shows another chain than the file.
        ChainUnavailableError: no answer.
    """
    shown = await reader.chain_id(), await reader.genesis_hash()
    if shown != (network.chain_id, network.genesis_hash):
        raise ChainIdentityError(f"{reader.name} shows another chain than the network file")
    at = (await reader.head()).block_hash
    people = {one.participant: one for one in await reader.participants(network.consortium, at=at)}
    given = {one.participant: one for one in network.signatures}
    found = []
    for number in sorted({*people, *given}):
        person, signature = people.get(number), given.get(number)
        if signature is None and person is not None and person.status == _REMOVED:
            continue
        name = person.name if person is not None else ""
        state = _state(network, person, signature)
        address = signature.address if signature is not None else None
        found.append(SignatureFinding(number, name, state, address))
    return found


def _state(
    network: Network, person: ParticipantState | None, signature: NetworkSignature | None
) -> SignatureState:
    if signature is None:
        return SignatureState.NOT_SIGNED
    if not is_signed_by(network, signature):
        return SignatureState.DOES_NOT_FIT
    if person is None:
        return SignatureState.UNKNOWN_PARTICIPANT
    if signature.address != person.admin_key:
        return SignatureState.OTHER_KEY
    return SignatureState.SIGNED
