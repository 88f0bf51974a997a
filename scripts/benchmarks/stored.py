"""A database of its own with events in it: capture and projections, but no HTTP and no chain."""

import os
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from anchoring.chain.receipts import ReceiptSigner
from anchoring.chain.signer import Signer
from node_gateway.epcis.validation import EpcisValidator
from node_gateway.services.capture import Capture
from node_gateway.services.following import Projection
from node_gateway.services.gate import Gate
from node_gateway.services.preparing import Preparing
from node_gateway.settings import BatchingSection, LimitsSection
from node_gateway.storage.code_judging import CodeStates
from node_gateway.storage.corrections import Corrections
from node_gateway.storage.engine import migrate, open_store
from node_gateway.storage.facets import Facets
from node_gateway.storage.store import Store
from node_gateway.streams import Streams
from node_gateway.telemetry import Metrics

PARTICIPANT = 1


def all_projections() -> list[Projection]:
    return [Corrections(), Facets(), CodeStates()]


@dataclass(frozen=True)
class Stored:
    store: Store
    file: Path
    _capture: Capture

    async def capture(self, documents: Sequence[bytes]) -> None:
        for body in documents:
            report = await self._capture.document(body)
            assert report.success, report.problems[:3]


@asynccontextmanager
async def opened() -> AsyncIterator[Stored]:
    with tempfile.TemporaryDirectory(prefix="sealtrail-bench-") as folder:
        file = Path(folder) / "sealtrail.db"
        migrate(f"sqlite:///{file}")
        store = await open_store(f"sqlite:///{file}")
        try:
            yield _put_together(store, file)
        finally:
            await store.close()


def _put_together(store: Store, file: Path) -> Stored:
    gate = Gate()
    gate.ready()
    preparing = Preparing(
        participant=PARTICIPANT,
        validator=EpcisValidator(),
        limits=LimitsSection(),
        event_id_key=os.urandom(32),
        locations={},
    )
    signer = ReceiptSigner(Signer.from_key(os.urandom(32)), chain_id=1, registry=os.urandom(20))
    capture = Capture(
        store=store,
        preparing=preparing,
        streams=Streams.from_settings(PARTICIPANT, BatchingSection()),
        signer=signer,
        gate=gate,
        metrics=Metrics("bench"),
        clock=time.time,
        on_stored=lambda: None,
    )
    return Stored(store, file, capture)
