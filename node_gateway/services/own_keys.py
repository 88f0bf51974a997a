"""A participant's own keys: what the chain says of them, and the calls that change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.governor import PreparedCall
from anchoring.chain.network import Network
from anchoring.ports import KeyState, ParticipantState
from node_gateway.errors import NotFoundError

PURPOSES = {"anchor": 1, "sign": 2}
NO_TIME = 0


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """The keys of one participant, as they stand on the chain now.

    Attributes:
        participant: The participant, with its admin and recovery key.
        keys: Its anchor and sign keys, in order of addition, revoked ones too.
        streams: Streams of those keys that are limited to some.
        time: Time of the block that says so, Unix seconds.
    """

    participant: ParticipantState
    keys: tuple[KeyState, ...]
    streams: dict[bytes, tuple[int, ...]]
    time: int

    def of(self, address: bytes) -> KeyState | None:
        """Return what is known of a key of this participant, None if nothing."""
        return next((one for one in self.keys if one.address == address), None)


class KeyCalls:
    """Reads a participant's keys, and prepares the calls that change them.

    Args:
        reader: One's own endpoint.
        network: The network file; the consortium's address is taken from it alone.
        participant: Id of the participant.
    """

    def __init__(self, reader: EvmReader, network: Network, participant: int) -> None:
        self._reader = reader
        self._consortium = network.consortium
        self._participant = participant
        self._abi = ContractAbi(load("Consortium").abi)

    async def read(self) -> OwnKeys:
        """Read them in the newest block.

        Raises:
            NotFoundError: there is no such participant.
            ChainError: the endpoint does not answer as a chain does.
        """
        head = await self._reader.head()
        at, reader = head.block_hash, self._reader
        known = await reader.participant(self._consortium, self._participant, at=at)
        if known is None:
            if self._participant == 0:
                raise NotFoundError(
                    "this participant was not admitted yet: it has no id and no keys on the chain",
                    code="participant_not_found",
                    hint="sealtrail consortium joined, when the others have voted",
                )
            raise NotFoundError(
                f"there is no participant {self._participant}",
                code="participant_not_found",
                hint="gateway.participant is the id that the consortium gave.",
            )
        addresses = await reader.keys_of(self._consortium, self._participant, at=at)
        found = [await reader.key(self._consortium, one, at=at) for one in addresses]
        keys = tuple(one for one in found if one is not None)
        streams = {
            one.address: tuple(await reader.streams_of(self._consortium, one.address, at=at))
            for one in keys
            if one.limited
        }
        return OwnKeys(known, keys, streams, head.time)

    def add(self, address: bytes, purpose: int, streams: tuple[int, ...] = ()) -> PreparedCall:
        """Add a key that is valid from its block on, without end."""
        return self._call("addKey", (address, purpose, NO_TIME, NO_TIME, list(streams)))

    def revoke(self, address: bytes, compromised_since: int = NO_TIME) -> PreparedCall:
        """Revoke a key; from `compromised_since` on, if given, its signatures prove nothing."""
        return self._call("revokeKey", address, compromised_since)

    def replace_admin(self, address: bytes) -> PreparedCall:
        """Replace the admin key; only the recovery key may."""
        return self._call("replaceAdminKey", self._participant, address)

    def _call(self, function: str, *arguments: object) -> PreparedCall:
        return PreparedCall.of(self._abi, self._consortium, function, *arguments)


def standing(key: KeyState, now: int) -> str:
    """Return in a word how a key stands at a time: `valid`, `revoked`, `compromised`, ..."""
    if key.compromised_since:
        return "compromised"
    if key.revoked_at:
        return "revoked"
    if key.valid_from > now:
        return "not valid yet"
    return "expired" if key.valid_until and key.valid_until <= now else "valid"


def shown_time(time: int) -> str:
    """Return Unix seconds as RFC 3339 in UTC; nothing for 0."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else ""
