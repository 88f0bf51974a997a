"""What answers about kept evidence look like; see `answers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel

from node_gateway.api.answers import _Answer

_FILE: Final = "An evidence file, `sealtrail/evidence/v1` (docs/reference/evidence.md)."


class KeptEvidenceAnswer(_Answer):
    """One contradiction that was kept; `kind` is that of its file, which `href` gives."""

    name: str
    kind: Literal["two_messages", "custody_conflict", "said"]
    partners: list[int]
    found_at: int
    reason: str
    exception: int | None
    href: str


class EvidencePage(_Answer):
    """What was kept, custody last; `next` is where the next page goes on."""

    evidence: list[KeptEvidenceAnswer]
    next: str | None


ANSWERS: Final[Mapping[str, Mapping[int, type[BaseModel] | str]]] = {
    "listEvidence": {200: EvidencePage},
    "getEvidence": {200: _FILE},
    "getExceptionEvidence": {200: _FILE},
}
