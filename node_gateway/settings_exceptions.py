"""The section `[exceptions]` of the settings: who cares for mismatches, and by when."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from node_gateway.partners.working_days import WorkingDays, working_days
from node_gateway.settings_keys import Section

_TextSetting = Annotated[str, Field(min_length=1, max_length=200)]


class ExceptionsSection(Section):
    """Mismatches with partners: who cares for them, and when they are due."""

    owner: _TextSetting = "quality"
    """Who cares for a new exception until it is assigned to somebody."""
    due_working_days: Annotated[int, Field(ge=1, le=60)] = 3
    """How many working days an exception may take."""
    time_zone: str = "UTC"
    """Whose midnights separate the days, as `Asia/Shanghai` (IANA time zone database)."""
    holidays: tuple[date, ...] = ()
    """Days off besides Saturdays and Sundays, `YYYY-MM-DD`."""
    worked_weekends: tuple[date, ...] = ()
    """Saturdays and Sundays that are working days, `YYYY-MM-DD`."""
    contact_email: _TextSetting | None = None
    """Whom partners write to; DSCSA exception messages need it."""
    contact_phone: _TextSetting | None = None
    """Whom partners call; for DSCSA exception messages."""

    @model_validator(mode="after")
    def _usable(self) -> Self:
        self.calendar().due(0, self.due_working_days)
        return self

    def calendar(self) -> WorkingDays:
        """Return the calendar of working days."""
        return working_days(self.time_zone, holidays=self.holidays, worked=self.worked_weekends)
