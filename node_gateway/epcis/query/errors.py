"""Every refusal of an EPCIS query.

* EpcisError
  x QueryError                 the query cannot be answered as it stands
    + QueryParameterError      a parameter is unknown, or its value does not fit it
    + PagingError              the number of a page's members, or its token, is wrong
    + QueryValidationError     the query as a whole has not the form of one
    + QueryTooLargeError       more events match than `maxEventCount` allows
    + QueryTooComplexError     answering would take more work than one answer may

`exception` is the name that GS1 gives the refusal.

Source: EPCIS 2.0 section 8.2.6 and the problem types of its REST bindings.
"""

from __future__ import annotations

from typing import ClassVar

from node_gateway.epcis.errors import EpcisError


class QueryError(EpcisError):
    """The query cannot be answered as it stands; a retry cannot help.

    Args:
        detail: What is wrong, one sentence.
        parameter: Name of the parameter, as it was given; empty for the whole query.
        code: Replaces the class's code.
        hint: How to put it right.
    """

    code = "query_parameter"
    exception: ClassVar[str] = "QueryParameterException"

    def __init__(
        self,
        detail: str,
        *,
        parameter: str = "",
        code: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.parameter = parameter
        pointer = "/" + parameter.replace("~", "~0").replace("/", "~1") if parameter else ""
        super().__init__(detail, code=code, pointer=pointer, hint=hint)


class QueryParameterError(QueryError):
    """A parameter is unknown, or its value does not fit it."""


class PagingError(QueryError):
    """The number of a page's members, or its token, is wrong; other lists have both, too."""

    code = "page_token"
    exception = "ValidationException"


class QueryValidationError(QueryError):
    """The query as a whole has not the form of one."""

    code = "query_form"
    exception = "QueryValidationException"


class QueryTooLargeError(QueryError):
    """More events match than `maxEventCount` allows."""

    code = "query_too_large"
    exception = "QueryTooLargeException"


class QueryTooComplexError(QueryError):
    """Answering would take more work than one answer may."""

    code = "query_too_complex"
    exception = "QueryTooComplexException"
