"""Names of extension members, as the inline JSON-LD context of a document defines them.

A gateway never fetches a context: what a URL says can change, and an event must mean the same for
ever. So only inline definitions count, the official EPCIS context is built in, and an extension is
stored under its full IRI, which needs no context any more.

Source: JSON-LD 1.1 (sections 4.1 and 9.15), the part that names need; EPCIS 2.0 JSON-LD context.
"""

import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from node_gateway.epcis.normalise_errors import NormalisationError

RESERVED: Final = "sealtrail:"
OFFICIAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cbvmda": "urn:epcglobal:cbv:mda:",
        "epcis": "https://ref.gs1.org/epcis/",
        "cbv": "https://ref.gs1.org/cbv/",
        "gs1": "https://gs1.org/voc/",
        "vtype": "urn:epcglobal:epcis:vtype:",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "owl": "http://www.w3.org/2002/07/owl#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "dcterms": "http://purl.org/dc/terms/",
    }
)
# Former and everyday spellings of the same namespaces.
_SPELLINGS: Final = (
    *((iri, prefix) for prefix, iri in OFFICIAL.items()),
    ("https://www.gs1.org/voc/", "gs1"),
    ("http://www.gs1.org/voc/", "gs1"),
    ("http://gs1.org/voc/", "gs1"),
    ("https://ref.gs1.org/voc/", "gs1"),
    ("https://ns.gs1.org/cbv/", "cbv"),
    ("https://ns.gs1.org/epcis/", "epcis"),
)
_SPACES: Final = tuple(iri for iri, _ in _SPELLINGS)
# XML writes these namespaces without the last character, and converters copy that.
_TRIMMED: Final = MappingProxyType({iri.rstrip(":/#"): OFFICIAL[p] for iri, p in _SPELLINGS})
_FULL_IRI: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*://.+|(?:urn|tag|did|ni|info|oid):.+", re.DOTALL | re.IGNORECASE
)
_CHAIN_LENGTH_MAX: Final = 8
NAMESPACE_LENGTH_MAX: Final = 256  # it is repeated in every name, so a document could swell a lot
_SHOWN_LENGTH_MAX: Final = 100
# What the official context defines for every level; a default namespace does not reach these.
_GLOBAL: Final = frozenset(
    {
        "AggregationEvent", "AssociationEvent", "Collection", "EPCISDocument",
        "EPCISQueryDocument", "ObjectEvent", "TransactionEvent", "TransformationEvent", "action",
        "baseURL", "bizLocation", "bizStep", "bizTransactionList", "certificationInfo",
        "childEPCs", "childQuantityList", "children", "creationDate", "destinationList",
        "disposition", "epcClass", "epcList", "epcisBody", "epcisHeader", "errorDeclaration",
        "eventID", "eventList", "eventTime", "eventTimeZoneOffset", "id", "ilmd", "inputEPCList",
        "inputQuantityList", "instanceIdentifier", "masterData", "member", "outputEPCList",
        "outputQuantityList", "parentID", "persistentDisposition", "quantity", "quantityList",
        "queryName", "queryResults", "readPoint", "receiver", "recordTime", "resultsBody",
        "schemaVersion", "sender", "sensorElementList", "sourceList", "subscriptionID",
        "transformationID", "type", "uom", "vocabularyList",
    }
)  # fmt: skip


class Names:
    """The names that hold at one place of a document.

    `Names.official()` is where every document starts; each inline `@context` makes another.
    Resolved names are remembered for the life of the object, that is of one document.
    """

    __slots__ = ("_given", "_resolved", "_spaces", "_vocab")

    def __init__(self, given: ChainMap[str, str | None], vocab: str | None) -> None:
        self._given = given  # a chain, as copying a large context for each nested one costs much
        self._vocab = vocab
        self._resolved: dict[str, str] = {}
        self._spaces: dict[str, str | None] = {}

    @classmethod
    def official(cls) -> "Names":
        """Return the names that hold without any inline context."""
        return cls(ChainMap(), None)

    def within(self, context: Any) -> "Names":
        """Return the names that hold below `context`, the value of an `@context`."""
        given, vocab = self._given.new_child(), self._vocab
        for part in context if isinstance(context, list) else [context]:
            if part is None:
                given, vocab = ChainMap(), None
            elif isinstance(part, dict):
                given.update(_definitions(part))
                if "@vocab" in part:
                    vocab = _namespace(part["@vocab"])
        return Names(given, vocab)

    def member(self, key: str) -> str:
        """Return the name under which an extension member is stored.

        A full IRI, an official prefix with a local name, or `key` itself where it is a bare name
        that nothing defines (the caller decides whether it may be) or a keyword.

        Raises:
            NormalisationError: `unknown_prefix` or `reserved_name`.
        """
        name = self._resolved.get(key)
        if name is None:
            name = self._resolved[key] = self._member(key)
        return name

    def value(self, text: str) -> str:
        """Return `text` with a prefix written out, where one of the document's stands there."""
        if text.startswith(("urn:", "https://", "http://")) or _FULL_IRI.fullmatch(text):
            return text
        prefix, colon, local = text.partition(":")
        space = self._space(prefix) if colon else None
        return text if space is None else space + local

    def type_name(self, text: str) -> str:
        """Return the full IRI of an extension's event type.

        Raises:
            NormalisationError: `unknown_prefix`.
        """
        found = self._term(text)
        if found is None:
            found = self.value(text) if ":" in text else self._iri(text, 0) or text
        if ":" in found and not _FULL_IRI.fullmatch(found):
            raise NormalisationError(_unknown(text), code="unknown_prefix", hint=_HINT)
        return found

    def _member(self, key: str) -> str:
        name = key if key.startswith((RESERVED, "@")) or key in _GLOBAL else self._defined(key)
        if name.startswith(RESERVED):
            raise NormalisationError(
                f"names beginning with {RESERVED} are made by the gateway alone",
                code="reserved_name",
            )
        return name

    def _defined(self, key: str) -> str:
        term = self._term(key)
        if term is not None:
            return _compressed(term)
        if _FULL_IRI.fullmatch(key):
            return _compressed(key)
        prefix, colon, local = key.partition(":")
        if not colon:
            default = self._iri(key, 0)
            return key if default is None else _compressed(default)
        space = self._space(prefix)
        if space is None or not local:
            raise NormalisationError(_unknown(key), code="unknown_prefix", hint=_HINT)
        return _compressed(space + local)

    def _space(self, prefix: str) -> str | None:
        if prefix in self._spaces:
            return self._spaces[prefix]
        space = self._term(prefix)
        space = OFFICIAL.get(prefix) if space is None else _TRIMMED.get(space, space)
        self._spaces[prefix] = space
        return space

    def _term(self, name: str) -> str | None:
        """Return the full IRI that a definition gives `name`; None if there is none or no IRI."""
        given = self._given.get(name)
        return None if given is None else self._iri(given, 0)

    def _iri(self, text: str, depth: int) -> str | None:
        """Return the full IRI of a definition, which may itself use a prefix; None if none."""
        if _FULL_IRI.fullmatch(text):
            return text
        prefix, colon, local = text.partition(":")
        if not colon:
            full = _FULL_IRI.fullmatch(self._vocab or "")
            return f"{self._vocab}{text}" if full and text not in _GLOBAL else None
        given = self._given.get(prefix)
        if given is None:
            return OFFICIAL[prefix] + local if prefix in OFFICIAL else None
        space = self._iri(given, depth + 1) if depth < _CHAIN_LENGTH_MAX else None
        return None if space is None else _TRIMMED.get(space, space) + local


def _definitions(part: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    for term, value in part.items():
        if value is None:
            yield term, None
        elif isinstance(value, str):
            yield term, _namespace(value)
        elif isinstance(value, dict) and "@id" in value:
            yield term, _namespace(value["@id"])


def _namespace(value: Any) -> str | None:
    """Return a namespace that may be written out before every name; a long one counts as none."""
    return value if isinstance(value, str) and len(value) <= NAMESPACE_LENGTH_MAX else None


def _compressed(iri: str) -> str:
    if not iri.startswith(_SPACES):
        return iri
    for space, prefix in _SPELLINGS:
        if iri.startswith(space) and len(iri) > len(space):
            return f"{prefix}:{iri[len(space) :]}"
    return iri


_HINT: Final = "define the prefix in the document's own @context; contexts are never fetched"


def _unknown(key: str) -> str:
    shown = key if len(key) <= _SHOWN_LENGTH_MAX else f"{key[:_SHOWN_LENGTH_MAX]}..."
    return f"no inline context defines the prefix of {shown!r}"
