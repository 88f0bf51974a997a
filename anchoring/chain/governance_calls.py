"""Calls that operators decide on, prepared for the `Governor`: governance, prefixes, notices.

Addresses come from the reader's own network file, never from an answer of an endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.governance import NO_EVIDENCE, Action, encode_action
from anchoring.chain.governor import PreparedCall
from anchoring.chain.network import Contract, Network
from anchoring.errors import ChainIdentityError, ContractRefusedError

NO_DIGEST = bytes(32)


@dataclass(frozen=True, slots=True)
class NoticeText:
    """What a notice says: at least one text; an address and its SHA-256 go together."""

    zh: str = ""
    en: str = ""
    uri: str = ""
    uri_digest: bytes = NO_DIGEST


@dataclass(frozen=True, slots=True)
class NoticeScope:
    """What a notice is about: a product, and of it either lots, or a list by its digest, or all."""

    product: str
    lots: tuple[str, ...] = ()
    list_digest: bytes = NO_DIGEST


class GovernanceCalls:
    """Prepares calls of one network's contracts; signs and sends nothing.

    Raises (every method that needs a contract):
        ChainIdentityError: code `contract_not_named`; the network file does not name it.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._consortium_abi = _voting_abi()

    def propose(self, action: Action, evidence: bytes = NO_EVIDENCE) -> PreparedCall:
        """Propose an action, which the proposer approves by that."""
        kind, arguments = encode_action(action)
        return self._consortium("propose", int(kind), arguments, evidence)

    def approve(self, proposal: int, digest: bytes) -> PreparedCall:
        """Approve exactly what has this digest."""
        return self._consortium("approve", proposal, digest)

    def withdraw(self, proposal: int) -> PreparedCall:
        """Take one's approval back."""
        return self._consortium("withdraw", proposal)

    def execute(self, proposal: int) -> PreparedCall:
        """Carry out what was decided."""
        return self._consortium("execute", proposal)

    def recount(self, proposal: int) -> PreparedCall:
        """Begin or end a delay because the electorate changed."""
        return self._consortium("recount", proposal)

    def enact(self, action: Action) -> PreparedCall:
        """What `execute` does; only to be tried, with the Consortium itself as the sender."""
        kind, arguments = encode_action(action)
        return self._consortium("enact", int(kind), arguments)

    def refusal(self, reason: bytes) -> ContractRefusedError:
        """Decode what an action reverted with, whichever contract said it."""
        return self._consortium_abi.refusal(reason)

    def veto(self, proposal: int) -> PreparedCall:
        """Forbid the replacement of one's own admin key."""
        return self._consortium("veto", proposal)

    def set_url(self, url: str) -> PreparedCall:
        """Change the address of one's own gateway."""
        return self._consortium("setUrl", url)

    def offer_prefix(self, grant: int, to: int) -> PreparedCall:
        """Offer the rest of one's own grant to another participant."""
        return self._codes("offer", grant, to)

    def withdraw_offer(self, grant: int) -> PreparedCall:
        """Make an offer void: as the one who made it, or who got it."""
        return self._codes("withdrawOffer", grant)

    def accept_prefix(self, grant: int) -> PreparedCall:
        """Take over what is offered."""
        return self._codes("accept", grant)

    def surrender_prefix(self, grant: int, until: int = 0) -> PreparedCall:
        """Give one's own grant up, now or from a time on."""
        return self._codes("surrender", grant, until)

    def publish_notice(
        self, level: int, scope: NoticeScope, text: NoticeText, *, drill: bool
    ) -> PreparedCall:
        """Publish a recall, or an exercise of one."""
        fields = (scope.product, list(scope.lots), scope.list_digest)
        return self._notices("publish", level, drill, fields, _text(text))

    def escalate_notice(self, notice: int, level: int, text: NoticeText) -> PreparedCall:
        """Make a notice graver."""
        return self._notices("escalate", notice, level, _text(text))

    def lift_notice(self, notice: int, text: NoticeText) -> PreparedCall:
        """Lift a notice for good."""
        return self._notices("lift", notice, _text(text))

    @property
    def code_registry(self) -> bytes:
        """Address of the CodeRegistry."""
        return _address(self._network.code_registry, "code registry")

    @property
    def notice_board(self) -> bytes:
        """Address of the NoticeBoard."""
        return _address(self._network.notice_board, "notice board")

    def _consortium(self, function: str, *arguments: object) -> PreparedCall:
        to = self._network.consortium
        return PreparedCall.of(self._consortium_abi, to, function, *arguments)

    def _codes(self, function: str, *arguments: object) -> PreparedCall:
        to, abi = self.code_registry, ContractAbi(load("CodeRegistry").abi)
        return PreparedCall.of(abi, to, function, *arguments)

    def _notices(self, function: str, *arguments: object) -> PreparedCall:
        to, abi = self.notice_board, ContractAbi(load("NoticeBoard").abi)
        return PreparedCall.of(abi, to, function, *arguments)


def _voting_abi() -> ContractAbi:
    """Return a coder of the Consortium that knows the errors of what it calls, too."""
    parts = list(load("Consortium").abi)
    known = {part["name"] for part in parts if part["type"] == "error"}
    for name in ("AnchorRegistry", "CodeRegistry"):
        parts += [
            part for part in load(name).abi if part["type"] == "error" and part["name"] not in known
        ]
    return ContractAbi(parts)


def _address(contract: Contract | None, what: str) -> bytes:
    if contract is None:
        raise ChainIdentityError(f"the network file names no {what}", code="contract_not_named")
    return contract.address


def _text(text: NoticeText) -> tuple[str, str, str, bytes]:
    return text.zh, text.en, text.uri, text.uri_digest
