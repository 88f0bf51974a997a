"""When a subscription reports: with every event that matches, or by a schedule.

The same four controls come as members of JSON (webhooks) and as parameters of an address
(WebSockets).

Source: EPCIS 2.0 section 8.2.5 and its REST bindings, `AbstractQuerySubscription`,
`GS1-Query-*`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from node_gateway.epcis.normalise_errors import NormalisationError
from node_gateway.epcis.query.schedule import (
    FIELDS,
    Schedule,
    SubscriptionControlsError,
    schedule_of,
)
from node_gateway.epcis.times import time_ms

_WORDS: Final[Mapping[str, bool]] = {"true": True, "false": False}
_PLAIN: Final = ("stream", "reportIfEmpty", "initialRecordTime")
CONTROLS: Final = frozenset({*_PLAIN, "schedule"})


@dataclass(frozen=True, slots=True)
class Controls:
    """When a subscription reports.

    Attributes:
        schedule: None for a stream: at once with every event that matches.
        report_if_empty: Whether a scheduled run without events is reported, too.
        initial_ms: Events captured from then on count; None: from now on.
        initial: The same, as it was given.
    """

    schedule: Schedule | None = None
    report_if_empty: bool = False
    initial_ms: int | None = None
    initial: str | None = None


def controls_from_json(members: Mapping[str, Any], *, now_ms: int) -> Controls:
    """Read the controls among the members of a subscription.

    Args:
        members: `stream`, `schedule`, `reportIfEmpty`, `initialRecordTime`; no others.
        now_ms: For schedules, see `schedule_of`.

    Raises:
        SubscriptionControlsError: one of them is malformed, neither `stream` nor `schedule` is
            given, or both are.
    """
    streams, given = members.get("stream"), members.get("schedule")
    if streams is not None and streams is not True:
        raise SubscriptionControlsError(
            "stream is true, or left out",
            parameter="stream",
            hint="Without it, give a schedule.",
        )
    if (streams is None) == (given is None):
        raise SubscriptionControlsError(
            "a subscription has either stream or a schedule",
            parameter="stream" if streams else "schedule",
            hint='"stream": true reports every event at once; a schedule at its times.',
        )
    if given is not None and not isinstance(given, Mapping):
        raise SubscriptionControlsError("a schedule is an object of fields", parameter="schedule")
    reports = members.get("reportIfEmpty", False)
    if not isinstance(reports, bool):
        raise SubscriptionControlsError("reportIfEmpty is true or false", parameter="reportIfEmpty")
    initial = members.get("initialRecordTime")
    return Controls(
        schedule=None if given is None else schedule_of(given, now_ms=now_ms),
        report_if_empty=reports,
        initial_ms=None if initial is None else _moment(initial),
        initial=initial,
    )


def controls_from_text(pairs: Sequence[tuple[str, str]], *, now_ms: int) -> Controls:
    """Read the controls of an address, `?stream=true` or `?hour=1&minute=5`.

    Args:
        pairs: Names and decoded values; the fields of a schedule stand by themselves.
        now_ms: For schedules, see `schedule_of`.

    Raises:
        SubscriptionControlsError: as `controls_from_json`, or a parameter is unknown or given
            twice.
    """
    members: dict[str, Any] = {}
    fields: dict[str, str] = {}
    for name, text in pairs:
        if name in members or name in fields:
            raise SubscriptionControlsError("given twice", parameter=name)
        if name in FIELDS:
            fields[name] = text
        elif name in _PLAIN:
            members[name] = text
        else:
            raise SubscriptionControlsError(
                "a subscription has no such parameter",
                parameter=name[:100],
                hint=f"Parameters are {', '.join((*_PLAIN, *FIELDS))} and perPage.",
            )
    for name in ("stream", "reportIfEmpty"):
        if name in members:
            members[name] = _WORDS.get(members[name].lower(), members[name])
    if fields:
        members["schedule"] = fields
    return controls_from_json(members, now_ms=now_ms)


def _moment(text: Any) -> int:
    try:
        return time_ms(text)
    except (NormalisationError, TypeError):
        raise SubscriptionControlsError(
            "initialRecordTime is no RFC 3339 time with an offset",
            parameter="initialRecordTime",
            hint="For example 2026-03-01T08:00:00.000Z.",
        ) from None
