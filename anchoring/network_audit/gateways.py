"""Asking many gateways for their public lists: each within its time, and none can hold the others.

A participant that left, or whose gateway does not answer, may have its archive served by another
one: then the lists come from there. What is fetched is held against the chain, so it does not
matter who serves it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from anchoring.directory.model import Directory, Participant, Status
from anchoring.network_audit.model import GatewayState
from anchoring.public_http import Answer, GatewayUnavailableError, PublicGateway
from anchoring.public_lists import ATTEMPTS_MAX, LIST_SIZE_BYTES_MAX, parse_list

SILENCE_S: Final = 10.0
ANSWER_S: Final = 60.0
BUDGET_S: Final = 600.0
"""So long one gateway may take for all of its lists."""
AT_ONCE_MAX: Final = 8

_ARCHIVES_SIZE_BYTES_MAX: Final = 256 * 1024
_OK: Final = 200


@dataclass(slots=True)
class GatewayLists:
    """The public lists of one participant. `fetch` fits `anchoring.audit_lists.EntriesOf`.

    Attributes:
        state: What became of asking.
        why: Why its gateway could not be asked (any more); empty if it could.
        given: Lists as they were given, by (stream, sequence).
        missed: Lists that nobody could be asked for.
    """

    participant: Participant
    gateways: Gateways
    state: GatewayState = GatewayState.NOT_ASKED
    why: str = ""
    given: dict[tuple[int, int], list[bytes]] = field(default_factory=dict)
    missed: list[tuple[int, int]] = field(default_factory=list)
    _source: PublicGateway | None = None
    _spent_s: float = 0.0

    async def fetch(self, stream: int, sequence: int) -> list[bytes] | None:
        """Return a list as given; None if it is withheld, or nobody can be asked (`missed`)."""
        if self.state is GatewayState.NOT_ASKED:
            await self._choose()
        while self._source is not None:
            began = time.monotonic()
            try:
                answer = await self.gateways.get(
                    self._source, f"/v1/streams/{stream}/anchors/{sequence}/entries"
                )
            except GatewayUnavailableError as error:
                await self._turn_to_archive(str(error))
                continue
            self._spent_s += time.monotonic() - began
            if self._spent_s > self.gateways.budget_s:
                await self._turn_to_archive(f"it takes more than {self.gateways.budget_s:g} s")
            found = None
            if answer.status == _OK and answer.body is not None:
                found = parse_list(answer.body, stream=stream, sequence=sequence)
            if found is not None:
                self.given[stream, sequence] = found
            return found
        self.missed.append((stream, sequence))
        return None

    async def _choose(self) -> None:
        address = self.gateways.address_of(self.participant)
        if address:
            try:
                self._source = self.gateways.source(address)
                self.state = GatewayState.ANSWERED
            except GatewayUnavailableError as error:
                await self._turn_to_archive(str(error))
        else:
            await self._turn_to_archive("")

    async def _turn_to_archive(self, why: str) -> None:
        was_archive = self.state is GatewayState.ARCHIVE
        self._source, self._spent_s = None, 0.0
        self.why = self.why or why
        self.state = GatewayState.UNREACHABLE if self.why else GatewayState.NONE
        base = None if was_archive else await self.gateways.archive_of(self.participant.slug)
        if base is not None:
            self._source, self.state = self.gateways.source(base), GatewayState.ARCHIVE


class Gateways:
    """The public sides of a network's gateways.

    Args:
        directory: Gives the addresses.
        addresses: Addresses to use in place of those of the directory, by participant.
        budget_s: So long one gateway may take for all of its lists.
        silence_s, answer_s: Longest wait for a byte, and for one answer.
    """

    def __init__(
        self,
        directory: Directory,
        addresses: Mapping[int, str] | None = None,
        *,
        budget_s: float = BUDGET_S,
        silence_s: float = SILENCE_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._directory, self._addresses = directory, dict(addresses or {})
        self.budget_s = budget_s
        self._silence_s, self._answer_s = silence_s, answer_s
        # Its own threads: a gateway that drips must not keep anything else of us waiting.
        self._threads = ThreadPoolExecutor(AT_ONCE_MAX, thread_name_prefix="gateways")
        self._archives: asyncio.Task[dict[str, str]] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._archives is not None:
            self._archives.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def lists_of(self, participant: Participant) -> GatewayLists:
        """Return the lists of one participant; nothing is asked yet."""
        return GatewayLists(participant, self)

    def address_of(self, participant: Participant) -> str:
        """Return where its gateway is, empty if it has none (any more)."""
        given = self._addresses.get(participant.id)
        if given is not None or participant.status is Status.REMOVED:
            return given or ""
        return participant.url

    def source(self, address: str) -> PublicGateway:
        """Return a gateway, or an archive, by its base address.

        Raises:
            GatewayUnavailableError: the address is none.
        """
        return PublicGateway(
            address, silence_timeout_s=self._silence_s, answer_timeout_s=self._answer_s
        )

    async def get(
        self,
        source: PublicGateway,
        path: str,
        *,
        size_bytes_max: int = LIST_SIZE_BYTES_MAX,
        attempts: int = ATTEMPTS_MAX,
    ) -> Answer:
        """GET a path on a thread of these.

        Raises:
            GatewayUnavailableError: no connection, or no answer in time.
        """

        def ask() -> Answer:
            return source.get(path, size_bytes_max=size_bytes_max, attempts=attempts)

        return await asyncio.get_running_loop().run_in_executor(self._threads, ask)

    async def archive_of(self, slug: str) -> str | None:
        """Return the base address of a participant's archive, None if nobody serves it."""
        if self._archives is None:
            self._archives = asyncio.create_task(self._find_archives())
        return (await asyncio.shield(self._archives)).get(slug)

    async def _find_archives(self) -> dict[str, str]:
        """Ask everybody which archives they serve; who does not answer serves none."""
        hosts = [one for one in self._directory.participants.values() if self.address_of(one)]
        listed = await asyncio.gather(*(self._archives_at(self.address_of(one)) for one in hosts))
        return {slug: base for found in reversed(listed) for slug, base in found.items()}

    async def _archives_at(self, address: str) -> dict[str, str]:
        try:
            answer = await self.get(
                self.source(address),
                "/v1/archives",
                size_bytes_max=_ARCHIVES_SIZE_BYTES_MAX,
                attempts=1,
            )
            if answer.status != _OK or answer.body is None:
                return {}
            listed = json.loads(answer.body)["archives"]
            slugs = [str(one["slug"]) for one in listed]
        except (GatewayUnavailableError, ValueError, KeyError, TypeError, RecursionError):
            return {}
        safe = [one for one in slugs if one.replace("-", "").isalnum() and one.isascii()]
        return {slug: f"{address.rstrip('/')}/archives/{slug}" for slug in safe}
