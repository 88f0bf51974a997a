"""Repair a mistyped code instead of accusing somebody: which part of it to compare with the pack.

A code that nobody issued is far more often a slip than a forgery. So whoever *typed* a code is told
which group does not fit, if exactly one code that exists here is one slip away. It tempts to say
more, and three things forbid that. The check characters of a code are secret: who could ask for
them digit by digit would make codes that exist. What exists and is not public must look like what
does not exist. And a forger may print codes that are one slip away from a true one. Hence:

* No digit is ever named that the visitor did not have: only the group of four that holds the slip.
* A code counts as existing only if its own public answer says so: issued here, or commissioned and
  disclosed by this gateway. The same setting that lets it say "never issued" allows a repair.
* A search weighs as much as the codes it tries. `limits.public_repairs` counts them per address, by
  default a sixth of what the same address may look up directly in that time. So asking for repairs
  finds no more codes per hour than guessing them, which the limits and the length of serials allow
  for. `limits.public_repairs_per_product` holds the sum of all addresses down.
* Only a visitor's own typing is repaired, never a symbol: it has error correction, and no slips.
  What came from a scanner is compared with the known ways of setting one up wrongly alone.
* What is repaired says at once what holds if the pack does show these digits: never issued.
* Searches take their turn in the pace of look-ups, so their time tells nothing either.

What is malformed is marked from its form alone; that looks nothing up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from anchoring.directory.prefixes import product_of_code
from anchoring.verdicts import CodeState, Verdict
from node_gateway.codes.china.drug_code import CODE_LENGTH, FIRST_DIGIT
from node_gateway.epcis.identifiers import DRUG_CODE
from node_gateway.pages.asking import path_of
from node_gateway.pages.looking import Looked
from node_gateway.pages.slips import GROUP, digit_slips, odd_group, plain, serial_slips
from node_gateway.partners.scanner_faults import readings
from node_gateway.services.gateway import Gateway

SHOWN_LENGTH_MAX: Final = 80
_SERIAL: Final = "/21/"
_NEAR_LENGTHS: Final = range(CODE_LENGTH - 4, CODE_LENGTH + 5)
_GTIN_LENGTHS: Final = frozenset({8, 12, 13, 14})
_SSCC_LENGTH: Final = 18
_REPAIRABLE: Final = frozenset({CodeState.NEVER_ISSUED, CodeState.UNKNOWN, CodeState.OUTSIDE})


class By(StrEnum):
    """How a code came in, as the page that sent it says."""

    HAND = "hand"
    SCAN = "scan"


class Why(StrEnum):
    """What is to be corrected. Values name texts: `scan.repair.<value>`."""

    LETTERS = "letters"
    SHORT = "short"
    LONG = "long"
    FIRST = "first"
    CHECK = "check"
    FORM = "form"
    NEAR = "near"
    CASE = "scanner_case"
    LAYOUT = "scanner_layout"
    SEPARATOR = "scanner_separator"


@dataclass(frozen=True, slots=True)
class Group:
    """Some characters of a typed code that are shown together."""

    text: str
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class Repair:
    """What to correct.

    Attributes:
        text: What was typed, without what parts the groups.
        highlight: Places in it that do not fit; empty if its form does not tell.
        instead: What stands behind `/c/` of the code that a scanner meant; else None.
    """

    why: Why
    text: str
    highlight: tuple[int, ...] = ()
    instead: str | None = None

    @property
    def groups(self) -> tuple[Group, ...]:
        """The text in groups of four; one is wrong if it holds a highlighted place."""
        return tuple(
            Group(
                self.text[at : at + GROUP],
                any(at <= place < at + GROUP for place in self.highlight),
            )
            for at in range(0, len(self.text), GROUP)
        )

    @property
    def is_near(self) -> bool:
        """Whether a code that exists is near: if the pack shows these digits, all is not well."""
        return self.why is Why.NEAR


def malformed(text: str) -> Repair:
    """Say what is wrong with a text that no code reads like, from its form alone."""
    typed = plain(text)
    digits = sum(map(str.isdigit, typed))
    if typed.isalnum() and len(typed) in _NEAR_LENGTHS and digits * 4 >= len(typed) * 3:
        return _drug_form(text, typed)
    is_number = typed.isascii() and typed.isdigit()
    if is_number and len(typed) in _GTIN_LENGTHS | {_SSCC_LENGTH}:
        return Repair(Why.CHECK, typed)
    if is_number:
        return Repair(Why.SHORT if len(typed) < CODE_LENGTH else Why.LONG, typed[:SHOWN_LENGTH_MAX])
    return Repair(Why.FORM, "")


async def near(gateway: Gateway, address: str, by: By | None, looked: Looked) -> Repair | None:
    """Return how to repair a code that was looked up, or typed and of no form; None if not at all.

    Args:
        gateway: Whose codes are searched.
        address: Whose visit it is: searches are counted.
        by: How the code came in; without that nothing is searched for.
        looked: The look that found nothing.
    """
    if by is None or looked.state not in _REPAIRABLE | {CodeState.TYPO}:
        return None
    if not (gateway.settings.brand.say_unissued and gateway.public.shows_packs):
        return None
    if looked.state is not CodeState.TYPO and not looked.asked.is_pack:
        return None
    scanned = await _scanned(gateway, address, looked.asked.code)
    if scanned is not None or by is By.SCAN:
        return scanned
    typed, meant = _slips(looked.asked.code)
    found = await _existing(gateway, address, meant)
    if len(found) != 1:
        return None
    places = meant[found.pop()]
    return Repair(Why.NEAR, typed, highlight=tuple(sorted(places)))


def as_typo(looked: Looked) -> Looked:
    """Return a look that says that its code is mistyped, and nothing worse."""
    return replace(looked, verdicts=(Verdict.TYPO,), state=CodeState.TYPO, silence=None)


def _drug_form(text: str, typed: str) -> Repair:
    letters = [at for at, one in enumerate(typed) if one not in "0123456789"]
    if letters:
        return Repair(Why.LETTERS, typed, tuple(letters))
    if len(typed) == CODE_LENGTH:
        at = () if typed.startswith(FIRST_DIGIT) else (0,)
        return Repair(Why.FIRST if at else Why.FORM, typed, at)
    odd = odd_group(text)
    why = Why.SHORT if len(typed) < CODE_LENGTH else Why.LONG
    return Repair(why, typed, tuple(odd or ()))


def _slips(code: str) -> tuple[str, dict[str, frozenset[int]]]:
    """Return what was typed of a code, and the canonical codes one slip away with their places."""
    typed = plain(code.removeprefix(DRUG_CODE))
    if typed.isdigit():
        return typed, {DRUG_CODE + one: at for one, at in digit_slips(typed).items()}
    head, found, serial = code.partition(_SERIAL)
    if not found:
        return code, {}
    return serial, {head + found + one: at for one, at in serial_slips(serial).items()}


async def _scanned(gateway: Gateway, address: str, code: str) -> Repair | None:
    """Return the repair of what a scanner that is set up wrongly made of a code that exists."""
    meant = dict(readings(code))
    found = await _existing(gateway, address, meant)
    for one, fault in meant.items():
        if one in found:
            return Repair(Why(fault), "", instead=path_of(one))
    return None


async def _existing(gateway: Gateway, address: str, meant: Collection[str]) -> set[str]:
    """Return which of the codes that may be meant exist; none if the search is not afforded."""
    tried = sorted(meant)
    if not tried:
        return set()
    (product, _), *_ = Counter(map(product_of_code, tried)).most_common(1)
    if not gateway.lookups.affords(address, product or "", len(tried)):
        return set()
    issued = await gateway.issuing.issued_among(tried)
    return issued | await _public(gateway, set(await gateway.states.of(tried)) - issued)


async def _public(gateway: Gateway, codes: Iterable[str]) -> set[str]:
    answers = {one: await gateway.public.answer(one) for one in codes}
    return {one for one, answer in answers.items() if answer["issuedHere"]}


__all__ = ["By", "Group", "Repair", "Why", "as_typo", "malformed", "near"]
