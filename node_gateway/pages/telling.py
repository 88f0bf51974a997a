"""One look at a code in words: the same for the page and for the certificate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from anchoring.verdicts import Tone, Verdict
from node_gateway.pages.legs import Leg, step_of, way_picture
from node_gateway.pages.looking import OTHERS_MAX, Looked, Place, Silence
from node_gateway.pictures.journey import Step
from node_gateway.pictures.shapes import Picture
from node_gateway.web.words import say

NOTICE_LANGUAGE: Final[Mapping[str, str]] = {"zh-CN": "zh", "en": "en"}
_ALARMS: Final = frozenset({Tone.WARNING, Tone.STOP})
_PARTS: Final = ("headline", "meaning", "next")
_NOT_CHECKED: Final = ("witnesses", "content", "conditions", "truth")


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict in words."""

    headline: str
    meaning: str
    next: str
    tone: Tone
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """Where one record of a proof is sealed, for whoever looks it up."""

    number: int
    by: str
    at: str
    place: str
    block: str
    root: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of what is compared with the pack; `same` says so of a box to tick."""

    label: str
    value: str
    same: str = ""


@dataclass(frozen=True, slots=True)
class Telling:
    """A look in one language."""

    looked: Looked
    language: str

    @property
    def said(self) -> Said:
        """The verdict."""
        one = self.looked
        words = partial(self._verdict, one.verdict)
        if one.silence is not None:
            silent = partial(self._say, gateway=self.gateway)
            key = f"result.{one.silence}"
            texts = {part: silent(f"{key}.{part}") for part in _PARTS}
        else:
            texts = {part: words(part) for part in _PARTS}
        also = tuple(
            self._verdict(other, "headline") for other in one.verdicts[1:] if _is_alarm(other)
        )
        return Said(
            texts["headline"], texts["meaning"], texts["next"], tone=one.verdict.tone, also=also
        )

    @property
    def gateway(self) -> str:
        """Whose gateway says it."""
        return self.looked.here.name or self._say("site.name")

    @property
    def stated(self) -> str:
        """That nobody has checked it yet."""
        return self._say("result.stated", gateway=self.gateway)

    @property
    def product(self) -> str:
        """Name and strength, empty if none is entered."""
        known = self.looked.product
        if known is None:
            return ""
        return " ".join(filter(None, (known.name(self.language), known.specification)))

    @property
    def compared(self) -> tuple[Compared, ...]:
        """What is compared with the pack."""
        known = self.looked.product
        if known is None:
            return ()
        expiry = (known.expiry or "")[:10].removesuffix("-00")
        lines = (
            ("name", self.product, False),
            ("gtin", known.gtin, False),
            ("lot", known.lot, True),
            ("expiry", expiry, True),
            ("maker", known.maker, False),
        )
        return tuple(
            Compared(
                self._say(f"result.pack.{name}"),
                value,
                self._say(f"result.pack.same_{name}") if is_ticked else "",
            )
            for name, value, is_ticked in lines
            if value
        )

    @property
    def differing(self) -> tuple[str, ...]:
        """What the scanned symbol states otherwise than the record."""
        one, known = self.looked, self.looked.product
        if known is None:
            return ()
        pairs = (
            ("lot", one.lot_differs, one.asked.lot, known.lot),
            ("expiry", one.expiry_differs, one.asked.expiry, (known.expiry or "")[:10]),
        )
        return tuple(
            self._say(f"result.pack.symbol_{name}", stated=stated, known=recorded)
            for name, differs, stated, recorded in pairs
            if differs
        )

    @property
    def steps(self) -> tuple[Step, ...]:
        """The way, as steps of a picture."""
        return tuple(step_of(one, self.language) for one in self.looked.legs)

    @property
    def way(self) -> tuple[tuple[Leg, Step], ...]:
        """The way, with what each step comes from."""
        return tuple(zip(self.looked.legs, self.steps, strict=True))

    @property
    def picture(self) -> Picture:
        """The way as a picture."""
        return way_picture(self.steps, self.language)

    @property
    def is_alarming(self) -> bool:
        """Whether somebody should be called."""
        return _is_alarm(self.looked.verdict)

    @property
    def complaint(self) -> str:
        """What a shopper may send to the maker or the authorities."""
        one = self.looked
        return self._say(
            "result.complaint",
            code=one.asked.text,
            gateway=self.gateway,
            count=one.sales,
            today=one.today,
            product=self.product or "-",
            lot=(one.product.lot if one.product else None) or "-",
            reference=one.reference,
        )

    @property
    def unchecked(self) -> tuple[str, ...]:
        """What nobody has checked."""
        return tuple(self._say(f"result.unchecked.{one}") for one in _NOT_CHECKED)

    @property
    def others(self) -> tuple[tuple[Place, str, bool], ...]:
        """Other gateways: each with the address of the same code, and if its range is theirs."""
        one = self.looked
        owner = one.issuer.participant if one.issuer else 0
        path = f"/c/{one.asked.path}"
        return tuple(
            (place, place.url + path, place.participant == owner)
            for place in one.others[:OTHERS_MAX]
        )

    @property
    def owner(self) -> tuple[Place, str] | None:
        """Who can say more where nothing is published here, and where; None if nobody can."""
        if self.looked.silence is not Silence.UNKNOWN:
            return None
        found = ((place, link) for place, link, is_issuer in self.others if is_issuer)
        return next(found, None)

    @property
    def sealed(self) -> tuple[Sealed, ...]:
        """Where the records are sealed."""
        found = (self.looked.proofs or {}).get("bundles", ())
        return tuple(self._sealed(number, one) for number, one in enumerate(found, start=1))

    def text_of(self, texts: Mapping[str, str]) -> str:
        """Return a text of a notice in this language, or in the other if it has none."""
        own = texts.get(NOTICE_LANGUAGE[self.language])
        return own or next(filter(None, texts.values()), "")

    def _sealed(self, number: int, bundle: Mapping[str, Any]) -> Sealed:
        anchor = bundle["anchor"]
        names = {step["participant"]: step["name"] for step in self.looked.answer["steps"]}
        maker = self.looked.answer.get("product", {}).get("maker", {})
        names |= {maker.get("participant"): maker.get("name")}
        names |= {self.looked.here.participant: self.gateway}
        by = names.get(bundle["participant"]) or str(bundle["participant"])
        at = datetime.fromtimestamp(anchor["blockTime"], UTC).strftime("%Y-%m-%d %H:%M UTC")
        place = f"{anchor['stream']}, {anchor['sequence']}"
        return Sealed(number, by, at, place, str(anchor["blockNumber"]), anchor["root"])

    def _verdict(self, verdict: Verdict, part: str) -> str:
        return self._say(f"verdict.{verdict}.{part}", count=self.looked.sales)

    def _say(self, key: str, **values: Any) -> str:
        return say(self.language, key, **values)


def _is_alarm(verdict: Verdict) -> bool:
    return verdict.tone in _ALARMS


__all__ = ["Compared", "Said", "Sealed", "Telling"]
