"""The built files of the pages, kept by browsers for good: their names hold their hashes."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import FileResponse

from node_gateway.errors import NotFoundError
from node_gateway.web import assets

router = APIRouter(include_in_schema=False)
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get(f"{assets.URL}/{{file}}")
async def built_file(file: str) -> FileResponse:
    """Return a built file by its name with hash."""
    path = assets.path(file)
    if path is None:
        raise NotFoundError("there is no such file", code="route_not_found")
    return FileResponse(path, headers={**_HEADERS, "X-Content-Type-Options": "nosniff"})
