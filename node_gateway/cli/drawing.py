"""`--svg`: the pictures of the pages, as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node_gateway.cli.output import USAGE, CommandError, say
from node_gateway.cli.writing import require_free, write_file

if TYPE_CHECKING:
    from node_gateway.pages.legs import Leg
    from node_gateway.pictures.journey import Step
    from node_gateway.pictures.shapes import Picture

SvgOption = Annotated[
    Path | None,
    typer.Option("--svg", metavar="FILE", help="Draw it, too: a file to write, or - for stdout."),
]
LanguageOption = Annotated[str, typer.Option("--lang", help="Of a picture's words: en or zh-CN.")]
DEFAULT_LANGUAGE = "en"
_STDOUT = Path("-")


def require_drawable(svg: Path | None, language: str, *, json: bool, force: bool) -> None:
    """Refuse what could not be drawn or written, before anybody is asked for anything.

    Raises:
        CommandError: the file is there, the language is none of the pages', or two things shall
            go to stdout.
    """
    from node_gateway.web.words import LANGUAGES

    if language not in LANGUAGES:
        raise CommandError(
            f"pages do not speak {language}", attempt="--lang en, or --lang zh-CN", status=USAGE
        )
    if svg == _STDOUT and json:
        raise CommandError(
            "--json and --svg - would both go to stdout", attempt="--svg FILE", status=USAGE
        )
    require_free(None if svg == _STDOUT else svg, force=force)


def put_picture(
    picture: Picture | None, svg: Path, language: str, *, name: str, force: bool
) -> bool:
    """Write a picture; return whether stdout has it, and so takes nothing else.

    Args:
        picture: None where there is nothing to draw.
        svg: Where to, `-` for stdout.
        language: Of its words.
        name: As on the page that shows it: it begins the ids in it.
        force: Replace a file that is there.

    Raises:
        CommandError: there is nothing to draw.
    """
    from node_gateway.pictures.svg import svg as written

    if picture is None or not picture.shapes:
        raise CommandError("there is nothing to draw", attempt="the same command without --svg")
    text = written(picture, name=name, language=language)
    if svg == _STDOUT:
        sys.stdout.write(text + "\n")
        return True
    write_file(svg, text.encode(), force=force)
    say(f"{svg}: drawn")
    return False


def traced(answer: dict[str, Any], language: str) -> Picture:
    """Draw a trace: the oldest first, our own events in the middle, holes as such."""
    from node_gateway.pages.legs import way_picture

    nothing: dict[str, Any] = {"steps": [], "holes": []}
    up, down = answer.get("up") or nothing, answer.get("down") or nothing
    steps: list[Step] = []
    made = answer.get("made")
    if made is not None and made["entry"] not in {one["entry"] for one in up["steps"]}:
        steps.append(_shown(made, language))
    for hop in range(_farthest(up), 0, -1):
        steps += _at(up, hop, language)
    steps += [_own(one, language) for one in answer["events"]]
    for hop in range(1, _farthest(down) + 1):
        steps += _at(down, hop, language)
    return way_picture(steps, language)


def published(answer: dict[str, Any], language: str) -> Picture:
    """Draw what the public page of a code draws, from the same answer."""
    from node_gateway.pages.legs import legs_of, step_of, way_picture

    maker = answer["product"]["maker"]["name"] if answer.get("product") else ""
    return way_picture([step_of(one, language) for one in legs_of(answer, maker=maker)], language)


def public_lines(answer: dict[str, Any]) -> list[str]:
    """Return the lines of a public answer: what anybody sees."""
    from node_gateway.pages.legs import legs_of

    maker = answer["product"]["maker"]["name"] if answer.get("product") else ""
    rows = [_line(one) for one in legs_of(answer, maker=maker)] or ["○ nothing is published"]
    lines = [f"code {answer['code']}: {answer['verdict']} {answer['verdictName']}, unchecked"]
    return lines + [f" ├─ {one}" for one in rows[:-1]] + [f" └─ {rows[-1]}"]


def _line(leg: Leg) -> str:
    from node_gateway.pages.legs import step_of

    step = step_of(leg, DEFAULT_LANGUAGE)
    mark = "○" if step.is_hole else "●"
    return f"{mark} {step.what}" + (f"  {step.detail}" if step.detail else "")


def _farthest(way: dict[str, Any]) -> int:
    return max((one["hop"] for one in (*way["steps"], *way["holes"])), default=0)


def _at(way: dict[str, Any], hop: int, language: str) -> list[Step]:
    steps = [_shown(one, language) for one in way["steps"] if one["hop"] == hop]
    return steps + [_hole(one, language) for one in way["holes"] if one["hop"] == hop]


def _shown(one: dict[str, Any], language: str) -> Step:
    """Return a step of another company, which has been proven here or not."""
    from node_gateway.pages.legs import role_words, step_words
    from node_gateway.pictures.journey import Step
    from node_gateway.web.words import say as words

    who = one["name"] or role_words(one["role"], language)
    where = one.get("city") or one.get("region") or ""
    when = one.get("eventTime") or one.get("month") or ""
    doubt = "" if one["proven"] else words(language, "picture.way.unchecked")
    what = step_words(one["step"] or "", language)
    if one.get("takesBack"):
        what = words(language, "result.leg.taken_back", what=what)
    return Step(what, " · ".join(filter(None, (who, where, when, doubt))))


def _own(one: dict[str, Any], language: str) -> Step:
    from node_gateway.pages.legs import step_words
    from node_gateway.pictures.journey import Step
    from node_gateway.web.words import say as words

    waits = "" if one["state"] == "final" else words(language, "picture.way.sealing")
    here = words(language, "picture.way.here")
    what = step_words(one.get("bizStep", ""), language)
    if one.get("correction") or one.get("hasErrorDeclaration"):
        what = words(language, "result.leg.taken_back", what=what)
    return Step(what, " · ".join(filter(None, (here, one.get("eventTime", ""), waits))))


def _hole(one: dict[str, Any], language: str) -> Step:
    from node_gateway.pages.legs import role_words
    from node_gateway.pictures.journey import Step
    from node_gateway.web.words import say as words

    role = role_words(one["role"], language)
    who = one.get("name") or words(language, "picture.way.with", role=role)
    return Step(words(language, f"picture.hole.{one['reason']}", who=who), is_hole=True)


__all__ = [
    "DEFAULT_LANGUAGE",
    "LanguageOption",
    "SvgOption",
    "public_lines",
    "published",
    "put_picture",
    "require_drawable",
    "traced",
]
