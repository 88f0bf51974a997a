"""Every kind of file, turned back into dots by something else and read: content, HRI, true size."""

import csv
import io
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

import pypdf
import pytest
from PIL import Image

from node_gateway.epcis.identifiers import canonical_identifier
from node_gateway.errors import NotPossibleError, ParameterError
from node_gateway.labels.contents import Unit, contents_of
from node_gateway.labels.layout import Label
from node_gateway.labels.making import Made, Making
from node_gateway.labels.media import DPI, MEDIA, media_of
from node_gateway.labels.requests import LabelRequest, checked
from tests.gateway.labels import rasters

SGTIN = "https://id.gs1.org/01/09506000134352/21/12345678"
SSCC = "https://id.gs1.org/00/069012340000000016"
DRUG = "urn:x-cn-drug:81234567890123456789"
STEM = "https://maker.example"
NAMES = ("阿莫西林胶囊 0.25g×24 盒装", "Amoxicillin capsules 0.25 g x 24")
DAY = date(2027, 12, 31)
CASES = [
    (SGTIN, "datamatrix", "50x25"),
    (SGTIN, "qr", "50x25"),
    (SGTIN, "pair", "60x30"),
    (SGTIN, "code128", "120x50"),
    (SGTIN, "datamatrix", "a4-3x8"),
    (SGTIN, "datamatrix", "22x40"),
    (SSCC, "code128", "105x148"),
    (SSCC, "code128", "100x50"),
    (SSCC, "datamatrix", "100x50"),
    (DRUG, "code128", "50x25"),
    (DRUG, "datamatrix", "50x25"),
    (DRUG, "qr", "50x25"),
]


def making(form: str, **wishes: object) -> Making:
    request = checked(LabelRequest(codes=("given",), **wishes))  # type: ignore[arg-type]
    return Making(request, form, stem=STEM, names=lambda _: NAMES)  # type: ignore[arg-type]


def unit(code: str = SGTIN) -> Unit:
    return Unit(code, "ABC123", DAY)


def made(form: str, code: str = SGTIN, *, count: int = 1, **wishes: object) -> Made:
    units = [unit(code)]
    units += [Unit(f"{SGTIN[:-4]}{number:04d}", "ABC123", DAY) for number in range(count - 1)]
    return making(form, **wishes).made(units)


def label_of(form: str, code: str, **wishes: object) -> Label:
    (one,) = making(form, **wishes)._labels([unit(code)])
    return one


def expected(code: str, choice: str) -> list[tuple[str, bytes]]:
    contents = contents_of(unit(code), choice, stem=STEM)  # type: ignore[arg-type]
    return sorted((one.identifier, one.scanned) for one in contents)


def scanned(picture: Image.Image) -> list[tuple[str, bytes]]:
    return [(one.identifier, one.scanned) for one in rasters.read(picture)]


@pytest.mark.parametrize("dpi", [300, 600])
@pytest.mark.parametrize(("code", "choice", "media"), CASES)
def test_a_pdf_reads_back_at_true_size(code: str, choice: str, media: str, dpi: int) -> None:
    done = made("pdf", code, symbol=choice, media=media)
    assert done.read == done.count == 1
    page = pypdf.PdfReader(io.BytesIO(done.body)).pages[0]
    sheet = media_of(media).sheet
    size = (sheet.width_mm, sheet.height_mm) if sheet else media_sides(media)
    assert [float(one) / 72 * 25.4 for one in page.mediabox[2:]] == pytest.approx(size, abs=1e-3)
    (picture,) = rasters.of_pdf(done.body, dpi)
    assert scanned(picture) == expected(code, choice)
    label = label_of("pdf", code, symbol=choice, media=media)
    top = sheet.top_mm if sheet else 0
    check_places(picture, label, dpi / 25.4, top)


def media_sides(media: str) -> tuple[float, float]:
    return media_of(media).width_mm, media_of(media).height_mm


def check_places(picture: Image.Image, label: Label, per_mm: float, top: float = 0) -> None:
    """Hold module size, position and quiet zone of symbols against the dots; text included."""
    for one in label.symbols:
        box = (one.x, one.y + top, one.x + one.width, one.y + top + one.height)
        dots = [side * per_mm for side in box]
        inside = picture.crop(tuple(round(side) for side in dots))  # type: ignore[arg-type]
        dark = inside.point(lambda value: 255 if value < 128 else 0).getbbox()
        assert dark is not None
        # The outer modules of every symbol are dark somewhere: its box is filled to its edges.
        assert dark == pytest.approx((0, 0, inside.width, inside.height), abs=1.01)
        quiet = one.symbol.quiet * one.module
        above = 0.5 if one.symbol.is_bars else quiet
        edge = 1.01 / per_mm
        for zone in (
            (box[0] - quiet, box[1], box[0] - edge, box[3]),
            (box[2] + edge, box[1], box[2] + quiet, box[3]),
            (box[0], box[1] - above, box[2], box[1] - edge),
            (box[0], box[3] + edge, box[2], box[3] + above),
        ):
            assert rasters.is_blank(picture, tuple(side * per_mm for side in zone))  # type: ignore[arg-type]


@pytest.mark.parametrize("x_mm", [0.254, 0.3, 0.38, 0.495])
def test_modules_have_the_chosen_size(x_mm: float) -> None:
    body = made("pdf", x_mm=x_mm).body
    content = pypdf.PdfReader(io.BytesIO(body)).pages[0].get_contents()
    assert content is not None
    matrices = [
        [float(one) for one in operands]
        for operands, operator in content.operations  # type: ignore[attr-defined]
        if operator == b"cm"
    ]
    symbol = [one for one in matrices if one[0] != 1]
    assert [one[0] / 72 * 25.4 for one in symbol] == pytest.approx([x_mm], abs=1e-5)
    assert [one[3] / 72 * 25.4 for one in symbol] == pytest.approx([x_mm], abs=1e-5)
    sides = [
        operands
        for operands, operator in content.operations
        if operator == b"re"  # type: ignore[attr-defined]
    ]
    assert sides
    assert all(float(one) == int(one) for operands in sides for one in operands)
    # 22 modules, measured in the picture.
    picture = rasters.of_pdf(body, 600)[0]
    (found,) = rasters.read(picture)
    left, _, right, _ = found.box
    assert (right - left) / 600 * 25.4 == pytest.approx(22 * x_mm, abs=2.5 / 600 * 25.4)


def test_a_pdf_says_what_people_read_in_both_scripts() -> None:
    text = pypdf.PdfReader(io.BytesIO(made("pdf", DRUG).body)).pages[0].extract_text()
    assert "8123 4567 8901 2345 6789" in text
    assert "ABC123" in text
    assert "2027-12-31" in text
    body = made("pdf", DRUG).body
    assert b"STSong-Light" in body
    assert b"FontFile" not in body  # no font is shipped
    reader = pypdf.PdfReader(io.BytesIO(body))
    assert reader.viewer_preferences is not None
    assert reader.viewer_preferences.get("/PrintScaling") == "/None"
    hri = pypdf.PdfReader(io.BytesIO(made("pdf").body)).pages[0].extract_text().splitlines()
    assert hri[-4:] == list(contents_of(unit(), "datamatrix", stem=None)[0].hri)


def test_chinese_names_are_drawn() -> None:
    label = label_of("pdf", SGTIN)
    assert label.lines[0].text == NAMES[0]
    picture = rasters.of_pdf(made("pdf").body, 300)[0]
    line, per_mm = label.lines[0], 300 / 25.4
    where = (line.x, line.y - 2.5, line.x + line.width, line.y + 0.5)
    assert not rasters.is_blank(picture, tuple(one * per_mm for one in where))  # type: ignore[arg-type]


def test_what_was_drawn_wrongly_is_seen_in_the_finished_file() -> None:
    units = [unit(), Unit(f"{SGTIN}9")]
    maker = making("pdf", read_all=True)
    body = maker.made(units).body
    assert maker._read(body, units) == 2
    for wrong in ([Unit(f"{SGTIN}8"), units[1]], [units[0], Unit(f"{SGTIN}8")], [*units, unit()]):
        with pytest.raises(NotPossibleError) as refused:
            maker._read(body, wrong)
        assert refused.value.code == "label_unreadable"
    assert making("pdf")._read(body, [units[0], Unit(f"{SGTIN}8")]) == 1  # the first page alone


def test_equal_labels_give_equal_bytes() -> None:
    assert made("pdf", count=3).body == made("pdf", count=3).body


def test_a_sheet_takes_labels_in_rows_and_goes_on() -> None:
    done = made("pdf", count=30, media="a4-3x8", skip=5, read_all=True)
    assert (done.count, done.decoded, done.read) == (30, 30, 30)
    first, second = rasters.of_pdf(done.body, 300)
    on_first, on_second = rasters.read(first), rasters.read(second)
    assert (len(on_first), len(on_second)) == (19, 11)
    wanted = expected(SGTIN, "datamatrix")[0][1]
    (one,) = [found for found in on_first if found.scanned == wanted]
    across, down = 70 / 25.4 * 300, 37 / 25.4 * 300
    assert (one.box[0] // across, one.box[1] // down) == (2, 1)  # five places are used


@pytest.mark.parametrize("dpi", sorted(DPI))
@pytest.mark.parametrize(("code", "choice", "media"), CASES)
def test_a_png_reads_back(code: str, choice: str, media: str, dpi: int) -> None:
    wishes: dict[str, object] = {"symbol": choice, "media": larger(media), "dpi": dpi}
    picture = Image.open(io.BytesIO(made("png", code, **wishes).body))
    assert picture.mode == "1"
    assert picture.info["dpi"] == pytest.approx((DPI[dpi] * 25.4,) * 2, abs=0.02)
    grey = picture.convert("L")
    assert scanned(grey) == expected(code, choice)
    label = label_of("png", code, **wishes)
    for one in label.symbols:
        dots = one.module * DPI[dpi]
        assert dots == pytest.approx(round(dots), abs=1e-9)
    check_places(grey, label, DPI[dpi])


def larger(media: str) -> str:
    """Whole dots can be larger than the module that was chosen."""
    return media if media == "a4-3x8" else "x".join(str(int(one * 1.4)) for one in sides(media))


def sides(media: str) -> Sequence[float]:
    return (MEDIA[media].width_mm, MEDIA[media].height_mm) if media in MEDIA else media_sides(media)


def test_a_png_leaves_out_what_its_font_cannot_draw() -> None:
    label = label_of("png", DRUG, media="70x30")
    assert label.lines[0].text == NAMES[1]
    assert [one.text for one in label.lines[1:]] == [
        "8123 4567 8901 2345 6789",
        "LOT ABC123",
        "EXP 2027-12-31",
    ]
    request = checked(LabelRequest(codes=("given",)))
    nameless = Making(request, "png", stem=None, names=lambda _: ("阿莫西林", ""))
    assert nameless.made([unit()]).names_left_out == 1


@pytest.mark.parametrize("dpi", [300, 600])
@pytest.mark.parametrize(("code", "choice", "media"), CASES)
def test_an_svg_reads_back(code: str, choice: str, media: str, dpi: int) -> None:
    body = made("svg", code, symbol=choice, media=media).body
    picture = rasters.of_svg(body, dpi)
    assert scanned(picture) == expected(code, choice)
    check_places(picture, label_of("svg", code, symbol=choice, media=media), dpi / 25.4)
    if media != "22x40":
        assert NAMES[0][:4] in body.decode("utf-8")
    for content in contents_of(unit(code), choice, stem=STEM)[:1]:  # type: ignore[arg-type]
        assert all(f">{line}</text>" in body.decode("utf-8") for line in content.hri)


@pytest.mark.parametrize("dpi", sorted(DPI))
@pytest.mark.parametrize(("code", "choice", "media"), CASES)
def test_zpl_reads_back(code: str, choice: str, media: str, dpi: int) -> None:
    wishes: dict[str, object] = {"symbol": choice, "media": larger(media), "dpi": dpi}
    (one,) = rasters.of_zpl(made("zpl", code, **wishes).body)
    assert scanned(one.picture) == expected(code, choice)
    label = label_of("zpl", code, **wishes)
    check_places(one.picture, label, DPI[dpi])
    hri = contents_of(unit(code), choice, stem=STEM)[0].hri  # type: ignore[arg-type]
    assert [text for text in one.texts.values() if text in hri] == list(hri)
    for symbol in label.symbols:  # text stands where the quiet zone is not
        quiet = symbol.symbol.quiet * symbol.module if not symbol.symbol.is_bars else 0
        for x, y in one.texts:
            left, top = x / DPI[dpi], y / DPI[dpi]
            beside = left >= symbol.x + symbol.width + quiet - 0.1
            below = top >= symbol.y + symbol.height + quiet - 0.1
            above = top < symbol.y
            assert beside or below or above


def test_zpl_makes_a_label_after_the_other() -> None:
    labels = rasters.of_zpl(made("zpl", count=5).body)
    assert len({scanned(one.picture)[0][1] for one in labels}) == 5


@pytest.mark.parametrize(
    ("code", "choice", "command"),
    [
        (
            SGTIN,
            "datamatrix",
            "^BXN,3,200,,,,_,1^FD_101095060001343521727123110ABC123_12112345678^FS",
        ),
        (SGTIN, "qr", "^BQN,2,3,M^FDMA,https://maker.example/01/09506000134352/21/12345678^FS"),
        (SSCC, "code128", "^BY6^BCN,375,N,N,N,N^FD>;>800069012340000000016^FS"),
        (
            SGTIN,
            "code128",
            "^BCN,118,N,N,N,D^FD(01)09506000134352(17)271231(10)ABC123(21)12345678^FS",
        ),
        (DRUG, "code128", "^BCN,118,N,N,N,N^FD>;81234567890123456789^FS"),
    ],
)
def test_the_printers_own_commands(code: str, choice: str, command: str) -> None:
    body = made("zpl", code, symbol=choice, media="130x60", native=True).body.decode()
    assert command in body
    assert "^GFA" not in body


def test_what_a_printer_cannot_be_told_is_refused() -> None:
    odd = Unit(f"{SGTIN}_", "A(1")
    for choice in ("datamatrix", "code128"):
        with pytest.raises(ParameterError) as refused:
            making("zpl", symbol=choice, media="200x60", native=True).made([odd])
        assert refused.value.code == "label_native"


def test_text_can_give_a_printer_no_command() -> None:
    request = checked(LabelRequest(codes=("given",), printer_font="E:SIMSUN.TTF"))
    named = Making(request, "zpl", stem=None, names=lambda _: ("^XZ~JA_^FS 药", ""))
    (one,) = rasters.of_zpl(named.made([unit()]).body)
    assert "^XZ~JA_^FS 药" in one.texts.values()
    assert one.commands.count("^XZ") == 1
    assert "^A@N," in one.commands
    assert ",E:SIMSUN.TTF^FH_" in one.commands


def test_csv_is_for_label_software() -> None:
    body = made("csv", count=3, symbol="pair").body.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body)))
    assert len(rows) == 6
    first, link = rows[:2]
    assert first == {
        "code": SGTIN,
        "symbol": "datamatrix",
        "content": "(01)09506000134352(17)271231(10)ABC123(21)12345678",
        "hri": "(01) 09506000134352 (17) 271231 (10) ABC123 (21) 12345678",
        "name": NAMES[0],
        "lot": "ABC123",
        "expiry": "2027-12-31",
    }
    assert link["content"] == f"{STEM}/01/09506000134352/21/12345678"
    assert all(canonical_identifier(row["content"]) == row["code"] for row in rows)
    assert made("csv", count=3, symbol="pair").decoded == 6


def test_a_picture_shows_one_label() -> None:
    for form in ("png", "svg"):
        with pytest.raises(ParameterError) as refused:
            made(form, count=2)
        assert refused.value.code == "label_format"


@pytest.mark.parametrize(("code", "choice", "media"), CASES)
def test_a_label_that_is_too_small_is_refused_with_one_that_fits(
    code: str, choice: str, media: str
) -> None:
    del media
    with pytest.raises(ParameterError) as refused:
        made("pdf", code, symbol=choice, media="10x10")
    assert refused.value.code == "label_too_small"
    assert refused.value.hint is not None
    least = refused.value.hint.split()[2].rstrip(",")
    width, height = (float(one) for one in least.split("x"))
    (picture,) = rasters.of_pdf(made("pdf", code, symbol=choice, media=least).body, 600)
    assert scanned(picture) == expected(code, choice)
    for less in ((width - 1, height - 1), (width - 1, height), (width, height - 1)):
        with pytest.raises(ParameterError) as still:
            made("pdf", code, symbol=choice, media=f"{less[0]:g}x{less[1]:g}")
        assert still.value.code in ("label_too_small", "label_media")


def test_larger_modules_make_larger_symbols() -> None:
    widths = [label_of("pdf", SGTIN, x_mm=one).symbols[0].width for one in (0.254, 0.38, 0.5)]
    assert all(one < other for one, other in pairwise(widths))
