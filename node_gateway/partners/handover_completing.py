"""Complete what was handed on before its own handover had come.

Goods may leave before the data of their coming are there: the handover then says only what is
known, a closed unit perhaps. When the data come, it is said anew, in place of the first. Only what
adds to what was said counts, so that goods that go round end nowhere in a circle; and only what was
sent to us before we sent it on, so that nobody learns what was put into a unit later.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection

from node_gateway.partners.receiving_parts import sent_ms
from node_gateway.services.following import Follower
from node_gateway.storage import code_states
from node_gateway.storage import handover_completing as completing
from node_gateway.storage import handover_writing as writing
from node_gateway.storage.database import Database
from node_gateway.storage.handover_goods import TooManyCodesError, goods_of, own_events
from node_gateway.storage.handovers import Handover, State


class Completing:
    """Begins handovers that take the place of those which said too little.

    Args:
        database: Knows what came and went.
        follower: What is stored must be known before it is asked what a shipment holds.
        automatic: Whether that happens without anybody's confirmation.
        clock: Unix seconds.
    """

    def __init__(
        self,
        database: Database,
        follower: Follower,
        *,
        automatic: bool,
        clock: Callable[[], float],
    ) -> None:
        self._database, self._follower, self._clock = database, follower, clock
        self._state = State.WAITING if automatic else State.HELD

    async def catch_up(self) -> bool:
        """Look at each handover to us once; tell whether some of ours are to be said anew."""
        begun = False
        while (came := await self._database.read(completing.next_in)) is not None:
            await self._follower.catch_up()
            lacking = await self._database.read(lambda c, came=came: self._lacking(c, came))  # type: ignore[misc]
            if any(one.state is State.PUTTING for one in lacking):
                break  # it has no name yet that another could take the place of

            def work(
                connection: Connection, came: Handover = came, some: list[Handover] = lacking
            ) -> None:
                for one in some:
                    self._begin(connection, one)
                completing.looked_at(connection, came.number)

            await self._database.write("handover_completing", work)
            begun = begun or bool(lacking)
        return begun

    def _lacking(self, connection: Connection, came: Handover) -> list[Handover]:
        """Return those of our handovers that would say more by now."""
        sent, found = sent_ms(connection, came.shipment), list[Handover]()
        if sent is None:
            return []  # nobody says that it was sent to us before
        for one in completing.incomplete(connection, came):
            position = code_states.position_of(connection, one.shipment)
            events = own_events(connection, [position] if position is not None else [])
            for ship in events.values():
                try:
                    goods = goods_of(connection, ship)
                except TooManyCodesError:
                    continue
                if ship.time_ms >= sent and completing.says_less(connection, one, goods):
                    found.append(one)
        return found

    def _begin(self, connection: Connection, one: Handover) -> None:
        if not completing.is_begun(connection, one):
            writing.add_out(
                connection,
                self._database.insert,
                partner=one.partner,
                shipment=one.shipment,
                state=self._state,
                at=int(self._clock()),
                replaces=one.digest,
            )


__all__ = ["Completing"]
