"""Labels as CSV, for label software that lays them out itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from node_gateway.csv_text import MEDIA_TYPE as MEDIA_TYPE
from node_gateway.csv_text import write_sheet
from node_gateway.labels.contents import Content, Unit

COLUMNS: Final = ("code", "symbol", "content", "hri", "name", "lot", "expiry")


def table(rows: Iterable[tuple[Unit, Content, str]]) -> bytes:
    """Return a row for every symbol.

    Args:
        rows: What is labelled, a symbol of it, and the name of the product. `content` of a GS1
            symbol has its elements in brackets, as label software takes them.
    """
    lines = write_sheet(COLUMNS, (_row(*one) for one in rows))
    return "".join(lines).encode("utf-8")


def _row(unit: Unit, content: Content, name: str) -> Mapping[str, str]:
    is_bracketed = content.is_gs1 and content.elements is not None
    data = content.elements.bracketed if is_bracketed and content.elements else content.data
    return {
        "code": unit.code,
        "symbol": content.symbology,
        "content": data,
        "hri": " ".join(content.hri),
        "name": name,
        "lot": unit.lot or "",
        "expiry": unit.expiry.isoformat() if unit.expiry else "",
    }
