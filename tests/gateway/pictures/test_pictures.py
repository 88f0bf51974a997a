"""Pictures say what they were given, in words too, and draw the same on pages and in PDFs."""

from __future__ import annotations

import io
from hashlib import sha256

import pypdfium2
import pytest
from lxml import etree
from reportlab.pdfgen.canvas import Canvas

from node_gateway.pictures.heartbeat import heartbeat
from node_gateway.pictures.journey import Step, journey
from node_gateway.pictures.merkle_path import Level, PathWords, merkle_path
from node_gateway.pictures.packing import ROWS_MAX, Unit, packing
from node_gateway.pictures.pdf import draw
from node_gateway.pictures.shapes import Box, Dot, Line, Picture, Tone, Words, fitted, width_of
from node_gateway.pictures.svg import svg

SVG = "{http://www.w3.org/2000/svg}"
NASTY = '<script>alert("1")</script> & \u2028'
WORDS = PathWords("Proof", "This event", "Sealed root", "agrees", "DIFFERS", "sealed is")


def steps() -> list[Step]:
    return [
        Step("生产", "示例制药 · 杭州 · 2026-11"),
        Step("Not disclosed", "with a distributor", is_hole=True),
        Step("Sold at a pharmacy with a name that is longer than a telephone is wide", "2026-11"),
        Step(NASTY),
    ]


def path(length: int) -> list[Level]:
    node = sha256(b"leaf").digest()
    levels = []
    for number in range(length):
        sibling = sha256(bytes([number])).digest()
        is_left = number % 2 == 0
        levels.append(Level(node.hex(), sibling.hex(), is_left))
        node = sha256(sibling + node if is_left else node + sibling).digest()
    return [*levels, Level(node.hex())]


def pictures() -> list[Picture]:
    good = path(8)
    inside = [Unit(f"pack {number}", "sold") for number in range(5)]
    return [
        journey(steps(), title="旅程"),
        packing(Unit("pallet", contents=[Unit("case", contents=inside, left_out=19)]), title="In"),
        heartbeat([3, 0, 1], title="Seals", description="one of 3 hours without", begins="10:00"),
        merkle_path(good, sealed_root=good[-1].node, words=WORDS),
        merkle_path(good, sealed_root="00" * 32, words=WORDS),
    ]


@pytest.mark.parametrize("picture", pictures(), ids=lambda one: one.title)
def test_a_picture_is_well_formed_and_says_itself_in_words(picture: Picture) -> None:
    root = etree.fromstring(svg(picture, name="one", language="zh-CN").encode())
    assert root.get("role") == "img"
    named = root.get("aria-labelledby", "").split()
    texts = {one.get("id"): one.text for one in root if one.get("id")}
    assert [texts[one] for one in named] == [picture.title, picture.description]
    shapes = [one for one in root if one.tag not in (f"{SVG}title", f"{SVG}desc")]
    assert len(shapes) == len(picture.shapes)
    assert {one.tag for one in shapes} <= {
        f"{SVG}{name}" for name in ("line", "rect", "circle", "text")
    }
    # A page forbids inline styles and scripts.
    attributes = {str(name) for one in root.iter() for name in one.attrib}
    assert not any(name.startswith("on") or name == "style" for name in attributes)


@pytest.mark.parametrize("picture", pictures(), ids=lambda one: one.title)
def test_nothing_lies_outside_of_a_picture(picture: Picture) -> None:
    for shape in picture.shapes:
        match shape:
            case Line():
                xs, ys = (shape.x1, shape.x2), (shape.y1, shape.y2)
            case Box():
                xs, ys = (shape.x, shape.x + shape.width), (shape.y, shape.y + shape.height)
            case Dot():
                xs = (shape.x - shape.radius, shape.x + shape.radius)
                ys = (shape.y - shape.radius, shape.y + shape.radius)
            case Words():
                width = width_of(shape.text, shape.size)
                left = shape.x - {"start": 0, "middle": width / 2, "end": width}[shape.anchor]
                xs, ys = (left, left + width), (shape.y - shape.size, shape.y)
        assert min(xs) >= 0
        assert max(xs) <= picture.width + 0.01
        assert min(ys) >= 0
        assert max(ys) <= picture.height


def test_the_same_picture_in_a_pdf_has_the_same_words() -> None:
    for picture in pictures():
        file = io.BytesIO()
        canvas = Canvas(file, pagesize=(700, 700))
        draw(picture, canvas, 10, 690)
        canvas.save()
        (page,) = pypdfium2.PdfDocument(file.getvalue())
        said = page.get_textpage().get_text_range()
        for shape in picture.shapes:
            if isinstance(shape, Words) and shape.text.isascii():
                assert shape.text in said
        image = page.render(scale=1).to_pil().convert("L")
        assert image.getextrema()[0] < 128, "nothing was drawn"


def test_a_hole_differs_in_shape_and_words_from_a_step() -> None:
    dots = [one for one in journey(steps(), title="").shapes if isinstance(one, Dot)]
    assert [one.filled for one in dots] == [True, False, True, True]
    assert [one.dashed for one in dots] == [False, True, False, False]


def test_a_wrong_root_is_crossed_and_said_not_only_red() -> None:
    levels = path(3)
    right = merkle_path(levels, sealed_root=levels[-1].node, words=WORDS)
    wrong = merkle_path(levels, sealed_root="ab" * 32, words=WORDS)
    assert "agrees" in right.description
    assert "DIFFERS" in wrong.description
    crossed = [one for one in wrong.shapes if isinstance(one, Line) and one.tone is Tone.BAD]
    assert len(crossed) == 1
    assert not [one for one in right.shapes if isinstance(one, Line) and one.tone is Tone.BAD]


def test_a_silent_hour_has_a_mark_of_its_own() -> None:
    shapes = heartbeat([2, 0, 0, 1], title="", description="").shapes
    assert len([one for one in shapes if isinstance(one, Box)]) == 2
    assert len([one for one in shapes if isinstance(one, Line) and one.tone is Tone.BAD]) == 4


def test_what_was_before_the_first_batch_is_no_silence() -> None:
    shapes = heartbeat([None, None, 2, 0], title="", description="").shapes
    assert len([one for one in shapes if isinstance(one, Box)]) == 1
    assert len([one for one in shapes if isinstance(one, Line) and one.tone is Tone.BAD]) == 2
    quiet = [one for one in shapes if isinstance(one, Dot)]
    assert [one.tone for one in quiet] == [Tone.QUIET] * 2
    never = heartbeat([None] * 3, title="", description="").shapes
    assert not [one for one in never if getattr(one, "tone", None) is Tone.BAD]


def test_a_large_unit_is_cut_and_says_how_much_is_left_out() -> None:
    case = Unit("case", contents=[Unit(str(number)) for number in range(300)], left_out=9)
    picture = packing(case, title="")
    assert len([one for one in picture.shapes if isinstance(one, Box)]) == ROWS_MAX
    small = packing(Unit("case", contents=[Unit("1")], left_out=9), title="", more="and {count}")
    assert "and 9" in [one.text for one in small.shapes if isinstance(one, Words)]


def test_a_text_is_cut_to_its_room_in_both_scripts() -> None:
    for text in ("x" * 100, "药" * 100, NASTY * 9):
        assert width_of(fitted(text, 11, 80), 11) <= 80
    assert fitted("short", 11, 80) == "short"
