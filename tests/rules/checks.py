"""How a rule is applied to many files, and to one that was planted."""

from collections.abc import Callable
from fnmatch import fnmatch

from tests.rules.source import Source

CODE = (".py", ".ts", ".mjs", ".js", ".sol")


def beyond(sources: list[Source], allowed: dict[str, str] | tuple[str, ...]) -> list[Source]:
    return [s for s in sources if not any(fnmatch(s.path, pattern) for pattern in allowed)]


def breaches(sources: list[Source], checker: Callable[[Source], list[str]]) -> list[str]:
    return [breach for source in sources for breach in checker(source)]


def none(found: list[str]) -> None:
    assert not found, "\n".join(["", *found])


def planted(text: str, path: str = "anchoring/planted.py") -> Source:
    return Source(path, text)
