"""The proof of a resolution: its bundle goes to the partner when it is final, and is checked there.

It shows the case, the resolution, and nothing else of the event.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from anchoring.core.bundle import parse_bundle
from anchoring.core.verify import check_bundle
from anchoring.errors import AnchoringError
from node_gateway.errors import ErasedError, NotFinalError
from node_gateway.partners import exception_words as words
from node_gateway.partners.exception_resolving import CASE_TYPE, RESOLUTION
from node_gateway.partners.exception_words import Statement, body_of
from node_gateway.partners.ports import Channel, MessageRefusedError
from node_gateway.services.disclosing import Disclosing, open_event
from node_gateway.settings import PolicySection
from node_gateway.storage import exceptions as cases
from node_gateway.storage.exceptions import CaseRow
from node_gateway.storage.exceptions_reading import unproven
from node_gateway.storage.ports import GatewayStore

SHOWN: Final = PolicySection(
    paths=("$['bizTransactionList']", f"$['{RESOLUTION}']"), steps=None, codes="asked"
)
_CASE: Final = "$['bizTransactionList'][0]['bizTransaction']"
_TYPE: Final = "$['bizTransactionList'][0]['type']"
_PASS_MAX: Final = 100


class Proving:
    """Sends what proves resolutions of ours."""

    def __init__(self, store: GatewayStore, disclosing: Disclosing, channel: Channel) -> None:
        self._store, self._disclosing, self._channel = store, disclosing, channel

    async def send(self) -> int:
        """Send the bundles of what is final by now; return how many went."""
        owed = await self._store.read(lambda connection: unproven(connection, limit=_PASS_MAX))
        sent = 0
        for row in owed:
            sent += await self._send(row)
        if sent:
            self._channel.wake()
        return sent

    async def bundle(self, entry: bytes) -> bytes | None:
        """Return the bundle of a resolution as the partner gets it, None while it is not final.

        Raises:
            ErasedError: the event was erased.
        """
        stored = await self._store.event_by_entry(entry)
        if stored is None:
            return None
        try:
            bundle = await self._disclosing.bundle_under(
                open_event(stored), SHOWN, codes=(), hinting=False
            )
        except NotFinalError:
            return None
        return bundle.to_json()

    async def _send(self, row: CaseRow) -> int:
        if row.entry is None or row.partner is None:
            return 0
        partner, entry = row.partner, row.entry
        try:
            bundle = await self.bundle(entry)
            if bundle is None:
                return 0
        except ErasedError:
            bundle = None  # then nobody is owed anything

        def work(connection: Connection) -> int:
            now = cases.case_by_number(connection, row.number)
            if now is None or not now.proof_owed or now.entry != entry:
                return 0
            cases.change_case(connection, row.number, proof_owed=0)
            if bundle is None:
                return 0
            said = Statement(case=row.uuid, act=words.PROVE, text="", bundle=bundle)
            self._channel.put(connection, partner, words.MESSAGE_KIND, body_of(said))
            return 1

        return await self._store.write("exception_proved", work)


def require_proof(said: Statement, row: CaseRow, *, sender: int) -> bytes:
    """Return the bundle that a partner sent, if it proves the resolution that it stated.

    That its anchor is on the chain is not asked here: whoever shows it to others verifies it.

    Raises:
        MessageRefusedError: it proves something else, or nothing.
    """
    try:
        bundle = parse_bundle(said.bundle or b"")
        checked = check_bundle(bundle)
    except AnchoringError:
        raise _no_proof() from None
    values = checked.values
    case = (values.get(_TYPE), values.get(_CASE)) == (CASE_TYPE, f"urn:uuid:{row.uuid}")
    if bundle.participant != sender or checked.entry != row.entry_there or not case:
        raise _no_proof()
    return bundle.to_json()


def _no_proof() -> MessageRefusedError:
    return MessageRefusedError(
        "the bundle does not prove the resolution that was stated", code="exception_proof"
    )
