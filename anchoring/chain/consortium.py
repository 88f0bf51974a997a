"""Participants and their keys, as the Consortium contract records them now and in the past."""

from __future__ import annotations

from typing import Any

from eth_utils.address import to_canonical_address

from anchoring.chain.views import EvmViews
from anchoring.errors import ContractRefusedError
from anchoring.ports import KeyState, ParticipantState


class EvmConsortiumReader(EvmViews):
    """Views of a Consortium. `at` is a block hash everywhere; times are Unix seconds."""

    async def participant_count(self, consortium: bytes, *, at: bytes) -> int:
        """Return how many participants were ever admitted; ids are 1 to that number."""
        return int(await self._view(consortium, "participantCount", at=at))

    async def participant(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> ParticipantState | None:
        """Return a participant, None if the id was never given."""
        try:
            fields = await self._view(consortium, "participant", participant, at=at)
        except ContractRefusedError as error:
            if error.name == "ConsortiumUnknownParticipant":
                return None
            raise
        slug, name, url, roles, status, admin_key, recovery_key = fields
        return ParticipantState(
            participant=participant,
            slug=slug,
            name=name,
            url=url,
            roles=roles,
            status=status,
            admin_key=to_canonical_address(admin_key),
            recovery_key=to_canonical_address(recovery_key),
        )

    async def participants(self, consortium: bytes, *, at: bytes) -> list[ParticipantState]:
        """Return every participant ever admitted, by id."""
        count = await self.participant_count(consortium, at=at)
        found = [await self.participant(consortium, one, at=at) for one in range(1, count + 1)]
        return [one for one in found if one is not None]

    async def status_at(self, consortium: bytes, participant: int, time: int, *, at: bytes) -> int:
        """Return the status at `time`: 1 active, 2 suspended, 3 removed, 0 before admission."""
        return int(await self._view(consortium, "statusAt", participant, time, at=at))

    async def suspensions(
        self, consortium: bytes, participant: int, *, at: bytes
    ) -> list[tuple[int, int]]:
        """Return the half-open times of suspension, oldest first; an end of 0 is no end yet."""
        pairs = await self._view(consortium, "suspensionsOf", participant, at=at)
        return [(int(start), int(end)) for start, end in pairs]

    async def key(self, consortium: bytes, address: bytes, *, at: bytes) -> KeyState | None:
        """Return what is known of a key, None if nothing."""
        fields = await self._view(consortium, "key", address, at=at)
        participant, purpose, valid_from, valid_until, revoked_at, compromised, limited = fields
        if participant == 0:
            return None
        return KeyState(
            address=address,
            participant=participant,
            purpose=purpose,
            valid_from=valid_from,
            valid_until=valid_until,
            revoked_at=revoked_at,
            compromised_since=compromised,
            limited=limited,
        )

    async def keys_of(self, consortium: bytes, participant: int, *, at: bytes) -> list[bytes]:
        """Return the addresses of all keys a participant ever had, in order of addition."""
        addresses = await self._view(consortium, "keysOf", participant, at=at)
        return [to_canonical_address(address) for address in addresses]

    async def streams_of(self, consortium: bytes, address: bytes, *, at: bytes) -> list[int]:
        """Return the streams that a limited key may write to."""
        return [int(one) for one in await self._view(consortium, "streamsOf", address, at=at)]

    async def key_valid_at(
        self,
        consortium: bytes,
        address: bytes,
        *,
        participant: int,
        purpose: int,
        time: int,
        at: bytes,
    ) -> bool:
        """Return True if the key was the participant's for that purpose at `time`."""
        arguments = (address, participant, purpose, time)
        return bool(await self._view(consortium, "keyValidAt", *arguments, at=at))

    async def _view(self, consortium: bytes, function: str, *arguments: object, at: bytes) -> Any:
        results = await self._call(self._consortium_abi, consortium, function, *arguments, at=at)
        return results[0]
