"""What is worked on while logs are folded, and what every handler of a log needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar

from anchoring.directory.events import LogsRefusedError
from anchoring.directory.model import Directory, Proposal
from anchoring.directory.parts import Key, Notice, Participant, PrefixGrant, Since

T = TypeVar("T")
_TEXT_SHOWN_MAX: Final = 80


@dataclass(slots=True)
class State:
    """Mutable twin of a Directory."""

    participants: dict[int, Participant]
    keys: dict[bytes, Key]
    grants: dict[int, PrefixGrant]
    notices: dict[int, Notice]
    proposals: dict[int, Proposal]
    successors: dict[bytes, Since[bytes]]

    @classmethod
    def of(cls, directory: Directory) -> State:
        """Return a copy to work on."""
        return cls(
            dict(directory.participants),
            dict(directory.keys),
            dict(directory.grants),
            dict(directory.notices),
            dict(directory.proposals),
            dict(directory.successors),
        )

    def participant(self, number: int) -> Participant:
        """Return a participant that a log names.

        Raises:
            LogsRefusedError: no log admitted it.
        """
        found = self.participants.get(number)
        return found if found is not None else contradicts(f"participant {number} is unknown")


Handler = Callable[..., None]
"""Called with the state, the time of the block and the fields of the log."""


def known(table: dict[int, T], number: int, what: str) -> T:
    """Return what a log refers to.

    Raises:
        LogsRefusedError: there is no such thing.
    """
    found = table.get(number)
    return found if found is not None else contradicts(f"{what} {number} is unknown")


def require_next(table: dict[int, Any], number: int, what: str) -> None:
    """Check that a new thing gets the next id: ids are dense from 1.

    Raises:
        LogsRefusedError: one is missing before it, or it is there already.
    """
    if number != len(table) + 1:
        contradicts(f"{what} {number} follows {what} {len(table)}")


def then(history: tuple[Since[T], ...], at: int, value: T) -> tuple[Since[T], ...]:
    """Add a value to a history; of several within one block only the last is kept."""
    kept = history[:-1] if history and history[-1].since == at else history
    return (*kept, Since(at, value))


def text(raw: bytes) -> str:
    """Return text that a participant wrote; what is no UTF-8 is shown as such."""
    return raw.decode("utf-8", "replace")


def contradicts(sentence: str) -> NoReturn:
    """Refuse a log that does not follow from those before it."""
    raise LogsRefusedError(f"the logs contradict each other: {sentence[:_TEXT_SHOWN_MAX]}")
