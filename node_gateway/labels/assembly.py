"""The labels of one gateway, put together."""

from __future__ import annotations

from dataclasses import dataclass

from node_gateway.features import Base
from node_gateway.labels.choosing import Choosing
from node_gateway.labels.jobs import Jobs
from node_gateway.labels.judging import Judging
from node_gateway.labels.making import Names
from node_gateway.labels.printing import Printing
from node_gateway.master_data.directory import Directory
from node_gateway.services.issuing import Issuing
from node_gateway.services.notices import Notices
from node_gateway.services.states import States
from node_gateway.storage.labels import LabelStore


@dataclass(frozen=True, slots=True)
class Labels:
    """What prints labels, and what keeps jobs."""

    printing: Printing
    jobs: Jobs


def labels(base: Base, known: tuple[Issuing, States, Notices]) -> Labels:
    """Return the use cases of labels; `known` is what knows the codes."""
    issuing, states, notices = known
    kept, clock = LabelStore(base.store), base.clock
    printing = Printing(
        Choosing(issuing, kept),
        Judging(states, notices, clock=clock),
        kept,
        stem=base.settings.gateway.public_url,
        names=names_in(base.master.directory),
        clock=clock,
    )
    return Labels(printing, Jobs(printing, kept, clock=clock))


def names_in(directory: Directory) -> Names:
    """Return what names products as a pack does: the name, and its strength and pack."""

    def names(code: str) -> tuple[str, str]:
        product = directory.product_of(code)
        if product is None:
            return "", ""
        zh, en = (
            f"{name} {product.specification}".strip() if name else ""
            for name in (product.name_zh, product.name_en)
        )
        return zh, en

    return names
