"""Hand cases out as DSCSA exception messages; `dscsa_export` says what stands in one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from node_gateway.errors import NotFoundError, NotPossibleError
from node_gateway.partners.dscsa import REPORT, RESPONSE, Document, DscsaReader
from node_gateway.partners.dscsa_export import Contact, Known, report, response
from node_gateway.partners.exception_talking import found
from node_gateway.partners.exception_telling import codes_for
from node_gateway.partners.exceptions import Rules
from node_gateway.settings_exceptions import ExceptionsSection
from node_gateway.storage import exceptions_reading as reading
from node_gateway.storage.database import Database
from node_gateway.storage.exception_documents import DocumentRow, document, documents_of
from node_gateway.storage.exceptions import CaseRow

_GLN: Final = re.compile(r"(?:^|/41[47]/)([0-9]{13})(?:$|[/?])")
_CODES_MAX: Final = 100_000


class DscsaExport:
    """The use case of handing cases out."""

    def __init__(
        self, database: Database, rules: Rules, *, reader: DscsaReader, party: str | None
    ) -> None:
        self._database, self._rules, self._reader = database, rules, reader
        self._party = party

    async def message(
        self, number: int, *, kind: str | None, po_number: str = ""
    ) -> dict[str, Any]:
        """Return what we say of a case as a message.

        Args:
            number: Of the case.
            kind: `report` or `response`; None: an answer where a report came, else a report.
            po_number: Of the order; empty: as in the report that came.

        Raises:
            NotFoundError: no such case.
            NotPossibleError: the settings name nobody whom the receiver could write to, or there
                is no report to be answered.
        """
        contact = self._contact()

        def work(connection: Connection) -> dict[str, Any]:
            row = found(connection, number)
            known = self._known(connection, row, po_number)
            wanted = kind or (RESPONSE if known.reports else REPORT)
            if wanted == REPORT:
                return report(known, contact)
            if not known.reports:
                raise NotPossibleError(
                    "no report has come that could be answered", code="exception_no_report"
                )
            return response(known, contact)

        return await self._database.read(work)

    async def kept(self, number: int, uuid: str) -> bytes:
        """Return a message as it came.

        Raises:
            NotFoundError: no such case, or no such message of it.
        """

        def work(connection: Connection) -> DocumentRow | None:
            found(connection, number)
            return document(connection, number, uuid)

        row = await self._database.read(work)
        if row is None:
            raise NotFoundError("there is no such message", code="exception_not_found")
        return row.body

    async def documents(self, number: int) -> Sequence[DocumentRow]:
        """Return the messages of a case, oldest first; errors as `kept`."""

        def work(connection: Connection) -> Sequence[DocumentRow]:
            found(connection, number)
            return documents_of(connection, number)

        return await self._database.read(work)

    def _known(self, connection: Connection, row: CaseRow, po_number: str) -> Known:
        read: list[Document] = [
            self._reader.read(one.body)
            for one in documents_of(connection, row.number)
            if one.incoming and one.kind == REPORT
        ]
        changes = reading.changes_of(connection, row.number)
        messages = reading.messages_of(connection, row.number)
        times = [one.at_ms for one in changes] + [one.at_ms for one in messages]
        codes = codes_for(connection, row)
        return Known(
            row=row,
            codes=codes[:_CODES_MAX],
            messages=messages,
            participant=self._rules.participant,
            reports=read,
            changed_s=max(times) // 1000,
            po_number=po_number or (read[-1].po_number if read else ""),
        )

    def _contact(self) -> Contact:
        settings: ExceptionsSection = self._rules.settings
        if settings.contact_email is None:
            raise NotPossibleError(
                "DSCSA messages name whom the receiver can write to",
                code="exception_contact",
                hint="Set exceptions.contact_email.",
            )
        gln = _GLN.search(self._party or "")
        return Contact(
            email=settings.contact_email,
            gln=gln.group(1) if gln else None,
            phone=settings.contact_phone,
        )
