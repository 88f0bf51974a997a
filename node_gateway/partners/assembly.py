"""What a gateway does with its partners, put together by `wiring`."""

from __future__ import annotations

from dataclasses import dataclass

from anchoring.chain.evm_reader import EvmReader
from anchoring.chain.network import Network
from anchoring.chain.proving import EvmProver
from anchoring.chain.signer import Signer
from node_gateway.features import Base
from node_gateway.partners.challenges import Challenges
from node_gateway.partners.channel import MessageChannel
from node_gateway.partners.evidence import PartnerEvidence
from node_gateway.partners.exception_assembly import Exceptions, exceptions
from node_gateway.partners.grant_reads import GrantReads
from node_gateway.partners.granting import Granting, granting
from node_gateway.partners.handover_assembly import Handovers, handovers
from node_gateway.partners.peering import Peering, peering
from node_gateway.partners.ports import Peers
from node_gateway.partners.recall_assembly import Recalls, recalls
from node_gateway.partners.receiving_assembly import Receipts, receiving
from node_gateway.partners.trace_assembly import Traces, traces
from node_gateway.services.background import Background
from node_gateway.services.directory import DirectoryService
from node_gateway.services.disclosing import Disclosing
from node_gateway.services.notices import Notices
from node_gateway.services.operating import Operating
from node_gateway.services.public import PublicAnswers
from node_gateway.services.standing import Standing
from node_gateway.services.states import States


@dataclass(frozen=True, slots=True)
class Own:
    """What the features between gateways take from this one."""

    base: Base
    network: Network
    sign: Signer
    chain: EvmReader
    prover: EvmProver
    directory: DirectoryService
    disclosing: Disclosing
    standing: Standing
    states: States
    notices: Notices
    operating: Operating
    public: PublicAnswers


@dataclass(frozen=True, slots=True)
class Partners:
    """The services between participants.

    Attributes:
        peering: Requests and messages between participants; `peers` and `channel` are its parts.
        exceptions: Mismatches that somebody must resolve; implements `ports.Exceptions`.
        evidence: What was said that cannot both hold, as files for third parties.
        challenges: Opens leaves of ours for auditors, and asks others for theirs.
        granting: What others may read here or do in our name; `grants` is a part of it.
        traces: What traces codes, answers neighbours that do, and tells what was sold.
        receipts: Shipments to us, and what receivers answer for ours.
        handovers: What was disclosed of shipments, in both directions.
        recalls: Asks and answers partners about recalled goods.
        background: What runs beside the requests, for as long as the gateway does.
    """

    peering: Peering
    exceptions: Exceptions
    evidence: PartnerEvidence
    challenges: Challenges
    granting: Granting
    traces: Traces
    handovers: Handovers
    receipts: Receipts
    recalls: Recalls
    background: tuple[Background, ...] = ()

    @property
    def peers(self) -> Peers:
        """Asks other gateways."""
        return self.peering.client

    @property
    def grants(self) -> GrantReads:
        """Knows what others may read; implements `ports.Grants`."""
        return self.granting.reads

    @property
    def channel(self) -> MessageChannel:
        """Says things to other participants, and hears what they say."""
        return self.peering.channel


async def partners(own: Own) -> Partners:
    """Put the services between participants together."""
    between = peering(own)
    allowed = await granting(own, between.client)
    mismatches = exceptions(own, between.channel)
    shipments = await handovers(own, between.channel, mismatches)
    receipts = await receiving(own, between.channel, shipments, mismatches)
    ways = await traces(own, between, mismatches)
    recalled = recalls(own, between.channel)
    return Partners(
        peering=between,
        exceptions=mismatches,
        evidence=PartnerEvidence(
            own.base.store,
            own.network,
            own.base.settings.gateway.participant,
            own.prover,
        ),
        challenges=Challenges(
            own.base.store,
            allowed.reads,
            between.client,
            between.views.voice,
        ),
        granting=allowed,
        traces=ways,
        handovers=shipments,
        recalls=recalled,
        receipts=receipts,
        background=(
            *(between.saying, allowed.log, mismatches.watch, shipments.sending),
            *(shipments.addressing, receipts.arrivals, ways.sales, recalled.recalling),
        ),
    )
