"""`sealtrail:act`: the statement an event makes, in five tokens that cannot be left out.

Leaving out `action: DELETE` or an error declaration would turn a statement into its opposite;
so every bundle carries this derived item, and its meaning is read from it alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from anchoring.core.items import ACT_PATH, OpenedItem
from anchoring.errors import EventFormError, InconsistentError, VerificationError

ABSENT = "-"
_MEMBERS = ("type", "action", "bizStep", "disposition")
_TOKENS = 5


@dataclass(frozen=True, slots=True)
class Act:
    """The tokens of `sealtrail:act`; `-` where the event has no such member."""

    type: str
    action: str
    biz_step: str
    disposition: str
    has_error_declaration: bool

    @property
    def text(self) -> str:
        """The value of the derived item."""
        flag = "1" if self.has_error_declaration else "0"
        return " ".join((self.type, self.action, self.biz_step, self.disposition, flag))

    def token(self, member: str) -> str:
        """Return the token of one of type, action, bizStep, disposition."""
        return (self.type, self.action, self.biz_step, self.disposition)[_MEMBERS.index(member)]


def act_of(event: Mapping[str, Any]) -> Act:
    """Return the act of a normalised event.

    Raises:
        EventFormError: `act_form`: type is missing, or a member is no string, empty, `-`, or
            holds a space.
    """
    tokens = []
    for member in _MEMBERS:
        value = event.get(member, ABSENT)
        given = member in event
        bad = not isinstance(value, str) or not value or " " in value
        if bad or (given and value == ABSENT) or (member == "type" and not given):
            raise EventFormError(
                f"{member} must be one word, without spaces", code="act_form", pointer=f"/{member}"
            )
        tokens.append(value)
    return _act(tokens, has_error_declaration="errorDeclaration" in event)


def parse_act(text: str) -> Act:
    """Return the act that a derived item states.

    Raises:
        VerificationError: `act_form`: not five tokens, the first is `-`, or the last is not 0|1.
    """
    tokens = text.split(" ")
    if len(tokens) != _TOKENS or not all(tokens):
        raise VerificationError("sealtrail:act is five tokens", code="act_form")
    if tokens[0] == ABSENT or tokens[4] not in ("0", "1"):
        raise VerificationError("sealtrail:act has a token out of place", code="act_form")
    return _act(tokens[:4], has_error_declaration=tokens[4] == "1")


def _act(tokens: list[str], *, has_error_declaration: bool) -> Act:
    type_, action, biz_step, disposition = tokens
    return Act(type_, action, biz_step, disposition, has_error_declaration)


def act_from_items(opened: Iterable[OpenedItem]) -> Act:
    """Return the act that the disclosed items state, after holding the originals against it.

    Raises:
        VerificationError: `act_missing` or `act_form`.
        InconsistentError: a disclosed original says something else.
    """
    items = list(opened)
    stated = [one.item.value for one in items if one.item.path == ACT_PATH]
    if not stated:
        raise VerificationError("sealtrail:act is not disclosed", code="act_missing")
    act = parse_act(str(stated[0]))
    for one in items:
        _check_original(one, act)
    return act


def _check_original(one: OpenedItem, act: Act) -> None:
    first = one.segments[0] if one.segments else None
    if first == "errorDeclaration" and not act.has_error_declaration:
        raise InconsistentError("an error declaration is disclosed, the act states none")
    if first not in _MEMBERS:
        return
    token = act.token(str(first))
    if len(one.segments) != 1 or token == ABSENT or one.item.value != token:
        raise InconsistentError(f"the disclosed {first} is not what the act states")
