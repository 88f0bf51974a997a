"""`sealtrail consortium propose ...`: one command per action, words first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node_gateway.cli.governing import Asked, DryRunOption, KeystoreOption, YesOption, govern
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import USAGE, CommandError, command

if TYPE_CHECKING:
    from anchoring.chain.governance import Action
    from anchoring.directory.model import Directory

app = typer.Typer(no_args_is_help=True)

_FILE_SIZE_BYTES_MAX = 64 * 1024
_PART_SIZE_BYTES = 1024 * 1024

WhoArgument = Annotated[
    str, typer.Argument(metavar="PARTICIPANT", help="Id or short name: sealtrail consortium list.")
]
EvidenceOption = Annotated[
    Path | None,
    typer.Option(help="File that shows why; only its SHA-256 goes on the chain. Keep the file."),
]
UntilOption = Annotated[
    str, typer.Option(help="First moment after it: 2027-01-01, with an offset, or Unix seconds.")
]


def _propose(asked: Asked, evidence: Path | None, make: Callable[[Directory], Action]) -> None:
    from node_gateway.services.governing_wishes import Propose

    digest = digest_of_file(evidence)
    govern(asked, lambda directory: Propose(make(directory), digest))


@app.command("suspend")
@command
def suspend(
    who: WhoArgument,
    evidence: EvidenceOption = None,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Propose that a participant may neither anchor nor vote for now (ordinary)."""
    from anchoring.chain.governance import Suspend
    from node_gateway.services.governing_actions import participant_of

    asked = Asked(config, yes, dry_run, json, keystore)
    _propose(asked, evidence, lambda known: Suspend(participant_of(who, known).id))


@app.command("reinstate")
@command
def reinstate(
    who: WhoArgument,
    evidence: EvidenceOption = None,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Propose that a suspended participant is active again (ordinary)."""
    from anchoring.chain.governance import Reinstate
    from node_gateway.services.governing_actions import participant_of

    asked = Asked(config, yes, dry_run, json, keystore)
    _propose(asked, evidence, lambda known: Reinstate(participant_of(who, known).id))


@app.command("remove")
@command
def remove(
    who: WhoArgument,
    evidence: EvidenceOption = None,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Propose that a participant leaves for ever (heavy). What it anchored stays verifiable."""
    from anchoring.chain.governance import Remove
    from node_gateway.services.governing_actions import participant_of

    asked = Asked(config, yes, dry_run, json, keystore)
    _propose(asked, evidence, lambda known: Remove(participant_of(who, known).id))


@app.command("admit")
@command
def admit(
    file: Annotated[Path, typer.Argument(help="participant.json of the newcomer.")],
    evidence: EvidenceOption = None,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Propose that an organisation becomes a participant (heavy).

    Ask it by telephone whether the addresses are those of its own participant.json.
    """
    from anchoring.chain.governance import Admit
    from node_gateway.services.governing_actions import newcomer_of

    newcomer = newcomer_of(json_of(file))
    asked = Asked(config, yes, dry_run, json, keystore)
    _propose(asked, evidence, lambda _: Admit(newcomer))


@app.command("roles")
@command
def roles(
    who: WhoArgument,
    role: Annotated[list[str], typer.Option(help="A role that it has from then on; repeatable.")],
    evidence: EvidenceOption = None,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Propose a participant's roles (ordinary); whether it votes stays as it is."""
    from anchoring.chain.governance import ChangeRoles
    from node_gateway.services.governing_actions import participant_of, roles_of

    bits = roles_of(role)
    asked = Asked(config, yes, dry_run, json, keystore)
    _propose(asked, evidence, lambda known: ChangeRoles(participant_of(who, known).id, bits))


@app.command("voter")
@command
def voter(
    who: WhoArgument,
    gets: Annotated[bool, typer.Option("--voter/--no-voter", help="It votes, or not any more.")],
    evidence: EvidenceOption = None,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Propose that a participant gets or loses its vote (heavy)."""
    from anchoring.chain.governance import ChangeVoter
    from node_gateway.services.governing_actions import participant_of

    asked = Asked(config, yes, dry_run, json, keystore)
    _propose(asked, evidence, lambda known: ChangeVoter(participant_of(who, known).id, gets))


@app.command("admin-key")
@command
def admin_key(
    who: WhoArgument,
    key: Annotated[str, typer.Argument(help="Address of the new admin key.")],
    recovery: Annotated[str, typer.Option(help="A new recovery key; otherwise it stays.")] = "",
    evidence: EvidenceOption = None,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Propose another admin key for a participant that lost both (heavy; it can veto)."""
    from anchoring.chain.governance import ReplaceAdminKey
    from node_gateway.services.governing_actions import address_of, participant_of, recovery_of

    new, cold = address_of(key), recovery_of(recovery)
    asked = Asked(config, yes, dry_run, json, keystore)
    _propose(
        asked, evidence, lambda known: ReplaceAdminKey(participant_of(who, known).id, new, cold)
    )


@app.command("grant-prefix")
@command
def grant_prefix(
    who: WhoArgument,
    prefix: Annotated[str, typer.Argument(help="gs1: and 4 to 12 digits, cn: and 7, or a GTIN.")],
    start: Annotated[str, typer.Option("--from", help="From when on; otherwise at once.")] = "",
    until: UntilOption = "",
    evidence: EvidenceOption = None,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Propose that a participant may commission codes under a prefix (ordinary)."""
    from anchoring.chain.governance import GrantPrefix
    from anchoring.directory.prefixes import normal_prefix
    from node_gateway.services.governing_actions import moment_of, participant_of

    digits, begins, ends = normal_prefix(prefix), moment_of(start), moment_of(until)
    codes = _code_registry(config)
    asked = Asked(config, yes, dry_run, json, keystore)
    _propose(
        asked,
        evidence,
        lambda known: GrantPrefix(codes, digits, participant_of(who, known).id, begins, ends),
    )


@app.command("revoke-prefix")
@command
def revoke_prefix(
    grant: Annotated[int, typer.Argument(help="Number of the grant: sealtrail code-prefix list.")],
    until: UntilOption = "",
    evidence: EvidenceOption = None,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Propose that a grant ends against its owner (heavy)."""
    from anchoring.chain.governance import RevokePrefix
    from node_gateway.services.governing_actions import grant_of, moment_of

    ends, codes = moment_of(until), _code_registry(config)
    asked = Asked(config, yes, dry_run, json, keystore)
    _propose(asked, evidence, lambda known: RevokePrefix(codes, grant_of(grant, known), ends))


@app.command("successor")
@command
def successor(
    address: Annotated[str, typer.Argument(help="The registry that continues the newest one.")],
    evidence: EvidenceOption = None,
    keystore: KeystoreOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Propose that another registry continues the newest one of the network file (heavy)."""
    from anchoring.chain.governance import NameSuccessor
    from node_gateway.services.governing_actions import address_of

    new, registry = address_of(address), _network(config).registries[0].address
    asked = Asked(config, yes, dry_run, json, keystore)
    _propose(asked, evidence, lambda _: NameSuccessor(registry, new))


def _network(config: Path) -> Any:
    from node_gateway.settings import load_settings
    from node_gateway.wiring import network_of

    return network_of(load_settings(config))


def _code_registry(config: Path) -> bytes:
    from anchoring.chain.governance_calls import GovernanceCalls

    return GovernanceCalls(_network(config)).code_registry


def digest_of_file(file: Path | None) -> bytes:
    """Return the SHA-256 of a file, 32 zero bytes for none; reads it by parts.

    Raises:
        CommandError: it cannot be read.
    """
    from hashlib import sha256

    if file is None:
        return bytes(32)
    digest = sha256()
    try:
        with file.open("rb") as stream:
            while part := stream.read(_PART_SIZE_BYTES):
                digest.update(part)
    except OSError as error:
        raise _unreadable(file, error) from error
    return digest.digest()


def json_of(file: Path) -> dict[str, Any]:
    """Return the JSON object in a small file.

    Raises:
        CommandError: it cannot be read, is too large, or is no JSON object.
    """
    from contextlib import suppress
    from json import loads

    try:
        with file.open("rb") as stream:
            raw = stream.read(_FILE_SIZE_BYTES_MAX + 1)
    except OSError as error:
        raise _unreadable(file, error) from error
    document = None
    if len(raw) <= _FILE_SIZE_BYTES_MAX:
        with suppress(ValueError, RecursionError):
            document = loads(raw)
    if not isinstance(document, dict):
        text = f"{file} is no JSON object of at most {_FILE_SIZE_BYTES_MAX} bytes"
        raise CommandError(text, attempt="check the file", status=USAGE)
    return document


def _unreadable(file: Path, error: OSError) -> CommandError:
    text = f"cannot read {file}: {error.strerror}"
    return CommandError(text, attempt="check the file's name", status=USAGE)
