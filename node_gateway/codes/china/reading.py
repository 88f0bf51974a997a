"""Reading the platform's XML: a stream of elements with their lines, never a tree.

Everything that makes XML dangerous is refused: document types, entities, endless tags, deep
nesting. Element and attribute names are compared without regard to case, since the platform's own
documents spell them both ways. Text between tags means nothing in these files and is passed over.

Encodings: a byte order mark decides, then the declaration, else UTF-8. GB2312 and GBK are read as
GB18030, which contains both.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final
from xml.parsers import expat

from node_gateway.codes.china.findings import FileFormError

LEVELS_MAX: Final = 16
TAG_SIZE_MAX: Final = 1 << 20
SNIFF_SIZE: Final = 4096
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED: Final = re.compile(
    rb"""^\s*<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._\-]{1,40})["']"""
)
_ENCODINGS: Final = frozenset({"utf-8", "gb18030", "utf-16", "ascii", "iso8859-1"})
_SUPERSETS: Final = {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030"}

Start = Callable[[str, dict[str, str], int], None]
"""Called with the element's name in lower case, its attributes as written, and the line."""
End = Callable[[str], None]


def read_xml(parts: Iterable[bytes], start: Start, end: End) -> None:
    """Call `start` and `end` for every element.

    Args:
        parts: The file in pieces of any size; memory is one piece.
        start: See `Start`.
        end: Called with the name in lower case.

    Raises:
        FileFormError: `xml_form`, `xml_encoding`, `xml_doctype`, `xml_too_deep` or
            `xml_tag_size`. Whatever `start` and `end` raise passes through.
    """
    reader = _Reader(start, end)
    for text in decoded(parts):
        reader.feed(text)
    reader.close()


class _Reader:
    """One pass over one file."""

    def __init__(self, start: Start, end: End) -> None:
        self._start, self._end = start, end
        self._depth, self._pending = 0, 0
        self._names: dict[str, str] = {}
        parser = self._parser = expat.ParserCreate(intern={})
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype

    def feed(self, text: str) -> None:
        self._pending += len(text)
        try:
            self._parser.Parse(text)
        except expat.ExpatError as error:
            raise _syntax(error) from None
        if self._pending > TAG_SIZE_MAX:
            raise FileFormError(
                "a tag does not end", code="xml_tag_size", line=self._parser.CurrentLineNumber
            )

    def close(self) -> None:
        try:
            self._parser.Parse("", True)  # noqa: FBT003  "this is the end"
        except expat.ExpatError as error:
            raise _syntax(error) from None

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._pending = 0
        self._depth += 1
        line = self._parser.CurrentLineNumber
        if self._depth > LEVELS_MAX:
            raise FileFormError("elements are nested too deep", code="xml_too_deep", line=line)
        self._start(self._plain(name), attributes, line)

    def _close(self, name: str) -> None:
        self._pending = 0
        self._depth -= 1
        self._end(self._plain(name))

    def _plain(self, name: str) -> str:
        plain = self._names.get(name)
        if plain is None:
            plain = name.rpartition(":")[2].lower()
            if len(self._names) < 1000:
                self._names[name] = plain
        return plain

    def _doctype(self, *_: object) -> None:
        raise FileFormError(
            "a document type is not read here",
            code="xml_doctype",
            line=self._parser.CurrentLineNumber,
            hint="Take <!DOCTYPE ...> and entities out.",
        )


def decoded(parts: Iterable[bytes]) -> Iterator[str]:
    """Yield the text of a file, without byte order mark.

    Raises:
        FileFormError: `xml_encoding`.
    """
    pieces = iter(parts)
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= SNIFF_SIZE or b"?>" in head:
            break
    name, skip = encoding_of(head)
    decoder = codecs.getincrementaldecoder(name)()
    line = 1
    try:
        for piece in _chain(head[skip:], pieces):
            text = decoder.decode(piece)
            line += text.count("\n")
            if text:
                yield text
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise FileFormError(
            f"the bytes are not {name.upper()}",
            code="xml_encoding",
            line=line,
            hint="Name the encoding in the first line, such as encoding='GB18030'.",
        ) from None


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest


def encoding_of(head: bytes) -> tuple[str, int]:
    """Return the encoding of a file that begins with `head`, and the size of its mark.

    Raises:
        FileFormError: `xml_encoding`, another one is declared.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, len(mark)
    found = _DECLARED.match(head[:SNIFF_SIZE])
    if found is None:
        return "utf-8", 0
    try:
        name = codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        name = ""
    name = _SUPERSETS.get(name, name)
    if name not in _ENCODINGS:
        raise FileFormError(
            "this encoding is not read here",
            code="xml_encoding",
            line=1,
            hint="Save the file as UTF-8, GBK or GB18030.",
        )
    return name, 0


def attributes_of(given: dict[str, str]) -> dict[str, str]:
    """Return attributes with their names in lower case and without prefix or underscores."""
    return {name.rpartition(":")[2].replace("_", "").lower(): one for name, one in given.items()}


def _syntax(error: expat.ExpatError) -> FileFormError:
    # Its message may quote a piece of the file.
    what = {3: "no element found", 9: "something follows the document"}.get(
        error.code, f"no well-formed XML at column {error.offset + 1}"
    )
    return FileFormError(what, line=error.lineno)
