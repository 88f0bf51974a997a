"""From namespaces to the prefixes of a JSON-LD context, and back from tags to member names.

In XML a prefix is worth what the declaration nearest to it says; in the JSON twin, what the
`@context` says. Names are therefore taken by namespace, and every namespace gets a prefix: the
document's own where that is free and fits into a URI, otherwise `ns1`, `ns2`, ...

Source: Namespaces in XML 1.0; EPCIS 2.0 section 10 (extensions in JSON-LD).
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from lxml.etree import _Element as Element

from node_gateway.epcis.names import OFFICIAL
from node_gateway.epcis.xml.errors import XmlDeclarationError, XmlScopeError

XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
XSD: Final = "http://www.w3.org/2001/XMLSchema"
XML: Final = "http://www.w3.org/XML/1998/namespace"
# What JSON has and XML has not (empty objects, lists of one, ...); see write.py.
SHAPE: Final = "urn:x-sealtrail:shape"
NAMESPACES_MAX: Final = 256
_EPCIS: Final = ("urn:epcglobal:epcis:xsd:", "urn:epcglobal:epcis-query:xsd:")
_MASTER_DATA: Final = "urn:epcglobal:epcis-masterdata:xsd:"
_OTHER: Final = frozenset(
    {
        XSI,
        XSD,
        XML,
        SHAPE,
        "urn:epcglobal:xsd:1",
        "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader",
    }
)
_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9.\-]*")
# Prefixes that a reader of JSON would take for something else.
_TAKEN: Final = frozenset(
    {"http", "https", "urn", "ni", "info", "tag", "did", "oid", "id", "type", "sealtrail", "ftp"}
)


def tag_of(element: Element) -> str:
    """Return `{namespace}local` or `local`.

    Raises:
        XmlDeclarationError: it is no element but a reference to an entity.
    """
    tag = element.tag
    if isinstance(tag, str):
        return tag
    raise XmlDeclarationError("A reference to an entity.", hint="Write the text itself.")


def standard_name(element: Element) -> str | None:
    """Return the local name of an element of EPCIS itself, None for one of an extension."""
    tag = tag_of(element)
    if tag[0] != "{":
        return tag
    namespace, _, local = tag[1:].partition("}")
    return local if is_epcis(namespace) else None


def is_epcis(namespace: str) -> bool:
    """Return whether the namespace is one of EPCIS, of any version."""
    return namespace.startswith((*_EPCIS, _MASTER_DATA))


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return tag_of(element).rpartition("}")[2]


class Scope:
    """The prefixes that hold at one place; those of an event lie within those of its document."""

    __slots__ = ("_by_namespace", "_by_prefix", "added")

    def __init__(
        self, declared: Mapping[str | None, str] | None = None, outer: "Scope | None" = None
    ) -> None:
        self._by_prefix: dict[str, str] = {}
        self._by_namespace: dict[str, str] = {}
        if outer is not None:
            self._by_prefix |= outer.bindings
            self._by_namespace |= {space: prefix for prefix, space in outer.bindings.items()}
        # What a context must say here beyond what the outer one says.
        self.added: dict[str, str] = {}
        for prefix, namespace in checked(declared or {}).items():
            if prefix is not None and _is_extension(namespace) and _may_be(prefix):
                self._bind(prefix, namespace)

    @property
    def bindings(self) -> Mapping[str, str]:
        """Namespaces by prefix, those of around included."""
        return self._by_prefix

    def within(self, declared: Mapping[str | None, str]) -> "Scope":
        """Return the scope of an element inside, with its declarations."""
        return Scope(declared, self)

    def knows(self, namespace: str) -> bool:
        """Return whether a prefix of the namespace is known already."""
        return namespace in self._by_namespace or is_epcis(namespace)

    def name_of(self, element: Element) -> str:
        """Return the member name of an extension's element."""
        return self.name(tag_of(element), element.prefix)

    def name(self, tag: str, prefix: str | None) -> str:
        """Return the member name of an extension's element or attribute.

        Args:
            tag: `{namespace}local`, or `local` for one without namespace.
            prefix: The prefix that it has in the document, if any.
        """
        if tag[0] != "{":
            return tag
        namespace, _, local = tag[1:].partition("}")
        if is_epcis(namespace):
            return local
        known = self._by_namespace.get(namespace)
        if known is None:
            known = self._bind(self._free(prefix), namespace)
        return f"{known}:{local if local.isascii() else quote(local)}"

    def value(self, text: str, element: Element) -> str:
        """Return a URI as the twin has it, its prefix known to the context or written out."""
        prefix, colon, rest = text.partition(":")
        if not colon or prefix in _TAKEN or not _PREFIX.match(prefix):
            return text
        known = self._by_prefix.get(prefix)
        namespace = checked(element.nsmap).get(prefix, known)
        if namespace is None or namespace == known or not _is_extension(namespace):
            return text
        if known is None and _may_be(prefix):
            self._bind(prefix, namespace)
            return text
        return namespace + rest

    def _bind(self, prefix: str, namespace: str) -> str:
        if self._by_prefix.get(prefix) != namespace:
            # The official context knows these; a term of that name would hide a bare member.
            if prefix in self._by_prefix or not _is_official(prefix, namespace):
                self.added[prefix] = namespace
            self._by_prefix[prefix] = namespace
            for other, bound in list(self._by_namespace.items()):
                if bound == prefix and other != namespace:
                    del self._by_namespace[other]  # the outer meaning of the prefix is hidden
        self._by_namespace[namespace] = prefix
        return prefix

    def _free(self, wanted: str | None) -> str:
        if wanted is not None and wanted not in self._by_prefix and _may_be(wanted):
            return wanted
        number = len(self._by_prefix) + 1
        while f"ns{number}" in self._by_prefix:
            number += 1
        return f"ns{number}"


def checked(declared: Mapping[str | None, str]) -> Mapping[str | None, str]:
    """Return the namespaces in scope, refused where they are too many to go through each time.

    Raises:
        XmlScopeError: there are.
    """
    if len(declared) > NAMESPACES_MAX:
        raise XmlScopeError(
            f"More than {NAMESPACES_MAX} namespaces are declared around one element.",
            hint="Declare only those that the document uses.",
        )
    return declared


def _is_official(prefix: str, namespace: str) -> bool:
    return OFFICIAL.get(prefix, "").rstrip(":/#") == namespace.rstrip(":/#")


def _is_extension(namespace: str) -> bool:
    return namespace not in _OTHER and not is_epcis(namespace)


def _may_be(prefix: str) -> bool:
    return prefix not in _TAKEN and _PREFIX.fullmatch(prefix) is not None
