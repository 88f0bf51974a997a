"""Errors of normalising: what one place in a document has wrong, and all of them together.

* EpcisError (errors.py)
  x NormalisationError (also ValueError)   one problem at one place
    + IdentifierError                      claims to be a GS1 identifier and is none
  x DocumentRefusedError (also ValueError) the problems of one document, at most 20

Details never repeat a value. A hint may hold the corrected identifier: it is for the answer to who
submitted it, not for logs.
"""

from collections.abc import Sequence

from node_gateway.epcis.errors import EpcisError


class NormalisationError(EpcisError, ValueError):
    """One problem at `pointer` of the original document.

    Code `unknown_prefix` (no inline context defines the name), `reserved_name` (a name that only
    Sealtrail or the standard may use, or in this spelling), `name_clash` (two members mean the same
    name and differ), `time_form` (no RFC 3339 time), `event_time_future`, `document_shape` (no
    event found where one belongs).
    """

    code = "normalisation_error"


class IdentifierError(NormalisationError):
    """A text claims to be a GS1 identifier and is none.

    Code `check_digit` (the hint is the corrected identifier) or `identifier_form`.
    """

    code = "identifier_form"


class DocumentRefusedError(EpcisError, ValueError):
    """A document has problems; `code`, `pointer`, `detail` and `hint` are those of the first.

    Attributes:
        errors: Every problem found, in document order, at most 20.
    """

    def __init__(self, errors: Sequence[NormalisationError]) -> None:
        first = errors[0]
        super().__init__(first.detail, code=first.code, pointer=first.pointer, hint=first.hint)
        self.errors = tuple(errors)
