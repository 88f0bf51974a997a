"""What answers about labels look like; see `answers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel

from node_gateway.api.answers import _Answer

_FILE: Final = "A file of labels (docs/reference/labels.md)."


class LabelSymbol(_Answer):
    """A symbol: what a scanner sends in front, what it holds, what people read beside it."""

    symbology: Literal["datamatrix", "qr", "code128"]
    identifier: str
    data: str
    hri: list[str]


class LabelWarning(_Answer):
    """Something that forbids nothing; `count` labels are concerned."""

    code: str
    detail: str
    count: int


class LabelOverridden(_Answer):
    """Something that would forbid a label, had it not been overridden."""

    code: str
    detail: str
    pointer: str


class LabelLook(_Answer):
    """The first label of a request, as it would be printed; `preview` is an SVG at true size."""

    count: int
    printed_before: int
    symbols: list[LabelSymbol]
    preview: str
    decoded: int
    read_back: int
    warnings: list[LabelWarning]
    overridden: list[LabelOverridden]


class LabelJob(_Answer):
    """A job; `unlockedAtMs` is null until its first label was scanned."""

    job: int
    state: Literal["locked", "unlocked"]
    count: int
    made_by: str
    created_at_ms: int
    failed_scans: int
    unlocked_at_ms: int | None
    unlocked_by: str | None
    request: dict[str, Any]
    href: str


class LabelJobMade(LabelJob):
    """A new job, with a look at its first label."""

    look: LabelLook


class LabelJobScanned(LabelJob):
    """An unlocked job; `separatorsLost`: the scanner drops FNC1."""

    separators_lost: bool


class LabelJobs(_Answer):
    """Jobs, newest first."""

    jobs: list[LabelJob]
    next: int | None


class LabelSpan(_Answer):
    """Codes of an order in a row."""

    order: str
    first: int
    count: int


class LabelPrint(_Answer):
    """One file of labels: who printed it (the id of an API key), when, why and of what."""

    print: int
    job: int | None
    kind: Literal["first", "run", "once"]
    format: Literal["pdf", "png", "svg", "zpl", "csv"]
    key: str
    at_ms: int
    count: int
    reason: str | None
    override: str | None
    orders: list[LabelSpan]
    codes: list[str]


class LabelPrints(_Answer):
    """What was printed, newest first."""

    prints: list[LabelPrint]
    next: int | None


class LabelJobDetail(LabelJob):
    """A job with what was printed of it."""

    prints: list[LabelPrint]


FILES: Final = frozenset({"printLabels", "printFirstLabel", "printLabelJob"})
"""Operations that answer with a file."""
FILE_TYPES: Final = (
    "application/pdf",
    "image/png",
    "image/svg+xml",
    "application/vnd.zebra-zpl",
    "text/csv",
)
ANSWERS: Final[Mapping[str, Mapping[int, type[BaseModel] | str]]] = {
    "printLabels": {200: _FILE},
    "addLabelJob": {201: LabelJobMade},
    "listLabelJobs": {200: LabelJobs},
    "getLabelJob": {200: LabelJobDetail},
    "printFirstLabel": {200: _FILE},
    "scanFirstLabel": {200: LabelJobScanned},
    "printLabelJob": {200: _FILE},
    "listLabelPrints": {200: LabelPrints},
}
