"""Take DSCSA exception messages over: a report opens a case here, a response answers one.

Such a file is not signed: it says what its bringer says that somebody said. So what it says is
kept as a message without a digest, and it ends nothing here. The case keeps the UUID of the file;
it is looked for among the cases with that sender only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import orjson
from sqlalchemy import Connection

from node_gateway.epcis.identifiers import IdentifierError, canonical_identifier
from node_gateway.errors import ConflictError, Spot
from node_gateway.partners import exception_words as words
from node_gateway.partners.dscsa import REPORT, RESPONSE, Document, DscsaReader, Item
from node_gateway.partners.exceptions import DETAIL_LENGTH_MAX, Began, Cases
from node_gateway.partners.ports import ExceptionKind, NewException
from node_gateway.storage import exceptions as cases
from node_gateway.storage.database import Database
from node_gateway.storage.exception_documents import DocumentRow, add_document, document
from node_gateway.storage.exceptions import FILE, CaseRow, ChangeRow, MessageRow

ACTION_OF: Final = {
    "Send new data": "send_data",
    "Send product": "send_product",
    "Return product": "return",
    "Send back product": "return",
    "Credit account": "credit",
    "Debit account": "debit",
}
"""What we call the resolutions of DSCSA messages."""
_NOBODY: Final = 0
_AT_MS_MAX: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a message.

    Attributes:
        number: Of the case.
        kind: `report` or `response`.
        opened: The case is new.
        repeated: The message was known; nothing was written.
        partner: The participant that the sender is, None if it is none that is known.
    """

    number: int
    kind: str
    opened: bool
    repeated: bool
    partner: int | None


class DscsaImport:
    """The use case of taking a message over.

    Args:
        database: Where cases are.
        opening: What opens them.
        reader: Compiled validators.
        participant_of: Which participant a canonical party is, None if nobody knows.
    """

    def __init__(
        self,
        database: Database,
        opening: Cases,
        *,
        reader: DscsaReader,
        participant_of: Callable[[str], int | None],
    ) -> None:
        self._database, self._opening = database, opening
        self._reader, self._participant_of = reader, participant_of

    async def take(self, raw: bytes, *, who: str, partner: int | None = None) -> Imported:
        """Take a message over.

        Args:
            raw: JSON, at most 8 MiB.
            who: Hands it in.
            partner: The participant that sent it; None: whose GLN it states.

        Raises:
            EpcisError, DocumentRefusedError: it is no such message.
            ConflictError: a message of its UUID is known with other content.
        """
        read = self._reader.read(raw)
        sender = partner if partner is not None else self._sender(read)

        def work(connection: Connection) -> Imported:
            return self._take(connection, read, raw, sender, who)

        return await self._database.write("exception_imported", work)

    def _sender(self, read: Document) -> int | None:
        try:
            return self._participant_of(
                canonical_identifier(f"https://id.gs1.org/417/{read.gln or ''}")
            )
        except IdentifierError:
            return None

    def _take(
        self, connection: Connection, read: Document, raw: bytes, partner: int | None, who: str
    ) -> Imported:
        row = cases.case_by_uuid(connection, read.case, partner)
        if row is not None:
            known = document(connection, row.number, read.uuid)
            if known is not None and known.incoming:
                if orjson.loads(known.body) != orjson.loads(raw):
                    raise ConflictError([_CONFLICT])
                return Imported(row.number, read.kind, opened=False, repeated=True, partner=partner)
        opened = row is None
        if row is None:
            row = self._open(connection, read, partner, who)
        now_ms = self._opening.rules.now_ms
        said = said_in(read, partner)
        cases.add_message(connection, row.number, said)
        change = ChangeRow(now_ms, who, "imported", read.kind)
        cases.add_change(connection, row.number, change)
        kept = DocumentRow(
            row.number, read.uuid, incoming=True, kind=read.kind, at_ms=now_ms, body=raw
        )
        add_document(connection, kept)
        if row.state == cases.WAITING:
            cases.change_case(connection, row.number, state=cases.OPEN)
        return Imported(row.number, read.kind, opened=opened, repeated=False, partner=partner)

    def _open(
        self, connection: Connection, read: Document, partner: int | None, who: str
    ) -> CaseRow:
        codes = sorted({one.code for one in read.items if one.code is not None})
        about = orjson.dumps([partner, read.case])
        mark = sha256(b"sealtrail/exception/dscsa/v1\n" + about).digest()
        wish = NewException(
            kind=_kind(read),
            partner=partner,
            subject=mark,
            detail=summary(read)[:DETAIL_LENGTH_MAX],
            codes=tuple(codes),
            expected=read.expected,
            found=read.found,
        )
        return self._opening.keep(connection, wish, codes, Began(FILE, mark, read.case, who))


def said_in(read: Document, partner: int | None) -> MessageRow:
    """Return what a message says, as one of a case's messages."""
    act, action = words.SAY, None
    if read.kind == RESPONSE and read.answers:
        other = next((one.alternative for one in read.answers if one.alternative), None)
        if all(one.accepted for one in read.answers):
            act = words.AGREE
        elif other is not None:
            act, action = words.PROPOSE, ACTION_OF[other]
    elif read.kind == REPORT and read.resolved:
        act = words.RESOLVE
    elif read.kind == REPORT:
        request = next((one.request for one in read.items if one.request), None)
        if request is not None:
            act, action = words.PROPOSE, ACTION_OF[request]
    text = _storable("\n".join((*_lines(read), *read.notes)))[: words.TEXT_LENGTH_MAX]
    at_ms = min(max(read.timestamp, 0) * 1000, _AT_MS_MAX)
    return MessageRow(partner or _NOBODY, None, at_ms, act, action, text, None)


def summary(read: Document) -> str:
    """Return what a case is about that begins with this message, one line."""
    what = "; ".join(_lines(read)) or "; ".join(read.notes) or f"A {read.kind} without details."
    return _storable(f"{what} (order {read.po_number})" if read.po_number else what)


def _storable(text: str) -> str:
    return text.replace("\0", "\ufffd")  # PostgreSQL keeps no U+0000


def _lines(read: Document) -> list[str]:
    if read.kind == RESPONSE:
        return [
            f"{'accepted' if one.accepted else 'rejected'} {one.uuid}"
            + (f": {one.comments}" if one.comments else "")
            for one in read.answers
        ]
    return [_line(one) for one in read.items]


def _line(item: Item) -> str:
    raw = item.raw if isinstance(item.raw, dict) else {}
    shown = [
        f"{name} {value}"
        for name, value in raw.items()
        if name not in ("exception_item_uuid", "resolution_request")
        and isinstance(value, str | int)
    ]
    asks = f"; asks: {item.request}" if item.request else ""
    return f"{item.where.replace('_', ' ')}: {', '.join(shown) or 'no details'}{asks}"


def _kind(read: Document) -> ExceptionKind:
    """Return what all items have in common; of several kinds none."""
    kinds = {one.kind for one in read.items}
    return kinds.pop() if len(kinds) == 1 else ExceptionKind.OTHER


_CONFLICT: Final = Spot(
    "dscsa_conflict",
    "a message of this UUID is known with other content",
    "/message_uuid",
    "A corrected message has a UUID of its own.",
)
