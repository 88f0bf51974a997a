"""What XML has been misused for: it is refused, and costs little."""

import io
import tracemalloc

import pytest

from node_gateway.epcis.errors import BodyTooLargeError
from node_gateway.epcis.xml.errors import (
    XmlDeclarationError,
    XmlEncodingError,
    XmlNestingError,
    XmlRefusedError,
    XmlScopeError,
    XmlSyntaxError,
    XmlTextError,
)
from node_gateway.epcis.xml.read import read_events
from tests.gateway.epcis.xml.documents import ROOT, SGTIN, document, event, problems, read, twin

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def with_doctype(doctype: str, code: str = SGTIN) -> bytes:
    return document(event(epc=code)).replace(b"?>\n", f"?>\n{doctype}".encode())


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE d [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
        '<!DOCTYPE d SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE d PUBLIC "a" "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE d []>",
        "<!DOCTYPE\nd\n[<!ELEMENT d ANY>]>",
        "<!-- x --><?y z?>\n<!DOCTYPE d [<!ENTITY l9 'x'>]>",
        f"<!DOCTYPE d><!--{'x' * 1000}--><!DOCTYPE d [<!ENTITY l9 'x'>]>",
    ],
)
def test_a_dtd_is_refused_unread(doctype: str) -> None:
    tracemalloc.start()
    with pytest.raises(XmlDeclarationError) as caught:
        read(with_doctype(doctype, "&l9;"))
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()
    assert caught.value.code == "dtd_refused"


def test_a_doctype_that_declares_nothing_is_taken() -> None:
    assert read(with_doctype("<!DOCTYPE project>")).problems == ()


@pytest.mark.parametrize("place", [SGTIN.replace("1001", "&nobody;"), "&nobody;"])
def test_an_entity_that_nobody_declared(place: str) -> None:
    for raw in (document(event(epc=place)), with_doctype("<!DOCTYPE d>", place)):
        with pytest.raises(XmlDeclarationError):
            read(raw)
    in_attribute = document(event(f'<ex:a b="{place}"/>'))
    with pytest.raises(XmlDeclarationError):
        read(in_attribute)


def test_the_characters_that_xml_knows_are_no_entities() -> None:
    assert twin("<ex:a>&lt;&amp;&#33647;&#x836F;</ex:a>")["ex:a"] == "<&药药"


def test_nothing_is_included() -> None:
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'
    (member,) = (name for name in twin(include) if name.endswith(":include"))
    assert twin(include)[member] == {"href": "file:///etc/passwd"}


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16", b""), ("gb18030", b""), ("gb2312", b""),
     ("gbk", b""), ("iso-8859-1", b""), ("windows-1252", b""), ("us-ascii", b"")],
)  # fmt: skip
def test_encodings(encoding: str, mark: bytes) -> None:
    word = "药" if encoding.startswith(("utf", "gb")) else "medicine"
    text = document(event(f"<ex:a>{word}</ex:a>")).decode()
    raw = text.replace('"1.0"?', f'"1.0" encoding="{encoding}"?').encode(encoding)
    assert read(mark + raw).events[0].twin["ex:a"] == word


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b'<?xml version="1.0" encoding="utf-7"?>+ADw-a/+AD4-', "encoding_unknown"),
        (b'<?xml version="1.0" encoding="utf-16"?><a/>', "encoding_unknown"),
        (b'<?xml version="1.0" encoding="ebcdic"?><a/>', "encoding_unknown"),
        ("<a/>".encode("utf-32"), "encoding_unknown"),
        ("<a/>".encode("utf-16-le"), "encoding_unknown"),
        (b'\xef\xbb\xbf<?xml version="1.0" encoding="gbk"?><a/>', "encoding_wrong"),
        (document(event("<ex:a>\udcff</ex:a>".replace("\udcff", "?"))).replace(b"?<", b"\xff<"),
         "encoding_wrong"),
        (b"\xff\xfe<\x00a", "encoding_wrong"),
    ],
)  # fmt: skip
def test_encodings_that_are_not_read(raw: bytes, code: str) -> None:
    with pytest.raises(XmlTextError) as caught:
        read(raw)
    assert caught.value.code == code
    assert isinstance(caught.value, XmlEncodingError)


def test_a_character_in_two_pieces_of_the_file() -> None:
    for pad in range(6):
        word = "药" * 50_000
        raw = document(event(f"<ex:a>{'a' * pad}{word}</ex:a>"))
        assert read(raw).events[0].twin["ex:a"] == "a" * pad + word


def test_depth() -> None:
    def nested(levels: int) -> bytes:
        return document(event("<ex:a>" * levels + "x" + "</ex:a>" * levels))

    # The document has four levels of JSON, and the innermost element is a text.
    assert read(nested(61)).problems == ()
    with pytest.raises(XmlNestingError) as caught:
        read(nested(62))
    assert caught.value.code == "too_deep"
    with pytest.raises(XmlNestingError):
        read(nested(100_000))
    lists = "<ex:a>" * 30 + "<ex:b/><ex:b/>" + "</ex:a>" * 30
    with pytest.raises(XmlNestingError):
        read(document(event(lists)), depth_max=30)


def test_depth_outside_of_events() -> None:
    with pytest.raises(XmlNestingError):
        read(document(event(), header="<a>" * 300 + "</a>" * 300))


def test_size() -> None:
    raw = document(event())
    assert read(raw, size_bytes_max=len(raw)).problems == ()
    with pytest.raises(BodyTooLargeError):
        read(raw, size_bytes_max=len(raw) - 1)


def test_an_endless_source_is_left_after_the_limit() -> None:
    class Endless(io.RawIOBase):
        asked = 0

        def read(self, size: int = -1) -> bytes:
            Endless.asked += size
            return b" " * size if Endless.asked > size else document()[:200] + b" " * (size - 200)

    with pytest.raises(BodyTooLargeError):
        list(read_events(Endless(), size_bytes_max=1_000_000))  # type: ignore[arg-type]
    assert Endless.asked < 1_200_000


def test_a_flood_of_namespaces() -> None:
    many = "".join(f' xmlns:p{n}="urn:ns:{n}:"' for n in range(300))
    with pytest.raises(XmlScopeError):
        read(document(event(), root=ROOT.replace(" schemaVersion", many + " schemaVersion")))
    with pytest.raises(XmlScopeError):
        read(document(event(f"<bizLocation{many}><id>p1:x</id></bizLocation>")))


def test_a_flood_of_problems_ends() -> None:
    assert len(problems(event("<x/>" * 1000), event("<y/>" * 1000))) == 40


@pytest.mark.parametrize(
    "raw",
    [
        b"", b" ", b"<", b"<a", b"<a>", b"<a></b>", b"<a/><b/>", b"{}", b"\x00", b"<a>\x0b</a>",
        b"<a b='1' b='2'/>", b"<p:a/>", b"<a>&#0;</a>", b"x", b"<!-- ", b"<?x",
        document(event())[:-3], document(event()) + b"x",
    ],
)  # fmt: skip
def test_what_is_not_well_formed(raw: bytes) -> None:
    with pytest.raises(XmlSyntaxError) as caught:
        read(raw)
    assert caught.value.code == "not_xml"


def test_a_long_beginning() -> None:
    with pytest.raises(XmlSyntaxError):
        read(b"<!--" + b"x" * 70_000 + b"-->" + document(event()))


@pytest.mark.parametrize(
    "raw",
    [
        b"<a/>",
        b"<html><body/></html>",
        b"<x:EPCISDocument xmlns:x='urn:other'/>",
        b"<a>" + b"<b>x</b>" * 100_000 + b"</a>",
        b"<a><EPCISDocument/></a>",
    ],
)
def test_what_is_no_epcis(raw: bytes) -> None:
    with pytest.raises(XmlRefusedError) as caught:
        read(raw)
    assert caught.value.code == "document_kind"


def test_a_version_to_come() -> None:
    with pytest.raises(XmlRefusedError) as caught:
        read(document(event(), root=ROOT.replace("xsd:2", "xsd:3")))
    assert (caught.value.code, caught.value.problems[0].line) == ("epcis_version", 2)


def test_errors_keep_values_to_themselves() -> None:
    secret = "s3cr3t"
    for raw in (
        document(event(f"<ex:a>{secret}&x;</ex:a>")),
        document(event(f"<ex:a b='{secret}'></ex:b>")),
        document(event(f"<ex:a b='{secret}' b=''/>")),
    ):
        with pytest.raises(XmlTextError) as caught:
            read(raw)
        assert secret not in f"{caught.value}{caught.value.hint}"
    flawed = document(event(f"<quantityList>{secret}</quantityList>", action=secret))
    assert secret not in repr(read(flawed).problems)
