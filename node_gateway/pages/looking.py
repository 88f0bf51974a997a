"""What one look at a code shows: one view for the page, its JSON and the certificate.

It is the public answer, and what follows from it: the verdict as this gateway states it, which
nobody has checked yet; who else can be asked; whose code it is. A code that is unknown here and one
of which nothing is disclosed look alike. Only who issues the codes of a product says of one that it
was never issued, or that no pack has it yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import quote

from anchoring.core.verify import CheckedBundle, check_bundles
from anchoring.directory.lots import lot_key
from anchoring.directory.model import Directory
from anchoring.directory.parts import Participant, Status
from anchoring.stated import stated_of
from anchoring.verdicts import CodeState, Facts, Verdict, applying
from anchoring.verification_model import Outcome
from node_gateway.codes import issuing
from node_gateway.pages.asking import Asked
from node_gateway.pages.legs import Leg, legs_of
from node_gateway.services.gateway import Gateway
from node_gateway.services.public import nothing_known
from node_gateway.services.steps import role_of

OTHERS_MAX: Final = 6
WITNESSES_MAX: Final = 16
RELAY: Final = "/chain/rpc"
MISTYPED: Final = "typo"
"""The kind of what no code reads like."""
_OUT_OF_USE: Final = frozenset({issuing.Status.VOID, issuing.Status.REPLACED})
_NEVER: Final = frozenset({issuing.Status.NEVER_ISSUED, issuing.Status.CHECK_WRONG})


class Silence(StrEnum):
    """Why nothing can be said of a code, in other words than "too few witnesses"."""

    UNKNOWN = "unknown"
    """Nothing is published of it here."""
    UNIT = "unit"
    """It names a case or a pallet: those get no public answer."""
    PRODUCT = "product"
    """It names a product, or a lot of it, and no single pack."""
    THING = "thing"
    """It names something else: a place, a document."""


@dataclass(frozen=True, slots=True)
class Place:
    """A participant's gateway, as far as anybody may know it."""

    participant: int
    name: str
    role: str
    url: str


@dataclass(frozen=True, slots=True)
class Product:
    """What the maker discloses of a pack. Names are empty where none is entered."""

    names: Mapping[str, str]
    specification: str
    gtin: str | None
    lot: str | None
    expiry: str | None
    month: str | None
    maker: str

    def name(self, language: str) -> str:
        """Return its name, in another language if there is none in this one."""
        return self.names.get(language) or next(filter(None, self.names.values()), "")


@dataclass(frozen=True, slots=True)
class Looked:
    """One look at a code.

    Attributes:
        asked: What was asked.
        answer: The public answer, without its proofs.
        proofs: The `sealtrail/proofs/v1` of what is sealed; None if there is nothing.
        entries: Of the events that these are about, hex.
        verdicts: All that apply, the one to say first; as stated here.
        silence: Why V12 is all that can be said; None of another verdict.
        state: What is known of the code.
        sales: How many times it was sold.
        product: As the maker discloses it; None anywhere else.
        notices: Recalls, exercises among them, as `banner_wire` has them.
        legs: The way of the pack as far as published, holes among it.
        here: Whose gateway this is.
        issuer: Who owns the range of the code; None if nobody does, or it is not known.
        others: Other gateways that can be asked for a second opinion.
        today: The day of the look, UTC.
    """

    asked: Asked
    answer: Mapping[str, Any]
    proofs: Mapping[str, Any] | None
    entries: frozenset[str]
    verdicts: tuple[Verdict, ...]
    silence: Silence | None
    state: CodeState
    sales: int
    product: Product | None
    notices: tuple[Mapping[str, Any], ...]
    legs: tuple[Leg, ...]
    here: Place
    issuer: Place | None
    others: tuple[Place, ...]
    today: str

    @property
    def verdict(self) -> Verdict:
        """The one to say."""
        return self.verdicts[0]

    @property
    def reference(self) -> str:
        """What a call centre can look up."""
        return f"ST-{self.verdict}"

    @property
    def is_ours(self) -> bool:
        """Whether the product is one of this participant's."""
        owner = self.issuer.participant if self.issuer else None
        return self.product is not None or owner == self.here.participant

    @property
    def lot_differs(self) -> bool:
        """Whether the symbol that was scanned states another lot than the record."""
        stated, known = self.asked.lot, self.product.lot if self.product else None
        return bool(stated and known) and lot_key(stated or "") != lot_key(known or "")

    @property
    def expiry_differs(self) -> bool:
        """Whether the symbol that was scanned states another expiry date than the record."""
        stated, known = self.asked.expiry, self.product.expiry if self.product else None
        if not stated or not known:
            return False
        size = min(len(stated), len(known[:10].removesuffix("-00")))
        return stated[:size] != known[:size]

    def to_json(self) -> dict[str, Any]:
        """Return the view as programs get it."""
        return {
            **self.answer,
            "proofs": self.proofs,
            "verdict": self.verdict,
            "verdictName": self.verdict.name,
            "verdicts": list(self.verdicts),
            "checked": False,
            "codeState": self.state,
            "reference": self.reference,
            "today": self.today,
        }


async def look_up(gateway: Gateway, asked: Asked) -> Looked:
    """Return what anybody may see of a code. The caller counts and paces the look-up."""
    answer = await gateway.public.answer(asked.code)
    directory = gateway.directory.current
    now = int(gateway.clock())
    today = datetime.fromtimestamp(now, UTC).date().isoformat()
    own = gateway.settings.gateway.participant
    state, gone = await _state(gateway, asked, answer, now)
    proofs = answer.pop("proofs")
    checked = check_bundles(json.dumps(proofs).encode()) if proofs else ()
    product = _product(gateway, asked.code, answer)
    facts = Facts(
        outcomes=(Outcome.VERIFIED,) if proofs else (),
        code=state,
        sales=answer["soldTimes"],
        warnings=("recalled",) if _is_recalled(answer["notices"]) else (),
        is_destroyed=gone or _is_gone(asked.code, answer, checked),
        expires=product.expiry if product else None,
        today=today,
    )
    verdicts = applying(facts)
    owner = directory.owner_at(asked.code, now)
    return Looked(
        asked=asked,
        answer=answer,
        proofs=proofs,
        entries=frozenset(one.entry.hex() for one in checked),
        verdicts=verdicts,
        silence=_silence(asked) if verdicts[0] is Verdict.CANNOT_CHECK else None,
        state=state,
        sales=answer["soldTimes"],
        product=product,
        notices=tuple(answer["notices"]),
        legs=legs_of(answer, maker=product.maker if product else ""),
        here=_here(gateway, directory, now),
        issuer=None if owner is None else _place(directory, owner.participant, now),
        others=places(directory, now, besides=own, first=owner.participant.id if owner else 0),
        today=today,
    )


def mistyped(gateway: Gateway, text: str) -> Looked:
    """Return the view of what no code reads like. Nothing is looked up."""
    asked = Asked(code=text, kind=MISTYPED, text=text, path=quote(text, safe=""))
    now = int(gateway.clock())
    return Looked(
        asked=asked,
        answer=nothing_known(text),
        proofs=None,
        entries=frozenset(),
        verdicts=(Verdict.TYPO,),
        silence=None,
        state=CodeState.TYPO,
        sales=0,
        product=None,
        notices=(),
        legs=(),
        here=_here(gateway, gateway.directory.current, now),
        issuer=None,
        others=(),
        today=datetime.fromtimestamp(now, UTC).date().isoformat(),
    )


def places(directory: Directory, now: int, *, besides: int, first: int = 0) -> tuple[Place, ...]:
    """Return gateways of active participants: `first` before the others, `besides` not at all."""
    found = [
        _place(directory, one, now)
        for one in directory.participants.values()
        if one.id != besides and one.status is Status.ACTIVE and _is_address(one.url)
    ]
    return tuple(sorted(found, key=lambda one: (one.participant != first, one.participant)))


def witnesses(gateway: Gateway) -> list[dict[str, Any]]:
    """Return the relays of all participants, as a page offers them to its viewer."""
    known = places(gateway.directory.current, int(gateway.clock()), besides=0)
    return [
        {
            "organisation": one.name,
            "participant": one.participant,
            "url": one.url + RELAY,
            "relay": True,
        }
        for one in known[:WITNESSES_MAX]
    ]


async def _state(
    gateway: Gateway, asked: Asked, answer: Mapping[str, Any], now: int
) -> tuple[CodeState, bool]:
    """Return the state of a code, and whether its issuer took it out of use."""
    if answer["issuedHere"] or answer["proofs"]:
        return (CodeState.SEALING if answer["proofs"] is None else CodeState.RECORDED), False
    if not asked.is_pack:
        return CodeState.UNKNOWN, False
    owner = gateway.directory.current.owner_at(asked.code, now)
    if owner is None and gateway.directory.network.code_registry is not None:
        return CodeState.OUTSIDE, False
    brand = gateway.settings.brand
    if not (brand.say_unissued and gateway.public.shows_packs):
        return CodeState.UNKNOWN, False  # said of the rest, it would tell which codes packs have
    found = await gateway.issuing.status(asked.code)
    is_ours = owner is not None and owner.participant.id == gateway.settings.gateway.participant
    if not (found.product_known or (is_ours and brand.all_codes_here)):
        return CodeState.UNKNOWN, False
    if found.status in _OUT_OF_USE:
        return CodeState.UNKNOWN, True
    # Who may ask freely which of the two it is needs fewer guesses.
    if found.status in _NEVER:
        return CodeState.NEVER_ISSUED, False
    if found.status is issuing.Status.ISSUED_NOT_COMMISSIONED:
        return CodeState.NOT_ACTIVATED, False
    return CodeState.UNKNOWN, False


def _silence(asked: Asked) -> Silence:
    if asked.is_pack:
        return Silence.UNKNOWN
    if asked.kind == "sscc":
        return Silence.UNIT
    return Silence.PRODUCT if asked.is_product else Silence.THING


def _is_recalled(notices: Sequence[Mapping[str, Any]]) -> bool:
    return any(one["concerns"] == "this_pack" and not one["drill"] for one in notices)


def _is_gone(code: str, answer: Mapping[str, Any], checked: Sequence[CheckedBundle]) -> bool:
    withdrawn = answer.get("product", {}).get("status") == "withdrawn"
    return withdrawn or stated_of(code, list(checked)).is_destroyed


def _product(gateway: Gateway, code: str, answer: Mapping[str, Any]) -> Product | None:
    shown = answer.get("product")
    if shown is None:
        return None
    known = gateway.master.directory.product_of(code)
    maker = gateway.directory.current.participants.get(shown["maker"]["participant"])
    return Product(
        names={"zh-CN": known.name_zh, "en": known.name_en} if known else {},
        specification=known.specification if known else "",
        gtin=shown.get("gtin"),
        lot=shown.get("lot"),
        expiry=shown.get("expiry"),
        month=shown.get("month"),
        maker=maker.name if maker else shown["maker"]["name"],
    )


def _here(gateway: Gateway, directory: Directory, now: int) -> Place:
    own = gateway.settings.gateway.participant
    found = directory.participants.get(own)
    if found is not None:
        return _place(directory, found, now)
    return Place(own, gateway.public.maker.name, "", gateway.settings.gateway.public_url or "")


def _place(directory: Directory, one: Participant, now: int) -> Place:
    role = role_of(directory, one.id, now)
    return Place(one.id, one.name, role, one.url.rstrip("/") if _is_address(one.url) else "")


def _is_address(url: str) -> bool:
    return url.startswith(("https://", "http://"))


__all__ = [
    "MISTYPED",
    "OTHERS_MAX",
    "Looked",
    "Place",
    "Product",
    "Silence",
    "look_up",
    "mistyped",
    "places",
    "witnesses",
]
