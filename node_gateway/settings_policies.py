"""The section `[policies]`: what each audience is shown, and how far events may go at most."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from anchoring.core.paths import is_derived, parse_path
from anchoring.errors import DisclosureError
from node_gateway.settings_keys import Section


class PolicySection(Section):
    """What one audience is shown of an event.

    `paths` are normalized paths or names of derived items; a path stands for everything at or
    below it, `*` for all. `steps` limits the policy to events with these business steps.
    """

    paths: tuple[str, ...]
    steps: tuple[str, ...] | None = None
    codes: Literal["asked", "all"] = "asked"

    @model_validator(mode="after")
    def _readable(self) -> Self:
        """A path with a slip of the pen would show nothing, and nobody would notice."""
        for path in self.paths:
            if path == "*" or is_derived(path):
                continue
            try:
                _, wild = parse_path(path)
            except DisclosureError as error:
                raise ValueError(f"{path} is no normalized path: {error}") from error
            if wild:
                raise ValueError(f"{path}: codes are chosen by `codes`, not by a path")
        return self


_LOT = ("$['ilmd']['cbvmda:lotNumber']", "$['ilmd']['cbvmda:itemExpirationDate']")
_PUBLIC = PolicySection(paths=(*_LOT, "sealtrail:month"), steps=("commissioning",))
_SOLD = PolicySection(paths=(), steps=("dispensing", "retail_selling"))
_PARTNER = PolicySection(
    paths=(
        *_LOT,
        "$['eventTime']",
        "$['eventTimeZoneOffset']",
        "$['parentID']",
        "$['bizTransactionList']",
        "$['sourceList']",
        "$['destinationList']",
        "$['quantityList']",
        "$['childQuantityList']",
        "$['errorDeclaration']",
        "sealtrail:month",
        "sealtrail:city",
        "sealtrail:region",
    ),
    codes="all",
)
_ACKNOWLEDGED = PolicySection(paths=("sealtrail:month",), codes="all")
_OWNER = PolicySection(paths=("*",), codes="all")


Preset = Literal["private", "partner", "chain", "public"]


class PoliciesSection(Section):
    """Disclosure policies by audience; an audience may have several, the first that fits counts."""

    public: tuple[PolicySection, ...] = (_PUBLIC, _SOLD)
    """What anybody is shown who holds a code."""
    partner: tuple[PolicySection, ...] = (_PARTNER,)
    """What a trading partner is shown."""
    acknowledgement: tuple[PolicySection, ...] = (_ACKNOWLEDGED,)
    """What the sender of a shipment is shown of our receiving events, besides its own codes."""
    owner: tuple[PolicySection, ...] = (_OWNER,)
    """What the owner takes out."""
    preset: Preset = "public"
    """How far events may go at most: `private`, `partner`, `chain` or `public`."""
    private_steps: tuple[str, ...] = ()
    """Business steps of events that stay here, whatever `preset` says."""
    partner_steps: tuple[str, ...] = ()
    """Business steps of events that direct partners may see at most."""
    chain_steps: tuple[str, ...] = ()
    """Business steps of events that those may see, at most, who had the goods."""
    public_steps: tuple[str, ...] = ()
    """Business steps of events that anybody may see, as far as `public` shows them."""
