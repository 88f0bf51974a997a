"""Products, locations and parties: one set of routes for each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from node_gateway.api.deps import BodyDep, GatewayDep, OperateKey, QueryKey, limited_body
from node_gateway.csv_text import MEDIA_TYPE
from node_gateway.epcis.parse import parse_json
from node_gateway.errors import MediaTypeError, ParameterError
from node_gateway.master_data.records import MODELS, Kind
from node_gateway.services.gateway import Gateway
from node_gateway.services.master_data import wire
from node_gateway.services.master_data_files import MasterDataFiles, report_wire
from node_gateway.storage.ports import ApiKey

_RECORD_SIZE_BYTES_MAX: Final = 256 * 1024
_CSV_TYPES: Final = (MEDIA_TYPE, "application/csv", "application/vnd.ms-excel", "text/plain")
_ID: Final = "Its id in any spelling; slashes may stay as they are."

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="Only if this version (ETag) holds.")
]
IdQuery = Annotated[str, Query(alias="id", max_length=1000, description="Id of the record.")]
RecordPath = Annotated[str, Path(description=_ID)]


async def _csv_body(request: Request) -> bytes:
    kind = request.headers.get("content-type", MEDIA_TYPE).split(";")[0].strip().lower()
    if kind not in _CSV_TYPES:
        raise MediaTypeError(f"{kind} is not read here", hint="Send text/csv.")
    return await limited_body(request)


CsvBody = Annotated[bytes, Depends(_csv_body)]


@dataclass(frozen=True, slots=True)
class _Noun:
    kind: Kind
    plural: str

    @property
    def title(self) -> str:
        return self.kind.capitalize()

    @property
    def titles(self) -> str:
        return self.plural.capitalize()


_NOUNS: Final = (
    _Noun("product", "products"),
    _Noun("location", "locations"),
    _Noun("party", "parties"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is asked for."""

    after: Annotated[str, Query(max_length=1000, description="Go on after this id.")] = ""
    prefix: Annotated[str, Query(max_length=1000, description="Ids that begin so.")] = ""
    q: Annotated[str, Query(max_length=200, description="Part of a name or code.")] = ""
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=1000)] = 100
    lang: Annotated[str, Query(pattern="^(en|zh)$", description="Column names of CSV.")] = "en"

    def following(self, plural: str, last: str) -> str:
        """Return the address of the next page."""
        params = {"after": last, "prefix": self.prefix, "q": self.q, "perPage": self.per_page}
        filled = {name: value for name, value in params.items() if value}
        return f"/v1/{plural}?{urlencode(filled)}"


def _reading(router: APIRouter, noun: _Noun) -> None:
    kind, plural = noun.kind, noun.plural

    @router.get(f"/v1/{plural}", operation_id=f"list{noun.titles}", summary=f"List {plural}")
    async def list_records(
        request: Request, key: QueryKey, gateway: GatewayDep, page: Annotated[Page, Depends()]
    ) -> Response:
        del key
        if MEDIA_TYPE in request.headers.get("accept", ""):
            return _csv(gateway, kind, plural, chinese=page.lang == "zh")
        rows = await gateway.master.page(
            kind, after=page.after, prefix=page.prefix, words=page.q, limit=page.per_page
        )
        headers = {}
        if len(rows) == page.per_page:
            headers["Link"] = f'<{page.following(plural, rows[-1].identifier)}>; rel="next"'
        return JSONResponse({plural: [wire(row) for row in rows]}, headers=headers)

    @router.get(
        f"/v1/{plural}/versions",
        operation_id=f"list{noun.title}Versions",
        summary=f"List versions of a {kind}",
    )
    async def list_versions(key: QueryKey, gateway: GatewayDep, identifier: IdQuery) -> Response:
        del key
        rows = await gateway.master.versions(kind, identifier)
        return JSONResponse({"versions": [wire(row) for row in rows]})

    @router.get(
        f"/v1/{plural}/{{record:path}}", operation_id=f"get{noun.title}", summary=f"Get {kind}"
    )
    async def get_record(key: QueryKey, gateway: GatewayDep, record: RecordPath) -> Response:
        del key
        row = await gateway.master.get(kind, _id(record))
        return JSONResponse(wire(row), headers=_etag(row.version))

    list_records.__doc__ = (
        f"List {plural} by id; RFC 8288 `Link` leads to the next page. As text/csv: all of them."
    )
    list_versions.__doc__ = (
        f"List every version of a {kind}, newest first: who changed what, and when.\n\n"
        f"    Problems: {kind}_not_found."
    )
    get_record.__doc__ = f"Return a {kind}, with its version.\n\n    Problems: {kind}_not_found."


def _writing(router: APIRouter, noun: _Noun) -> None:
    kind, plural = noun.kind, noun.plural
    schema = MODELS[kind].model_json_schema(by_alias=True)
    schema["required"] = [name for name in schema.get("required", ()) if name != "id"]
    body_schema = {"content": {"application/json": {"schema": _inlined(schema)}}}

    @router.put(
        f"/v1/{plural}/{{record:path}}",
        operation_id=f"put{noun.title}",
        summary=f"Put {kind}",
        openapi_extra={"requestBody": {"required": True, **body_schema}},
    )
    async def put_record(
        key: OperateKey,
        gateway: GatewayDep,
        record: RecordPath,
        body: BodyDep,
        if_match: IfMatch = None,
    ) -> Response:
        members = parse_json(body, size_bytes_max=_RECORD_SIZE_BYTES_MAX)
        written = await gateway.master.put(
            kind, _id(record), members, by=_who(key), version=_version(if_match)
        )
        row = await gateway.master.get(kind, written.record.id)
        status = 201 if written.result == "created" else 200
        return JSONResponse(wire(row), status_code=status, headers=_etag(row.version))

    @router.delete(
        f"/v1/{plural}/{{record:path}}",
        operation_id=f"remove{noun.title}",
        summary=f"Remove {kind}",
    )
    async def remove_record(
        key: OperateKey, gateway: GatewayDep, record: RecordPath, if_match: IfMatch = None
    ) -> Response:
        row = await gateway.master.remove(
            kind, _id(record), by=_who(key), version=_version(if_match)
        )
        return JSONResponse(wire(row))

    put_record.__doc__ = (
        f"Create or replace a {kind}; the same again changes nothing.\n\n"
        "    Problems: master_data_taken, version_changed, id_mismatch, member_unknown."
    )
    remove_record.__doc__ = (
        f"Remove a {kind}; its versions stay.\n\n    Problems: {kind}_not_found, version_changed."
    )


def _importing(router: APIRouter, noun: _Noun) -> None:
    kind, plural = noun.kind, noun.plural
    csv_schema = {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}, "required": True}

    @router.post(
        f"/v1/{plural}/import",
        operation_id=f"import{noun.titles}",
        summary=f"Import {plural}",
        openapi_extra={"requestBody": csv_schema},
    )
    async def import_records(
        key: OperateKey,
        gateway: GatewayDep,
        body: CsvBody,
        proceed: Annotated[bool, Query(description="Take the rows that can be taken.")] = False,
        check: Annotated[bool, Query(description="Take nothing, only report.")] = False,
    ) -> Response:
        report = await MasterDataFiles(gateway.master).take(
            kind, body, by=_who(key), proceed=proceed, check=check
        )
        return JSONResponse(report_wire(report))

    import_records.__doc__ = (
        f"Create or replace {plural} from CSV; the same file again changes nothing.\n\n"
        "    Problems: csv_form, csv_encoding, csv_column_unknown, csv_column_missing,\n"
        "    csv_column_repeats, row_repeats, too_many_rows, master_data_taken."
    )


def _csv(gateway: Gateway, kind: Kind, plural: str, *, chinese: bool) -> Response:
    async def lines() -> AsyncIterator[str]:
        async for text in MasterDataFiles(gateway.master).export(kind, chinese=chinese):
            yield text

    headers = {"Content-Disposition": f'attachment; filename="{plural}.csv"'}
    return StreamingResponse(lines(), media_type=f"{MEDIA_TYPE}; charset=utf-8", headers=headers)


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without references, which would lead nowhere in the whole description."""
    definitions = schema.pop("$defs", {})

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            if name := node.get("$ref", "").rpartition("/")[2]:
                return walk(definitions[name])
            return {key: walk(value) for key, value in node.items()}
        return [walk(one) for one in node] if isinstance(node, list) else node

    made: dict[str, Any] = walk(schema)
    return made


def _id(text: str) -> str:
    """Return an id as it was meant: some clients and proxies merge slashes."""
    if text.startswith(("http:/", "https:/")) and "://" not in text:
        return text.replace(":/", "://", 1)
    return text


def _who(key: ApiKey) -> str:
    return f"key {key.key_id} {key.name}"


def _etag(version: int) -> dict[str, str]:
    return {"ETag": f'"{version}"'}


def _version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    text = if_match.strip().strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ParameterError("If-Match is no version", hint='As the ETag has it, such as "3".')
    return int(text)


def _made() -> APIRouter:
    router = APIRouter(tags=["master data"])
    for noun in _NOUNS:
        _reading(router, noun)
        _writing(router, noun)
        _importing(router, noun)
    return router


router = _made()
