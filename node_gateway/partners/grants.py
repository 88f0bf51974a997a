"""Grants: what an owner lets another participant read, and for how long."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from anchoring.directory.model import Directory, Status
from node_gateway.errors import NotFoundError, ParameterError
from node_gateway.partners.grant_terms import (
    GOODS_MAX,
    ITEM_PRESETS,
    GrantTerms,
    goods_of,
    grant_terms,
)
from node_gateway.services.following import Follower
from node_gateway.settings_partners import GrantsSection
from node_gateway.storage import granted_goods
from node_gateway.storage.database import Database
from node_gateway.storage.grants import GRANTS, Permission, page

DAY_S: Final = 86_400
PURPOSE_LENGTH_MAX: Final = 500
_ROWS_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to allow a participant. Times in Unix seconds; `valid_from` None: now."""

    to: int
    terms: dict[str, Any]
    purpose: str
    valid_until: int
    valid_from: int | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for every permission of this gateway."""

    participant: int
    settings: GrantsSection
    directory: Callable[[], Directory]
    clock: Callable[[], float]

    def permission(self, wish: Wish, *, by: str) -> Permission:
        """Return what a wish allows, under a new id.

        Raises:
            ParameterError: it cannot be allowed as it stands.
        """
        now_s = int(self.clock())
        start = now_s if wish.valid_from is None else wish.valid_from
        if not 1 <= len(wish.purpose) <= PURPOSE_LENGTH_MAX:
            text = f"a purpose has 1 to {PURPOSE_LENGTH_MAX} characters"
            raise ParameterError(text, code="purpose_form", hint="Say what it is for.")
        if wish.valid_until <= max(start, now_s):
            raise ParameterError(
                "it would be over before it begins", code="until_form", hint="Give a later time."
            )
        days = self.settings.lifetime_days_max
        if wish.valid_until - now_s > days * DAY_S:
            raise ParameterError(
                f"it may last {days} days at most",
                code="until_form",
                hint="Give an earlier time, and a new one then.",
            )
        if wish.to == self.participant or wish.to not in self.directory().participants:
            raise NotFoundError(
                "no other participant has this id or short name", code="participant_not_found"
            )
        return Permission(
            number=0,
            id=secrets.token_hex(8),
            to=wish.to,
            terms=wish.terms,
            purpose=wish.purpose,
            valid_from=start,
            valid_until=wish.valid_until,
            created_at=now_s,
            created_by=by,
        )

    def is_active(self, participant: int) -> bool:
        """Tell whether a participant is neither suspended nor removed now."""
        return self.directory().status_at(participant, int(self.clock())) is Status.ACTIVE


class Giving:
    """The use cases of an owner: give, list, revoke. Nothing of a grant is kept in memory."""

    def __init__(self, database: Database, follower: Follower, rules: Rules) -> None:
        self._database, self._follower, self.rules = database, follower, rules
        self._changing = asyncio.Lock()

    async def give(self, wish: Wish, *, by: str) -> Permission:
        """Allow a participant to read, from now on also what was stored before.

        Args:
            wish: With the JSON of `GrantTerms`.
            by: Id of the API key that asks for it.

        Raises:
            ParameterError, NotFoundError: it cannot be allowed as it stands.
        """
        new = self.rules.permission(wish, by=by)
        goods = _checked(grant_terms(wish.terms))
        async with self._changing:
            try:
                await self._index(goods)
                return await self._database.write("give_grant", lambda c: GRANTS.add(c, new))
            except BaseException:
                await self._tidy()  # what was indexed in part must not look complete
                raise

    async def revoke(self, grant_id: str, *, by: str) -> Permission:
        """End a grant now; every request from now on is refused.

        Raises:
            NotFoundError: no such grant.
        """
        now_s = int(self.rules.clock())

        def work(connection: Connection) -> Permission | None:
            return GRANTS.revoke(connection, grant_id, at=now_s, by=by)

        revoked = await self._database.write("revoke_grant", work)
        if revoked is None:
            raise _unknown()
        return revoked

    async def of_id(self, grant_id: str) -> Permission:
        """Return a grant, ended or not. Raises NotFoundError: no such grant."""
        found = await self._database.read(lambda c: GRANTS.of_id(c, grant_id))
        if found is None:
            raise _unknown()
        return found

    async def listed(
        self, *, after: int, limit: int, grantee: int | None = None
    ) -> tuple[list[Permission], int | None]:
        """Return a page of grants by number, and the number to go on from."""
        found = await self._database.read(lambda c: GRANTS.after(c, after, limit + 1, grantee))
        some, following = page(found, limit)
        return list(some), following

    async def tidy(self) -> None:
        """Forget the index of goods that no grant names any more."""
        async with self._changing:
            await self._tidy()

    async def _tidy(self) -> None:
        now_s = int(self.rules.clock())

        def work(connection: Connection) -> None:
            living = [grant_terms(one.terms) for one in GRANTS.unended(connection, now_s)]
            granted_goods.keep_only(connection, goods_of(living))

        await self._database.write("tidy_grants", work)

    async def _index(self, goods: set[str]) -> None:
        """Index goods: first what comes from now on, then what is stored already."""
        if not goods:
            return
        database = self._database
        fresh = await database.write("register_goods", lambda c: granted_goods.register(c, goods))
        await self._follower.catch_up()
        for one in fresh:
            positions = await database.read(_about(one))
            for start in range(0, len(positions), _ROWS_AT_ONCE):
                rows = [(one, position) for position in positions[start : start + _ROWS_AT_ONCE]]
                await database.write("index_goods", _adding(database, rows))


def _checked(terms: GrantTerms) -> set[str]:
    goods = goods_of([terms])
    items = terms.items
    if len(goods) > GOODS_MAX:
        text = f"a grant names at most {GOODS_MAX} codes, lots and products"
        raise ParameterError(text, code="grant_scope", hint="Give several grants.")
    if not items.preset and not items.paths and not items.codes and items.opening == "none":
        raise ParameterError(
            "the grant would show nothing",
            code="grant_items",
            hint=f"Name items, or a preset: {', '.join(ITEM_PRESETS)}.",
        )
    return goods


def _about(goods: str) -> Callable[[Connection], list[int]]:
    return lambda connection: granted_goods.events_about(connection, goods)


def _adding(database: Database, rows: list[tuple[str, int]]) -> Callable[[Connection], None]:
    return lambda connection: granted_goods.add_rows(connection, database.insert, rows)


def _unknown() -> NotFoundError:
    return NotFoundError("no such grant", code="grant_not_found")


def permission_wire(one: Permission, now_s: float, slugs: Mapping[int, str]) -> dict[str, Any]:
    """Return a grant or delegation as its owner sees it, as JSON."""
    return {
        "id": one.id,
        "participant": one.to,
        "slug": slugs.get(one.to),
        "state": one.state_at(now_s),
        "purpose": one.purpose,
        "validFrom": one.valid_from,
        "validUntil": one.valid_until,
        "createdAt": one.created_at,
        "createdBy": one.created_by,
        "revokedAt": one.revoked_at,
        "revokedBy": one.revoked_by,
        "terms": one.terms,
    }
