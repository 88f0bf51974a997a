"""From bytes to a parser that can be trusted: encodings, the document's beginning, limits.

XML lets a document declare its encoding, a grammar and entities, and each of the three has been
used for attacks. So the bytes are decoded here, from a short list of encodings, and reach the
parser as UTF-8; a DOCTYPE may stand only if it declares nothing; and the parser itself has DTDs,
entities, the network and its own larger limits switched off.

Source: XML 1.0 (fifth edition), sections 2.8 and 4.3.3; OWASP XXE prevention.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO, Final

from lxml import etree
from lxml.etree import _Element as Element

from node_gateway.epcis.errors import BodyTooLargeError
from node_gateway.epcis.xml.errors import (
    XmlDeclarationError,
    XmlEncodingError,
    XmlNestingError,
    XmlSyntaxError,
    XmlTextError,
)

PIECE_SIZE_BYTES: Final = 64 * 1024
_DTD: Final = "The document brings or names a DTD."
_DTD_HINT: Final = "Leave the DOCTYPE out; EPCIS needs none."
_TOO_DEEP: Final = 114  # libxml2's own limit, 256 levels
_ENTITY_CODES: Final = frozenset({26, 27, 28, 88, 89, 90})

_ENCODINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "utf-8": "utf-8",
        "utf8": "utf-8",
        "us-ascii": "ascii",
        "ascii": "ascii",
        "iso-8859-1": "latin-1",
        "windows-1252": "cp1252",
        "gb2312": "gb2312",
        "gbk": "gbk",
        "gb18030": "gb18030",
    }
)
_UTF_16: Final = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UTF_32: Final = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_DECLARED: Final = re.compile(
    rb"<\?xml\s[^>]*?\bencoding\s*=\s*(?:\"([A-Za-z0-9._-]{1,40})\"|'([A-Za-z0-9._-]{1,40})')"
)
_SPACE: Final = re.compile(r"[ \t\r\n]*")
# A DOCTYPE that declares nothing: neither a DTD inside nor one elsewhere.
_BARE_DOCTYPE: Final = re.compile(r"<!DOCTYPE[ \t\r\n]+[^\s\[\]<>\"'&]+[ \t\r\n]*>")
# What libxml2 says in numbers, for people; its own texts can quote the document.
_SAID: Final[Mapping[int, str]] = MappingProxyType(
    {
        4: "there is no element",
        5: "something stands after the last element",
        9: "a character that XML does not allow",
        38: "a < inside of an attribute",
        39: "an attribute's value is not quoted",
        42: "an attribute stands twice",
        65: "a space is missing",
        68: "a name is missing or malformed",
        73: "a > is missing",
        76: "a start and an end do not match",
        77: "the document ends too early",
        201: "a prefix has no namespace",
    }
)


def pieces_of(source: BinaryIO, *, size_bytes_max: int) -> Iterator[bytes]:
    """Yield `source` as UTF-8 without byte order mark, piece by piece, once it may be parsed.

    Raises:
        BodyTooLargeError: there are more bytes than `size_bytes_max`.
        XmlEncodingError: the encoding is not read here, or the bytes are not in it.
        XmlDeclarationError: the document begins with a DTD.
    """
    first = _read(source, size_bytes_max, 0)
    encoding, mark_size = _encoding(first)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    raw, size = first[mark_size:], len(first)
    checked = False
    while True:
        try:
            text = decoder.decode(raw, final=not raw)
        except UnicodeDecodeError:
            detail = f"The bytes are not in the encoding of the document, {encoding}."
            raise XmlEncodingError(detail, hint="Save it as UTF-8.") from None
        if not checked:
            _check_beginning(text)
            checked = True
        if text:
            yield raw if encoding in ("utf-8", "ascii") else text.encode("utf-8")
        if not raw:
            return
        raw = _read(source, size_bytes_max, size)
        size += len(raw)


def new_parser(*, tags: tuple[str, ...]) -> "etree.XMLPullParser[Element]":
    """Return a parser of UTF-8 that reports the start and end of elements with these tags."""
    return etree.XMLPullParser(
        events=("start", "end"),
        tag=tags,
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        collect_ids=False,
        # A comment inside of a text would otherwise end the text for whoever reads the tree.
        remove_comments=True,
        remove_pis=True,
    )


def check_no_entities(element: Element) -> None:
    """Refuse a document that has declared entities after all, on seeing its first element.

    Raises:
        XmlDeclarationError: it has.
    """
    dtd = element.getroottree().docinfo.internalDTD
    if dtd is not None and (dtd.system_url or dtd.external_id or list(dtd.iterentities())):
        raise XmlDeclarationError(_DTD, hint=_DTD_HINT)


def refused(error: etree.XMLSyntaxError, parser: "etree.XMLPullParser[Element]") -> XmlTextError:
    """Return our error for what the parser refused."""
    (line, column), code = error.position, error.code
    for entry in parser.feed_error_log:  # closing has forgotten what feeding found
        line, column, code = entry.line, entry.column, entry.type
        break
    if code == _TOO_DEEP:
        return XmlNestingError("Elements are nested deeper than 256 levels.")
    if code in _ENTITY_CODES:
        detail = f"An entity that XML does not know by itself at line {line}, column {column}."
        return XmlDeclarationError(detail, hint="Write the character itself, or &#...;.")
    said = _SAID.get(code, "it breaks the grammar of XML")
    return XmlSyntaxError(f"Not well-formed XML at line {line}, column {column}: {said}.")


def _read(source: BinaryIO, size_bytes_max: int, before: int) -> bytes:
    """Read one whole piece; a raw stream may give less at a time."""
    parts: list[bytes] = []
    wanted = PIECE_SIZE_BYTES
    while wanted and (part := source.read(wanted)):
        parts.append(part)
        wanted -= len(part)
    raw = b"".join(parts)
    if before + len(raw) > size_bytes_max:
        raise BodyTooLargeError(
            f"The document has more than {size_bytes_max} bytes.",
            hint="Send the events in several smaller documents.",
        )
    return raw


def _encoding(first: bytes) -> tuple[str, int]:
    """Return Python's name of the encoding, and how many bytes its mark has."""
    declared = _DECLARED.match(first[3:] if first.startswith(codecs.BOM_UTF8) else first)
    stated = (declared[1] or declared[2]).decode("ascii").lower() if declared else "utf-8"
    if first.startswith((*_UTF_32, b"<\x00", b"\x00<")):
        stated = "none that is read here"
    for mark, name in _UTF_16:
        if first.startswith(mark) and not first.startswith(_UTF_32):
            return name, len(mark)
    encoding = _ENCODINGS.get(stated)
    if encoding is None:
        raise XmlEncodingError(
            "The encoding of the document is not read here.",
            code="encoding_unknown",
            hint=f"Save it as UTF-8; read are {', '.join(sorted(set(_ENCODINGS)))} and utf-16.",
        )
    if not first.startswith(codecs.BOM_UTF8):
        return encoding, 0
    if encoding != "utf-8":
        raise XmlEncodingError(
            "The document has the mark of UTF-8 and states another encoding.",
            hint="Save it as UTF-8, and state that.",
        )
    return encoding, len(codecs.BOM_UTF8)


def _check_beginning(text: str) -> None:
    """Refuse a DTD; what stands before the first element must fit into the first piece."""
    at = 0
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        if text.startswith("<!DOCTYPE", at):
            bare = _BARE_DOCTYPE.match(text, at)
            if bare is None:
                raise XmlDeclarationError(_DTD, hint=_DTD_HINT)
            at = bare.end()
            continue
        if text.startswith("<?", at):
            end = text.find("?>", at) + len("?>")
        elif text.startswith("<!--", at):
            end = text.find("-->", at + len("<!--")) + len("-->")
        elif at < len(text) or len(text) < PIECE_SIZE_BYTES // 4:
            return  # an element begins here, or the parser says that none does
        else:
            end = 0
        if end <= at:
            detail = "The first element does not begin within the first 64 KiB."
            raise XmlSyntaxError(detail, hint="Leave out the comments before it.")
        at = end
