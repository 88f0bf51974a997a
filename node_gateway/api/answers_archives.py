"""Answers about archives."""

from __future__ import annotations

from node_gateway.api.answers import _Answer
from node_gateway.api.answers_public import PublicAnswer


class Origin(_Answer):
    """Whose archive it is; `exportedAt` is in Unix seconds."""

    participant: int
    name: str
    exported_at: int


class Served(Origin):
    """An archive that is served; its public addresses stand below `base`."""

    slug: str
    base: str


class Archives(_Answer):
    """Every archive that is served here."""

    archives: list[Served]


class ArchivedAnswer(PublicAnswer):
    """A public answer as of the export; notices are those of now."""

    archive: Origin
