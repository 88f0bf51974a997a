"""Write a picture as SVG, for a page; it would stand alone, too.

A page gives the colours by its style sheet (`.tone-good` and so on): a style sheet goes before the
attributes that stand here, which are for files. Nothing in it runs or is fetched.
"""

from __future__ import annotations

from html import escape
from typing import Final

from node_gateway.pictures.shapes import Box, Dot, Line, Picture, Shape, Tone, Words

COLOURS: Final = {
    Tone.INK: "#17211f",
    Tone.QUIET: "#51605d",
    Tone.ACCENT: "#0b5d5e",
    Tone.GOOD: "#0a5c36",
    Tone.BAD: "#9b1c1c",
    Tone.PAPER: "#ffffff",
}
_SANS: Final = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
_MONO: Final = "ui-monospace, Menlo, Consolas, monospace"


def svg(picture: Picture, *, name: str = "picture", language: str = "en") -> str:
    """Return the picture as an SVG element.

    Args:
        picture: What is drawn.
        name: Begins the ids in it; several pictures of a page have different ones.
        language: Of its words.
    """
    width, height = _number(picture.width), _number(picture.height)
    shapes = "".join(_shape(one) for one in picture.shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" role="img"'
        f' lang="{escape(language)}" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}"'
        f' aria-labelledby="{escape(name)}-title {escape(name)}-text">'
        f'<title id="{escape(name)}-title">{escape(picture.title)}</title>'
        f'<desc id="{escape(name)}-text">{escape(picture.description)}</desc>'
        f"{shapes}</svg>"
    )


def _shape(shape: Shape) -> str:
    match shape:
        case Line():
            return (
                f'<line class="tone-{shape.tone} stroked" x1="{_number(shape.x1)}"'
                f' y1="{_number(shape.y1)}" x2="{_number(shape.x2)}" y2="{_number(shape.y2)}"'
                f' stroke="{COLOURS[shape.tone]}" stroke-width="{_number(shape.width)}"'
                f"{_dashes(shape.dashed)}/>"
            )
        case Box():
            return (
                f'<rect x="{_number(shape.x)}" y="{_number(shape.y)}" rx="3"'
                f' width="{_number(shape.width)}" height="{_number(shape.height)}"'
                f"{_painted(shape.tone, filled=shape.filled)}{_dashes(shape.dashed)}/>"
            )
        case Dot():
            return (
                f'<circle cx="{_number(shape.x)}" cy="{_number(shape.y)}"'
                f' r="{_number(shape.radius)}"{_painted(shape.tone, filled=shape.filled)}'
                f"{_dashes(shape.dashed)}/>"
            )
        case Words():
            return _words(shape)


def _words(shape: Words) -> str:
    family = _MONO if shape.mono else _SANS
    weight = ' font-weight="600"' if shape.bold else ""
    anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
    return (
        f'<text class="tone-{shape.tone} filled" x="{_number(shape.x)}" y="{_number(shape.y)}"'
        f' font-size="{_number(shape.size)}" font-family="{escape(family)}"{weight}{anchor}'
        f' fill="{COLOURS[shape.tone]}">{escape(shape.text)}</text>'
    )


def _painted(tone: Tone, *, filled: bool) -> str:
    colour = COLOURS[tone]
    if filled:
        return f' class="tone-{tone} filled" fill="{colour}"'
    return f' class="tone-{tone} stroked" fill="none" stroke="{colour}" stroke-width="1.5"'


def _dashes(dashed: bool) -> str:
    return ' stroke-dasharray="4 3"' if dashed else ""


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


__all__ = ["COLOURS", "svg"]
