"""What is wrong with a text in GS1 syntax.

* ValueError
  x Gs1SyntaxError       the text is not what it claims to be; `reason` says why, `position` where
"""


class Gs1SyntaxError(ValueError):
    """A text is no valid GS1 element string or Digital Link.

    Attributes:
        reason: Stable snake_case word; for the content of an element the name that GS1's reference
            linters give to the fault, e.g. `incorrect_check_digit`, `illegal_day`.
        position: Index of the first wrong character in the text as given, or None where the fault
            lies between elements (a missing or a forbidden one).
        ai: Application identifier of the element at fault, or None.

    The message never repeats a value: it may go to a log.
    """

    def __init__(
        self, reason: str, message: str, *, position: int | None = None, ai: str | None = None
    ) -> None:
        super().__init__(message)
        self.reason, self.position, self.ai = reason, position, ai
