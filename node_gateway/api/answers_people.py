"""What answers about people look like; see `answers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel

from node_gateway.api.answers import _Answer


class PersonAnswer(_Answer):
    """Somebody who may sign in to the console; times in Unix seconds."""

    name: str
    role: str
    state: Literal["invited", "active", "disabled"]
    created_at: int
    link_until: int | None


class PersonWithLink(PersonAnswer):
    """With the token of their link, this once."""

    link: str


class PersonList(_Answer):
    """A page of people."""

    people: list[PersonAnswer]
    next: str | None


ANSWERS: Final[Mapping[str, Mapping[int, type[BaseModel] | str]]] = {
    "addPerson": {201: PersonWithLink},
    "listPeople": {200: PersonList},
    "resetPersonLink": {201: PersonWithLink},
    "disablePerson": {200: PersonAnswer},
}
