"""Every error `anchoring` raises on purpose.

* AnchoringError
  x FormatError (also ValueError)   bytes from outside are malformed; a retry cannot help
    + TextError                     not the JSON text that the format allows
    + BundleFormatError             JSON, but not a bundle, receipt or opening
    + DisclosureError               a disclosure or its path is not in the one allowed form
    + ProofShapeError               no tree of this size has such a path
    + EventFormError                an event cannot be committed as it stands
  x VerificationError               well formed, but the claim is false; never a mere warning
    + DisclosedSetError             disclosures that cannot belong to one event
    + InconsistentError             a disclosed original contradicts `sealtrail:act`
    + RootMismatchError             a recomputed root differs from the one it must equal
    + RecordMismatchError           the chain's record differs from the recomputed one
    + AnchorNotFoundError           no listed registry holds such an anchor
    + ReceiptError                  a receipt does not hold
  x ChainError                      the chain was not asked, or did not answer
    + ChainUnavailableError         nothing was sent; safe to retry
    + SubmissionUnknownError        sent, outcome unknown; read back before any retry
    + KeyBusyError                  another transaction of the same key went first; nothing was done
    + ChainIdentityError            this is not the chain that was agreed on
    + ContractRefusedError          the contract answers with an error of its own
  x KeystoreError                   a key cannot be used
    + SignerUnavailableError        the remote signer gave no signature; safe to retry
    + SignerMismatchError           the remote signer signed something else; nothing was sent
"""

from typing import ClassVar


class AnchoringError(Exception):
    """Base class. `code` is stable and part of the API; the message may change.

    Args:
        message: A sentence for people, without anything undisclosed.
        code: Replaces the class's code where one class covers several.
        pointer: Where in the input, as a JSON pointer; empty where that means nothing.
    """

    code: str = "anchoring_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, code: str | None = None, *, pointer: str = "") -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.pointer = pointer


class FormatError(AnchoringError, ValueError):
    """Bytes from outside are malformed; a retry cannot help."""

    code = "format_error"


class TextError(FormatError):
    """The text is not JSON of the kind that the format allows."""

    code = "not_json"


class BundleFormatError(FormatError):
    """JSON, but not a bundle, receipt or opening."""

    code = "bundle_shape"


class DisclosureError(FormatError):
    """A disclosure or its path is not in the one form allowed."""

    code = "disclosure_shape"


class ProofShapeError(FormatError):
    """No tree of this size has such a path."""

    code = "proof_shape"


class EventFormError(FormatError):
    """An event cannot be committed as it stands."""

    code = "event_form"


class VerificationError(AnchoringError):
    """Well formed, but the claim is false."""

    code = "verification_error"


class DisclosedSetError(VerificationError):
    """The disclosures cannot all belong to one event."""

    code = "duplicate_path"


class InconsistentError(VerificationError):
    """A disclosed original contradicts `sealtrail:act`."""

    code = "inconsistent"


class RootMismatchError(VerificationError):
    """A recomputed root is not the one that it must equal. Carries both, as evidence."""

    code = "root_mismatch"

    def __init__(self, *, computed: bytes, expected: bytes, code: str = "root_mismatch") -> None:
        self.computed, self.expected = computed, expected
        super().__init__(f"computed root {computed.hex()}, expected {expected.hex()}", code=code)


class RecordMismatchError(VerificationError):
    """The registry's record is not the recomputed one. Carries both, as evidence."""

    code = "record_mismatch"

    def __init__(self, *, computed: bytes, stored: bytes) -> None:
        self.computed, self.stored = computed, stored
        super().__init__(f"computed record {computed.hex()}, the registry holds {stored.hex()}")


class AnchorNotFoundError(VerificationError):
    """No listed registry holds an anchor for this stream and sequence, or more than one does."""

    code = "anchor_not_found"


class ReceiptError(VerificationError):
    """A receipt does not hold: signature, signer, or a promise that was not kept."""

    code = "receipt_invalid"


class ChainError(AnchoringError):
    """The chain was not asked, or did not answer."""

    code = "chain_error"


class ChainUnavailableError(ChainError):
    """Nothing was sent, or nothing was answered; safe to retry."""

    code = "chain_unavailable"
    retryable = True


class SubmissionUnknownError(ChainError):
    """Sent, outcome unknown; read back before any retry. `tx_hash` if the sender knows it."""

    code = "submission_unknown"

    def __init__(self, message: str, *, tx_hash: bytes | None = None) -> None:
        self.tx_hash = tx_hash
        super().__init__(message)


class KeyBusyError(ChainError):
    """Another transaction of the same key went first, or waits; ours did nothing."""

    code = "key_busy"
    retryable = True


class ChainIdentityError(ChainError):
    """This is not the chain that was agreed on, or not the one it was."""

    code = "chain_identity"


class ContractRefusedError(ChainError):
    """The contract answers with an error of its own. Carries its name and arguments."""

    code = "contract_refused"

    def __init__(self, name: str, arguments: tuple[object, ...] = ()) -> None:
        self.name, self.arguments = name, arguments
        super().__init__(f"the contract refuses with {name}{arguments!r}")


class KeystoreError(AnchoringError):
    """A key cannot be used: its file cannot be opened, or its signer does not sign."""

    code = "keystore_error"


class SignerUnavailableError(KeystoreError):
    """The remote signer gave no signature; nothing was sent, and asking again is safe."""

    code = "signer_unavailable"
    retryable = True


class SignerMismatchError(KeystoreError):
    """The remote signer signed something else than it was asked, or with another key."""

    code = "signer_mismatch"
