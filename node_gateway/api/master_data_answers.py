"""What the answers around master data look like; see `api.answers`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from node_gateway.api.answers import Spot

Name = Annotated[str, Field(max_length=300)]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class _Stored(_Answer):
    id: str
    name_zh: Name | None = None
    name_en: Name | None = None
    version: Annotated[int, Field(ge=1)]
    source: Literal["operator", "file", "header"]
    changed_at_ms: int
    changed_by: str
    removed: bool


class ProductLevel(_Answer):
    """One pack level; `contains` counts the packs of the level below."""

    name: str | None = None
    gtins: list[Annotated[str, Field(pattern=r"^[0-9]{14}$")]] | None = None
    drug_ids: list[Annotated[str, Field(pattern=r"^[0-9]{7}$")]] | None = None
    contains: int | None = None


class ProductRecord(_Stored):
    """A product with its pack levels, smallest first; members without a value are left out."""

    approval_number: str | None = None
    specification: str | None = None
    dosage_form: str | None = None
    manufacturer: str | None = None
    storage_min_c: Annotated[float | None, Field(alias="storageMinC")] = None
    storage_max_c: Annotated[float | None, Field(alias="storageMaxC")] = None
    shelf_life_months: int | None = None
    regions: list[str] | None = None
    channels: list[str] | None = None
    product_code: str | None = None
    sub_type_no: str | None = None
    levels: list[ProductLevel] | None = None


class LocationRecord(_Stored):
    """A place; `parent` is the place around it."""

    city: str | None = None
    region: str | None = None
    country: str | None = None
    address: str | None = None
    party: str | None = None
    parent: str | None = None


class PartyRecord(_Stored):
    """An organisation; `participant` is its id in the consortium."""

    credit_code: str | None = None
    enterprise_ids: list[str] | None = None
    identifiers: list[str] | None = None
    company_prefixes: list[str] | None = None
    participant: int | None = None


class ProductPage(_Answer):
    """Products by id."""

    products: list[ProductRecord]


class LocationPage(_Answer):
    """Locations by id."""

    locations: list[LocationRecord]


class PartyPage(_Answer):
    """Parties by id."""

    parties: list[PartyRecord]


class ProductVersions(_Answer):
    """Every version of a product, newest first."""

    versions: list[ProductRecord]


class LocationVersions(_Answer):
    """Every version of a location, newest first."""

    versions: list[LocationRecord]


class PartyVersions(_Answer):
    """Every version of a party, newest first."""

    versions: list[PartyRecord]


class MasterDataReport(_Answer):
    """What became of a file; the pointer of an error is `/<line>/<column>`."""

    rows: int
    created: int
    replaced: int
    unchanged: int
    refused: int
    errors: list[Spot]
