"""JSON from outside: what is taken, what is refused, and where the refusal points."""

import json
import time
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from node_gateway.epcis.errors import (
    BodyTooLargeError,
    DuplicateMemberError,
    EncodingError,
    EpcisError,
    JsonSyntaxError,
    JsonTextError,
    LoneSurrogateError,
    NestingError,
    NumberError,
)
from node_gateway.epcis.parse import DEPTH_MAX, parse_json

LIMIT = 1 << 20


def refusal(raw: bytes) -> JsonTextError:
    with pytest.raises(JsonTextError) as caught:
        parse_json(raw, size_bytes_max=LIMIT)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"{}", {}),
        (b' [1, -2, 0.5, true, false, null, "x"]\r\n', [1, -2, 0.5, True, False, None, "x"]),
        (b'{"a":{"a":1},"b":{"a":1}}', {"a": {"a": 1}, "b": {"a": 1}}),
        (b'"\\ud83d\\ude00 \\u836f\\\\\\""', '\U0001f600 \u836f\\"'),
        ('"\u836f\u54c1"'.encode(), "\u836f\u54c1"),
        (b'"\\u0000"', "\0"),
        (b'{"":[{"":""}]}', {"": [{"": ""}]}),
        (b'{"a\\"b":1,"a\\\\":2,"a":3}', {'a"b': 1, "a\\": 2, "a": 3}),
        (b'["[[[[{{{{", "]]:,:", "1e400 1.0e5"]', ["[[[[{{{{", "]]:,:", "1e400 1.0e5"]),
    ],
)
def test_good_json_is_taken_as_it_is(raw: bytes, value: object) -> None:
    assert parse_json(raw, size_bytes_max=LIMIT) == value


@pytest.mark.parametrize(
    ("raw", "error", "code", "pointer"),
    [
        (b"\xef\xbb\xbf{}", EncodingError, "bom", ""),
        (b'{"a":"\xff"}', EncodingError, "not_utf8", ""),
        (b'{"a":"\xed\xa0\x80"}', EncodingError, "not_utf8", ""),
        ('{"a":1}'.encode("utf-16"), EncodingError, "not_utf8", ""),
        ('{"a":1}'.encode("utf-16-le"), JsonSyntaxError, "not_json", ""),
        (b"", JsonSyntaxError, "not_json", ""),
        (b"{'a':1}", JsonSyntaxError, "not_json", ""),
        (b'{"a":1,}', JsonSyntaxError, "not_json", ""),
        (b'{"a":1} {"a":1}', JsonSyntaxError, "not_json", ""),
        (b'["a\nb"]', JsonSyntaxError, "not_json", ""),
        (b"[01]", JsonSyntaxError, "not_json", ""),
        (b"[1.]", JsonSyntaxError, "not_json", ""),
        (b"[+1]", JsonSyntaxError, "not_json", ""),
        (b"[1 // one\n]", JsonSyntaxError, "not_json", ""),
        (b'["\\x41"]', JsonSyntaxError, "not_json", ""),
        (b"\xc2\xa0{}", JsonSyntaxError, "not_json", ""),
        (b"]" * 100, JsonSyntaxError, "not_json", ""),
        (b'{"a":1,"a":1}', DuplicateMemberError, "duplicate_member", "/a"),
        (b'{"a":1,"\\u0061":1}', DuplicateMemberError, "duplicate_member", "/a"),
        (
            b'[0,{"x/y":[{"k":1,"b":2,"k":3}]}]',
            DuplicateMemberError,
            "duplicate_member",
            "/1/x~1y/0/k",
        ),
        (b'{"":1,"":1}', DuplicateMemberError, "duplicate_member", "/"),
        (b'{"a\\"":1,"a\\"":2}', DuplicateMemberError, "duplicate_member", '/a"'),
        (b'{"a":{"b":1,"b":2},"a":1}', DuplicateMemberError, "duplicate_member", "/a"),
        (b"[NaN]", NumberError, "number_form", "/0"),
        (b'{"v":-Infinity}', NumberError, "number_form", "/v"),
        (b'{"v":9007199254740992}', NumberError, "number_range", "/v"),
        (b'{"v":-9007199254740992}', NumberError, "number_range", "/v"),
        (b'{"v":18446744073709551616}', NumberError, "number_range", "/v"),
        (b'{"v":9007199254740992.0}', NumberError, "number_range", "/v"),
        (b'{"v":9007199254740993.5}', NumberError, "number_range", "/v"),
        (b"[[1e22]]", NumberError, "number_range", "/0/0"),
        (b"[1e400]", NumberError, "number_range", "/0"),
        (b"[-1E999999999999999999999]", NumberError, "number_range", "/0"),
        (b"[0.1000000000000000055]", NumberError, "number_precision", "/0"),
        (b"[1.00000000000000001]", NumberError, "number_precision", "/0"),
        (b"[1e-400]", NumberError, "number_precision", "/0"),
        (b"[4.9e-324]", NumberError, "number_precision", "/0"),
        (b"[1e-99999999999999999999]", NumberError, "number_precision", "/0"),
        (b'{"a":["\\ud800"]}', LoneSurrogateError, "lone_surrogate", "/a/0"),
        (b'{"a":"\\ude00\\ud83d"}', LoneSurrogateError, "lone_surrogate", "/a"),
        (b'{"b":{"\\uDFFF":1}}', LoneSurrogateError, "lone_surrogate", "/b"),
    ],
)
def test_what_readers_could_read_differently_is_refused(
    raw: bytes, error: type[EpcisError], code: str, pointer: str
) -> None:
    refused = refusal(raw)
    assert type(refused) is error
    assert (refused.code, refused.pointer) == (code, pointer)
    assert str(refused) == refused.detail


@pytest.mark.parametrize(
    "token",
    [
        *(
            "0",
            "-0",
            "0.0",
            "-0.0",
            "0e99999999999999999999",
            "0.1",
            "1.0",
            "1.10",
            "100e-2",
            "1E2",
        ),
        *("9007199254740991", "-9007199254740991", "9007199254740991.0", "9.007199254740991e15"),
        *("0.30000000000000004", "5e-324", "2.2250738585072014e-308", "123456789012345.6", "1e15"),
        *("0." + "1" + "0" * 5000, "1" + "0" * 400 + "e-400", "0.000000000000000000000001"),
    ],
)
def test_a_number_that_keeps_its_value_is_taken(token: str) -> None:
    value = parse_json(b"[" + token.encode() + b"]", size_bytes_max=LIMIT)
    assert isinstance(value, list)
    assert Decimal(rfc8785.dumps(value[0]).decode()) == (Decimal(token) if float(token) else 0)


@st.composite
def number_tokens(draw: st.DrawFn) -> str:
    digits = st.text("0123456789", min_size=1, max_size=20)
    whole = str(int(draw(digits)))
    fraction = draw(st.just("") | digits.map(".{}".format))
    exponents = st.integers(-340, 330).map(str)
    exponent = draw(
        st.just("") | st.tuples(st.sampled_from(["e", "E", "e+"]), exponents).map(str_of)
    )
    return draw(st.sampled_from(["", "-"])) + whole + fraction + exponent.replace("+-", "-")


def str_of(parts: tuple[str, ...]) -> str:
    return "".join(parts)


@settings(max_examples=500, deadline=None)
@given(number_tokens())
def test_a_number_is_taken_if_and_only_if_its_value_is_kept(token: str) -> None:
    """The oracle is rfc8785 itself, which refuses integers beyond its range and infinities."""
    value = int(token) if token.lstrip("-").isdigit() else float(token)
    try:
        kept = Decimal(rfc8785.dumps(value).decode()) == Decimal(token)
    except rfc8785.CanonicalizationError:
        kept = False
    kept = kept and not (abs(value) > 2**53 - 1 and float(value).is_integer())
    raw = b'{"v":%s}' % token.encode()
    if kept:
        assert parse_json(raw, size_bytes_max=LIMIT) == {"v": value}
    else:
        refused = refusal(raw)
        assert isinstance(refused, NumberError)
        assert refused.pointer == "/v"


def test_a_syntax_error_says_where() -> None:
    assert "line 3, column 7" in refusal(b'{\n "a": 1,\n "b": x\n}').detail


def test_a_refusal_never_carries_a_value() -> None:
    for raw in (b'{"a":"SECRET","a":1}', b'["SECRET\\ud800"]', b'{"a":"SECRET" 1}', b"[1e47110]"):
        refused = refusal(raw)
        text = f"{refused} {refused.hint} {refused.pointer} {refused.__cause__}"
        assert "SECRET" not in text
        assert "4711" not in text


def test_a_large_body_is_refused_unread() -> None:
    with pytest.raises(BodyTooLargeError) as caught:
        parse_json(b"[" * 101, size_bytes_max=100)
    assert caught.value.code == "body_too_large"
    assert parse_json(b"[%s]" % (b" " * 98), size_bytes_max=100) == []


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * depth + b"1" + closing * depth


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_the_depth_is_counted_to_the_level(opening: bytes, closing: bytes) -> None:
    assert parse_json(nested(DEPTH_MAX, opening, closing), size_bytes_max=LIMIT)
    for depth in (DEPTH_MAX + 1, 300, 2_000, 10_000, 100_000):
        refused = refusal(nested(depth, opening, closing))
        assert type(refused) is NestingError
        assert refused.code == "too_deep"


@settings(max_examples=500, deadline=None)
@given(st.integers(1, 20), st.recursive(st.just([]), lambda inner: st.lists(inner, max_size=4)))
def test_the_depth_of_any_shape_is_counted(depth_max: int, shape: list[object]) -> None:
    def depth(value: list[object]) -> int:
        return 1 + max((depth(item) for item in value if isinstance(item, list)), default=0)

    raw = json.dumps(shape).encode()
    if depth(shape) <= depth_max:
        assert parse_json(raw, size_bytes_max=LIMIT, depth_max=depth_max) == shape
    else:
        with pytest.raises(NestingError):
            parse_json(raw, size_bytes_max=LIMIT, depth_max=depth_max)


def branching(depth: int) -> bytes:
    """Return a shape of that depth in which no level is reached by opening brackets alone."""
    levels = range(1, depth - 12)
    return b"".join(b"[" + nested(12) + b"," for _ in levels) + nested(13) + b"]" * len(levels)


@pytest.mark.parametrize("depth_max", [20, 64])
def test_branching_shapes_are_counted_too(depth_max: int) -> None:
    assert parse_json(branching(depth_max), size_bytes_max=LIMIT, depth_max=depth_max)
    with pytest.raises(NestingError):
        parse_json(branching(depth_max + 1), size_bytes_max=LIMIT, depth_max=depth_max)


@pytest.mark.parametrize("depth_max", [1, 9, 10, 11, 12, 64])
def test_wide_shapes_are_counted_too(depth_max: int) -> None:
    wide = b"[" + b",".join([nested(depth_max - 1)] * 70) + b"]"
    assert parse_json(wide, size_bytes_max=LIMIT, depth_max=depth_max)
    with pytest.raises(NestingError):
        parse_json(b"[" + wide + b"]", size_bytes_max=LIMIT, depth_max=depth_max)


@pytest.mark.parametrize(
    "raw",
    [
        *(
            b"[" * 10_000,
            nested(10_000),
            b'{"a":' * 10_000,
            b"[" + nested(10_000) + b"," + b"1" * 99,
        ),
        (b"[" + nested(63) + b",") * 5_000,
        b"[" + b"1" * 900_000 + b"]",
        b"[0." + b"1" * 900_000 + b"]",
        b'["' + b"\\" * 900_001 + b'"]',
        b'{"a":1,' * 50_000,
    ],
)
def test_a_hostile_body_is_refused_quickly(raw: bytes) -> None:
    start = time.process_time()
    refusal(raw)
    assert time.process_time() - start < 1.0
