"""What every answer under `/epcis` has in common: versions, formats, extensions, links.

A client says by headers what it can read; what cannot be satisfied is refused with 406 before any
work is done.

Source: EPCIS 2.0, REST bindings (OpenAPI), headers `GS1-*`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from types import MappingProxyType
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import Depends, Request, Response

from node_gateway.api.deps import gateway
from node_gateway.codes.gs1.urns import to_urn
from node_gateway.epcis.query import PagingError, QueryParameterError
from node_gateway.epcis.spelling import shortened
from node_gateway.errors import NotAcceptableError, UriTooLongError
from node_gateway.services.gateway import EPCIS_CONTEXT, Gateway
from node_gateway.services.page_tokens import PageToken
from node_gateway.services.querying import PAGE_SIZE, PAGE_SIZE_MAX

EPCIS_VERSION: Final = "2.0.0"
CBV_VERSION: Final = "2.0.0"
CAPTURED_FROM: Final = "1.2"
"""The oldest EPCIS (and CBV) that is captured, as XML."""
EXTENSIONS: Final = "cn-drug=urn:x-cn-drug:"
JSON: Final = "application/json"
XML: Final = "application/xml"
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
URI_LENGTH_MAX: Final = 8192
_FIELDS_MAX: Final = 300

_VERSION: Final = re.compile(r"\d{1,6}(\.\d{1,6}){0,3}", re.ASCII)
_EPC_FORMATS: Final = frozenset(
    {"No_Preference", "Always_GS1_Digital_Link", "Always_EPC_URN", "Never_Translates"}
)
_CBV_FORMATS: Final = frozenset(
    {"No_Preference", "Always_Web_URI", "Always_URN", "Never_Translates"}
)
_EXTENSION: Final = re.compile(r"\s*([A-Za-z][\w\-]*)\s*=\s*([A-Za-z][\w+.\-]*:\S+?)\s*", re.ASCII)
_JSON_RANGES: Final = frozenset({"*/*", "application/*", JSON, "application/ld+json"})
_XML_RANGES: Final = frozenset({XML, "text/xml", "text/*"})


def standard_headers() -> dict[str, str]:
    """Return the headers that every answer has."""
    return {
        "GS1-EPCIS-Version": EPCIS_VERSION,
        "GS1-CBV-Version": CBV_VERSION,
        "GS1-Extensions": EXTENSIONS,
    }


@dataclass(frozen=True, slots=True)
class Protocol:
    """What a client asked for, once it is known that it can have it.

    Attributes:
        xml: Whether it reads XML only.
        epc_format: In which form it wants identifiers.
        cbv_format: In which form it wants words of CBV in XML.
        extensions: Its own prefixes for the namespaces of extensions.
        size: `perPage`.
        token: `nextPageToken`.
        pairs: All other parameters of the query string, decoded.
    """

    gateway: Gateway
    address: str
    xml: bool
    epc_format: str
    cbv_format: str
    extensions: Mapping[str, str]
    size: int
    token: str | None
    pairs: tuple[tuple[str, str], ...]
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=standard_headers)

    @property
    def question(self) -> str:
        """What a page token belongs to: the address without the paging."""
        return f"{self.path}?{urlencode(self.pairs)}"

    @property
    def context(self) -> list[str | Mapping[str, str]] | str:
        """The `@context` of an answer."""
        return [EPCIS_CONTEXT, dict(self.extensions)] if self.extensions else [EPCIS_CONTEXT]

    def identifier(self) -> Callable[[str], str] | None:
        """Return what rewrites identifiers, None if they go out as they are stored."""
        if self.epc_format != "Always_EPC_URN":
            return None
        length_of = self.gateway.prefixes.length_of
        return lambda text: to_urn(text, length_of) or text

    def shorten(self, iri: str) -> str:
        """Return an IRI with a prefix of the client, if one fits."""
        return shortened(iri, self.extensions) if self.extensions else iri

    def link_headers(self, token: PageToken | None) -> dict[str, str]:
        """Return the headers that lead to the next page; none on the last."""
        if token is None:
            return {}
        pairs = [*self.pairs, ("perPage", str(self.size)), ("nextPageToken", token.text)]
        expires = datetime.fromtimestamp(token.expires_at, UTC)
        return {
            "Link": f'<{self.address}?{urlencode(pairs)}>; rel="next"',
            "GS1-Next-Page-Token-Expires": expires.isoformat().replace("+00:00", "Z"),
        }


def vendor_version() -> str:
    """Return our own version."""
    return f"sealtrail-{version('sealtrail')}"


async def negotiate(request: Request) -> Protocol:
    """Read what a client asks for.

    Raises:
        NotAcceptableError: a version, format or kind of content that it cannot have.
        UriTooLongError: the address is too long.
        QueryParameterError: `perPage` is no positive number.
    """
    raw = request.scope["query_string"]
    if len(raw) + len(request.scope.get("raw_path", b"")) > URI_LENGTH_MAX:
        raise UriTooLongError(
            f"the address has more than {URI_LENGTH_MAX} characters",
            hint="Make a named query: POST /epcis/queries.",
        )
    check_versions(request)
    here = gateway(request)
    public = here.settings.gateway.public_url
    base = public.rstrip("/") if public else str(request.base_url).rstrip("/")
    pairs, paging = _parameters(raw)
    return Protocol(
        gateway=here,
        address=base + request.url.path,
        xml=_wants_xml(request),
        epc_format=_one_of(request, "GS1-EPC-Format", _EPC_FORMATS, "Always_GS1_Digital_Link"),
        cbv_format=_one_of(request, "GS1-CBV-XML-Format", _CBV_FORMATS, "No_Preference"),
        extensions=_extensions(request),
        size=_size(paging.get("perPage")),
        token=paging.get("nextPageToken"),
        pairs=pairs,
        path=request.url.path,
    )


ProtocolDep = Annotated[Protocol, Depends(negotiate)]


def check_versions(request: Request) -> None:
    """Refuse versions that are not spoken here.

    Raises:
        NotAcceptableError: ours is outside of what the client takes, or what it sends is older
            than what we take.
    """
    for name, ours in (("EPCIS", EPCIS_VERSION), ("CBV", CBV_VERSION)):
        least = _version(request, f"GS1-{name}-Min")
        most = _version(request, f"GS1-{name}-Max")
        sent = _version(request, f"GS1-{name}-Version")
        if (least and least > _parts(ours)) or (most and most < _parts(ours)[: len(most)]):
            raise NotAcceptableError(
                f"answers are {name} {ours}, outside of GS1-{name}-Min and GS1-{name}-Max",
                hint=f"Let {ours} lie between them.",
            )
        if sent and not _parts(CAPTURED_FROM if name == "EPCIS" else "1.0") <= sent < _parts("2.1"):
            raise NotAcceptableError(
                f"{name} of that version is not read here",
                hint=f"Send {name} 2.0, or leave out GS1-{name}-Version.",
            )


def json_answer(
    protocol: Protocol, body: Any, *, status: int = 200, headers: Mapping[str, str] = NOTHING
) -> Response:
    """Return a JSON answer with the standard headers."""
    return Response(orjson.dumps(body), status, {**protocol.headers, **headers}, media_type=JSON)


async def check_json(request: Request) -> None:
    """Refuse what `negotiate` and `require_json` refuse, where nothing else of them is needed."""
    check_versions(request)
    if _wants_xml(request):
        raise _json_only()


def require_json(protocol: Protocol) -> None:
    """Refuse a client that reads XML only, where there is JSON only.

    Raises:
        NotAcceptableError: it does.
    """
    if protocol.xml:
        raise _json_only()


def _json_only() -> NotAcceptableError:
    return NotAcceptableError("this answer is JSON only", hint="Accept: application/json")


def collection(protocol: Protocol, members: list[str]) -> dict[str, Any]:
    """Return a list of values as EPCIS 2.0 has it."""
    return {"@context": protocol.context, "type": "Collection", "member": members}


def time_text(milliseconds: int) -> str:
    """Return a moment as text."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _version(request: Request, name: str) -> tuple[int, ...]:
    text = request.headers.get(name)
    if text is None:
        return ()
    if not _VERSION.fullmatch(text.strip()):
        raise NotAcceptableError(f"{name} is no version", hint=f"{name}: {EPCIS_VERSION}")
    return _parts(text.strip())


def _parts(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _one_of(request: Request, name: str, allowed: frozenset[str], default: str) -> str:
    word = request.headers.get(name, default).strip()
    if word not in allowed:
        raise NotAcceptableError(
            f"{name} has no such value", hint=f"It is one of {', '.join(sorted(allowed))}."
        )
    return word


def _wants_xml(request: Request) -> bool:
    stated = request.headers.get("accept", "*/*")
    ranges = [_range(part) for part in stated.split(",")]
    json = max((weight for kind, weight in ranges if kind in _JSON_RANGES), default=0.0)
    xml = max((weight for kind, weight in ranges if kind in _XML_RANGES), default=0.0)
    if json <= 0 and xml <= 0:
        raise NotAcceptableError(
            "answers are JSON or XML", hint="Accept: application/json or application/xml"
        )
    return xml > json


def _range(part: str) -> tuple[str, float]:
    kind, *parameters = part.split(";")
    weight = 1.0
    for one in parameters:
        name, _, value = one.strip().partition("=")
        if name.lower() == "q":
            try:
                weight = float(value)
            except ValueError:
                weight = 0.0
    return kind.strip().lower() or "*/*", weight


def _extensions(request: Request) -> dict[str, str]:
    """Return prefix and namespace pairs; what is none of these says nothing to us."""
    found: dict[str, str] = {}
    for text in request.headers.getlist("GS1-Extensions"):
        for part in text.split(","):
            pair = _EXTENSION.fullmatch(part)
            if pair is not None and len(found) < _FIELDS_MAX:
                found[pair[1]] = pair[2]
    return found


def _parameters(raw: bytes) -> tuple[tuple[tuple[str, str], ...], dict[str, str]]:
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        raise QueryParameterError(f"more than {_FIELDS_MAX} parameters") from None
    paging = {name: value for name, value in pairs if name in ("perPage", "nextPageToken")}
    return tuple(pair for pair in pairs if pair[0] not in paging), paging


def _size(text: str | None) -> int:
    if text is None:
        return PAGE_SIZE
    if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) < 1:
        raise PagingError(
            "perPage wants a whole number from 1", parameter="perPage", code="query_value"
        )
    return min(int(text), PAGE_SIZE_MAX)
