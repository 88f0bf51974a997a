"""Configuration: one frozen `Settings`, read once and passed down.

Environment (`SEALTRAIL_BATCHING__CADENCE_S`) goes before the TOML file, the file before the
defaults. An unknown key is an error. Secrets are never values here, only names of files.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import (
    SettingsError as SourceError,
)

from anchoring.core.batch import batch_capacity
from node_gateway.codes.issuing import Scheme
from node_gateway.errors import SettingsError
from node_gateway.settings_exceptions import ExceptionsSection
from node_gateway.settings_keys import BackupSection, KeysSection
from node_gateway.settings_keys import Section as _Section
from node_gateway.settings_pages import BrandSection, ConsoleSection, RelaySection
from node_gateway.settings_partners import (
    GrantsSection,
    HandoversSection,
    PeersSection,
    PublicLimits,
    RecallsSection,
    SalesSection,
    TraceSection,
    WebhooksSection,
)
from node_gateway.settings_policies import PoliciesSection as PoliciesSection
from node_gateway.settings_policies import PolicySection as PolicySection
from node_gateway.settings_receiving import ReceivingSection

MIB = 1024 * 1024
Seconds = Annotated[int, Field(ge=1, le=366 * 86_400)]


class GatewaySection(_Section):
    """Who this gateway is and where it listens."""

    participant: Annotated[int, Field(ge=0, le=2**32 - 1)]
    """Id of the participant in the consortium; 0 until it was admitted."""
    database: str = "sqlite:///sealtrail.db"
    """`sqlite:///file` or `postgresql://...`."""
    host: str = "127.0.0.1"
    """Address to listen on. Beyond loopback, `/metrics` needs an API key."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8700
    """Port to listen on; 0 takes a free one."""
    public_url: str | None = None
    """Where others reach this gateway."""
    party: str | None = None
    """Our own party (GLN or PGLN): who sends in `ship`, and who gets in `receive`."""
    imports_folder: Path | None = None
    """Where files wait for their import; the default is `imports` beside an SQLite database."""
    locations_file: Path | None = None
    """Master data of places, JSON: `{"<location id>": {"city": "...", "region": "..."}}`."""
    tls_certificate_file: Path | None = None
    """Certificate (PEM, with its chain): then it is listened with TLS, and without it not."""
    tls_key_file: Path | None = None
    """Its private key (PEM, not encrypted)."""
    tls_client_ca_file: Path | None = None
    """Certificates (PEM) that client certificates are checked against. Nobody has to show one."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_certificate_file and tls_key_file come together")
        if self.tls_client_ca_file is not None and self.tls_certificate_file is None:
            raise ValueError("tls_client_ca_file needs tls_certificate_file")
        return self


class ChainSection(_Section):
    """The chain that roots are anchored on, and when an anchor counts as final."""

    rpc: str
    """Chain endpoint (JSON-RPC), best a node of one's own."""
    network_file: Path
    """The network file: chain, contracts, witnesses."""
    confirmations: Annotated[int, Field(ge=0, le=1000)] = 1
    """How many blocks must lie above an anchor's block before it is final."""
    poll_s: Annotated[float, Field(gt=0, le=600)] = 2.0
    """How often the chain is looked at, in seconds."""
    start_without_chain: bool = False
    """Take captures before the chain was seen once; otherwise read-only until then."""


class StreamSection(_Section):
    """Cadence and padding of one stream of anchors."""

    cadence_s: Seconds = 60
    """Length of a slot, in seconds; each slot anchors one batch."""
    padding: str = "fixed:256"
    """`fixed:N` with N 16, 256, 4096 or 65536 tells nothing of volumes; `pow2` and `none` do."""
    promise_s: Seconds = 3600
    """How long after a capture its receipt promises the anchor, in seconds."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        batch_capacity(self.padding)
        if self.promise_s < 2 * self.cadence_s:
            raise ValueError("promise_s must be at least twice cadence_s")
        return self


class BatchingSection(StreamSection):
    """The ordinary stream, and the slow one for events that tell when something was sold."""

    dispensing: StreamSection = StreamSection(cadence_s=86_400, promise_s=3 * 86_400)
    dispensing_steps: tuple[str, ...] = ("dispensing", "retail_selling")
    """Business steps of events that go to the slow stream."""


class LimitsSection(PublicLimits):
    """Limits on everything that comes from outside."""

    body_size_bytes_max: Annotated[int, Field(ge=1024, le=1024 * MIB)] = 32 * MIB
    """Most bytes of a body."""
    import_size_bytes_max: Annotated[int, Field(ge=1024, le=16 * 1024 * MIB)] = 1024 * MIB
    """Most bytes of a file that is imported."""
    levels_max: Annotated[int, Field(ge=8, le=64)] = 64
    """Most nested objects and arrays."""
    future_tolerance_s: Annotated[int, Field(ge=0, le=366 * 86_400)] = 600
    """How far an eventTime may lie ahead of the gateway's clock, in seconds."""
    public_lookups: str = "60/minute"
    """Public look-ups of codes from one address; of IPv6, from one network of 64 bits."""
    public_lists: str = "600/minute"
    """Requests for anchors and entry lists from one address."""
    wait_s_max: Annotated[int, Field(ge=1, le=30)] = 30
    """How long `wait=final` waits, in seconds."""


class IssuingSection(_Section):
    """How codes are made, and whose. A product keeps the serials that its first order had."""

    alphabet: str = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    """Characters of GTIN serials: at least 10 letters and digits, each once; no look-alikes."""
    serial_length: Annotated[int, Field(ge=6, le=20)] = 12
    """Characters of a GTIN serial, check characters included."""
    check_length: Annotated[int, Field(ge=1, le=6)] = 4
    """How many of them are check characters, which nobody can compute but this gateway."""
    guess_rate_max: Annotated[float, Field(gt=0, le=1e-4)] = 1e-6
    """How often a guessed serial of a known GTIN may be one that was issued."""
    order_codes_max: Annotated[int, Field(ge=1, le=100_000_000)] = 10_000_000
    """Most codes of one order."""
    company_prefixes: tuple[str, ...] = ()
    """GS1 company prefixes of this participant; if any is named, others are refused."""
    drug_ids: tuple[str, ...] = ()
    """Identification codes of this participant's drugs; if any is named, others are refused."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        body_length = self.serial_length - self.check_length
        Scheme("gtin", "0" * 14, self.alphabet, body_length, self.check_length)
        return self


class SubscriptionsSection(_Section):
    """Query subscriptions: where deliveries may go, and how long they are tried."""

    allow_private: bool = False
    """Deliver to loopback, private and other addresses that are not public, too."""
    allow_http: bool = False
    """Deliver without TLS, too: whoever carries it can read it."""
    subscriptions_max: Annotated[int, Field(ge=0, le=10_000)] = 1000
    """Most subscriptions."""
    per_key_max: Annotated[int, Field(ge=0, le=10_000)] = 100
    """Most subscriptions of one API key, and most of its open WebSockets."""
    sockets_max: Annotated[int, Field(ge=0, le=10_000)] = 200
    """Most open WebSockets."""
    page_events_max: Annotated[int, Field(ge=1, le=1000)] = 100
    """Most events of one delivery."""
    delivery_size_bytes_max: Annotated[int, Field(ge=1024, le=64 * MIB)] = MIB
    """Most bytes of one delivery; a single event that is larger goes alone."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 15.0
    """How long a receiver may take for one delivery, in seconds."""
    retry_s_min: Annotated[float, Field(gt=0, le=3600)] = 5.0
    """Time before the second try of a delivery, in seconds; it grows fourfold with each try."""
    retry_s_max: Annotated[float, Field(gt=0, le=86_400)] = 21_600.0
    """Most time between two tries, in seconds."""
    give_up_s: Seconds = 5 * 86_400
    """After failing for so long, in seconds, a subscription is disabled."""


class DropFolderSection(_Section):
    """A folder whose files are captured and then moved to `done/` or `failed/` in it."""

    path: Path | None = None
    """The folder; none is watched without it. EPCIS JSON and XML, files of the platform, CSV."""
    mapping: Path | None = None
    """Mapping file for the CSV files in it (docs/reference/csv.md)."""
    poll_s: Annotated[float, Field(gt=0, le=3600)] = 5.0
    """How often it is looked at, in seconds; a file is taken when it did not change meanwhile."""


class HostingSection(_Section):
    """Archives of participants that left, served in their place."""

    folder: Path | None = None
    """Every file in it that ends in `.archive` is served; read at the start."""


class LogSection(_Section):
    """Log output: `json` for machines, `console` for a terminal."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    form: Literal["json", "console"] = "json"
    """How it is written."""


class Settings(BaseSettings):
    """All of it. Paths are relative to the working directory of the file's folder."""

    model_config = SettingsConfigDict(
        env_prefix="SEALTRAIL_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    gateway: GatewaySection
    chain: ChainSection
    keys: KeysSection
    batching: BatchingSection = BatchingSection()
    limits: LimitsSection = LimitsSection()
    issuing: IssuingSection = IssuingSection()
    subscriptions: SubscriptionsSection = SubscriptionsSection()
    policies: PoliciesSection = PoliciesSection()
    peers: PeersSection = PeersSection()
    trace: TraceSection = TraceSection()
    sales: SalesSection = SalesSection()
    handovers: HandoversSection = HandoversSection()
    receiving: ReceivingSection = ReceivingSection()
    exceptions: ExceptionsSection = ExceptionsSection()
    webhooks: WebhooksSection = WebhooksSection()
    recalls: RecallsSection = RecallsSection()
    drop_folder: DropFolderSection = DropFolderSection()
    hosting: HostingSection = HostingSection()
    backup: BackupSection = BackupSection()
    grants: GrantsSection = GrantsSection()
    relay: RelaySection = RelaySection()
    console: ConsoleSection = ConsoleSection()
    brand: BrandSection = BrandSection()
    log: LogSection = LogSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment first, then what the file said (handed in by `load_settings`)."""
        del dotenv_settings, file_secret_settings, settings_cls
        return env_settings, init_settings


def load_settings(path: Path) -> Settings:
    """Read a TOML file and the environment.

    Paths in the file are taken relative to the file's folder.

    Raises:
        SettingsError: the file cannot be read, a key is unknown, or a value is not allowed.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"cannot read {path}: {error.strerror}", hint="sealtrail init writes a first one"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no TOML: {error}", hint="correct the file") from error
    _check_variables(os.environ)
    try:
        return Settings(**_absolute(values, path.resolve().parent))
    except SourceError:  # its message may quote the value
        raise SettingsError(
            "a variable of the environment is no JSON",
            hint="name one setting each: SEALTRAIL_BATCHING__CADENCE_S=60",
        ) from None
    except ValidationError as error:
        raise _settings_error(error) from None  # the cause quotes values, which may be secret


def _check_variables(environment: Iterable[str]) -> None:
    """Refuse a variable of ours whose section is unknown; the rest is checked with the file."""
    for variable in environment:
        section, found, _ = variable.upper().removeprefix("SEALTRAIL_").partition("__")
        is_ours = variable.upper().startswith("SEALTRAIL_") and bool(found)
        if is_ours and section.lower() not in Settings.model_fields:
            raise SettingsError(
                f"unknown variable {variable}", member=variable, hint=_nearest(section.lower())
            )


def _nearest(name: str) -> str:
    names = sorted(set(_known_names(Settings)))
    nearest = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {nearest[0]}?" if nearest else "docs/reference/configuration.md lists all"


_PATHS = {
    "gateway": (
        *("imports_folder", "locations_file"),
        *("tls_certificate_file", "tls_key_file", "tls_client_ca_file"),
    ),
    "chain": ("network_file",),
    "drop_folder": ("path", "mapping"),
    "hosting": ("folder",),
    "peers": ("ca_file", "client_certificate_file", "client_key_file", "pinned_folder"),
    "keys": tuple(
        name for name in KeysSection.model_fields if name.endswith(("_keystore", "_file"))
    ),
}


def _absolute(values: dict[str, Any], base: Path) -> dict[str, Any]:
    for section, names in _PATHS.items():
        members = values.get(section)
        for name in names:
            if isinstance(members, dict) and isinstance(members.get(name), str):
                members[name] = str(base / members[name])
    gateway = values.get("gateway")
    if isinstance(gateway, dict):
        database = gateway.get("database", "sqlite:///sealtrail.db")
        if isinstance(database, str) and database.startswith("sqlite:///"):
            gateway["database"] = f"sqlite:///{base / database.removeprefix('sqlite:///')}"
    return values


def _settings_error(error: ValidationError) -> SettingsError:
    first = error.errors(include_input=False, include_url=False)[0]
    member = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        hint = _nearest(str(first["loc"][-1]))
        return SettingsError(f"unknown key {member}", member=member, hint=hint)
    if first["type"] == "missing":
        return SettingsError(f"{member} is missing", member=member, hint=f"add {member}")
    text = first["msg"].removeprefix("Value error, ")
    return SettingsError(f"{member}: {text}", member=member, hint=f"correct {member}")


def _known_names(model: type[BaseModel]) -> Iterable[str]:
    for name, info in model.model_fields.items():
        yield name
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _known_names(info.annotation)
