"""One line on a terminal that says how far an audit is; nothing where nobody watches."""

from __future__ import annotations

import time
from typing import TextIO

from anchoring.audit_chain import Progress

_REDRAW_S = 0.1
_ERASE_LINE = "\r\x1b[K"


class ProgressLine:
    """Rewrites one line of a terminal.

    Args:
        stream: Where to; left alone unless it is a terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._drawn_at = 0.0

    def show(self, progress: Progress) -> None:
        """Show how far it is; ten times a second at most, and the last of each kind always."""
        if not self._is_terminal:
            return
        now = time.monotonic()
        ends = (progress.anchors, progress.lists) == (progress.anchors_total, progress.lists_total)
        if now - self._drawn_at < _REDRAW_S and not ends:
            return
        self._drawn_at = now
        text = f"anchors {progress.anchors}/{progress.anchors_total}"
        text += f", lists {progress.lists}/{progress.lists_total}"
        self._stream.write(f"{_ERASE_LINE}{text}")
        self._stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._is_terminal:
            self._stream.write(_ERASE_LINE)
            self._stream.flush()
