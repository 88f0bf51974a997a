"""Which events are about the goods that grants name: an index for these goods alone.

Goods are named by a key: a code, `<product>/` or `<product>/<lot>`, a product as `gs1:` and 12
digits or `cn:` and 7 (all pack levels of a trade item are one product). A shipment seldom states
the lots that it holds, so an event is about a lot if it names a code whose lot is known to be that.
Without grants the index is empty and costs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, delete, func, insert, select

from anchoring.directory.prefixes import product_of_code
from node_gateway.epcis.derived import code_lists
from node_gateway.epcis.query.fields import QUANTITY_MEMBERS, objects
from node_gateway.state.code_state import CodeState
from node_gateway.storage import tables
from node_gateway.storage.code_state_tables import code_state, parent_event
from node_gateway.storage.code_states import among, read_states
from node_gateway.storage.grant_tables import granted_event, granted_goods

if TYPE_CHECKING:
    from node_gateway.services.following import FollowedEvent
    from node_gateway.storage.database import Insert

_LINK: Final = "https://id.gs1.org/01/"
_DRUG: Final = "urn:x-cn-drug:"
_code = tables.event_code.c
_row = granted_event.c
CODES_AT_ONCE: Final = 2_000


def product_key(product: str) -> str:
    """Return the key of all goods of a product."""
    return f"{product}/"


def lot_key(product: str, lot: str) -> str:
    """Return the key of a lot."""
    return f"{product}/{lot}"


def keys_of_code(code: str, lot: str | None) -> Iterable[str]:
    """Yield every key under which a code falls."""
    yield code
    product = product_of_code(code)
    if product is not None:
        yield product_key(product)
        if lot is not None:
            yield lot_key(product, lot)


def covered(code: str, lot: str | None, goods: Collection[str]) -> bool:
    """Tell whether a code is among some goods."""
    return any(key in goods for key in keys_of_code(code, lot))


class GrantedGoods:
    """Implements `Projection`. It must come after that of the states, which know the lots."""

    name = "granted_goods"

    def prepare(
        self, connection: Connection, events: Sequence[FollowedEvent]
    ) -> Sequence[FollowedEvent]:
        """See `Projection`."""
        any_goods = connection.execute(select(granted_goods.c.goods).limit(1)).first()
        return events if any_goods is not None else ()

    def apply(
        self, connection: Connection, insert: Insert, change: Sequence[FollowedEvent]
    ) -> None:
        """See `Projection`. The states of the same pass are written by now."""
        if not change:
            return
        goods = set(connection.execute(select(granted_goods.c.goods)).scalars())
        wanted = {
            (key, event.position)
            for event in change
            for key in event_keys(connection, event.event) & goods
        }
        add_rows(connection, insert, wanted)

    def forget(self, connection: Connection, event: FollowedEvent) -> None:
        """See `Projection`."""
        connection.execute(delete(granted_event).where(_row.event == event.position))

    def clear(self, connection: Connection) -> None:
        """See `Projection`. The goods stay: what grants name is no projection."""
        connection.execute(delete(granted_event))


def event_keys(connection: Connection, event: Mapping[str, Any]) -> set[str]:
    """Return the keys of all goods that an event names."""
    codes = {code for some in code_lists(event).values() for code in some}
    lots = lots_of(connection, codes)
    keys = {key for code in codes for key in keys_of_code(code, lots.get(code))}
    ilmd = event.get("ilmd")
    stated = ilmd.get("cbvmda:lotNumber") if isinstance(ilmd, Mapping) else None
    if isinstance(stated, str):
        keys |= {lot_key(product, stated) for code in codes if (product := product_of_code(code))}
    for name in QUANTITY_MEMBERS:
        for one in objects(event.get(name)):
            keys |= _keys_of_class(str(one.get("epcClass", "")))
    return keys


def classes_covered(event: Mapping[str, Any], goods: Collection[str]) -> bool:
    """Tell whether every class of goods that an event gives a quantity of is among some goods."""
    return all(
        any(key in goods for key in _keys_of_class(str(one.get("epcClass", ""))))
        for name in QUANTITY_MEMBERS
        for one in objects(event.get(name))
    )


def lots_of(connection: Connection, codes: Collection[str]) -> dict[str, str]:
    """Return the lots of those codes of which they are known."""
    found: dict[str, str] = {}
    decoded: dict[bytes, CodeState] = {}
    listed = sorted(codes)
    for start in range(0, len(listed), CODES_AT_ONCE):
        part = listed[start : start + CODES_AT_ONCE]
        for code, state in read_states(connection, part, decoded).items():
            if state.lot is not None:
                found[code] = state.lot
    return found


def _keys_of_class(epc_class: str) -> set[str]:
    """Return the keys of a class of goods: `https://id.gs1.org/01/<GTIN>/10/<lot>`."""
    if not epc_class.startswith(_LINK):
        return set()
    gtin, _, rest = epc_class.removeprefix(_LINK).partition("/")
    product = product_of_code(f"{_LINK}{gtin}/21/0")
    if product is None:
        return set()
    lot = rest.removeprefix("10/") if rest.startswith("10/") else None
    return {product_key(product), *([lot_key(product, lot)] if lot else [])}


def register(connection: Connection, goods: Collection[str]) -> list[str]:
    """Let the projection look out for goods; return those for which it did not yet."""
    listed = sorted(goods)
    known = {
        row[0]
        for row in among(connection, "SELECT goods FROM granted_goods WHERE goods IN {}", listed)
    }
    fresh = [one for one in listed if one not in known]
    if fresh:
        connection.execute(insert(granted_goods), [{"goods": one} for one in fresh])
    return fresh


def keep_only(connection: Connection, goods: Collection[str]) -> None:
    """Forget every goods that no grant names any more."""
    known = set(connection.execute(select(granted_goods.c.goods)).scalars())
    for one in sorted(known - set(goods)):
        connection.execute(delete(granted_event).where(_row.goods == one))
        connection.execute(delete(granted_goods).where(granted_goods.c.goods == one))


def add_rows(connection: Connection, insert: Insert, wanted: Iterable[tuple[str, int]]) -> None:
    """Insert rows that are not there yet."""
    rows = sorted(set(wanted))
    positions = {position for _, position in rows}
    known = {
        (goods, position)
        for goods, position in among(
            connection,
            "SELECT goods, event FROM granted_event WHERE event IN {}",
            sorted(positions),
        )
    }
    insert(connection, granted_event, [row for row in rows if row not in known])


def events_about(connection: Connection, goods: str) -> list[int]:
    """Return the positions of all stored events about goods: for goods that are new to a grant."""
    product, slash, lot = goods.partition("/")
    if not slash or not product.startswith(("gs1:", "cn:")):
        return _naming(connection, [goods])
    if not lot:
        found: set[int] = set()
        for low, high in _ranges(product):
            query = select(_code.event).where(_code.code >= low, _code.code < high).distinct()
            found.update(connection.execute(query).scalars())
        return sorted(found)
    return _naming(connection, _codes_of_lot(connection, product, lot))


def window(connection: Connection, goods: Collection[str], after: int, limit: int) -> list[int]:
    """Return the next positions of events about any of some goods, ascending."""
    statement = (
        "SELECT DISTINCT event FROM granted_event WHERE goods IN {}"  # noqa: S608  numbers only
        f" AND event > {after:d} ORDER BY event LIMIT {limit:d}"
    )
    return [row[0] for row in among(connection, statement, sorted(goods))]


def is_about(connection: Connection, goods: Collection[str], position: int) -> bool:
    """Tell whether an event is about any of some goods."""
    query = select(_row.goods).where(_row.event == position)
    return any(key in goods for key in connection.execute(query).scalars())


def last_position(connection: Connection) -> int:
    """Return the position of the last stored event."""
    return int(connection.execute(select(func.max(tables.event.c.position))).scalar() or 0)


def _naming(connection: Connection, codes: Collection[str]) -> list[int]:
    found: set[int] = set()
    listed = sorted(codes)
    for start in range(0, len(listed), CODES_AT_ONCE):
        part = listed[start : start + CODES_AT_ONCE]
        statement = "SELECT DISTINCT event FROM event_code WHERE code IN {}"
        found.update(row[0] for row in among(connection, statement, part))
        parents = f"SELECT event FROM {parent_event.name} WHERE parent IN {{}}"  # noqa: S608
        found.update(row[0] for row in among(connection, parents, part))
    return sorted(found)


def _codes_of_lot(connection: Connection, product: str, lot: str) -> list[str]:
    codes: list[str] = []
    decoded: dict[bytes, CodeState] = {}
    for low, high in _ranges(product):
        after = ""
        while True:
            column = code_state.c.code
            query = select(column).where(column >= low, column < high, column > after)
            page = list(connection.execute(query.order_by(column).limit(CODES_AT_ONCE)).scalars())
            if not page:
                break
            states = read_states(connection, page, decoded)
            codes += [code for code in page if code in states and states[code].lot == lot]
            after = page[-1]
    return codes


def _ranges(product: str) -> Iterable[tuple[str, str]]:
    """Yield the ranges of codes of a product: of a GTIN one for each indicator digit."""
    kind, _, digits = product.partition(":")
    starts = [f"{_DRUG}{digits}"] if kind == "cn" else [f"{_LINK}{d}{digits}" for d in range(10)]
    for start in starts:
        yield start, start[:-1] + chr(ord(start[-1]) + 1)
