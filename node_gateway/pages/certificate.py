"""The certificate: what the page said of a pack on a day, on paper, with the proof attached.

It proves nothing by itself and says so; the attached file does, and it is the same that
`proof.json` gives.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject
from reportlab.lib.colors import HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from anchoring.verdicts import Tone
from node_gateway.labels.texts import register_fonts, runs_of
from node_gateway.pages.qr import QUIET, Qr, data_qr, qr
from node_gateway.pages.telling import Telling
from node_gateway.pictures.pdf import draw
from node_gateway.pictures.shapes import wrapped
from node_gateway.web.words import say

MEDIA_TYPE: Final = "application/pdf"
ATTACHMENT: Final = "proof.json"
_MM: Final = 72 / 25.4
_LEFT, _RIGHT, _TOP, _LOW = 20 * _MM, A4[0] - 20 * _MM, A4[1] - 18 * _MM, 20 * _MM
_ROOM: Final = _RIGHT - _LEFT
_LINK_SIDE, _DATA_SIDE = 38 * _MM, 120 * _MM
_LABEL_WIDTH: Final = 34 * _MM
_LEADING: Final = 1.45
_WAY_SCALE: Final = 0.8
_BODY, _SMALL = 10.0, 8.5
_INK, _QUIET, _RULE = HexColor("#17211f"), HexColor("#51605d"), HexColor("#cdd8d5")
_TONES: Final = {
    Tone.INTACT: "#46524f",
    Tone.WAITING: "#3d4a7a",
    Tone.WARNING: "#7a4a00",
    Tone.STOP: "#9b1c1c",
    Tone.REPAIR: "#0b5d5e",
    Tone.UNKNOWN: "#46524f",
}
"""Intact is no green here: nobody has checked it."""
_CORNERS: Final = {
    Tone.WARNING: ((0.0, 1.0), (1.0, -0.8), (-1.0, -0.8)),
    Tone.STOP: (
        *((-0.4, 1.0), (0.4, 1.0), (1.0, 0.4), (1.0, -0.4)),
        *((0.4, -1.0), (-0.4, -1.0), (-1.0, -0.4), (-1.0, 0.4)),
    ),
}
"""Of a triangle and of an octagon, around a middle."""
_LINES_MAX: Final = 60


def certificate(told: Telling, link: str, phones: Iterable[tuple[str, str]], raw: bytes) -> bytes:
    """Return the certificate as a PDF. Equal looks give equal bytes.

    Args:
        told: The look, in the language of the paper.
        link: Address of the code's page.
        phones: Whom people may call: names and numbers.
        raw: The proof, attached as it is; empty if there is none yet.
    """
    register_fonts()
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A4, pageCompression=1, invariant=1)
    paper = _Paper(canvas, told.language)
    canvas.setTitle(f"{paper.say('certificate.title')} - {told.looked.asked.text}")
    _head(paper, told, qr(link))
    _facts(paper, told)
    _way(paper, told)
    _sealed(paper, told)
    _rest(paper, told, phones)
    if raw:
        _data(paper, data_qr(raw))
    canvas.save()
    return _attached(target.getvalue(), told.language, raw)


@dataclass
class _Paper:
    """A sheet that is filled from top to bottom."""

    canvas: Any
    language: str
    y: float = _TOP

    def say(self, key: str, **values: Any) -> str:
        return say(self.language, f"result.{key}", **values)

    def need(self, height: float) -> None:
        """Begin another sheet unless there is room."""
        if self.y - height < _LOW:
            self.canvas.showPage()
            self.y = _TOP

    def text(
        self,
        text: str,
        size: float = _BODY,
        *,
        left: float = _LEFT,
        room: float = _ROOM,
        colour: Any = _INK,
        bold: bool = False,
    ) -> None:
        """Write a text in as many lines as it takes."""
        for line in wrapped(text, size, room, lines_max=_LINES_MAX):
            self.need(size * _LEADING)
            self.y -= size * _LEADING
            self.line(line, left, size, colour, bold=bold)

    def line(self, text: str, x: float, size: float, colour: Any, *, bold: bool = False) -> None:
        """Write one line, its baseline at the cursor; each letter in a font that has it."""
        target = self.canvas.beginText(x, self.y)
        target.setFillColor(colour)
        for run in runs_of(text):
            font = "Helvetica-Bold" if bold and run.text.isascii() else run.font
            target.setFont(font, size)
            target.textOut(run.text)
        self.canvas.drawText(target)

    def heading(self, key: str) -> None:
        """Begin a part."""
        self.need(16 * _MM)
        self.y -= 4 * _MM
        self.canvas.setStrokeColor(_RULE)
        self.canvas.setLineWidth(0.7)
        self.canvas.line(_LEFT, self.y, _RIGHT, self.y)
        self.y -= 1 * _MM
        self.text(self.say(key), 11.5, bold=True)
        self.y -= 1 * _MM

    def row(self, label: str, value: str, size: float = _BODY) -> None:
        """Write a value beside its name."""
        self.need(size * _LEADING)
        before = self.y
        self.y -= size * _LEADING
        self.line(label, _LEFT, size, _QUIET)
        self.y = before
        self.text(value, size, left=_LEFT + _LABEL_WIDTH, room=_ROOM - _LABEL_WIDTH)


def _head(paper: _Paper, told: Telling, link: Qr) -> None:
    said, one, canvas = told.said, told.looked, paper.canvas
    room = _ROOM - _LINK_SIDE - 6 * _MM
    canvas.setFillColor(_INK)
    corner = _RIGHT - _LINK_SIDE
    link.draw(canvas, corner, _TOP - _LINK_SIDE, _LINK_SIDE)
    paper.y = _TOP - _LINK_SIDE
    edge = _LINK_SIDE * QUIET / (link.size + 2 * QUIET)
    paper.line(paper.say("certificate.link"), corner + edge, _SMALL, _QUIET)
    paper.y = _TOP
    paper.text(paper.say("certificate.title"), 12, room=room, colour=_QUIET)
    stated = paper.say("certificate.stated", gateway=told.gateway, today=one.today)
    paper.text(stated, _BODY, room=room)
    paper.y -= 4 * _MM
    colour = HexColor(_TONES[said.tone])
    top = paper.y
    _shape(canvas, said.tone, colour, _LEFT + 7 * _MM, top - 9 * _MM)
    left, room = _LEFT + 18 * _MM, room - 18 * _MM
    paper.text(said.headline, 16, left=left, room=room, colour=colour, bold=True)
    for text in (*said.also, said.meaning):
        paper.text(text, left=left, room=room)
    paper.text(said.next, left=left, room=room, bold=True)
    paper.y = min(paper.y, _TOP - _LINK_SIDE) - 2 * _MM


def _facts(paper: _Paper, told: Telling) -> None:
    paper.heading("pack")
    paper.row(paper.say("code"), told.looked.asked.text)
    for line in told.compared:
        paper.row(line.label, line.value)
    for notice in told.looked.notices:
        key = "recall.drill" if notice["drill"] else "recall.real"
        label = paper.say(key, level=notice["level"])
        paper.row(label, told.text_of(notice["text"]))


def _way(paper: _Paper, told: Telling) -> None:
    paper.heading("journey")
    if not told.steps:
        paper.text(paper.say("journey.none"), colour=_QUIET)
        return
    picture = told.picture
    height = picture.height * _WAY_SCALE
    paper.need(height)
    draw(picture, paper.canvas, _LEFT, paper.y, scale=_WAY_SCALE)
    paper.y -= height


def _sealed(paper: _Paper, told: Telling) -> None:
    paper.heading("how")
    if not told.sealed:
        paper.text(paper.say("certificate.none"), colour=_QUIET)
    for one in told.sealed:
        paper.text(paper.say("how.record", number=one.number), _SMALL, bold=True)
        for key, value in (
            ("by", one.by), ("sealed", one.at), ("place", one.place), ("block", one.block),
            ("root", one.root),
        ):  # fmt: skip
            paper.row(paper.say(f"how.{key}"), value, _SMALL)


def _rest(paper: _Paper, told: Telling, phones: Iterable[tuple[str, str]]) -> None:
    paper.heading("unchecked")
    for text in told.unchecked:
        paper.text(f"- {text}", _SMALL)
    paper.heading("questions")
    for name, number in phones:
        paper.row(name, number)
    paper.row(paper.say("questions.reference"), told.looked.reference)
    paper.y -= 2 * _MM
    paper.text(paper.say("certificate.check"), _SMALL, colour=_QUIET)


def _data(paper: _Paper, code: Qr | None) -> None:
    if code is None:
        paper.text(paper.say("certificate.no_data"), _SMALL, colour=_QUIET)
        return
    paper.heading("certificate.data")
    paper.need(_DATA_SIDE + 12 * _MM)
    paper.text(paper.say("certificate.data_text"), _SMALL)
    paper.canvas.setFillColor(_INK)
    code.draw(paper.canvas, _LEFT, paper.y - _DATA_SIDE - 2 * _MM, _DATA_SIDE)
    paper.y -= _DATA_SIDE


def _shape(canvas: Any, tone: Tone, colour: Any, x: float, y: float) -> None:
    """Draw the sign of a tone around (x, y): each has a shape of its own."""
    size = 6 * _MM
    canvas.setStrokeColor(colour)
    canvas.setFillColor(colour)
    canvas.setLineWidth(2)
    if corners := _CORNERS.get(tone):
        path = canvas.beginPath()
        path.moveTo(x + size * corners[0][0], y + size * corners[0][1])
        for across, up in corners[1:]:
            path.lineTo(x + size * across, y + size * up)
        path.close()
        canvas.drawPath(path, stroke=1, fill=int(tone is Tone.STOP))
        if tone is Tone.STOP:
            canvas.setStrokeColor(white)
            canvas.line(x - size / 2, y, x + size / 2, y)
        else:
            canvas.line(x, y - size * 0.1, x, y + size * 0.45)
            canvas.circle(x, y - size * 0.45, 1.2, stroke=0, fill=1)
        return
    canvas.setDash(*((4, 3) if tone is not Tone.INTACT else ()))
    canvas.circle(x, y, size, stroke=1, fill=0)
    canvas.setDash()
    if tone is Tone.INTACT:
        canvas.circle(x, y, size * 0.45, stroke=0, fill=1)


def _attached(pdf: bytes, language: str, raw: bytes) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    writer.root_object[NameObject("/Lang")] = TextStringObject(language)
    if raw:
        writer.add_attachment(ATTACHMENT, raw)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


__all__ = ["ATTACHMENT", "MEDIA_TYPE", "certificate"]
