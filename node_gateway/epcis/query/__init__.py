"""The EPCIS query language: parameters read into a `Query`, which tells whether an event matches.

Pure: no I/O, clock or randomness. What an index can answer of a query stands in its hints; the
result is always what `Query.matches` says.

Source: EPCIS 2.0 sections 8.2.6 and 8.2.7.
"""

from node_gateway.epcis.query.conditions import (
    Codes,
    Condition,
    Facet,
    Need,
    Order,
    Query,
    Span,
    Subject,
)
from node_gateway.epcis.query.errors import (
    PagingError,
    QueryError,
    QueryParameterError,
    QueryTooComplexError,
    QueryTooLargeError,
    QueryValidationError,
)
from node_gateway.epcis.query.parameters import event_id_condition
from node_gateway.epcis.query.parsing import query_from_json, query_from_text

__all__ = [
    "Codes",
    "Condition",
    "Facet",
    "Need",
    "Order",
    "PagingError",
    "Query",
    "QueryError",
    "QueryParameterError",
    "QueryTooComplexError",
    "QueryTooLargeError",
    "QueryValidationError",
    "Span",
    "Subject",
    "event_id_condition",
    "query_from_json",
    "query_from_text",
]
