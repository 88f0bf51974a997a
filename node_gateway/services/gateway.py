"""All services of one gateway, put together by `wiring` and used by HTTP and command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from anchoring.anchorer import Anchorer
from anchoring.core.receipt import Receipt
from node_gateway.archive.reading import Archives
from node_gateway.codes.identity import code_and_lot
from node_gateway.errors import ParameterError
from node_gateway.services.access import Access
from node_gateway.services.batching import Batcher
from node_gateway.services.capture import Capture
from node_gateway.services.commissioning import Commissioning
from node_gateway.services.company_prefixes import CompanyPrefixes
from node_gateway.services.correcting import Correcting
from node_gateway.services.directory import DirectoryService
from node_gateway.services.disclosing import Disclosing
from node_gateway.services.drop_folder import DropFolder
from node_gateway.services.drug_codes import DrugCodes
from node_gateway.services.exporting_mashang import MashangExports
from node_gateway.services.following import Follower
from node_gateway.services.gate import Gate
from node_gateway.services.governing import Governing
from node_gateway.services.importing import Importing
from node_gateway.services.importing_csv import Mappings
from node_gateway.services.intake import Intake
from node_gateway.services.issuing import Issuing
from node_gateway.services.limiter import Limiter
from node_gateway.services.linting import Linting
from node_gateway.services.looking_up import LookUps
from node_gateway.services.master_data import MasterData
from node_gateway.services.merging import Merging
from node_gateway.services.named_queries import NamedQueries
from node_gateway.services.naming import Naming
from node_gateway.services.notice_goods import NoticeGoods
from node_gateway.services.notice_watch import NoticeWatch
from node_gateway.services.notices import Notices
from node_gateway.services.operating import Operating
from node_gateway.services.promises import PromiseWatch
from node_gateway.services.public import PublicAnswers
from node_gateway.services.querying import Querying
from node_gateway.services.sockets import Sockets
from node_gateway.services.standing import Standing
from node_gateway.services.states import States
from node_gateway.services.subscribing import Subscribing
from node_gateway.services.withdrawing import Withdrawing
from node_gateway.settings import Settings
from node_gateway.storage.ports import GatewayStore, StoredReceipt
from node_gateway.streams import Streams
from node_gateway.telemetry import Metrics

if TYPE_CHECKING:
    from node_gateway.labels.assembly import Labels
    from node_gateway.pages.assembly import Pages
    from node_gateway.partners.assembly import Partners
    from node_gateway.webhooks.registering import Webhooks

EPCIS_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
CODE_LENGTH_MAX: Final = 1000


@dataclass(frozen=True)
class Gateway:
    """One gateway: what it is configured as, what it stores, what it can do."""

    settings: Settings
    store: GatewayStore
    streams: Streams
    access: Access
    gate: Gate
    capture: Capture
    disclosing: Disclosing
    master: MasterData
    public: PublicAnswers
    follower: Follower
    querying: Querying
    queries: NamedQueries
    prefixes: CompanyPrefixes
    subscribing: Subscribing
    sockets: Sockets
    standing: Standing
    states: States
    drug_codes: DrugCodes
    correcting: Correcting
    operating: Operating
    merging: Merging
    naming: Naming
    directory: DirectoryService
    notices: Notices
    notice_watch: NoticeWatch
    issuing: Issuing
    withdrawing: Withdrawing
    commissioning: Commissioning
    importing: Importing
    intake: Intake
    mappings: Mappings
    linting: Linting
    drop_folder: DropFolder | None
    archives: Archives
    exports: MashangExports
    batcher: Batcher
    anchorer: Anchorer
    lookups: LookUps
    lists: Limiter
    metrics: Metrics
    clock: Callable[[], float]
    partners: Partners
    webhooks: Webhooks
    labels: Labels
    pages: Pages
    governing: Governing | None = None
    promises: PromiseWatch = field(default_factory=PromiseWatch)
    wakers: list[Callable[[], None]] = field(default_factory=list)

    def on_wake(self, waker: Callable[[], None]) -> None:
        """Register what `wake` calls."""
        self.wakers.append(waker)

    def wake(self) -> None:
        """Let the worker do its next pass now."""
        for waker in self.wakers:
            waker()

    @property
    def notice_goods(self) -> NoticeGoods:
        """Which goods notices mean."""
        return self.notice_watch.goods

    @property
    def epcis_context(self) -> list[str | Mapping[str, Any]]:
        """The `@context` under which normalised events are handed out."""
        return [EPCIS_CONTEXT]

    def canonical_code(self, text: str) -> str:
        """Return the canonical form of a code in any of its spellings.

        Raises:
            EpcisError: it claims to be a GS1 identifier and is malformed.
            ParameterError: it is too long for a code.
        """
        return self.scanned(text)[0]

    def scanned(self, text: str) -> tuple[str, str | None]:
        """Return the canonical form of a code, and the lot that its text states beside it.

        Raises:
            EpcisError, ParameterError: as `canonical_code`.
        """
        if len(text) > CODE_LENGTH_MAX:
            raise ParameterError(
                f"a code has at most {CODE_LENGTH_MAX} characters", code="code_too_long"
            )
        code = unquote(text) if "%" in text and ":" not in text.partition("%")[0] else text
        if code.startswith(("http:/", "https:/")) and "://" not in code:
            code = code.replace(":/", "://", 1)  # some clients and proxies merge slashes
        return code_and_lot(code)

    def receipt(self, stored: StoredReceipt) -> Receipt:
        """Return a stored receipt as it was signed."""
        promise = stored.promise
        return Receipt(
            participant=self.settings.gateway.participant,
            stream=stored.stream,
            entries=stored.entries,
            received_at=promise.received_at,
            anchor_by=promise.anchor_by,
            chain_id=promise.chain_id,
            registry=promise.registry,
            signature=promise.signature,
        )
