"""Sections of the settings about other gateways, one for each feature between participants."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

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
    pinned_folder: Path | None = None
    """Certificates (PEM) by participant, `<slug>.pem`: whoever has one is believed by it alone."""
    timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    """How long another gateway may take for one answer, in seconds."""
    per_partner: str = "30000/minute"
    """Requests that one participant may send; more are answered 429."""
    heard_kib_per_partner: str = "2097152/hour"
    """How much one participant may say, in KiB of messages; it is kept. More comes later."""
    unbelieved_per_address: str = "600/minute"
    """Requests from one address that nobody of the network signed; more are not looked at."""
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


class PublicLimits(Section):
    """What keeps public look-ups from being used to try out codes."""

    public_per_key: str = "600/minute"
    """Public look-ups with one API key; the address does not count then."""
    public_per_product: str = "12000/minute"
    """Public look-ups of codes of one product, whether they exist or not."""
    public_per_lot: str = "6000/minute"
    """Public look-ups that state the same lot of a product beside the code."""
    public_repairs: str = "600/hour"
    """Codes tried for visitors from one address who mistyped theirs: each search tries many."""
    public_repairs_per_product: str = "60000/hour"
    """Codes of one product tried for visitors who mistyped theirs."""
    public_answer_ms: Annotated[int, Field(ge=0, le=1000)] = 50
    """Public answers leave at multiples of this time, so that it does not tell what is known."""


class TraceSection(Section):
    """What others learn from us when they ask where a code went, and how we ask ourselves."""

    partners: Literal["no", "coarse"] = "coarse"
    """What of our steps a partner is shown from whom we got a code, or who got it from us.

    `no`: nothing; `coarse`: what was done, and of region and month what the policy for partners
    shows (of receiving to the sender: the policy for answers). Never to whom the goods went on.
    """
    publish: Literal["no", "coarse"] = "no"
    """What of our steps the public, and everybody on a code's path, is shown: nothing, or what was
    done, region and month. Proofs name us."""
    publish_steps: tuple[str, ...] = ("shipping", "receiving", "dispensing", "retail_selling")
    """Business steps that are published, if any are."""
    relay: bool = True
    """Pass a partner's question on to the next one on the code's path."""
    hops_max: Annotated[int, Field(ge=0, le=32)] = 16
    """How many participants far a question goes."""
    deadline_ms: Annotated[int, Field(ge=100, le=30_000)] = 3000
    """How long a trace waits for other gateways, in milliseconds."""
    per_key: str = "120/minute"
    """Traces across gateways of one API key."""
    per_partner: str = "6000/minute"
    """Questions that one partner may ask."""
    relayed_per_partner: str = "1500/minute"
    """Of these, how many we ask others: what we may ask is shared by all whom we ask for."""


class SalesSection(Section):
    """Whether a code was sold before, somewhere in the network."""

    network: Literal["off", "report", "require"] = "report"
    """`off`: nobody is asked; `report`: the issuer hears of a sale afterwards; `require`: at once.

    The question goes along the code's custody, so that the issuer does not learn the shop.
    """
    wait_ms: Annotated[int, Field(ge=50, le=10_000)] = 800
    """With `require`: how long the till waits for an answer, in milliseconds."""
    unanswered: Literal["allow", "refuse"] = "allow"
    """With `require`: what happens to a sale about which nobody answers in time."""
    spread_s: Annotated[int, Field(ge=0, le=31 * _DAY_S)] | None = None
    """With `report`: a sale is told up to so many seconds after it is sealed, at a random moment;
    the default is the cadence of the dispensing stream. So its hour stays unknown."""
    relayed_per_partner: str = "6000/minute"
    """Questions before a sale that we pass on for one partner; beyond, nobody answers."""
    strange_per_day: Annotated[int, Field(ge=0, le=10_000_000)] = 1000
    """Of so many codes a day that never went to it a partner may tell us that they were sold."""
    returned_elsewhere: Literal["take_back", "keep"] = "take_back"
    """As the issuer: whether a return to another shop than the one that sold takes its sale back.

    `keep` where only the seller may take goods back: then the next sale is one too many."""


class GrantsSection(Section):
    """What others may read by grants, and the log of what they read."""

    log_anchor_s: Annotated[float, Field(ge=0.1, le=30 * _DAY_S)] = _DAY_S
    """How often an event states the log of reads, so that it is anchored, in seconds."""
    lifetime_days_max: Annotated[int, Field(ge=1, le=3660)] = 1830
    """Most days that a grant or a delegation may last."""
    page_events_max: Annotated[int, Field(ge=1, le=1000)] = 200
    """Most events of one page of what a grant covers."""


class HandoversSection(Section):
    """How shipments are disclosed to their receivers."""

    automatic: bool = True
    """Hand a shipment over as soon as it is captured; else it waits for `handover resend`."""
    poll_s: Annotated[float, Field(gt=0, le=600)] = 2.0
    """How often it is looked whether proofs can follow, in seconds."""
    proofs_late_s: Annotated[int, Field(ge=1, le=90 * _DAY_S)] = 3 * _DAY_S
    """A handover to us whose proofs do not come becomes an exception after this, in seconds."""


class WebhooksSection(Section):
    """Webhooks: where they may go, and how long they are tried."""

    allow_private: bool = False
    """Tell receivers at loopback, private and other addresses that are not public, too."""
    allow_http: bool = False
    """Tell receivers without TLS, too: whoever carries it can read it."""
    webhooks_max: Annotated[int, Field(ge=0, le=1000)] = 100
    """Most webhooks."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 15.0
    """How long a receiver may take, in seconds."""
    poll_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """How often it is looked for what has happened, in seconds; most of it is told at once."""
    retry_scale: Annotated[float, Field(gt=0, le=10)] = 1.0
    """Factor of the pauses between tries, which grow from 5 seconds to a day."""
    give_up_s: Annotated[int, Field(ge=1, le=30 * _DAY_S)] = 5 * _DAY_S
    """After failing for so long, in seconds, a webhook is disabled."""
    keep_days: Annotated[int, Field(ge=1, le=3660)] = 30
    """How long what was told is kept, to be told again, in days."""


class RecallsSection(Section):
    """Recalls from hand to hand."""

    report_s: Annotated[float, Field(gt=0, le=86_400)] = 30.0
    """How often changed counts are told to whoever asked, at most, in seconds."""
    look_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How often it is looked even if nothing is known to have changed, in seconds."""
