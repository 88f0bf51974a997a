"""What a gateway does with its partners, put together by `wiring`."""

from __future__ import annotations

from dataclasses import dataclass

from anchoring.chain.network import Network
from anchoring.chain.signer import Signer
from node_gateway.features import Base
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
        background: What runs beside the requests, for as long as the gateway does.
    """

    background: tuple[Background, ...] = ()


async def partners(own: Own) -> Partners:
    """Put the services between participants together."""
    del own
    return Partners()
