"""What operations on goods answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Overridden(BaseModel):
    """A rule that was overridden, and what it says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    detail: str


class StatedEvent(BaseModel):
    """An event that an operation stated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event_id: Annotated[str, Field(alias="eventID")]
    entry: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class MergedUnits(BaseModel):
    """What a merge stated: one unpacking per unit, then the packing."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)

    operation: str
    events: list[StatedEvent]
    capture_id: Annotated[str | None, Field(alias="captureID")]
    repeated: bool
    overridden: list[Overridden]


class Operated(BaseModel):
    """What an operation stated; `captureID` is null for what was known before and for an undo."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)

    operation: str
    event_id: Annotated[str, Field(alias="eventID")]
    entry: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    capture_id: Annotated[str | None, Field(alias="captureID")]
    repeated: bool
    overridden: list[Overridden]
