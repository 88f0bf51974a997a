"""Reading under a grant: what a grantee gets, and the log of it.

Every answer is logged before it leaves, in the transaction that checks once more that the grant
still holds. So a read that is not in the log did not happen, and none happens after a revocation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from sqlalchemy import Connection

from anchoring.core.bundle import Bundle
from anchoring.core.items import CODE_LISTS
from anchoring.core.opening import CodesOpening, FullOpening
from node_gateway.errors import NotFoundError, NotPossibleError, RequestError
from node_gateway.partners.grant_terms import GrantTerms, grant_terms
from node_gateway.partners.grants import Rules
from node_gateway.services.disclosing import (
    CODES_SHOWN_MAX,
    Disclosing,
    OpenEvent,
    open_event,
    whole_event,
)
from node_gateway.services.opening import codes_opening, full_opening
from node_gateway.settings import PoliciesSection
from node_gateway.storage import grant_reads, granted_events
from node_gateway.storage.facet_reading import Key
from node_gateway.storage.grant_reads import NewRead
from node_gateway.storage.granted_events import CoveredEvent
from node_gateway.storage.granted_goods import classes_covered, covered, lots_of
from node_gateway.storage.grants import GRANTS, Permission
from node_gateway.storage.ports import GatewayStore

_PASSES_MAX: Final = 100
_OPENINGS: Final = {"codes": ("codes", "full"), "full": ("full",)}


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of entries under a grant; `after` is the entry to go on from, None at the end."""

    entries: tuple[bytes, ...]
    after: bytes | None


class GrantReads:
    """The owner's side of reading. Unknown, not granted and no longer granted look alike."""

    def __init__(
        self, store: GatewayStore, disclosing: Disclosing, policies: PoliciesSection, rules: Rules
    ) -> None:
        self._store, self._disclosing, self._policies = store, disclosing, policies
        self._rules = rules

    async def grants(self, grantee: int) -> list[Permission]:
        """Return the grants that a participant has now."""
        if not self._rules.is_active(grantee):
            return []
        now_s = int(self._rules.clock())
        return await self._store.read(lambda c: GRANTS.active(c, now_s, grantee))

    async def grant(self, grantee: int, grant_id: str) -> Permission:
        """Return a grant that a participant has now.

        Raises:
            NotFoundError: it has none of this id.
        """
        found = await self._store.read(lambda c: self._held(c, grantee, grant_id))
        if found is None:
            raise _no_grant()
        return found

    async def events(
        self, grantee: int, grant_id: str, *, after: bytes | None, limit: int
    ) -> Listed:
        """Return entries of events under a grant, page by page.

        Raises:
            NotFoundError: no such grant, or `after` is no event under it.
        """
        terms = grant_terms((await self.grant(grantee, grant_id)).terms)
        key = None if after is None else (await self._event(terms, after)).key
        found, more = await self._covered(terms, key, limit)
        reads = [NewRead(grant_id, "listed", one.entry, "{}") for one in found]
        await self._log(grantee, grant_id, reads)
        entries = tuple(one.entry for one in found)
        return Listed(entries, entries[-1] if more and entries else None)

    async def bundle(
        self, grantee: int, grant_id: str, entry: bytes, codes: Sequence[str]
    ) -> Bundle:
        """Return the bundle of an event with the items of a grant.

        Args:
            grantee: Who asks.
            grant_id: Under which grant.
            entry: The event.
            codes: Which of its codes to disclose; without any all that are in the scope.

        Raises:
            NotFoundError: no such grant, no such event under it, no such code in its scope.
            NotFinalError: the event is being sealed.
        """
        terms = grant_terms((await self.grant(grantee, grant_id)).terms)
        await self._event(terms, entry)
        opened = await self._opened(entry)
        shown = await self._codes(terms, opened, codes)
        policy = terms.items.policy(self._policies, opened.biz_step)
        bundle = await self._disclosing.bundle_under(opened, policy, codes=shown, hinting=False)
        items = {"paths": list(policy.paths), "codes": len(bundle.code_paths)}
        read = NewRead(grant_id, "bundle", entry, orjson.dumps(items).decode())
        await self._log(grantee, grant_id, [read])
        return bundle

    async def codes_opening(self, grantee: int, grant_id: str, entry: bytes) -> CodesOpening:
        """Return the codes opening of an event; errors as `opening`."""
        await self._for_opening(grantee, grant_id, entry, "codes")
        made = await codes_opening(self._store, entry)
        await self._log(grantee, grant_id, [NewRead(grant_id, "codes-opening", entry, "{}")])
        return made

    async def opening(self, grantee: int, grant_id: str, entry: bytes) -> FullOpening:
        """Return the full opening of an event.

        Raises:
            NotFoundError: no such grant, no such event under it, or no openings under it.
            NotPossibleError: the event names codes beyond the scope, which would be opened too.
        """
        await self._for_opening(grantee, grant_id, entry, "full")
        made = await full_opening(self._store, entry, participant=self._rules.participant)
        await self._log(grantee, grant_id, [NewRead(grant_id, "opening", entry, "{}")])
        return made

    async def may_open(self, participant: int, entry: bytes) -> bool:
        """See `ports.Grants`. What is allowed counts as done: it is logged as a read."""
        for one in await self.grants(participant):
            terms = grant_terms(one.terms)
            if terms.items.opening != "full":
                continue
            try:
                await self._event(terms, entry)
                await self._require_whole(terms, await self._opened(entry), "full")
                read = NewRead(one.id, "challenge", entry, "{}")
                await self._log(participant, one.id, [read])
            except RequestError:
                continue
            return True
        return False

    async def _for_opening(self, grantee: int, grant_id: str, entry: bytes, kind: str) -> None:
        terms = grant_terms((await self.grant(grantee, grant_id)).terms)
        if terms.items.opening not in _OPENINGS[kind]:
            raise _no_event()
        await self._event(terms, entry)
        await self._require_whole(terms, await self._opened(entry), kind)

    async def _require_whole(self, terms: GrantTerms, opened: OpenEvent, kind: str) -> None:
        if not terms.scope.goods:
            return
        codes = await self._all_codes(opened)
        is_beyond = len(await self._in_scope(terms, codes)) < len(codes)
        if is_beyond or (kind == "full" and not classes_covered(opened.event, terms.scope.goods)):
            raise NotPossibleError(
                "the event names goods beyond the scope of the grant, which an opening would show",
                code="opening_beyond_scope",
                hint="Ask for its bundle.",
            )

    def _held(self, connection: Connection, grantee: int, grant_id: str) -> Permission | None:
        found = GRANTS.of_id(connection, grant_id)
        holds = (
            found is not None
            and found.to == grantee
            and found.state_at(self._rules.clock()) == "active"
            and self._rules.is_active(grantee)
        )
        return found if holds else None

    async def _log(self, grantee: int, grant_id: str, reads: Sequence[NewRead]) -> None:
        """Log reads, if the grant still holds.

        Raises:
            NotFoundError: it does not; nothing may be answered.
        """
        at_ms = int(self._rules.clock() * 1000)

        def work(connection: Connection) -> bool:
            if self._held(connection, grantee, grant_id) is None:
                return False
            grant_reads.append(
                connection,
                self._store.insert,
                reads,
                owner=self._rules.participant,
                grantee=grantee,
                at_ms=at_ms,
            )
            return True

        if not await self._store.write("log_read", work):
            raise _no_grant()

    async def _event(self, terms: GrantTerms, entry: bytes) -> CoveredEvent:
        goods, query = terms.scope.goods, terms.scope.query()

        def work(connection: Connection) -> CoveredEvent | None:
            one = granted_events.event_at(connection, entry)
            if one is None or not granted_events.is_covered(connection, one, goods, query):
                return None
            return one

        found = await self._store.read(work)
        if found is None:
            raise _no_event()
        return found

    async def _covered(
        self, terms: GrantTerms, after: Key | None, limit: int
    ) -> tuple[list[CoveredEvent], bool]:
        """Return a page, and whether there may be more; never empty before the end."""
        goods, query = terms.scope.goods, terms.scope.query()
        for _ in range(_PASSES_MAX):
            key = after
            page = await self._store.read(
                lambda c, key=key: granted_events.covered(  # type: ignore[misc]
                    c, goods, query, after=key, size=limit
                )
            )
            if page.events or page.after is None:
                return list(page.events), page.after is not None
            after = page.after
        raise NotPossibleError(
            "too much has to be looked at to find the next event under this grant",
            code="grant_too_wide",
            hint="Ask the owner for a grant with a narrower scope.",
        )

    async def _opened(self, entry: bytes) -> OpenEvent:
        stored = await self._store.event_by_entry(entry)
        if stored is None or stored.payload is None:
            raise _no_event()
        return open_event(stored)

    async def _all_codes(self, opened: OpenEvent) -> list[str]:
        event = await whole_event(self._store, opened)
        return [code for name in CODE_LISTS for code in event.get(name, ())]

    async def _in_scope(self, terms: GrantTerms, codes: Sequence[str]) -> list[str]:
        goods = set(terms.scope.goods)
        if not goods:
            return list(codes)
        lots = await self._store.read(lambda c: lots_of(c, set(codes)))
        return await asyncio.to_thread(
            lambda: [one for one in codes if covered(one, lots.get(one), goods)]
        )

    async def _codes(self, terms: GrantTerms, opened: OpenEvent, asked: Sequence[str]) -> list[str]:
        """Return the codes to disclose: those asked for, else all that are in the scope."""
        if not terms.items.codes:
            if asked:
                raise _no_code()
            return []
        if asked:
            if len(await self._in_scope(terms, asked)) < len(asked):
                raise _no_code()
            return list(asked)
        codes = list(dict.fromkeys(await self._in_scope(terms, await self._all_codes(opened))))
        if len(codes) > CODES_SHOWN_MAX:
            raise RequestError(
                f"the event names more than {CODES_SHOWN_MAX} codes of the grant",
                code="codes_not_chosen",
                hint="Name the codes to disclose: ?code=...",
            )
        return codes


def _no_grant() -> NotFoundError:
    return NotFoundError("no such grant", code="grant_not_found")


def _no_event() -> NotFoundError:
    return NotFoundError("no such event under this grant", code="event_not_found")


def _no_code() -> NotFoundError:
    return NotFoundError("the event does not name this code", code="code_not_found")


__all__ = ["GrantReads", "Listed"]
