"""What one participant said to another: that it did, and that it said two things at once."""

from __future__ import annotations

from anchoring.chain.messages import digest_of, receiver_key, sender_key
from anchoring.core.message import SignedMessage
from anchoring.evidence.inquiry import PURPOSE_SIGN, Inquiry, iso
from anchoring.evidence.model import EvidenceRefusedError, Said, TwoMessages


def check_said(shown: Said, inquiry: Inquiry) -> tuple[int, ...]:
    """Check that a participant said this, and that the other one took it, if that is claimed.

    Returns:
        The sender.

    Raises:
        FormatError, VerificationError: it is not shown.
    """
    check_signed(shown.message, inquiry, what="the message")
    statement = shown.message.statement
    if shown.message.body is None:
        inquiry.said.append(f"its body is kept back; its digest is {statement.body.hex()}")
    return (statement.sender,)


def check_two_messages(shown: TwoMessages, inquiry: Inquiry) -> tuple[int, ...]:
    """Check that a sender signed two messages to one receiver under one number.

    A gateway signs a message again only as it was (its digest holds no key), so another digest
    under the same number is another statement.

    Returns:
        The sender.

    Raises:
        FormatError, VerificationError: it is not shown.
    """
    first, second = (one.statement for one in shown.messages)
    if (first.sender, first.receiver) != (second.sender, second.receiver):
        raise EvidenceRefusedError("the two are of two channels", "channels_differ")
    if first.number != second.number:
        raise EvidenceRefusedError("the two have two numbers", "numbers_differ")
    if digest_of(first) == digest_of(second):
        text = "both are one message: signed again is no second statement"
        raise EvidenceRefusedError(text, "no_contradiction")
    for number, message in enumerate(shown.messages, start=1):
        check_signed(message, inquiry, what=f"message {number}")
    return (first.sender,)


def check_signed(message: SignedMessage, inquiry: Inquiry, *, what: str) -> None:
    """Check who signed a message and its answer, and note what was said.

    Raises:
        VerificationError: it is for another network, or not signed by its sender or receiver.
    """
    statement, network = message.statement, inquiry.facts.network
    domain = (statement.chain_id, statement.consortium)
    if domain != (network.chain_id, network.consortium):
        raise EvidenceRefusedError(f"{what} is for another network", "other_chain")
    inquiry.said.append(
        f"participant {statement.sender} said to participant {statement.receiver}: "
        f"{statement.kind} number {statement.number}, {digest_of(statement).hex()}, "
        f"at {iso(statement.at)} by its own clock"
    )
    inquiry.signed_by(
        sender_key(message),
        statement.sender,
        PURPOSE_SIGN,
        at=statement.at,
        what=what,
        may_be_younger=True,
    )
    if message.answer is None:
        return
    answer = message.answer
    inquiry.signed_by(
        receiver_key(message),
        statement.receiver,
        PURPOSE_SIGN,
        at=answer.at,
        what=f"the answer to {what}",
        may_be_younger=True,
    )
    did = f"refused it as {answer.code}" if answer.code else "took it"
    inquiry.said.append(f"participant {statement.receiver} {did} at {iso(answer.at)}")
