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
from node_gateway.storage.exceptions import HERE, CaseRow, MessageRow, add_message
from node_gateway.storage.exceptions_reading import codes_of

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
        codes = codes_for(connection, row) if ours else []
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


def codes_for(connection: Connection, row: CaseRow) -> list[str]:
    """Return the codes of a case that its partner may know, in bytewise order.

    Of a case about a handover between the two: those that it lists; of goods that were there and
    are on no list, all that nobody else gave us or got from us. Of any other case with a partner:
    none. Of a case without one (it came as a file): all.
    """
    if row.partner is None or row.origin != HERE:
        return codes_of(connection, row.number, after="", limit=CODES_MAX)
    if not goods.is_between(connection, row.subject, row.partner):
        return []
    listed = goods.listed(connection, row.number, row.subject)
    if ExceptionKind(row.kind) not in FOUND:
        return listed
    # Only the partner can say what these are. What somebody else's handover lists only lay in the
    # wrong place here.
    return sorted({*listed, *goods.not_from_others(connection, row.number, row.partner)})
