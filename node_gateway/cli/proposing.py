"""`sealtrail consortium propose ...`: one command per action, words first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node_gateway.cli.governing import (
    Asked,
    govern,
    signing,
)
from node_gateway.cli.output import USAGE, CommandError

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
@signing
def suspend(
    asked: Asked,
    who: WhoArgument,
    evidence: EvidenceOption = None,
) -> None:
    """Propose that a participant may neither anchor nor vote for now (ordinary)."""
    from anchoring.chain.governance import Suspend
    from node_gateway.services.governing_actions import participant_of

    _propose(asked, evidence, lambda known: Suspend(participant_of(who, known).id))


@app.command("reinstate")
@signing
def reinstate(
    asked: Asked,
    who: WhoArgument,
    evidence: EvidenceOption = None,
) -> None:
    """Propose that a suspended participant is active again (ordinary)."""
    from anchoring.chain.governance import Reinstate
    from node_gateway.services.governing_actions import participant_of

    _propose(asked, evidence, lambda known: Reinstate(participant_of(who, known).id))


@app.command("remove")
@signing
def remove(
    asked: Asked,
    who: WhoArgument,
    evidence: EvidenceOption = None,
) -> None:
    """Propose that a participant leaves for ever (heavy). What it anchored stays verifiable."""
    from anchoring.chain.governance import Remove
    from node_gateway.services.governing_actions import participant_of

    _propose(asked, evidence, lambda known: Remove(participant_of(who, known).id))


@app.command("admit")
@signing
def admit(
    asked: Asked,
    file: Annotated[Path, typer.Argument(help="participant.json of the newcomer.")],
    evidence: EvidenceOption = None,
) -> None:
    """Propose that an organisation becomes a participant (heavy).

    Ask it by telephone whether the addresses are those of its own participant.json.
    """
    from anchoring.chain.governance import Admit
    from node_gateway.services.governing_actions import newcomer_of

    newcomer = newcomer_of(json_of(file))
    _propose(asked, evidence, lambda _: Admit(newcomer))


@app.command("roles")
@signing
def roles(
    asked: Asked,
    who: WhoArgument,
    role: Annotated[list[str], typer.Option(help="A role that it has from then on; repeatable.")],
    evidence: EvidenceOption = None,
) -> None:
    """Propose a participant's roles (ordinary); whether it votes stays as it is."""
    from anchoring.chain.governance import ChangeRoles
    from node_gateway.services.governing_actions import participant_of, roles_of

    bits = roles_of(role)
    _propose(asked, evidence, lambda known: ChangeRoles(participant_of(who, known).id, bits))


@app.command("voter")
@signing
def voter(
    asked: Asked,
    who: WhoArgument,
    gets: Annotated[bool, typer.Option("--voter/--no-voter", help="It votes, or not any more.")],
    evidence: EvidenceOption = None,
) -> None:
    """Propose that a participant gets or loses its vote (heavy)."""
    from anchoring.chain.governance import ChangeVoter
    from node_gateway.services.governing_actions import participant_of

    _propose(asked, evidence, lambda known: ChangeVoter(participant_of(who, known).id, gets))


@app.command("admin-key")
@signing
def admin_key(
    asked: Asked,
    who: WhoArgument,
    key: Annotated[str, typer.Argument(help="Address of the new admin key.")],
    recovery: Annotated[str, typer.Option(help="A new recovery key; otherwise it stays.")] = "",
    evidence: EvidenceOption = None,
) -> None:
    """Propose another admin key for a participant that lost both (heavy; it can veto)."""
    from anchoring.chain.governance import ReplaceAdminKey
    from node_gateway.services.governing_actions import address_of, participant_of, recovery_of

    new, cold = address_of(key), recovery_of(recovery)
    _propose(
        asked, evidence, lambda known: ReplaceAdminKey(participant_of(who, known).id, new, cold)
    )


@app.command("grant-prefix")
@signing
def grant_prefix(
    asked: Asked,
    who: WhoArgument,
    prefix: Annotated[str, typer.Argument(help="gs1: and 4 to 12 digits, cn: and 7, or a GTIN.")],
    start: Annotated[str, typer.Option("--from", help="From when on; otherwise at once.")] = "",
    until: UntilOption = "",
    evidence: EvidenceOption = None,
) -> None:
    """Propose that a participant may commission codes under a prefix (ordinary)."""
    from anchoring.chain.governance import GrantPrefix
    from anchoring.directory.prefixes import normal_prefix
    from node_gateway.services.governing_actions import moment_of, participant_of

    digits, begins, ends = normal_prefix(prefix), moment_of(start), moment_of(until)
    codes = _code_registry(asked.config)
    _propose(
        asked,
        evidence,
        lambda known: GrantPrefix(codes, digits, participant_of(who, known).id, begins, ends),
    )


@app.command("revoke-prefix")
@signing
def revoke_prefix(
    asked: Asked,
    grant: Annotated[int, typer.Argument(help="Number of the grant: sealtrail code-prefix list.")],
    until: UntilOption = "",
    evidence: EvidenceOption = None,
) -> None:
    """Propose that a grant ends against its owner (heavy)."""
    from anchoring.chain.governance import RevokePrefix
    from node_gateway.services.governing_actions import grant_of, moment_of

    ends, codes = moment_of(until), _code_registry(asked.config)
    _propose(asked, evidence, lambda known: RevokePrefix(codes, grant_of(grant, known), ends))


@app.command("successor")
@signing
def successor(
    asked: Asked,
    address: Annotated[str, typer.Argument(help="The registry that continues the newest one.")],
    evidence: EvidenceOption = None,
) -> None:
    """Propose that another registry continues the newest one of the network file (heavy)."""
    from anchoring.chain.governance import NameSuccessor
    from node_gateway.services.governing_actions import address_of

    new, registry = address_of(address), _network(asked.config).registries[0].address
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
