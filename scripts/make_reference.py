"""Write docs/reference/cli.md and docs/reference/configuration.md from the code itself.

python scripts/make_reference.py [--check]
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import types
import typing
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from node_gateway.cli.root import app  # noqa: E402
from node_gateway.services.disclosing import ACKNOWLEDGEMENT, AUDIENCES  # noqa: E402
from node_gateway.settings import Settings  # noqa: E402

FOLDER = ROOT / "docs" / "reference"
MADE_BY = "<!-- Made by scripts/make_reference.py; change the code, then run it. -->"

CLI_HEAD = f"""\
{MADE_BY}
# The command `sealtrail`

Data go to stdout, talk goes to stderr; every complaint ends with a line `Try: ...`. `--json` writes
one line of JSON. Commands that talk to a running gateway find it through the settings, or by
`--gateway`; the key comes from `SEALTRAIL_API_KEY`, or for one's own gateway from the file
`admin.key` beside the settings.

| exit status | meaning |
|---|---|
| 0 | done, or verified |
| 1 | a failure that is no verdict: a file or document that is wrong, something refused |
| 2 | wrong usage or settings: also a code, id or date typed that cannot be one |
| 10 | mismatch: forged or changed |
| 11 | not found |
| 12 | still being sealed |
| 13 | could not be checked |
| 14 | suspicious: witnesses disagree, or recalled |
"""

CONFIGURATION_HEAD = f"""\
{MADE_BY}
# The settings of a gateway

One TOML file, `sealtrail.toml`, written by `sealtrail init`. The environment goes first: the
setting `cadence_s` of the section `batching` is `SEALTRAIL_BATCHING__CADENCE_S`. An unknown key is
an error, in the file as in the environment. Paths are relative to the file's folder. No secret is a
setting: `keys.passphrase_file` names a file, and `SEALTRAIL_PASSPHRASE` takes its place where none
is named.
"""


def cli_page() -> str:
    """Return the page of all commands."""
    parts = [CLI_HEAD]
    for name, one in commands(typer.main.get_command(app)):
        parts.append(f"## `sealtrail {name}`\n\n{paragraphs(one.help)}\n")
        rows = list(parameters(one))
        if rows:
            parts.append("| | | default |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", one


def paragraphs(text: str | None) -> str:
    return "\n".join(line.strip() for line in (text or "").strip().splitlines())


def parameters(command: Any) -> Iterator[str]:
    for one in command.params:
        if one.name == "help":
            continue
        is_option = one.opts[0].startswith("-")
        name = ", ".join(one.opts) if is_option else (one.metavar or one.name.upper())
        given = "" if one.default is None or callable(one.default) else str(one.default)
        if given in ("False", "()", "[]", "Ellipsis"):
            given = ""
        text = cell(getattr(one, "help", "") or "")
        if one.required:
            text += " Required." if is_option else ""
        variable = getattr(one, "envvar", None)
        if variable:
            text += f" Also `{variable}`."
        yield f"| `{name}` | {text.strip()} | {f'`{given}`' if given else ''} |"


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def configuration_page() -> str:
    """Return the page of all settings."""
    parts = [CONFIGURATION_HEAD]
    for name, field in Settings.model_fields.items():
        parts += section(name, field)
    return "\n".join(parts)


def section(name: str, field: FieldInfo) -> Iterator[str]:
    model = field.annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    yield f"## `[{name}]`\n\n{paragraphs(model.__doc__)}\n"
    rows: list[str] = []
    inner: list[tuple[str, FieldInfo]] = []
    words = described(model)
    given = field.get_default(call_default_factory=True)
    for member, info in model.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            inner.append((f"{name}.{member}", info))
            continue
        default = info.default if field.is_required() else getattr(given, member, info.default)
        form, value = kind(info), shown(default, info)
        rows.append(f"| `{member}` | {form} | {value} | {cell(words[member])} |")
    yield "| setting | form | default | |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    for one in inner:
        yield from section(*one)


def described(model: type[BaseModel]) -> dict[str, str]:
    """Return the text below each setting in the source, its base class's too."""
    words: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if not one.__module__.startswith(Settings.__module__):  # and settings_keys
            continue
        (tree,) = ast.parse(inspect.getsource(one)).body
        assert isinstance(tree, ast.ClassDef)
        for member, text in pairwise(tree.body):
            if isinstance(member, ast.AnnAssign) and isinstance(text, ast.Expr):
                assert isinstance(member.target, ast.Name)
                words[member.target.id] = ast.literal_eval(text.value)
    return words


def kind(info: FieldInfo) -> str:
    limits = [
        f"{words} {getattr(one, name):,}".replace(",", " ")
        for one in info.metadata
        for name, words in (("ge", "from"), ("gt", "above"), ("le", "to"), ("lt", "below"))
        if getattr(one, name, None) is not None
    ]
    return cell(" ".join([type_name(info.annotation), *limits]))


def type_name(annotation: Any) -> str:
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(type_name(one) for one in inside if one is not type(None))
    if origin is typing.Literal:
        return " or ".join(f"`{one}`" for one in inside)
    if origin is typing.Annotated:
        return type_name(inside[0])
    if origin is tuple:
        return f"list of {type_name(inside[0])}"
    names = {int: "number", float: "number", str: "text", bool: "true or false", Path: "path"}
    return names.get(annotation, "policy" if "Policy" in str(annotation) else str(annotation))


def shown(value: Any, info: FieldInfo) -> str:
    if info.is_required() and not isinstance(value, (str, int, float, bool, tuple)):
        return "required"
    if value is None:
        return ""
    if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        return "see below"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{value}`"


def policies() -> str:
    """Return what the default policies disclose."""
    lines = ["### What is disclosed unless configured\n"]
    defaults = Settings.model_fields["policies"].default
    for audience in (*AUDIENCES[:2], ACKNOWLEDGEMENT, *AUDIENCES[2:]):
        for one in getattr(defaults, audience):
            steps = ", ".join(f"`{step}`" for step in one.steps) if one.steps else "any step"
            paths = ", ".join(f"`{path}`" for path in one.paths) or "nothing but `sealtrail:act`"
            codes = "all codes" if one.codes == "all" else "the codes that are asked for"
            lines.append(f"- **{audience}**, {steps}: {paths}; {codes}.")
    return "\n".join(lines) + "\n"


_PROBLEM = re.compile(r"\| `(\w+)` \| ([^|]+) \| ((?:[^|\\]|\\.)+) \| (?:([^|]+) \|)?")
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")


def problem_codes() -> str:
    """Return the problem codes of problems.md as the JSON that a gateway serves."""
    found = {}
    for line in (FOLDER / "problems.md").read_text(encoding="utf-8").splitlines():
        if one := _PROBLEM.match(line):
            code, status, *texts = (part.strip() for part in one.groups(default=""))
            meaning, remedy = (_LINK.sub(r"\1", text).replace("`", "") for text in texts)
            remedy = remedy or "see the meaning"
            row = {"code": code, "status": status, "meaning": meaning, "remedy": remedy}
            found.setdefault(code, row)
    return "[\n" + ",\n".join(json.dumps(one) for one in found.values()) + "\n]\n"


def pages() -> dict[Path, str]:
    """Return the text of every page by its file."""
    configuration = configuration_page()
    at = configuration.index("## `[log]`")
    return {
        FOLDER / "cli.md": cli_page(),
        ROOT / "node_gateway" / "api" / "problem_codes.json": problem_codes(),
        FOLDER / "configuration.md": f"{configuration[:at]}{policies()}\n{configuration[at:]}",
    }


def main() -> int:
    if "--check" not in sys.argv[1:]:
        for path, text in pages().items():
            path.write_text(text, encoding="utf-8")
            print(f"{path.relative_to(ROOT)} is written")
        return 0
    stale = [
        path
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"{path.relative_to(ROOT)} is out of date")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
