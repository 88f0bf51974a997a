"""DSCSA messages about exceptions, as they came."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select

from node_gateway.storage.exception_tables import exception_document

_row = exception_document.c


class DocumentRow(NamedTuple):
    """One message of a case.

    Attributes:
        uuid: Its `message_uuid`.
        incoming: It came; otherwise it went.
        kind: `report` or `response`.
        body: JSON as it came, or as it went.
    """

    case_number: int
    uuid: str
    incoming: bool
    kind: str
    at_ms: int
    body: bytes


_COLUMNS = tuple(_row[name] for name in DocumentRow._fields)


def add_document(connection: Connection, row: DocumentRow) -> None:
    """Keep a message."""
    connection.execute(insert(exception_document).values(**row._asdict()))


def document(connection: Connection, case_number: int, uuid: str) -> DocumentRow | None:
    """Return a message of a case, the one that came before one that went."""
    found = _some(connection, (_row.case_number == case_number) & (_row.uuid == uuid))
    return found[0] if found else None


def documents_of(connection: Connection, case_number: int) -> list[DocumentRow]:
    """Return the messages of a case, oldest first."""
    return _some(connection, _row.case_number == case_number)


def _some(connection: Connection, condition: Any) -> list[DocumentRow]:
    order = (_row.at_ms, _row.incoming.desc(), _row.uuid)
    rows = connection.execute(select(*_COLUMNS).where(condition).order_by(*order))
    return [DocumentRow(*tuple(row)) for row in rows]
