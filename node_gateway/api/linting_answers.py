"""What the answers around mappings and looking at files look like; see `api.answers`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from node_gateway.api.answers import Spot


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class KeptMapping(_Answer):
    """A mapping that is kept; `columns` are those that a file must have."""

    mapping: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    columns: list[str]


class EventsByType(_Answer):
    """How many events of one kind there are, and how many codes they name."""

    type: str
    action: str
    biz_step: str
    events: int
    codes: int


class Foreseen(_Answer):
    """What the state rules would say of an event."""

    event_id: Annotated[str, Field(alias="eventID")]
    rule: str
    severity: Literal["info", "warning", "alarm"]
    code: str
    detail: str


class LintAnswer(_Answer):
    """What a file would do. The place of a problem is a JSON pointer, an XPath or a line."""

    kind: str
    good: bool
    events: int
    by_type: list[EventsByType]
    new: int
    duplicates: int
    conflicts: int
    refused: int
    problem_count: int
    problems: list[Spot]
    findings: list[Foreseen]
    findings_judged: int
