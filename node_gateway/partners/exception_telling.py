"""What a partner is told of a case: what it needs to look at its own side, and nothing else.

The kind, the handover between the two, which of *its* codes, how many more, and counts. Not the
detail that a feature wrote for our own people, which may name others; not a code that came from or
went to somebody else; nothing of kinds that show what others have stated, unless a person says so.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from node_gateway.partners.exception_words import (
    BY_HAND,
    CODES_MAX,
    FOUND,
    MESSAGE_KIND,
    OPEN,
    TEXT_LENGTH_MAX,
    Statement,
    body_of,
)
from node_gateway.partners.ports import Channel, ExceptionKind
from node_gateway.storage import exception_goods as goods
from node_gateway.storage.exceptions import CaseRow, MessageRow, add_message

_SILENT_KINDS: Final = BY_HAND | {ExceptionKind.OTHER}


class Telling:
    """Tells partners of cases, over the channel."""

    def __init__(self, channel: Channel | None, participant: int) -> None:
        self._channel, self._participant = channel, participant

    def tell(
        self,
        connection: Connection,
        row: CaseRow,
        *,
        text: str = "",
        who: str | None = None,
        at_ms: int,
    ) -> bool:
        """Tell the partner of a case whose codes are kept already; return whether it was told.

        Args:
            connection: Of the transaction that opens the case, or of a later one.
            row: The case.
            text: What a person says with it.
            who: The person who wants it told; None: nobody does, so that only what concerns
                the two alone is.
            at_ms: Now.
        """
        kind = ExceptionKind(row.kind)
        if self._channel is None or row.partner is None or row.partner == self._participant:
            return False
        ours = goods.is_between(connection, row.subject, row.partner)
        refused = kind is ExceptionKind.DATA_REFUSED  # then we do not have the handover
        if who is None and (kind in _SILENT_KINDS or not (ours or refused)):
            return False
        codes = _codes(connection, row, kind, row.partner) if ours else []
        named = codes[:CODES_MAX]
        said = Statement(
            case=row.uuid,
            act=OPEN,
            text=text[:TEXT_LENGTH_MAX],
            kind=kind,
            handover=row.subject if ours or refused else None,
            codes=tuple(named),
            unnamed=len(codes) - len(named),  # of those that it may know, not of all that we keep
            expected=row.expected,
            found=row.found,
        )
        digest = self._channel.put(connection, row.partner, MESSAGE_KIND, body_of(said))
        kept = MessageRow(self._participant, who, at_ms, OPEN, None, said.text, digest)
        add_message(connection, row.number, kept)
        return True


def _codes(connection: Connection, row: CaseRow, kind: ExceptionKind, partner: int) -> list[str]:
    listed = goods.listed(connection, row.number, row.subject)
    if kind not in FOUND:
        return listed
    # What was there and is on no list: only the partner can say what it is. What somebody else
    # gave us or got from us only lay in the wrong place here.
    return sorted({*listed, *goods.not_from_others(connection, row.number, partner)})
