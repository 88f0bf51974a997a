"""Bodies of requests to govern, and the typed wishes that they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from anchoring.chain.governance import (
    Action,
    Admit,
    ChangeRoles,
    ChangeVoter,
    GrantPrefix,
    NameSuccessor,
    Reinstate,
    Remove,
    ReplaceAdminKey,
    RevokePrefix,
    Suspend,
)
from anchoring.chain.governance_calls import GovernanceCalls, NoticeScope, NoticeText
from anchoring.chain.network import Network
from anchoring.directory.model import Directory
from anchoring.directory.prefixes import normal_prefix
from node_gateway.errors import ParameterError
from node_gateway.services import governing_actions as acts

Name = Literal[
    "suspend",
    "reinstate",
    "grant-prefix",
    "change-roles",
    "admit",
    "remove",
    "change-voter",
    "replace-admin-key",
    "revoke-prefix",
    "name-successor",
]
Text = Annotated[str, Field(max_length=1000)]
Seconds = Annotated[int, Field(ge=0, le=acts.TIME_MAX)]
_NUMBER_MAX: Final = 2**53 - 1


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ProposalIn(_Body):
    """An action to propose, with the members that it needs; a participant by id or slug."""

    action: Name
    evidence: Text = ""
    participant: Text | int | None = None
    roles: Annotated[list[Text] | None, Field(max_length=16)] = None
    voter: bool | None = None
    admin_key: Annotated[Text | None, Field(alias="adminKey")] = None
    recovery_key: Annotated[Text | None, Field(alias="recoveryKey")] = None
    prefix: Text | None = None
    grant: Annotated[int | None, Field(ge=1, le=_NUMBER_MAX)] = None
    start: Annotated[Seconds | None, Field(alias="from")] = None
    until: Seconds | None = None
    successor: Text | None = None
    newcomer: dict[str, Any] | None = None


class OfferIn(_Body):
    """Who is to get a prefix: id or slug."""

    to: Text | int


class EndIn(_Body):
    """When a prefix ends, Unix seconds; 0: now."""

    until: Seconds = 0


class WordingIn(_Body):
    """What a notice says: at least one text; `uri` and `uriDigest` (SHA-256) go together."""

    zh: str = ""
    en: str = ""
    uri: str = ""
    uri_digest: Annotated[Text, Field(alias="uriDigest")] = ""

    def text(self) -> NoticeText:
        """Return it, checked; errors as `text_of`."""
        return acts.text_of(self.zh, self.en, self.uri, acts.digest_of_text(self.uri_digest))


class EscalationIn(WordingIn):
    """A graver level, and what is said of it."""

    level: int


class NoticeIn(WordingIn):
    """A recall or an exercise of one: a product, and of it lots, a list by its digest, or all."""

    level: int
    drill: bool
    product: Text
    lots: Annotated[list[str], Field(max_length=1000)] = []
    list_digest: Annotated[Text, Field(alias="listDigest")] = ""

    def scope(self) -> NoticeScope:
        """Return what it is about, checked; errors as `scope_of`."""
        return acts.scope_of(self.product, self.lots, acts.digest_of_text(self.list_digest))


_Maker: TypeAlias = Callable[[ProposalIn, Directory, Network], Action]


def _id(wanted: ProposalIn, directory: Directory) -> int:
    return acts.participant_of(str(wanted.participant), directory).id


def _code_registry(network: Network) -> bytes:
    return GovernanceCalls(network).code_registry


def _granted(wanted: ProposalIn, directory: Directory, network: Network) -> Action:
    return GrantPrefix(
        _code_registry(network),
        normal_prefix(wanted.prefix or ""),
        _id(wanted, directory),
        wanted.start or 0,
        wanted.until or 0,
    )


def _revoked(wanted: ProposalIn, directory: Directory, network: Network) -> Action:
    grant = acts.grant_of(wanted.grant or 0, directory)
    return RevokePrefix(_code_registry(network), grant, wanted.until or 0)


def _key_replaced(wanted: ProposalIn, directory: Directory, _: Network) -> Action:
    key = acts.address_of(wanted.admin_key or "")
    recovery = acts.recovery_of(wanted.recovery_key or "")
    return ReplaceAdminKey(_id(wanted, directory), key, recovery)


_MAKERS: Final[Mapping[str, tuple[frozenset[str], frozenset[str], _Maker]]] = MappingProxyType(
    {
        name: (frozenset(needed), frozenset(allowed), maker)
        for name, needed, allowed, maker in (
            ("suspend", ["participant"], [], lambda w, d, _: Suspend(_id(w, d))),
            ("reinstate", ["participant"], [], lambda w, d, _: Reinstate(_id(w, d))),
            ("remove", ["participant"], [], lambda w, d, _: Remove(_id(w, d))),
            ("admit", ["newcomer"], [], lambda w, _d, _n: Admit(acts.newcomer_of(w.newcomer))),
            (
                "change-roles",
                ["participant", "roles"],
                [],
                lambda w, d, _: ChangeRoles(_id(w, d), acts.roles_of(w.roles or [])),
            ),
            (
                "change-voter",
                ["participant", "voter"],
                [],
                lambda w, d, _: ChangeVoter(_id(w, d), bool(w.voter)),
            ),
            ("replace-admin-key", ["participant", "admin_key"], ["recovery_key"], _key_replaced),
            ("grant-prefix", ["participant", "prefix"], ["start", "until"], _granted),
            ("revoke-prefix", ["grant"], ["until"], _revoked),
            (
                "name-successor",
                ["successor"],
                [],
                lambda w, _, n: NameSuccessor(
                    n.registries[0].address, acts.address_of(w.successor or "")
                ),
            ),
        )
    }
)


def action_of(wanted: ProposalIn, directory: Directory, network: Network) -> Action:
    """Return the action that a body means.

    Raises:
        ParameterError: a member is missing, or means nothing for this action.
        NotFoundError, FormatError: a member names or spells something that is none.
    """
    needed, allowed, maker = _MAKERS[wanted.action]
    given = wanted.model_fields_set - {"action", "evidence"}
    given = {name for name in given if getattr(wanted, name) is not None}
    if missing := needed - given:
        raise ParameterError(f"{_alias(min(missing))}: {wanted.action} needs it")
    if strange := given - needed - allowed:
        raise ParameterError(f"{_alias(min(strange))}: means nothing for {wanted.action}")
    return maker(wanted, directory, network)


def _alias(name: str) -> str:
    return ProposalIn.model_fields[name].alias or name
