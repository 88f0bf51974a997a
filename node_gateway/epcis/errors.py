"""Every error `node_gateway.epcis` raises on purpose.

* EpcisError
  x JsonTextError (also ValueError)   the bytes are not JSON text that a gateway takes in
    + BodyTooLargeError               more bytes than configured
    + EncodingError                   a byte order mark, or not UTF-8
    + JsonSyntaxError                 not JSON
    + NestingError                    nested deeper than allowed
    + DuplicateMemberError            one object names a member twice
    + NumberError                     a number that would not survive as it was written
    + LoneSurrogateError              half of a surrogate pair, which is no character

Details name places and members, never the values found there: an error is logged, and what
somebody submits may not be.
"""


class EpcisError(Exception):
    """Base class. `code` is stable and part of the API; `detail` and `hint` may change.

    Args:
        detail: What is wrong, one sentence for people.
        code: Replaces the class's code where one class covers several.
        pointer: RFC 6901 pointer to the place in the input; empty for the whole of it.
        hint: How to put it right, or None where the detail says it already.
    """

    code: str = "epcis_error"

    def __init__(
        self, detail: str, *, code: str | None = None, pointer: str = "", hint: str | None = None
    ) -> None:
        super().__init__(detail)
        if code is not None:
            self.code = code
        self.detail = detail
        self.pointer = pointer
        self.hint = hint


class JsonTextError(EpcisError, ValueError):
    """The bytes are not JSON text that a gateway takes in; a retry cannot help."""

    code = "not_json"


class BodyTooLargeError(JsonTextError):
    """There are more bytes than the limit allows."""

    code = "body_too_large"


class EncodingError(JsonTextError):
    """Code `bom` or `not_utf8`: JSON between systems is UTF-8 without a mark (RFC 8259, 8.1)."""

    code = "not_utf8"


class JsonSyntaxError(JsonTextError):
    """The text breaks the grammar of RFC 8259; the detail has line and column."""


class NestingError(JsonTextError):
    """Objects and arrays are nested deeper than the limit allows."""

    code = "too_deep"


class DuplicateMemberError(JsonTextError):
    """An object names a member twice, so that two readers could see two different events."""

    code = "duplicate_member"


class NumberError(JsonTextError):
    """A number that readers would not agree on.

    Code `number_range` (an integral value beyond +-(2^53-1), or beyond what a double holds),
    `number_precision` (its RFC 8785 form has another value) or `number_form` (NaN, Infinity).
    """

    code = "number_range"


class LoneSurrogateError(JsonTextError):
    r"""A string or member name holds half of a surrogate pair (`\ud800` and the like)."""

    code = "lone_surrogate"


def pointer_to(*segments: str | int) -> str:
    """Return the RFC 6901 JSON pointer of member names and array indices, outermost first."""
    return "".join("/" + str(segment).replace("~", "~0").replace("/", "~1") for segment in segments)
