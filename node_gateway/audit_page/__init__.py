"""The report of an audit for people: one page, in English and Chinese, that asks for nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from anchoring.network_audit.model import NetworkReport
from node_gateway.audit_page.words import FINDINGS, WORDS

LANGUAGES: Final = ("en", "zh-CN")


def page(report: NetworkReport) -> str:
    """Return a report as one HTML page that stands alone: no script, nothing from elsewhere."""
    return _template().render(
        report=report.to_json(),
        languages=[(name, WORDS[name]) for name in LANGUAGES],
        findings=FINDINGS,
        names={one.id: one.name for one in report.participants},
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("node_gateway.audit_page", "."),
        autoescape=True,  # names and texts are other people's
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = _moment
    return environment.get_template("page.html.j2")


def _moment(seconds: Any) -> str:
    """Return a block time as UTC."""
    if not isinstance(seconds, int):
        return "-"
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (OverflowError, ValueError, OSError):
        return str(seconds)
