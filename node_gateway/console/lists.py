"""Lists: a page of rows as a screen, as JSON and as CSV, from the same values.

Where a list goes on is a key of its last row, never a count of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import Query, Request, Response
from fastapi.responses import JSONResponse

from node_gateway.csv_text import MEDIA_TYPE, write_sheet

PAGE: Final = 50
NUMBER_MAX: Final = 2**53 - 1
Form = Literal["html", "json", "csv"]
Wanted = Annotated[Form, Query(alias="format")]
PerPage = Annotated[int, Query(alias="perPage", ge=1, le=1000)]
After = Annotated[int, Query(ge=0, le=NUMBER_MAX)]
_PRIVATE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of a list.

    Attributes:
        name: Of the file that a CSV is kept as.
        columns: Members of the rows that a CSV has, in order.
        rows: As JSON.
        following: What `after` is for the next page; None: this is the last one.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    following: object = None


def twin(listed: Listed, form: Form) -> Response | None:
    """Return a list as JSON or CSV; None if it is wanted as a screen."""
    if form == "json":
        body = {"rows": list(listed.rows), "next": listed.following}
        return JSONResponse(body, headers=_PRIVATE)
    if form == "csv":
        rows = ({one: _cell(row.get(one)) for one in listed.columns} for row in listed.rows)
        text = "".join(write_sheet(listed.columns, rows))
        named = {"Content-Disposition": f'attachment; filename="{listed.name}.csv"'}
        return Response(text, media_type=MEDIA_TYPE, headers={**_PRIVATE, **named})
    return None


def links(request: Request, listed: Listed) -> dict[str, str]:
    """Return the addresses of the twins of a list, of its next page, and of its beginning."""
    found = {form: _with(request, format=form) for form in ("json", "csv")}
    following = listed.following
    found["next"] = "" if following is None else _with(request, after=str(following))
    found["first"] = _with(request, after="") if request.query_params.get("after") else ""
    return found


def _with(request: Request, **changed: str) -> str:
    kept = [
        (name, value)
        for name, value in request.query_params.multi_items()
        if name not in (*changed, "lang")
    ]
    return "?" + urlencode([*kept, *((name, value) for name, value in changed.items() if value)])


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(_cell(one) for one in value)
    if isinstance(value, dict):
        return _cell(value.get("name") or value.get("participant"))
    return str(value)


__all__ = ["NUMBER_MAX", "PAGE", "After", "Form", "Listed", "PerPage", "Wanted", "links", "twin"]
