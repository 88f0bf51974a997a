"""People who may sign in: added and reset with one-time links, signed in, signed out.

There is no account that is there by itself: the first link is made at the command line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from node_gateway.console import one_time_codes, tokens
from node_gateway.console.audit_log import truncated
from node_gateway.console.passwords import Passwords
from node_gateway.console.roles import ROLES, scopes_of
from node_gateway.errors import AuthenticationError, NotFoundError, NotPossibleError, ParameterError
from node_gateway.services.limiter import Limiter
from node_gateway.settings_pages import ConsoleSection
from node_gateway.storage.people import Credentials, PeopleStore, PersonRow, SessionRow

SESSIONS_SHOWN: Final = 50
_NAME: Final = re.compile(r"\w[\w.@-]{0,63}")
_SEEN_EVERY_S: Final = 30  # what is written for a session that is in use


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in.

    Attributes:
        token: Of the session, as the cookie has it.
    """

    number: int
    name: str
    role: str
    token: str

    @property
    def scopes(self) -> frozenset[str]:
        """What they may do."""
        return scopes_of(self.role)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the bearer of a link is offered."""

    name: str
    code_key: bytes


class People:
    """The use cases of accounts."""

    def __init__(
        self, store: PeopleStore, settings: ConsoleSection, *, clock: Callable[[], float]
    ) -> None:
        self._store, self._settings, self._clock = store, settings, clock
        self._passwords = Passwords()
        names, places = settings.logins_per_name, settings.logins_per_address
        shared: dict[str, Any] = {"many": True, "counted": "attempts to sign in"}
        self._by_name = Limiter(names, member="console.logins_per_name", **shared)
        self._by_address = Limiter(places, member="console.logins_per_address", **shared)

    async def add(self, name: str, role: str) -> tuple[str, dict[str, Any]]:
        """Add a person; return the token of their link, which is shown this once, and the person.

        Raises:
            ParameterError: `person_name` or `unknown_role`.
            NotPossibleError: `person_known`.
        """
        link = tokens.new_token()
        row = await self._store.add(
            _name(name), _role(role), **self._link(link), now=int(self._clock())
        )
        if row is None:
            raise NotPossibleError(
                "there is a person of this name",
                code="person_known",
                hint="sealtrail user reset-link NAME makes a new link.",
            )
        return link, person_wire(row)

    async def reset(self, name: str) -> tuple[str, dict[str, Any]]:
        """Make a new link for a person and end their sessions; a disabled one is enabled again.

        The old password holds until the link is used.

        Raises:
            NotFoundError: `person_not_found`.
        """
        link = tokens.new_token()
        return link, await self._change(name, **self._link(link), disabled_at=None)

    async def disable(self, name: str) -> dict[str, Any]:
        """Let a person sign in no more, at once. Raises NotFoundError: `person_not_found`."""
        now = int(self._clock())
        return await self._change(name, disabled_at=now, link_hash=None, link_until=None)

    async def set_role(self, name: str, role: str) -> dict[str, Any]:
        """Give a person another role, at once.

        Raises:
            NotFoundError: `person_not_found`.
            ParameterError: `unknown_role`.
        """
        return await self._change(name, role=_role(role))

    async def page(self, *, after: str, limit: int) -> tuple[list[dict[str, Any]], str | None]:
        """Return a page of people by name as JSON, and the name to go on from."""
        found = await self._store.people(after=after, limit=limit + 1)
        following = found[limit - 1].name if len(found) > limit else None
        return [person_wire(one) for one in found[:limit]], following

    async def offer(self, link: str, *, address: str) -> Offer:
        """Return what the bearer of a link is offered.

        Raises:
            NotFoundError: `link_used`: it is unknown, was used, or is too old.
            RateLimitError: too many links were tried from there.
        """
        self._by_address.check(address)
        row = await self._store.by_link(tokens.token_hash(link))
        now = self._clock()
        if row is None or row.disabled_at is not None or (row.link_until or 0) <= now:
            raise _link_used()
        return Offer(row.name, tokens.code_key_of(link))

    async def join(
        self, link: str, password: str, again: str, code: str, *, address: str
    ) -> tuple[str, tuple[str, ...]]:
        """Use a link: keep a password and an authenticator; return name and recovery codes.

        Raises:
            NotFoundError, RateLimitError: as `offer`.
            ParameterError: `password_form`, `passwords_differ` or `one_time_code`.
        """
        offered = await self.offer(link, address=address)
        if password != again:
            raise ParameterError("the two passwords differ", code="passwords_differ")
        now = self._clock()
        step = one_time_codes.step_of(offered.code_key, code, now=now)
        if step is None:
            raise ParameterError(
                "this is not the code that the authenticator shows now",
                code="one_time_code",
                hint="Does the clock of the phone go right?",
            )
        kept = await self._passwords.hashed(password)
        codes = tokens.new_recovery_codes()
        hashes = tuple(tokens.recovery_hash(one) for one in codes)
        new = Credentials(kept, offered.code_key, step, hashes)
        row = await self._store.join(tokens.token_hash(link), new, now=int(now))
        if row is None:
            raise _link_used()
        return row.name, codes

    async def sign_in(self, name: str, password: str, code: str, *, address: str) -> Person:
        """Return whoever signed in, with a new session.

        Every attempt counts, also one that is right. All that is wrong looks the same, and takes
        as long: the name, the password, the code.

        Raises:
            AuthenticationError: `login_failed`.
            RateLimitError: too many attempts, with this name or from this address.
        """
        wanted = _folded(name)
        self._by_address.check(address)
        self._by_name.count("name", wanted)
        row = await self._store.named(wanted)
        usable = row is not None and row.disabled_at is None
        kept = row.password if row is not None and usable else None
        fits = await self._passwords.fits(kept, password)
        if row is None or not fits or not await self._takes(row, code):
            raise AuthenticationError(
                "name, password and code do not fit together",
                code="login_failed",
                hint="A one-time code is taken once: wait for the next one.",
            )
        return await self._begin(row, address)

    async def _takes(self, row: PersonRow, code: str) -> bool:
        if row.code_key is None:
            return False
        step = one_time_codes.step_of(row.code_key, code, now=self._clock())
        if step is not None:
            return await self._store.take_step(row.number, step)
        return await self._store.take_recovery(row.number, tokens.recovery_hash(code))

    async def _begin(self, row: PersonRow, address: str) -> Person:
        token, now = tokens.new_token(), int(self._clock())
        ends_at, origin = now + self._settings.session_s, truncated(address)
        kept = SessionRow(tokens.token_hash(token), row.number, now, now, ends_at, origin)
        await self._store.add_session(kept, now=now)
        return Person(row.number, row.name, row.role, token)

    async def of_session(self, token: str | None, *, is_use: bool = True) -> Person:
        """Return whose session this is.

        Args:
            token: What the cookie says.
            is_use: Somebody does something; else a page renews itself, which keeps nobody in.

        Raises:
            AuthenticationError: `signed_out`: there is none, or it ended.
        """
        hashed = tokens.token_hash(token or "")
        found = await self._store.session(hashed) if token else None
        if token is None or found is None:
            raise _signed_out()
        session, row = found
        now = int(self._clock())
        idle = session.seen_at + self._settings.idle_s <= now
        if idle or session.ends_at <= now or row.disabled_at is not None:
            await self._store.end_session(hashed)
            raise _signed_out()
        if is_use and now - session.seen_at >= min(_SEEN_EVERY_S, self._settings.idle_s / 2):
            await self._store.seen(hashed, now)
        return Person(row.number, row.name, row.role, token)

    async def sign_out(self, person: Person, *, everywhere: bool = False) -> None:
        """End a session, or all of its owner."""
        if everywhere:
            await self._store.end_sessions(person.number)
        else:
            await self._store.end_session(tokens.token_hash(person.token))

    async def sessions(self, person: Person) -> list[dict[str, Any]]:
        """Return the newest `SESSIONS_SHOWN` sessions of a person, as JSON."""
        now, own = int(self._clock()), tokens.token_hash(person.token)
        return [
            {
                "beganAt": one.began_at,
                "seenAt": one.seen_at,
                "origin": one.origin,
                "isThis": one.token_hash == own,
            }
            for one in await self._store.sessions(person.number, limit=SESSIONS_SHOWN)
            if one.ends_at > now and one.seen_at + self._settings.idle_s > now
        ]

    async def recovery_count(self, person: Person) -> int:
        """Return how many recovery codes are left."""
        return await self._store.recovery_count(person.number)

    async def new_recovery(self, person: Person) -> tuple[str, ...]:
        """Return new recovery codes; the old ones hold no more."""
        codes = tokens.new_recovery_codes()
        await self._store.renew_recovery(
            person.number, [tokens.recovery_hash(one) for one in codes]
        )
        return codes

    def _link(self, link: str) -> dict[str, Any]:
        until = int(self._clock()) + self._settings.link_s
        return {"link_hash": tokens.token_hash(link), "link_until": until}

    async def _change(self, name: str, **values: Any) -> dict[str, Any]:
        row = await self._store.change(_folded(name), ends_sessions=True, **values)
        if row is None:
            raise NotFoundError("there is no person of this name", code="person_not_found")
        return person_wire(row)


def person_wire(row: PersonRow) -> dict[str, Any]:
    """Return a person as JSON, without anything that is secret."""
    state = "invited" if row.password is None else "active"
    return {
        "name": row.name,
        "role": row.role,
        "state": "disabled" if row.disabled_at is not None else state,
        "createdAt": row.created_at,
        "linkUntil": row.link_until,
    }


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def _name(text: str) -> str:
    name = _folded(text)
    if _NAME.fullmatch(name) is None:
        raise ParameterError(
            "a name has 1 to 64 letters, digits, dots, at signs and hyphens", code="person_name"
        )
    return name


def _role(text: str) -> str:
    if text not in ROLES:
        raise ParameterError(
            f"unknown role {text[:40]!r}", code="unknown_role", hint=f"One of {', '.join(ROLES)}."
        )
    return text


def _link_used() -> NotFoundError:
    return NotFoundError(
        "this link is unknown, was used, or is too old",
        code="link_used",
        hint="sealtrail user reset-link NAME makes a new one.",
    )


def _signed_out() -> AuthenticationError:
    return AuthenticationError("nobody is signed in here", code="signed_out")


__all__ = ["SESSIONS_SHOWN", "Offer", "People", "Person", "person_wire"]
