"""What the options of `sealtrail recall` name: texts, the full notice, and lists of codes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from node_gateway.cli.governing import Asked, govern
from node_gateway.cli.output import USAGE, CommandError, say
from node_gateway.cli.proposing import digest_of_file

if TYPE_CHECKING:
    from anchoring.chain.governance_calls import NoticeScope, NoticeText
    from anchoring.directory.code_list import CodeList

_TEXT_SIZE_BYTES_MAX = 64 * 1024
_CODES_SIZE_BYTES_MAX = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Said:
    """What a notice says, as given."""

    zh: str
    en: str
    zh_file: Path | None
    en_file: Path | None
    uri: str
    uri_file: Path | None

    def text(self) -> NoticeText:
        """Return it, checked.

        Raises:
            CommandError, RequestError: a file cannot be read, or the text cannot be published.
        """
        from node_gateway.services.governing_actions import text_of

        zh, en = _text(self.zh, self.zh_file), _text(self.en, self.en_file)
        return text_of(zh, en, self.uri, digest_of_file(self.uri_file))


@dataclass(frozen=True, slots=True)
class About:
    """What a notice is about, as given; `list_file` is where the salted list goes."""

    product: str
    lots: list[str]
    codes: Path | None
    list_file: Path | None

    def scope(self, *, writing: bool) -> NoticeScope:
        """Return it, checked; writes the list that partners get, before anything is signed.

        A list that is there already with the same codes is used again, so that the same command
        means the same notice.
        """
        from node_gateway.services.governing_actions import scope_of

        if self.codes is None:
            return scope_of(self.product, self.lots, bytes(32))
        target = self.list_file or self.codes.with_suffix(".list.json")
        made = _code_list(self.codes, target)
        scope = scope_of(self.product, self.lots, made.digest)
        made.require_product(scope.product)
        if writing and not target.exists():
            _write_new(target, made.to_json())
            say(f"{target}: hand it to whoever may hold these codes; keep it from all others.")
        return scope


def publish(asked: Asked, about: About, level: int, said: Said, *, drill: bool) -> None:
    """Publish a recall or an exercise."""
    from node_gateway.services.governing_actions import level_of
    from node_gateway.services.governing_wishes import PublishNotice

    text, checked = said.text(), level_of(level)
    scope = about.scope(writing=not asked.dry_run)
    govern(asked, lambda _: PublishNotice(checked, scope, text, drill))


def _code_list(codes: Path, target: Path) -> CodeList:
    from anchoring.directory.code_list import SALT_SIZE, make_code_list, parse_code_list
    from node_gateway.codes.identity import canonical_code

    found = [canonical_code(one) for one in _lines(codes)]
    made = make_code_list(found, salt=os.urandom(SALT_SIZE))
    if not target.exists():
        return made
    known = parse_code_list(_read(target, _CODES_SIZE_BYTES_MAX))
    if known.codes != made.codes:
        raise CommandError(
            f"{target} exists and lists other codes", attempt="--list NEW-FILE", status=USAGE
        )
    return known


def _lines(file: Path) -> Iterator[str]:
    try:
        text = _read(file, _CODES_SIZE_BYTES_MAX).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CommandError(
            f"{file} is no text in UTF-8", attempt="one code per line", status=USAGE
        ) from error
    return (line.strip() for line in text.splitlines() if line.strip())


def _text(given: str, file: Path | None) -> str:
    if file is None:
        return given
    if given:
        raise CommandError(
            "the text is given twice", attempt="the text or its file, not both", status=USAGE
        )
    try:
        return _read(file, _TEXT_SIZE_BYTES_MAX).decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise CommandError(
            f"{file} is no text in UTF-8", attempt="save it as UTF-8", status=USAGE
        ) from error


def _read(file: Path, size_bytes_max: int) -> bytes:
    try:
        with file.open("rb") as stream:
            raw = stream.read(size_bytes_max + 1)
    except OSError as error:
        raise CommandError(
            f"cannot read {file}: {error.strerror}", attempt="check the file's name", status=USAGE
        ) from error
    if len(raw) > size_bytes_max:
        raise CommandError(f"{file} is too large", attempt="shorten it", status=USAGE)
    return raw


def _write_new(file: Path, text: str) -> None:
    """Write a file that was not there, readable by its owner only."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
