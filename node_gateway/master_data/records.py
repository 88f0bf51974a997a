"""What is kept of products, locations and parties, and how each is checked.

The JSON names are the camel case of the attributes. Empty members are left out of the JSON form,
so that two ways of saying nothing are one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from node_gateway.epcis.errors import pointer_to
from node_gateway.errors import DocumentRefusedError, Spot
from node_gateway.master_data import forms

Kind = Literal["product", "location", "party"]
KINDS: Final[tuple[Kind, ...]] = ("product", "location", "party")
LEVELS_MAX: Final = 6
_LIST_MAX: Final = 50

Text = Annotated[str, Field(max_length=300), AfterValidator(forms.line_of_text)]
_Long = Annotated[str, Field(max_length=600)]
Gtin = Annotated[_Long, AfterValidator(forms.gtin14)]
DrugId = Annotated[_Long, AfterValidator(forms.drug_id)]
ProductId = Annotated[_Long, AfterValidator(forms.product_id)]
LocationId = Annotated[_Long, AfterValidator(forms.location_id)]
PartyId = Annotated[_Long, AfterValidator(forms.party_id)]
Prefix = Annotated[_Long, AfterValidator(forms.company_prefix)]
EnterpriseId = Annotated[_Long, AfterValidator(forms.enterprise_id)]
CreditCode = Annotated[_Long, AfterValidator(forms.credit_code)]
Degrees = Annotated[float, Field(ge=-273.15, le=1000, allow_inf_nan=False)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
    )

    @field_validator("*", mode="after")
    @classmethod
    def _once(cls, value: object) -> object:
        """A list says nothing more by saying something twice."""
        if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
            return tuple(dict.fromkeys(value))
        return value

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form: set members only."""
        dumped = self.model_dump(mode="json", by_alias=True)
        return {name: one for name, one in dumped.items() if one not in (None, "", [], {})}


class Level(_Part):
    """One pack level of a product."""

    name: Text = ""
    """What the pack is called, such as 盒 or case."""
    gtins: Annotated[tuple[Gtin, ...], Field(max_length=_LIST_MAX)] = ()
    """GTINs of this level, 14 digits."""
    drug_ids: Annotated[tuple[DrugId, ...], Field(max_length=_LIST_MAX)] = ()
    """Drug identification codes of this level, 7 digits."""
    contains: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    """How many packs of the level below are in one; nothing on the first level."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said of it."""
        return not self.to_json()


class Product(_Part):
    """A product with all its pack levels."""

    id: ProductId
    """The operator's own name of it."""
    name_zh: Text = ""
    name_en: Text = ""
    approval_number: Text = ""
    """Drug approval number, such as 国药准字H20020001."""
    specification: Text = ""
    """Strength and pack, such as 0.25g*24."""
    dosage_form: Text = ""
    manufacturer: PartyId | None = None
    """Party that makes it."""
    storage_min_c: Degrees | None = None
    """Lowest temperature of storage, degrees Celsius."""
    storage_max_c: Degrees | None = None
    """Highest temperature of storage, degrees Celsius."""
    shelf_life_months: Annotated[int | None, Field(ge=1, le=1200)] = None
    regions: Annotated[tuple[Text, ...], Field(max_length=_LIST_MAX)] = ()
    """Regions that it is meant for, in the words of the locations; none: everywhere."""
    channels: Annotated[tuple[Text, ...], Field(max_length=_LIST_MAX)] = ()
    """Channels that it is meant for, such as hospital; none: all."""
    product_code: Text = ""
    """Product code of the traceability platform, as relation files have it."""
    sub_type_no: Text = ""
    """Package code of the platform, as relation files have it."""
    levels: Annotated[tuple[Level, ...], Field(max_length=LEVELS_MAX)] = ()
    """Pack levels, smallest first."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        low, high = self.storage_min_c, self.storage_max_c
        if low is not None and high is not None and low > high:
            raise _mistake("storage_range", "the lowest temperature is above the highest")
        for number, level in enumerate(self.levels, 1):
            if level.is_empty:
                raise _mistake("level_empty", f"nothing is said of pack level {number}")
        if self.levels and self.levels[0].contains not in (None, 1):
            raise _mistake("level_contents", "the first level contains no other packs")
        for codes in (self.gtins, self.drug_ids):
            if len(set(codes)) != len(codes):
                raise _mistake("level_repeats", "one code stands for two pack levels")
        return self

    @property
    def gtins(self) -> list[str]:
        """GTINs of all levels."""
        return [code for level in self.levels for code in level.gtins]

    @property
    def drug_ids(self) -> list[str]:
        """Drug identification codes of all levels."""
        return [code for level in self.levels for code in level.drug_ids]

    @property
    def words(self) -> str:
        """What a search looks into."""
        names = [self.name_zh, self.name_en, self.approval_number, self.specification]
        return _words(self.id, *names, self.product_code, *self.gtins, *self.drug_ids)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form: set members only."""
        made = super().to_json()
        if self.levels:
            made["levels"] = [level.to_json() for level in self.levels]
        return made


class LocationRecord(_Part):
    """A place."""

    id: LocationId
    """GLN with or without extension as canonical Digital Link, or another URI."""
    name_zh: Text = ""
    name_en: Text = ""
    city: Text = ""
    region: Text = ""
    country: Country | None = None
    """ISO 3166-1, two capitals."""
    address: Text = ""
    party: PartyId | None = None
    """Party whose place it is."""
    parent: LocationId | None = None
    """Place that this one is a part of; city, region and party are taken from there if missing."""

    @property
    def words(self) -> str:
        """What a search looks into."""
        return _words(self.id, self.name_zh, self.name_en, self.city, self.region, self.address)


class Party(_Part):
    """An organisation."""

    id: PartyId
    """Party GLN or GLN as canonical Digital Link, `urn:x-cn-uscc:...`, or another URI."""
    name_zh: Text = ""
    name_en: Text = ""
    credit_code: CreditCode | None = None
    """Unified social credit code."""
    enterprise_ids: Annotated[tuple[EnterpriseId, ...], Field(max_length=_LIST_MAX)] = ()
    """Ids of the traceability platform, as FromCorpID and ToCorpID of bills have them."""
    identifiers: Annotated[tuple[PartyId, ...], Field(max_length=_LIST_MAX)] = ()
    """Further GLNs or URIs of the same party."""
    company_prefixes: Annotated[tuple[Prefix, ...], Field(max_length=_LIST_MAX)] = ()
    """GS1 company prefixes that it owns."""
    participant: Annotated[int | None, Field(ge=1, le=2**32 - 1)] = None
    """Its id in the consortium, if it is a participant."""

    @property
    def words(self) -> str:
        """What a search looks into."""
        codes = (*self.enterprise_ids, *self.identifiers, *self.company_prefixes)
        return _words(self.id, self.name_zh, self.name_en, self.credit_code or "", *codes)


Record = Product | LocationRecord | Party
MODELS: Final[Mapping[Kind, type[Record]]] = {
    "product": Product,
    "location": LocationRecord,
    "party": Party,
}


def read_record(kind: Kind, members: object, identifier: str | None = None) -> Record:
    """Check a record and bring it into its one form.

    Args:
        kind: What it is.
        members: The JSON form.
        identifier: Its id where the address has it; the same `id` may stand among the members.

    Raises:
        DocumentRefusedError: with a JSON pointer to each spot.
    """
    if identifier is not None and isinstance(members, Mapping):
        members = {"id": identifier, **members}
    try:
        record = MODELS[kind].model_validate(members)
    except ValidationError as error:
        raise DocumentRefusedError(spots_of(error)) from None
    if identifier is not None and record.id != canonical_id(kind, identifier):
        hint = "Leave it out, or let it be the id of the address."
        raise DocumentRefusedError([Spot("id_mismatch", "another id", "/id", hint)])
    return record


def canonical_id(kind: Kind, text: str) -> str:
    """Return the id of a record in its one form.

    Raises:
        DocumentRefusedError: it cannot be the id of such a record.
    """
    form = {"product": forms.product_id, "location": forms.location_id, "party": forms.party_id}
    try:
        return form[kind](text)
    except PydanticCustomError as error:
        hint = (error.context or {}).get("hint")
        raise DocumentRefusedError([Spot(error.type, error.message(), "/id", hint)]) from None


def stored_form(record: Record) -> bytes:
    """Return the bytes under which a record is stored; equal records have equal ones."""
    return orjson.dumps(record.to_json(), option=orjson.OPT_SORT_KEYS)


def spots_of(error: ValidationError) -> list[Spot]:
    """Return what is wrong, in the words of this project, without the values."""
    found = error.errors(include_input=False, include_url=False)
    return [_spot(one) for one in found]


def _spot(one: ErrorDetails) -> Spot:
    context = one.get("ctx", {})
    kind, message = one["type"], one["msg"]
    pointer = pointer_to(*one["loc"])
    if kind == "missing":
        return Spot("member_missing", "a member is missing", pointer)
    if kind == "extra_forbidden":
        return Spot("member_unknown", "there is no such member", pointer)
    if kind == "model_type":
        return Spot("type_wrong", "a JSON object is expected", pointer)
    if kind.endswith(("_type", "_parsing")):
        return Spot("type_wrong", message, pointer)
    if "hint" in context:
        return Spot(kind, message, pointer, context["hint"])
    return Spot("not_allowed", message, pointer)


def _mistake(code: str, detail: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{detail}", {"detail": detail, "hint": None})


def _words(*parts: str) -> str:
    return "\n".join(part.casefold() for part in parts if part)


def number_text(value: float) -> str:
    """Return a temperature as people write it: 25, -20, 2.5."""
    return str(int(value)) if math.isfinite(value) and value == int(value) else str(value)


def names_of(record: Record) -> Sequence[str]:
    """Return the names of a record, Chinese first."""
    return [name for name in (record.name_zh, record.name_en) if name]
