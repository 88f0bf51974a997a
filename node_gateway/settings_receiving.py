"""The section `[receiving]` of the settings: when shipments to us should be received."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from node_gateway.settings_keys import Section


class ReceivingSection(Section):
    """Shipments to us, and goods whose sender has not told of them."""

    due_working_days: Annotated[int, Field(ge=0, le=60)] = 2
    """A shipment that is not received after so many working days is shown as late. The working
    days are those of `exceptions`."""
    data_late_s: Annotated[int, Field(ge=0, le=31 * 86_400)] = 86_400
    """Goods of a participant that were received without data become an exception after this."""
