"""What the demo says: one line per step, in plain words, with the time that it took.

Lines of a session go to stdout. Those that tell something begin with a mark: `✓` held, `!` an
attack was refused, `✗` something that should have held did not. Details for whoever knows the
formats stand below, indented and without a mark.
"""

from __future__ import annotations

import time

from rich.console import Console
from rich.text import Text

_LABEL_WIDTH = 9
_TEXT_WIDTH = 78
_STYLES = {"✓": "green", "!": "yellow", "✗": "red bold"}


class Narration:
    """Tells the story while it happens. Honours NO_COLOR; plain text where stdout is no terminal.

    Times are from the end of the line before.
    """

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._began_at = self._last_at = time.monotonic()

    @property
    def total_s(self) -> float:
        """Seconds since the demo began."""
        return time.monotonic() - self._began_at

    def held(self, label: str, text: str) -> None:
        """Tell that a step went as it should."""
        self._marked("✓", label, text)

    def refused(self, label: str, text: str) -> None:
        """Tell that an attack was refused."""
        self._marked("!", label, text)

    def failed(self, label: str, text: str) -> None:
        """Tell that something did not hold."""
        self._marked("✗", label, text)

    def step(self, label: str, text: str) -> None:
        """Tell of a step that proves nothing, such as setting up."""
        self._marked(" ", label, text)

    def detail(self, text: str) -> None:
        """Add what only those want to know who know the formats."""
        self._put(Text(f"{'':{_LABEL_WIDTH + 3}}{text}", style="dim"))

    def plain(self, text: str = "") -> None:
        """Print a line as it is."""
        self._put(Text(text))

    def _marked(self, mark: str, label: str, text: str) -> None:
        now = time.monotonic()
        took_s, self._last_at = now - self._last_at, now
        line = Text(mark, style=_STYLES.get(mark, ""))
        line.append(f" {label:{_LABEL_WIDTH}} {text:{_TEXT_WIDTH}} {took_s:4.1f} s")
        self._put(line)

    def _put(self, text: Text) -> None:
        self._console.print(text)
        self._console.file.flush()
