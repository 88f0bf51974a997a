"""What is refused while XML is read, before or after it is known to be EPCIS.

* EpcisError (node_gateway/epcis/errors.py)
  x XmlTextError (also ValueError)  the bytes are not XML that a gateway takes in
    + XmlSyntaxError                not well-formed
    + XmlDeclarationError           a DTD that declares something, or an entity
    + XmlEncodingError              not in the encoding that it states, or in one not read here
    + XmlNestingError               nested deeper than allowed
    + XmlScopeError                 more namespaces in scope than anybody needs
  x XmlRefusedError (also ValueError) well-formed, but no EPCIS document; has the problems found

Details name elements and attributes, never the values found there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from node_gateway.epcis.errors import EpcisError


@dataclass(frozen=True, slots=True)
class XmlProblem:
    """One thing wrong in an XML document.

    Attributes:
        code: Stable, snake_case.
        detail: What is wrong, one sentence, without values of the document.
        path: XPath of the element or attribute, with the prefixes of the document.
        line: Line of the element, from 1.
        hint: How to put it right.
        event: Index of the event it belongs to, from 0; None for the document around the events.
    """

    code: str
    detail: str
    path: str
    line: int
    hint: str | None = None
    event: int | None = None


class XmlTextError(EpcisError, ValueError):
    """The bytes are not XML that a gateway takes in; a retry cannot help."""

    code = "not_xml"


class XmlSyntaxError(XmlTextError):
    """The text is not well-formed (XML 1.0, Namespaces in XML); the detail has line and column."""


class XmlDeclarationError(XmlTextError):
    """A DTD with declarations, a DTD elsewhere, or a reference to an entity.

    Entities can be made to grow beyond any memory or to read files; EPCIS needs none.
    """

    code = "dtd_refused"


class XmlEncodingError(XmlTextError):
    """Code `encoding_unknown` (states one not read here) or `encoding_wrong` (is not in it)."""

    code = "encoding_wrong"


class XmlNestingError(XmlTextError):
    """Elements are nested deeper than the limit allows."""

    code = "too_deep"


class XmlScopeError(XmlTextError):
    """More namespaces are declared around one element than the limit allows."""

    code = "too_many_namespaces"


class XmlRefusedError(EpcisError, ValueError):
    """Well-formed XML with problems; `code`, `detail` and `hint` are those of the first."""

    def __init__(self, problems: Sequence[XmlProblem]) -> None:
        first = problems[0]
        super().__init__(first.detail, code=first.code, pointer=first.path, hint=first.hint)
        self.problems = tuple(problems)
