"""What answers about imports look like; see `answers`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class ImportProblem(_Answer):
    """One problem of a file; values are never quoted."""

    line: int
    code: str
    detail: str
    hint: str | None


class ImportReport(BaseModel):
    """What was found in a file; beside `problems`, names and counts that depend on its kind."""

    model_config = ConfigDict(extra="allow", frozen=True, alias_generator=to_camel)

    problems: list[ImportProblem]


class ImportJob(_Answer):
    """How far an import is. `report` is there at its end."""

    id: str
    kind: str
    state: Literal["running", "interrupted", "done", "refused"]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size_bytes: int
    created_at: str
    finished_at: str = ""
    codes_to_capture: int
    codes_captured: int
    events: int
    duplicates: int
    parts: int
    report: ImportReport | None = None
