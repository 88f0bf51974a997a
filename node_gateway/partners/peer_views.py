"""What operators see of other participants' gateways: how far both are, what is wrong, in words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import orjson

from anchoring.core.message import SignedMessage
from anchoring.directory.model import Participant, Status
from node_gateway.errors import NotFoundError
from node_gateway.partners.channel import Voice
from node_gateway.partners.evidence_names import message_name
from node_gateway.partners.hearing import Hearing
from node_gateway.partners.message_wire import POSITION_PATH
from node_gateway.partners.ports import PeerError, Peers
from node_gateway.partners.saying import Saying
from node_gateway.services.directory import DirectoryService
from node_gateway.settings_partners import PeersSection
from node_gateway.storage import peers
from node_gateway.storage.database import Database
from node_gateway.storage.peers import Partner, StoredMessage, Way

_STATUS: Final = MappingProxyType(
    {Status.ACTIVE: "active", Status.SUSPENDED: "suspended", Status.REMOVED: "removed"}
)
_WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "peer_no_address": ("The directory has no address for it.", "Ask it to set its URL."),
        "peer_inactive": ("It is not active in the network.", "sealtrail consortium show SLUG"),
        "peer_address": (
            "Its address is not allowed by our settings: no TLS, or a private address.",
            "See allow_http and allow_private in [peers].",
        ),
        "peer_host": ("The host name of its address is not known.", "Check DNS, then ask it."),
        "peer_down": ("Nobody answers at its address.", "Ask whether its gateway runs."),
        "peer_timeout": ("It did not answer in time.", "Try later; [peers] timeout_s is ours."),
        "peer_tls": ("We and it do not accept each other's certificates.", "See [peers] ca_file."),
        "peer_answer": ("What it answered is no answer of a gateway.", "Ask it."),
        "peer_clock": ("Its clock and ours are too far apart.", "Set both by time servers."),
        "peer_signature": (
            "It does not know our key, or not any more.",
            "sealtrail key list; a new key is known there when it has read the chain.",
        ),
        "peer_suspended": ("For it we are not active.", "sealtrail consortium show, with our slug"),
        "peer_audience": ("It is another participant than the directory says.", "Ask it."),
        "peer_directory_old": ("It has lost sight of the chain.", "Ask it; nothing is lost."),
        "message_not_now": ("It does not take messages now.", "Nothing to do: they come again."),
        "read_only": ("This gateway does not write now.", "sealtrail status"),
    }
)


@dataclass(frozen=True, slots=True)
class PeerViews:
    """Answers what operators ask about other participants' gateways.

    Attributes:
        database: Keeps the messages.
        directory: Who is who.
        voice: Who we are.
        hearing, saying, asking: The parts of the channel.
        settings: When waiting is too long.
    """

    database: Database
    directory: DirectoryService
    voice: Voice
    hearing: Hearing
    saying: Saying
    asking: Peers
    settings: PeersSection

    def participant(self, name: str) -> Participant:
        """Return another participant by its slug or id.

        Raises:
            NotFoundError: `participant_not_found`; we are none of our partners.
        """
        directory = self.directory.current
        found = directory.participant_by_slug(name)
        if found is None and name.isascii() and name.isdigit():
            found = directory.participants.get(int(name[:10]))
        if found is None or found.id == self.voice.participant:
            raise NotFoundError("no other participant has this name", code="participant_not_found")
        return found

    async def all(self) -> list[dict[str, Any]]:
        """Return everybody else in the network, and how far we are with each other."""
        known = {one.participant: one for one in await self.database.read(peers.partners)}
        since = await self.database.read(peers.waiting_since)
        others = sorted(self.directory.current.participants.values(), key=lambda one: one.id)
        return [
            self._view(one, known.get(one.id, Partner(one.id)), since.get(one.id))
            for one in others
            if one.id != self.voice.participant
        ]

    async def one(self, name: str) -> dict[str, Any]:
        """Return one of them, with what is wrong in words."""
        found = self.participant(name)
        known = await self.database.read(lambda one: peers.partner(one, found.id))
        since = await self.database.read(peers.waiting_since)
        rows = await self.database.read(lambda one: peers.conflicts(one, found.id))
        view = self._view(found, known, since.get(found.id))
        return {
            **view,
            "words": _WORDS.get(known.last_error or "", (None, None))[0],
            "conflicts": [
                {
                    "number": row.number,
                    "way": "out" if row.direction == Way.SAID else "in",
                    "digest": row.digest.hex(),
                    "foundAt": row.found_at,
                    "evidence": message_name(row),
                }
                for row in rows
            ],
        }

    def _view(self, found: Participant, known: Partner, since: int | None) -> dict[str, Any]:
        age_s = None if since is None else max(0, int(self.voice.clock()) - since)
        return {
            "participant": found.id,
            "slug": found.slug,
            "name": found.name,
            "url": found.url or None,
            "status": _STATUS.get(found.status, "unknown"),
            "state": self._state(known, age_s),
            "said": known.said_number,
            "answered": known.cursor,
            "waiting": known.waiting_count,
            "waitingForS": age_s,
            "heard": known.heard_number,
            "failures": known.failures,
            "failingSince": known.failing_since,
            "lastError": known.last_error,
            "alarm": known.alarm,
        }

    def _state(self, known: Partner, age_s: int | None) -> str:
        if age_s is not None and age_s >= self.settings.stuck_s:
            return "stuck"
        if known.failures:
            return "failing"
        if known.waiting_count:
            return "sending"
        return "quiet" if known.said_number or known.heard_number else "new"

    async def ping(self, name: str) -> dict[str, Any]:
        """Exchange positions with a participant's gateway, and say what is wrong in words."""
        found = self.participant(name)
        own = orjson.dumps((await self.hearing.position(found.id)).to_wire())
        began = time.perf_counter()
        try:
            answer = await self.asking.request(found.id, "POST", POSITION_PATH, body=own)
        except PeerError as error:
            return _pong(found, error.code, str(error), None)
        took_ms = round((time.perf_counter() - began) * 1000)
        if answer.ok:
            return _pong(found, None, "It answers.", took_ms)
        try:
            problem = orjson.loads(answer.body)
            code, detail = str(problem["code"])[:64], str(problem.get("detail", ""))[:500]
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            code, detail = "peer_answer", f"it answers {answer.status}"
        return _pong(found, code, detail, took_ms)

    async def retry(self, name: str) -> dict[str, Any]:
        """Try again now what waits for a participant; an alarm counts as seen."""
        found = self.participant(name)
        known = await self.database.read(lambda one: peers.partner(one, found.id))
        if known.alarm is not None:
            await self.database.write(
                "peer_seen", lambda one: peers.change(one, found.id, alarm=None)
            )
        self.saying.retry(found.id)
        return await self.one(name)

    async def messages(self, name: str, way: Way, *, after: int, limit: int) -> dict[str, Any]:
        """Return messages of one way, by number, without their bodies."""
        found = self.participant(name)
        rows = await self.database.read(
            lambda one: peers.messages(one, found.id, way, after=after, limit=limit + 1)
        )
        return {
            "messages": [_row(one) for one in rows[:limit]],
            "next": rows[limit - 1].number if len(rows) > limit else None,
        }

    async def message(self, name: str, way: Way, number: int) -> SignedMessage:
        """Return one message with its signatures, to be written as a file.

        Raises:
            NotFoundError: `message_not_found`.
        """
        found = self.participant(name)
        row = await self.database.read(lambda one: peers.message(one, found.id, way, number))
        if row is None:
            raise NotFoundError("no message has this number", code="message_not_found")
        network = self.voice.network
        return row.signed(self.voice.participant, network.chain_id, network.consortium)


def _pong(found: Participant, code: str | None, detail: str, took_ms: int | None) -> dict[str, Any]:
    words, attempt = _WORDS.get(code or "", (detail, None))
    return {
        "participant": found.id,
        "slug": found.slug,
        "ok": code is None,
        "code": code,
        "words": words,
        "detail": detail,
        "try": attempt,
        "tookMs": took_ms,
    }


def _row(one: StoredMessage) -> dict[str, Any]:
    answers = {None: "waiting", "": "taken"}
    return {
        "number": one.number,
        "kind": one.kind,
        "digest": one.digest.hex(),
        "saidAt": one.said_at,
        "sizeBytes": one.size_bytes,
        "state": answers.get(one.answer_code, "refused"),
        "code": one.answer_code or None,
        "answeredAt": one.answered_at,
    }
