"""The sections `[relay]`, `[brand]`: what browsers are served, and within which limits."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

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


_Link = Annotated[str, Field(max_length=500, pattern=r"^https?://[^\s\"'<>]+$")]
_Phone = Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ()-]{2,29}$")]
_Line = Annotated[str, Field(max_length=200)]


class BrandSection(Section):
    """What the result page of a code shows of us beside the record, and what it says of codes.

    In links `{product}` stands for the GTIN or the 7-digit identification code. There is no way to
    put a serial into one: nobody learns which pack somebody looked at.
    """

    phone: _Phone | None = None
    """Whom people call who have questions about our products."""
    public_phone: _Phone | None = "12315"
    """Whom they call besides: the consumers' line of the authorities."""
    leaflet: _Link | None = None
    """Link to the leaflet of a product."""
    product_page: _Link | None = None
    """Link to what we say of a product."""
    certificates: _Link | None = None
    """Link to its certificates."""
    campaign: _Link | None = None
    """A link of ours that stands apart from the record; it needs both texts."""
    campaign_zh: _Line = ""
    """What the link says, in Chinese."""
    campaign_en: _Line = ""
    """What the link says, in English."""
    show_epcis: bool = False
    """Whether resolvers are told where our EPCIS interface is; it needs a key."""
    say_unissued: bool = True
    """Say of codes of products whose codes we issue here: never issued, or in use by no pack. Never
    said where our policies show nobody the packs that are made."""
    all_codes_here: bool = False
    """Everything under our prefixes is recorded here, whoever made its code: the rest never was
    issued."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.campaign is not None and not (self.campaign_zh and self.campaign_en):
            raise ValueError("campaign needs campaign_zh and campaign_en")
        return self

    def link(self, name: str, product: str) -> str | None:
        """Return one of the links for a product (empty: none is known); None if there is none."""
        found: str | None = getattr(self, name)
        if found is None or ("{product}" in found and not product):
            return None
        return found.replace("{product}", product)


class ConsoleSection(Section):
    """The console, `/app`, and the people who sign in to it."""

    idle_s: Annotated[int, Field(ge=60, le=86_400)] = 1800
    """After so long without a request, in seconds, somebody is signed out."""
    session_s: Annotated[int, Field(ge=60, le=30 * 86_400)] = 12 * 3600
    """How long a session lasts at most, in seconds."""
    link_s: Annotated[int, Field(ge=60, le=30 * 86_400)] = 24 * 3600
    """How long a link from `user add` and `user reset-link` can be used, in seconds."""
    logins_per_name: str = "10/5 minutes"
    """Attempts to sign in with one name."""
    logins_per_address: str = "30/5 minutes"
    """Attempts to sign in from one address; of IPv6, from one network of 64 bits."""
