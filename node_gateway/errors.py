"""Every error the gateway's own services raise on purpose.

* GatewayError
  x RequestError             the request cannot be answered as it stands
    + SpottedError           something is wrong at one or more spots of a document
      - DocumentRefusedError a document or event was refused
      - ConflictError        the same identity is known with other content
      - RefusedOperationError  the state rules forbid an operation
      - TakenError           a code or name of the master data is another record's already
    + NotFoundError          there is no such thing (or the caller may not know of it)
    + NotPossibleError       well formed, but things are not so that it can be done
    + PreconditionError      something has another version than the request was made for
    + TooLargeError          a limit on size was passed
    + ParameterError         a parameter is malformed
    + MediaTypeError         the body is of a kind that is not read here
    + NotAcceptableError     no answer is of a kind or version that the client takes
    + UriTooLongError        the address is too long
  x AccessError
    + AuthenticationError    no API key, or none that is valid
    + ScopeError             a valid key without the scope that is needed
    + RateLimitError         too many look-ups; `retry_after_s` says when to come back
  x StateError
    + NotReadyError          the gateway does not take captures now; proofs are still served
    + NotFinalError          the event is being sealed; there is no bundle yet
    + ErasedError            the event was erased; it opens as an erased event only
  x SettingsError            the configuration cannot be used
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Spot:
    """One problem of a document.

    `pointer` is an RFC 6901 JSON pointer into it; for XML an XPath, with the line of the element.
    """

    code: str
    detail: str
    pointer: str = ""
    hint: str | None = None
    line: int | None = None


class GatewayError(Exception):
    """Base class. `code` is stable and part of the API; the message may change."""

    code: str = "gateway_error"
    retry_after_s: int | None = None

    def __init__(self, message: str, *, code: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.hint = hint


class RequestError(GatewayError):
    """The request cannot be answered as it stands."""

    code = "bad_request"


class SpottedError(RequestError):
    """Something is wrong at one or more spots of a document; nothing of it is stored.

    Of a single problem the error takes the code, of several its own.
    """

    def __init__(self, spots: Sequence[Spot]) -> None:
        self.spots = tuple(spots)
        first = self.spots[0]
        more = f" (and {len(self.spots) - 1} more)" if len(self.spots) > 1 else ""
        code = first.code if len(self.spots) == 1 else None
        super().__init__(f"{first.detail}{more}", code=code, hint=first.hint)


class DocumentRefusedError(SpottedError):
    """A document or event was refused; nothing of it is stored."""

    code = "document_refused"


class NotFoundError(RequestError):
    """There is no such thing."""

    code = "not_found"


class NotPossibleError(RequestError):
    """Well formed, but things are not so that it can be done."""

    code = "not_possible"


class ConflictError(SpottedError):
    """The same identity is known with other content; nothing of the document is stored."""

    code = "event_conflict"


class TakenError(SpottedError):
    """A record of the master data claims what another one has already; nothing is stored."""

    code = "master_data_taken"


class PreconditionError(RequestError):
    """Something has another version than the request was made for; nothing is stored."""

    code = "version_changed"


class RefusedOperationError(SpottedError):
    """The state rules forbid an operation; nothing is stored. A spot's code names the rule."""

    code = "operation_refused"

    def __init__(self, operation: str, spots: Sequence[Spot]) -> None:
        super().__init__(spots)
        self.code = type(self).code
        self.args = (f"{operation} is refused: {self.args[0]}",)
        self.hint = "If it must be, say why: override with a reason. The reason is recorded."


class TooLargeError(RequestError):
    """A limit on size was passed."""

    code = "body_too_large"


class ParameterError(RequestError):
    """A parameter is malformed."""

    code = "parameter"


class MediaTypeError(RequestError):
    """The body is of a kind that is not read here."""

    code = "media_type"


class NotAcceptableError(RequestError):
    """No answer is of a kind or version that the client takes."""

    code = "not_acceptable"


class UriTooLongError(RequestError):
    """The address is too long."""

    code = "uri_too_long"


class AccessError(GatewayError):
    """The caller may not do this."""

    code = "access"


class AuthenticationError(AccessError):
    """No API key, or none that is valid."""

    code = "api_key"


class ScopeError(AccessError):
    """A valid key without the scope that is needed."""

    code = "scope"


class RateLimitError(AccessError):
    """Too many look-ups, from one place or of one thing; the text says no more than that."""

    code = "rate_limit"

    def __init__(self, *, retry_after_s: int, counted: str = "look-ups") -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"too many {counted}", hint="Wait, then try again.")


class StateError(GatewayError):
    """Not in this state."""

    code = "state"


class NotReadyError(StateError):
    """The gateway does not take captures now; it goes on serving proofs."""

    code = "read_only"
    retry_after_s: int | None = 30


class NotFinalError(StateError):
    """The event is being sealed; there is no bundle yet."""

    code = "not_final"
    retry_after_s: int | None = 5


class ErasedError(StateError):
    """The event was erased; it opens as an erased event only."""

    code = "event_erased"


class SettingsError(GatewayError):
    """The configuration cannot be used. `member` is its dotted name."""

    code: str = "settings"
    exit_status: ClassVar[int] = 2

    def __init__(self, message: str, *, member: str = "", hint: str | None = None) -> None:
        self.member = member
        super().__init__(message, hint=hint)
