"""From member names of JSON to names of XML, and the prefixes that the document will declare."""

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import quote, unquote

from node_gateway.epcis.names import NAMESPACE_LENGTH_MAX, OFFICIAL, Names
from node_gateway.epcis.normalise_errors import NormalisationError
from node_gateway.epcis.xml.scope import SHAPE, XSD, XSI, is_epcis

# A name that both lxml and every reader take; letters outside ASCII are percent-encoded in JSON.
_LOCAL: Final = re.compile(r"[^\W\d][\w.\-]*")
_NAMESPACE: Final = re.compile(r"[!#-;=?-\[\]_a-z~]+")
_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9.\-]*")
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# GS1 writes this namespace so in XML, and with the colon in JSON.
_IN_XML: Final = {"urn:epcglobal:cbv:mda:": "urn:epcglobal:cbv:mda"}
_GIVEN_MAX: Final = 64
OWN: Final[Mapping[str, str]] = {"xsi": XSI, "xs": XSD, "shape": SHAPE}


class UnwritableError(ValueError):
    """XML has no place for this; it is written as JSON, further out."""


class Naming:
    """The names of one XML document; remembers which namespaces it needs.

    Args:
        context: The `@context` of the document, whose prefixes are kept where they are free.
    """

    __slots__ = ("_by_namespace", "given", "prefixes")

    def __init__(self, context: Any) -> None:
        # They are declared in any case: a value may use them, where nothing shows it.
        self.given = dict(islice(_given(context), _GIVEN_MAX))
        self.prefixes: dict[str, str] = {**OWN, **self.given}
        self._by_namespace = {space: prefix for prefix, space in self.prefixes.items()}

    def tag(self, key: str, names: Names) -> str:
        """Return `{namespace}local` of an extension's member, or a bare name.

        Raises:
            UnwritableError: it has no such form.
        """
        try:
            stored = names.member(key)
        except NormalisationError:
            raise UnwritableError(key) from None
        if ":" not in stored:
            if _LOCAL.fullmatch(stored) and stored.isascii():
                return stored
            raise UnwritableError(key)
        namespace, local = _split(stored)
        self._declare(namespace)
        return f"{{{namespace}}}{local}"

    def nsmap(self, tag: str) -> dict[str, str]:
        """Return the declaration that an element of this tag needs."""
        if tag[0] != "{":
            return {}
        namespace = tag[1:].partition("}")[0]
        return {self._by_namespace[namespace]: namespace}

    def member(self, tag: str) -> str:
        """Return the name under which the tag will be read: with the prefix that it gets."""
        if tag[0] != "{":
            return tag
        namespace, _, local = tag[1:].partition("}")
        return f"{self._by_namespace[namespace]}:{local if local.isascii() else quote(local)}"

    def _declare(self, namespace: str) -> None:
        if namespace in self._by_namespace:
            return
        official = next((p for p, s in OFFICIAL.items() if _IN_XML.get(s, s) == namespace), None)
        prefix = official
        number = len(self.prefixes)
        while prefix is None or prefix in self.prefixes:
            prefix, number = f"ext-{number}", number + 1
        self.prefixes[prefix] = namespace
        self._by_namespace[namespace] = prefix


def is_text(text: str) -> bool:
    """Return whether XML can hold every character of it."""
    return not _ILLEGAL.search(text)


def _split(stored: str) -> tuple[str, str]:
    prefix, _, local = stored.partition(":")
    if prefix in OFFICIAL:
        namespace = OFFICIAL[prefix]
    else:
        at = max(stored.rfind(mark) for mark in "/#:?=") + 1
        namespace, local = stored[:at], stored[at:]
    plain = unquote(local)
    if quote(plain) != local or not _LOCAL.fullmatch(plain):
        raise UnwritableError(stored)
    if not _is_namespace(namespace):
        raise UnwritableError(stored)
    return _IN_XML.get(namespace, namespace), plain


def _given(context: Any) -> Iterable[tuple[str, str]]:
    """Yield the prefixes of a context that can be prefixes of XML as well."""
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, dict):
            for prefix, space in part.items():
                if isinstance(space, str) and _may_be(prefix) and _is_namespace(space):
                    yield prefix, space


def _is_namespace(space: str) -> bool:
    fits = len(space) <= NAMESPACE_LENGTH_MAX and _NAMESPACE.fullmatch(space) is not None
    return fits and not is_epcis(space) and space not in OWN.values()


def _may_be(prefix: str) -> bool:
    taken = prefix in OFFICIAL or prefix in OWN or prefix in ("epcis", "epcisq", "sbdh", "xml")
    return not taken and _PREFIX.fullmatch(prefix) is not None and prefix.lower()[:3] != "xml"
