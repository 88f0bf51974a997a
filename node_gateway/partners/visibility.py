"""Who can see this: one answer from all that decides about it.

Presets, policies, handovers that went out, grants and the log of reads are asked in one place, by
the same functions that disclose; nothing is decided here a second time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from anchoring.core import streams
from anchoring.core.fields import build_fields
from anchoring.core.items import ACT_PATH
from node_gateway.errors import NotFoundError
from node_gateway.partners.grant_terms import GrantTerms, grant_terms
from node_gateway.partners.grants import Rules
from node_gateway.partners.parties import Parties
from node_gateway.services.disclosing import (
    ACKNOWLEDGEMENT,
    PRESETS,
    choose_policy,
    covers,
    open_event,
    own_preset,
    preset_of,
)
from node_gateway.settings import Settings
from node_gateway.state.words import RECEIVING
from node_gateway.storage import grant_reads, granted_events
from node_gateway.storage.grants import GRANTS, Permission
from node_gateway.storage.handover_tables import (
    handover,
    handover_event,
    handover_part,
    handover_part_event,
)
from node_gateway.storage.ports import GatewayStore, StoredEvent

READS_SHOWN: Final = 50
_GRANTS_MAX: Final = 1_000
_OUT: Final = 1
_CHAIN: Final = "a batch of fixed size was anchored; nothing of what is in it"
_COARSE: Final = ("sealtrail:month", "sealtrail:region")


@dataclass(frozen=True, slots=True)
class _Had:
    """What the database knows of an event's readers."""

    handovers: Sequence[tuple[int, int, int | None, bool]]
    grants: Sequence[Permission]
    reads: Sequence[Any]
    read_count: int


class Visibility:
    """Answers for events that are stored, and for drafts."""

    def __init__(
        self, store: GatewayStore, settings: Settings, rules: Rules, parties: Parties
    ) -> None:
        self._store, self._settings, self._rules = store, settings, rules
        self._parties = parties

    async def of(self, entry: bytes) -> dict[str, Any]:
        """Return who can see an event, who got it and who read it, as JSON.

        Raises:
            NotFoundError: no such event.
            ErasedError: it was erased; nobody sees it any more.
        """
        stored = await self._store.event_by_entry(entry)
        if stored is None:
            raise NotFoundError("no such event", code="event_not_found")
        opened = open_event(stored)
        fields = build_fields(
            opened.event, opened.derived, sub_secret=streams.fields_secret(opened.secret)
        )
        paths = [path for path in fields.paths if path != ACT_PATH]
        had = await self._store.read(lambda c: self._had(c, stored))
        answer = self._audiences(opened.event, paths)
        answer["partners"]["gotIt"] = [self._handover(*one) for one in had.handovers]
        answer["grants"] = [self._grant(one, opened.biz_step, paths) for one in had.grants]
        answer["reads"] = {
            "count": had.read_count,
            "latest": [
                {**one.to_wire(), "grantee": one.grantee, "slug": self._slug(one.grantee)}
                for one in had.reads
            ],
        }
        seen = self._seen(answer, had.grants, opened.biz_step)
        answer["private"] = [
            path for path in paths if not any(covers(allowed, path) for allowed in seen)
        ]
        return {"entry": entry.hex(), "state": stored.header.state, **answer}

    def of_draft(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return who will see a normalised event once it is captured and final, as JSON.

        Grants are those that its step, type and times fit; which goods it names is not looked up.
        """
        fields = build_fields(event, {"sealtrail:month": "-"}, sub_secret=bytes(32))
        paths = [path for path in fields.paths if path != ACT_PATH]
        return {"entry": None, "state": None, **self._audiences(event, paths)}

    def _audiences(self, event: Mapping[str, Any], paths: list[str]) -> dict[str, Any]:
        step = event.get("bizStep")
        step = step if isinstance(step, str) else None
        own = own_preset(event)
        policies, trace = self._settings.policies, self._settings.trace
        preset = preset_of(policies, step, own)

        def shown(audience: str) -> dict[str, Any]:
            policy = choose_policy(policies, audience, step, own)
            if policy is None:
                return {"sees": False, "paths": [], "codes": "none"}
            found = [one for one in paths if any(covers(path, one) for path in policy.paths)]
            return {"sees": True, "paths": found, "codes": policy.codes}

        published = (
            trace.publish == "coarse"
            and step in trace.publish_steps
            and PRESETS.index(preset) >= PRESETS.index("chain")
        )
        receiver = self._parties.receiver_of(event) if step == "shipping" else None
        return {
            "preset": preset,
            "presetFrom": "event" if own is not None else "settings",
            "public": shown("public"),
            "chainOfCustody": {
                "sees": published,
                "paths": [one for one in paths if one in _COARSE] if published else [],
            },
            "partners": {
                **shown("partner"),
                "acknowledged": shown(ACKNOWLEDGEMENT) if step in RECEIVING else None,
                "trace": trace.partners,
                "gotIt": [],
                "receiver": None
                if receiver is None
                else {"participant": receiver, "slug": self._slug(receiver)},
            },
            "chain": _CHAIN,
        }

    def _had(self, connection: Connection, stored: StoredEvent) -> _Had:
        entry = stored.header.entry
        one = granted_events.event_at(connection, entry)
        grants = []
        for permission in GRANTS.after(connection, 0, _GRANTS_MAX):
            terms: GrantTerms = grant_terms(permission.terms)
            if one is not None and granted_events.is_covered(
                connection, one, terms.scope.goods, terms.scope.query()
            ):
                grants.append(permission)
        reads, count = grant_reads.reads_of_event(
            connection, entry, owner=self._rules.participant, limit=READS_SHOWN
        )
        return _Had(_handovers(connection, entry), grants, reads, count)

    def _grant(self, one: Permission, biz_step: str | None, paths: Sequence[str]) -> dict[str, Any]:
        items = grant_terms(one.terms).items
        policy = items.policy(self._settings.policies, biz_step)
        shown = [path for path in paths if any(covers(two, path) for two in policy.paths)]
        return {
            "id": one.id,
            "grantee": one.to,
            "slug": self._slug(one.to),
            "state": one.state_at(self._rules.clock()),
            "validUntil": one.valid_until,
            "paths": shown,
            "codes": items.codes,
            "opening": items.opening,
        }

    def _seen(
        self, answer: Mapping[str, Any], grants: Sequence[Permission], biz_step: str | None
    ) -> set[str]:
        """Return all paths that anybody else may see now, or got."""
        seen = {*answer["public"]["paths"], *answer["chainOfCustody"]["paths"]}
        partners = answer["partners"]
        if partners["gotIt"]:
            seen |= set(partners["paths"])
        if partners["acknowledged"]:
            seen |= set(partners["acknowledged"]["paths"])
        for one in grants:
            if one.state_at(self._rules.clock()) == "active":
                items = grant_terms(one.terms).items
                seen |= set(items.policy(self._settings.policies, biz_step).paths)
                seen |= {"*"} if items.opening == "full" else set()
        return seen

    def _handover(
        self, partner: int, created_at: int, said_at: int | None, withdrawn: bool
    ) -> dict[str, Any]:
        return {
            "participant": partner,
            "slug": self._slug(partner),
            "at": said_at or created_at,
            "withdrawn": withdrawn,
        }

    def _slug(self, participant: int) -> str | None:
        found = self._rules.directory().participants.get(participant)
        return found.slug if found is not None else None


def _handovers(connection: Connection, entry: bytes) -> list[tuple[int, int, int | None, bool]]:
    """Return the handovers by which an event of ours went to partners."""
    query = (
        select(
            handover.c.partner,
            handover.c.created_at,
            handover.c.said_at,
            handover.c.withdrawn_at,
        )
        .select_from(handover_event)
        .join(handover_part_event, handover_part_event.c.event == handover_event.c.number)
        .join(handover_part, handover_part.c.number == handover_part_event.c.part)
        .join(handover, handover.c.number == handover_part.c.handover)
        .where(
            handover_event.c.entry == entry,
            handover.c.direction == _OUT,
            handover.c.said_at.is_not(None),
        )
        .order_by(handover.c.number)
    )
    return [
        (row.partner, row.created_at, row.said_at, row.withdrawn_at is not None)
        for row in connection.execute(query)
    ]


__all__ = ["READS_SHOWN", "Visibility"]
