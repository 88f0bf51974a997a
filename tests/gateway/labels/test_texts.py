"""Text on labels: drawn by two fonts, shortened by rule, never into a quiet zone."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_gateway.errors import ParameterError
from node_gateway.labels import raster, texts
from node_gateway.labels.contents import Unit, contents_of
from node_gateway.labels.judging import months_after
from node_gateway.labels.layout import Label, Wanted, Words, laid_out
from node_gateway.labels.media import DPI, LEVELS, MEDIA, Media, dots_per_module, media_of
from node_gateway.labels.symbols import Symbol, symbol_of
from node_gateway.labels.texts import CHINESE, ELLIPSIS, LATIN, Run, plain, runs_of, shortened

MEASURES = [texts.measure, raster.measure]


def symbols(choice: str = "datamatrix", serial: str = "12345678") -> tuple[Symbol, ...]:
    unit = Unit(f"https://id.gs1.org/01/09506000134352/21/{serial}", "ABC123", date(2027, 12, 31))
    made = contents_of(unit, choice, stem="https://maker.example")  # type: ignore[arg-type]
    return tuple(symbol_of(one) for one in made)


PACK = symbols()
PAIR = symbols("pair")


def test_two_fonts_draw_a_text() -> None:
    assert runs_of("阿莫西林 0.25g×24") == [
        Run("阿莫西林", CHINESE),
        Run(" 0.25g", LATIN),
        Run("×", CHINESE),
        Run("24", LATIN),
    ]
    assert texts.measure("阿莫西林") == pytest.approx(4)
    assert texts.measure("阿A") == pytest.approx(1 + texts.measure("A"))


@given(st.text(max_size=150), st.floats(0, 60))
def test_a_shortened_text_fits_and_says_that_it_is_one(text: str, width: float) -> None:
    made = shortened(plain(text), width, texts.measure)
    assert texts.measure(made) <= width
    if made == plain(text):
        return
    assert made == "" or made.endswith(ELLIPSIS)
    if made:
        assert plain(text).startswith(made.removesuffix(ELLIPSIS))


@given(st.text(max_size=200))
def test_a_name_is_one_line_that_the_fonts_draw(text: str) -> None:
    made = plain(text)
    assert len(made) <= texts.NAME_LENGTH_MAX
    assert "\n" not in made
    assert made == made.strip()
    assert all(one.isprintable() and ord(one) <= 0xFFFF for one in made)


@pytest.mark.parametrize("measure", MEASURES)
@given(
    name=st.text(alphabet="阿莫西林胶囊AWi .-", max_size=80),
    size=st.tuples(st.integers(15, 90), st.integers(12, 60)),
    chosen=st.sampled_from([PACK, PAIR]),
    module=st.floats(0.254, 0.6),
)
def test_nothing_ever_touches_a_quiet_zone_or_leaves_the_label(
    measure: texts.Measure,
    name: str,
    size: tuple[int, int],
    chosen: tuple[Symbol, ...],
    module: float,
) -> None:
    media = Media("any", *size)
    wanted = Wanted(chosen, Words(plain(name), chosen[0].content.hri), module, 10.0, measure)
    try:
        label = laid_out(wanted, media)
    except ParameterError as refused:
        assert refused.code == "label_too_small"  # noqa: PT017  either of both is right
        return
    assert [one.text for one in label.lines if not one.is_name] == list(chosen[0].content.hri)
    check(label)


def check(label: Label) -> None:
    little = 1e-6
    boxes = []
    for one in label.symbols:
        quiet = one.symbol.quiet * one.module
        box = (one.x - quiet, one.y - quiet, one.x + one.width + quiet, one.y + one.height + quiet)
        assert min(box) >= -little
        assert box[2] <= label.width + little
        assert box[3] <= label.height + little
        boxes.append((box, (one.x, one.y, one.x + one.width, one.y + one.height)))
    for line in label.lines:
        size = line.size_pt * 25.4 / 72
        box = (line.x, line.y - 0.95 * size, line.x + line.width, line.y + 0.3 * size)
        assert min(box) >= -little
        assert box[2] <= label.width + little
        assert box[3] <= label.height + little
        assert all(apart(box, quiet) for quiet, _ in boxes)
    for index, (quiet, _) in enumerate(boxes):
        assert all(apart(quiet, other) for at, (_, other) in enumerate(boxes) if at != index)


def apart(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    little = 1e-6
    return (
        one[2] <= other[0] + little
        or other[2] <= one[0] + little
        or one[3] <= other[1] + little
        or other[3] <= one[1] + little
    )


def test_a_name_gives_way_before_anything_else() -> None:
    words = Words("名" * 50, PACK[0].content.hri)
    wide = laid_out(Wanted(PACK, words, 0.3, 10.0, texts.measure), MEDIA["50x25"])
    assert wide.lines[0].text.endswith(ELLIPSIS)
    low = laid_out(Wanted(PACK, words, 0.3, 10.0, texts.measure), media_of("50x11"))
    assert [one.text for one in low.lines] == list(PACK[0].content.hri)


@pytest.mark.parametrize("dpi", sorted(DPI))
@pytest.mark.parametrize("level", sorted(LEVELS))
@given(wanted=st.none() | st.floats(0.495, 2.0))
def test_modules_in_dots_are_never_too_small(dpi: int, level: str, wanted: float | None) -> None:
    chosen = LEVELS[level]
    real = dots_per_module(chosen, wanted, dpi) / DPI[dpi]
    least = chosen.x_mm_min if wanted is None else wanted
    assert real >= least - 0.006 / DPI[dpi]
    assert real < (chosen.x_mm if wanted is None else wanted) + 1 / DPI[dpi]


@pytest.mark.parametrize(
    ("text", "width", "height"), [("50x25", 50, 25), ("10x300", 10, 300), ("62.5x30", 62.5, 30)]
)
def test_media(text: str, width: float, height: float) -> None:
    found = media_of(text)
    assert (found.width_mm, found.height_mm, found.sheet) == (width, height, None)
    assert media_of("A4-3X8").sheet is not None


@pytest.mark.parametrize(
    "text", ["", "50", "50x", "9x25", "50x301", "50x25x2", "-5x25", "50,5x25", "1e2x20", "٥٠x٢٥"]
)
def test_what_is_no_medium(text: str) -> None:
    with pytest.raises(ParameterError) as refused:
        media_of(text)
    assert refused.value.code == "label_media"


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2026, 1, 15), date(2026, 7, 15)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 8, 30), date(2028, 2, 29)),
        (date(2026, 12, 31), date(2027, 6, 30)),
        (date(2026, 6, 1), date(2026, 12, 1)),
    ],
)
def test_six_months(day: date, later: date) -> None:
    assert months_after(day, 6) == later
