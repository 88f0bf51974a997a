"""Notice boards as a directory has them, and notices laid over goods that were captured."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from anchoring.directory.model import Directory, Notice, NoticeStep, Wording
from anchoring.ports import BlockRef
from node_gateway.services.following import Follower
from node_gateway.services.notices import Notices
from node_gateway.storage.code_judging import CodeStates
from node_gateway.storage.ports import GatewayStore
from tests.gateway.state.flows import START

PRODUCT = "gs1:690123412345"
PUBLISHED = int(START.timestamp())
TEXT = Wording("全部停止销售。", "Stop selling all of it.", "", bytes(32))


def notice(
    number: int = 1,
    *,
    level: int = 1,
    drill: bool = False,
    product: str = PRODUCT,
    lots: Sequence[str] = (),
    digest: bytes = bytes(32),
    publisher: int = 9,
) -> Notice:
    """Return a notice; `level` 0 is one that was lifted a day later."""
    steps = [NoticeStep(PUBLISHED, publisher, level or 1, TEXT)]
    if not level:
        steps.append(NoticeStep(PUBLISHED + 86_400, publisher, 0, TEXT))
    return Notice(
        id=number,
        publisher=publisher,
        by_regulator=False,
        drill=drill,
        product=product,
        lots=tuple(lots),
        digest=digest,
        steps=tuple(steps),
    )


def directory(*notices: Notice) -> Directory:
    head = BlockRef(7, bytes(32), PUBLISHED)
    return Directory(head, notices=MappingProxyType({one.id: one for one in notices}))


class Board:
    """What a gateway has read of the chain; a test changes it as a block would."""

    def __init__(self, *notices: Notice) -> None:
        self.current = directory(*notices)

    def put(self, *notices: Notice) -> None:
        self.current = directory(*notices)


def over(store: GatewayStore, board: Board, participant: int = 7) -> tuple[Follower, Notices]:
    follower = Follower(store, [CodeStates()])
    made = Notices(store, follower, current=lambda: board.current, participant=participant)
    return follower, made
