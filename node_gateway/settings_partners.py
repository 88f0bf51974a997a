"""Sections of the settings about other gateways, one for each feature between participants."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from node_gateway.settings_keys import Section

_DAY_S = 86_400


class PeersSection(Section):
    """How other participants' gateways are asked, and what is taken from them."""

    allow_http: bool = False
    """Ask gateways without TLS, too: whoever carries it can read it."""
    allow_private: bool = False
    """Ask gateways at private addresses, too: a network of one's own needs it."""
    ca_file: Path | None = None
    """Certificates (PEM) that are trusted besides the operating system's."""
    client_certificate_file: Path | None = None
    """Certificate (PEM, with its chain) that is shown to gateways that ask for one."""
    client_key_file: Path | None = None
    """Its private key (PEM, not encrypted)."""
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    """How long another gateway may take for one answer, in seconds."""
    clock_tolerance_s: Annotated[int, Field(ge=1, le=600)] = 60
    """How far the clock of whoever asks may be from ours, in seconds."""
    directory_age_s_max: Annotated[int, Field(ge=10, le=7 * _DAY_S)] = 3600
    """With a directory that was not compared with the chain for longer, nobody is believed."""
    retry_s_min: Annotated[float, Field(gt=0, le=3600)] = 1.0
    """Time before the second try of a message, in seconds; it doubles with each try."""
    retry_s_max: Annotated[float, Field(gt=0, le=_DAY_S)] = 300.0
    """Most time between two tries, in seconds."""
    stuck_s: Annotated[int, Field(ge=1, le=30 * _DAY_S)] = 3600
    """A message that waits for longer, in seconds, is an alarm."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.client_certificate_file is None) != (self.client_key_file is None):
            raise ValueError("client_certificate_file and client_key_file come together")
        if self.retry_s_max < self.retry_s_min:
            raise ValueError("retry_s_max must be at least retry_s_min")
        return self
