"""The sections `[relay]`, ...: what browsers are served, and within which limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from node_gateway.settings_keys import Section


class RelaySection(Section):
    """The relay to our chain endpoint, `POST /chain/rpc`: a phone reaches no private node."""

    enabled: bool = True
    """Whether it is there. It only reads, and says in every answer that it is a relay."""
    per_address: str = "1200/minute"
    """Calls from one address; of IPv6, from one network of 64 bits."""
    at_once: Annotated[int, Field(ge=1, le=256)] = 8
    """Calls that are on their way to the endpoint at a time; more of them wait."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 8.0
    """How long one call waits for its turn and its answer."""
    answer_size_bytes_max: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 8 * 1024 * 1024
    """Most bytes of one answer."""
