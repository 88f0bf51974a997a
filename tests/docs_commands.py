"""Reads the commands of a Markdown page and runs them the way a reader would: from top to bottom.

The convention, for whoever writes a page (docs/README.md says it too):

* A block marked `console` shows a session: lines that begin with `$ ` are commands (a trailing
  backslash continues on the next line), the others are what they print. A block marked `bash` is
  run whole. Other marks of shells are refused, so that nothing escapes by its spelling.
* All blocks of a page share one folder, one environment and one order. The folder starts empty,
  and `.venv/bin` is first on PATH. A command that begins with `make` runs in the checkout.
* Every command must end with status 0. A comment directly above a block changes what is expected
  of it; several words may stand in one comment, separated by commas:

      <!-- runs: exit 10 -->          the last command ends with this status
      <!-- runs: demo -->             needs the demo, which is then started and kept up
      <!-- runs: prints -->           must print the lines shown, up to digits and hashes
      <!-- runs: background URL -->   stays up till the page ends; ready when URL answers 200

  What NEVER_RUN lists is left out, with what it is shown to print.
"""

import os
import re
import shlex
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
SHELLS = ("console", "bash")
REFUSED = ("sh", "shell", "zsh", "shell-session", "terminal", "fish", "powershell")
# The test command cannot be run by one of its own tests.
NEVER_RUN = frozenset({"make test"})
WORDS = ("exit", "demo", "prints", "background")

FENCE = re.compile(
    r"^(?P<fence>```+)(?P<mark>[\w-]+)[^\n]*\n(?P<body>.*?)^(?P=fence)[ ]*$", re.M | re.S
)
COMMENT = re.compile(r"<!-- runs: ([^>]*?) -->\s*\Z")
# With 0x, or shortened by an ellipsis, or long, or with a digit: so that `added` stays a word.
HASH = re.compile(
    r"(?i)\b(0x[0-9a-f]+…?[0-9a-f]*|[0-9a-f]{2,}…[0-9a-f]*|[0-9a-f]{8,}\b|(?=[a-f]*[0-9])[0-9a-f]{4,}\b)"
)


class DocsError(Exception):
    """A page breaks the convention, or a command did not do what the page says."""


@dataclass(frozen=True)
class Block:
    """One fenced block of commands."""

    page: str
    line: int
    steps: tuple[tuple[str, tuple[str, ...]], ...]  # each command, and the lines shown below it
    needs_demo: bool = False
    prints: bool = False
    status: int = 0
    background: str | None = None  # URL that answers 200 when it is ready


def blocks(page: str, text: str) -> list[Block]:
    """All blocks of a page that hold commands, in order.

    Raises:
        DocsError: an unknown word in a comment, a shell by another name, or a console block
            without a command.
    """
    return [block for match in FENCE.finditer(text) for block in _block(page, text, match)]


def _block(page: str, text: str, match: re.Match[str]) -> Iterator[Block]:
    line = text.count("\n", 0, match.start()) + 1
    where, mark = f"{page}:{line}", match["mark"]
    if mark in REFUSED:
        raise DocsError(f"{where}: mark it console or bash, not {mark}")
    if mark not in SHELLS:
        return
    steps = _split(match["body"]) if mark == "console" else ((match["body"], ()),)
    if not any(command.strip() for command, _ in steps):
        raise DocsError(f"{where}: a {mark} block without a command")
    comment = COMMENT.search(text[: match.start()])
    options = _options(where, comment[1] if comment else "")
    yield Block(page, line, steps, **options)  # type: ignore[arg-type]


def _split(body: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Separate the commands of a session, each from the lines that it printed."""
    steps: list[tuple[str, tuple[str, ...]]] = []
    continued = False
    for line in body.splitlines():
        if continued:
            steps[-1] = (f"{steps[-1][0]}\n{line}", ())
        elif line.startswith("$ "):
            steps.append((line[2:], ()))
        elif steps:
            steps[-1] = (steps[-1][0], (*steps[-1][1], line))
        continued = line.endswith("\\") and (continued or line.startswith("$ "))
    return tuple(steps)


def _options(where: str, comment: str) -> dict[str, object]:
    options: dict[str, object] = {}
    for part in filter(None, (part.strip() for part in comment.split(","))):
        word, _, value = part.partition(" ")
        if word not in WORDS or (bool(value) != (word in ("exit", "background"))):
            raise DocsError(f"{where}: {part!r} is not one of {', '.join(WORDS)}")
        key = {"exit": "status", "demo": "needs_demo"}.get(word, word)
        options[key] = int(value) if word == "exit" else value or True
    return options


def shape(text: str) -> str:
    """What stays the same between two runs: words, not digits, hashes or spacing."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = HASH.sub("#", text)
    return re.sub(r"\s+", " ", re.sub(r"[0-9]+([.,:][0-9]+)*", "#", text)).strip()


class Session:
    """One reader at one page: a folder, an environment, and what was started in it."""

    def __init__(self, folder: Path, *, temporary: Path | None = None) -> None:
        """`temporary` takes the place of the system's folder for temporary files."""
        self._folder = folder
        self._home = folder.parent / f"{folder.name}-home"
        self._state = folder.parent / f"{folder.name}-state"
        for made in (folder, self._home):
            made.mkdir(parents=True, exist_ok=True)
        keep = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR")
        self._env = {key: os.environ[key] for key in keep if key in os.environ}
        self._env["PATH"] = f"{ROOT / '.venv/bin'}:{self._env.get('PATH', '')}"
        self._env |= {"HOME": str(self._home), "NO_COLOR": "1", "COLUMNS": "100"}
        if temporary is not None:
            self._env["TMPDIR"] = str(temporary)
        self._state.write_text(f"cd {shlex.quote(str(folder))}\n", encoding="utf-8")
        self._started: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End what runs in the background, newest first, each by its own process group."""
        for process in reversed(self._started):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=15)
            with suppress(ProcessLookupError):  # whatever it left behind, and the watch over it
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def run(self, block: Block, *, timeout_s: float = 300) -> None:
        """Run one block.

        Raises:
            DocsError: a status other than the expected one, or lines that were not printed.
        """
        for number, (command, shown) in enumerate(block.steps, 1):
            if command in NEVER_RUN:
                continue
            if block.background is not None:
                self.start(command, ready_url=block.background)
                continue
            done = self._shell(command, timeout_s)
            expected = block.status if number == len(block.steps) else 0
            if done.returncode != expected:
                raise DocsError(
                    f"{block.page}:{block.line}: {command!r} ended with {done.returncode}, "
                    f"not {expected}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
                )
            if block.prints:
                _compare(block, shown, done.stdout)

    def _shell(self, command: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
        place = f"cd {shlex.quote(str(ROOT))}\n" if command.startswith("make") else ""
        # What the command exports, and the folder it changes to, is kept for the next one.
        script = (
            f". {shlex.quote(str(self._state))}\n"
            f"keep() {{ {{ export -p; printf 'cd %q\\n' \"$PWD\"; }} "
            f">{shlex.quote(str(self._state))}; }}\n"
            + (f"{place}{command}" if place else f"trap keep EXIT\nset -e\n{command}\n")
        )
        return subprocess.run(
            ["bash", "-c", script],
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def start(
        self, command: str, *, ready_url: str, ready_word: str = "", timeout_s: float = 150
    ) -> str:
        """Start a command that stays up; wait until `ready_url` answers 200 and it said a word.

        Returns:
            What it said so far.

        Raises:
            DocsError: something else answers there, or it ended, or was not ready in time.
        """
        if _answers(ready_url):
            raise DocsError(f"{command!r}: something else answers at {ready_url}")
        # It has a session of its own, so it must notice by itself when these tests are killed.
        watch = f"(while kill -0 {os.getpid()} 2>/dev/null; do sleep 1; done; kill -TERM 0) &"
        script = f". {shlex.quote(str(self._state))}\n{watch}\nexec {command}\n"
        log = self._folder.parent / f"{self._folder.name}-background.log"
        with log.open("a") as output:
            process = subprocess.Popen(
                ["bash", "-c", script],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        self._started.append(process)
        deadline = time.monotonic() + timeout_s
        while not (_answers(ready_url) and ready_word in log.read_text()):
            if process.poll() is not None or time.monotonic() > deadline:
                raise DocsError(f"{command!r} is not ready:\n{log.read_text()[-3000:]}")
            time.sleep(0.1)
        return log.read_text()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _compare(block: Block, shown: tuple[str, ...], printed: str) -> None:
    lines = [shape(line) for line in printed.splitlines()]
    for line in filter(None, map(shape, shown)):
        if line not in lines:
            raise DocsError(f"{block.page}:{block.line}: not printed: {line}\n{printed[-3000:]}")
