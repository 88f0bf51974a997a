"""`sealtrail trace`: a code here, and at those who had it before and after us."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer

from node_gateway.cli.client import Client
from node_gateway.cli.drawing import (
    DEFAULT_LANGUAGE,
    LanguageOption,
    SvgOption,
    public_lines,
    published,
    put_picture,
    require_drawable,
    traced,
)
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, GatewayOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command, put, show
from node_gateway.cli.writing import ForceOption

_HOLES = {
    "not_disclosed": "not disclosed",
    "no_answer": "did not answer",
    "proof_refused": "showed what does not hold; not shown",
    "being_sealed": "being sealed",
    "asked_already": "asked already",
    "hop_limit": "not asked: too far (--hops)",
    "no_handover": "nothing was handed over",
    "too_much": "more than fits",
}


@command
def trace(
    code: Annotated[str, typer.Argument(help="A code in any spelling: URN, Digital Link, ...")],
    up: Annotated[bool, typer.Option("--up", help="Ask those before us only.")] = False,
    down: Annotated[bool, typer.Option("--down", help="Ask those after us only.")] = False,
    hops: Annotated[int | None, typer.Option(min=0, max=32, help="How many companies far.")] = None,
    local: Annotated[bool, typer.Option("--local", help="Ask nobody else.")] = False,
    public: Annotated[
        bool, typer.Option("--public", help="What the public page of the code shows.")
    ] = False,
    svg: SvgOption = None,
    language: LanguageOption = DEFAULT_LANGUAGE,
    force: ForceOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    gateway: GatewayOption = None,
    json: JsonOption = False,
) -> None:
    """Show the way of a code: our own events, and what those show who had it before and after us.

    Every step of another company was proven here against the chain. What is not shown stands there
    as such: "with a distributor, not disclosed".
    """
    if (local or public) and (up or down or hops is not None or (local and public)):
        raise CommandError(
            f"--{'local' if local else 'public'} asks nobody else",
            attempt="leave out --up, --down and --hops, and one of --local and --public",
            status=USAGE,
        )
    require_drawable(svg, language, json=json, force=force)
    client = Client.from_config(config, gateway)
    named = quote(code, safe="")
    if public:
        answer = client.json("GET", f"/c/{named}", headers={"Accept": "application/json"})
    elif local:
        answer = client.get(f"/v1/codes/{named}")
    else:
        params: dict[str, Any] = {} if hops is None else {"hops": hops}
        if up != down:
            params["way"] = "up" if up else "down"
        answer = client.get(f"/v1/traces/{named}", **params)
    if svg is not None:
        picture = published(answer, language) if public else traced(answer, language)
        if put_picture(picture, svg, language, name="way", force=force):
            return
    if json:
        put(answer)
        return
    show("\n".join(public_lines(answer) if public else tree(answer)))


def tree(answer: dict[str, Any]) -> list[str]:
    """Return the lines of a trace: the oldest first, what is nearest to us in the middle."""
    lines = [f"code {answer['code']}"]
    up, down = answer.get("up") or _NOTHING, answer.get("down") or _NOTHING
    rows: list[str] = []
    farthest = max((one["hop"] for one in (*up["steps"], *up["holes"])), default=0)
    made = answer.get("made")
    shown = {one["entry"] for one in up["steps"]}
    if made is not None and made["entry"] not in shown:
        rows.append(_step(made))
    for hop in range(farthest, 0, -1):
        rows += _at(up, hop)
    rows += [_own(one) for one in answer["events"]]
    farthest = max((one["hop"] for one in (*down["steps"], *down["holes"])), default=0)
    for hop in range(1, farthest + 1):
        rows += _at(down, hop)
    lines += [f" ├─ {row}" for row in rows[:-1]] + [f" └─ {row}" for row in rows[-1:]]
    return lines + _foot(answer, up, down)


_NOTHING: dict[str, Any] = {"steps": [], "holes": []}


def _at(way: dict[str, Any], hop: int) -> list[str]:
    steps = [_step(one) for one in way["steps"] if one["hop"] == hop]
    return steps + [_hole(one) for one in way["holes"] if one["hop"] == hop]


def _step(one: dict[str, Any]) -> str:
    when = one.get("eventTime") or one.get("month") or "-"
    where = f" {one['region']}" if one.get("region") else ""
    sealed = "✓ sealed" if one["proven"] else "? seal not checked"
    at = datetime.fromtimestamp(one["anchoredAt"], UTC).strftime("%Y-%m-%d")
    return f"{when} {one['step'] or '-'}  {one['name']} ({one['role']}){where}  {sealed} {at}"


def _hole(one: dict[str, Any]) -> str:
    who = one.get("name") or f"with a {one['role']}"
    return f"○ {who}, {_HOLES[one['reason']]}"


def _own(one: dict[str, Any]) -> str:
    sealed = "✓ sealed" if one["state"] == "final" else "being sealed"
    taken_back = one.get("correction")
    marks = f", {taken_back['status']}" if taken_back else ""
    if one.get("hasErrorDeclaration"):
        marks = ", takes back"
    where = one.get("bizLocation") or one.get("readPoint") or ""
    when, step = one.get("eventTime", "erased"), one.get("bizStep", "-")
    return f"{when} {step}  here {where}  {sealed}{marks} {one['entry'][:16]}"


def _foot(answer: dict[str, Any], up: dict[str, Any], down: dict[str, Any]) -> list[str]:
    if "tookMs" not in answer:
        return []
    lines = []
    for one in answer["sales"]:
        if one["answer"] == "again":
            lines.append(f" ▲ sold {one['times']} times, says the issuer: {one['entry'][:16]}")
        elif one["answer"] == "unknown":
            lines.append(" ▲ sold, but its issuer never put it into the trade")
    holes = len(up["holes"]) + len(down["holes"])
    lines.append(f" holes: {holes or 'none'} · {answer['tookMs']} ms")
    return lines
