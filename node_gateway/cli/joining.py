"""Joining a network: an invite, a folder made from it, and one's own id once one is admitted."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from node_gateway.cli.founders import read_participant
from node_gateway.cli.governing import YesOption, read_directory
from node_gateway.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption
from node_gateway.cli.output import (
    FAILURE,
    MISMATCH,
    PENDING,
    USAGE,
    CommandError,
    command,
    confirmed,
    put,
    say,
)

if TYPE_CHECKING:
    from anchoring.directory.model import Directory, Participant
    from node_gateway.invites import Invite

PARTICIPANT_FILE = "participant.json"
NETWORK_FILE = "network.json"
NOT_ADMITTED = 0
_PARTICIPANT_LINE = re.compile(r"^(participant\s*=\s*)0\b[^\n]*", re.MULTILINE)
_PURPOSES = {"anchor": 1, "sign": 2}


@command
def invite(
    slug: Annotated[str, typer.Argument(help="Short name that the newcomer is to take.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Invite to write; new.")] = Path(
        "invite.json"
    ),
    endpoint: Annotated[
        list[str] | None,
        typer.Option(help="Chain endpoint to suggest, besides the witnesses; repeatable."),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
) -> None:
    """Write an invite: the network file, endpoints to begin with, and who invites.

    It is no secret and admits nobody; the participants vote on that. Read the fingerprint out to
    the newcomer by telephone.
    """
    from node_gateway.invites import SLUG, Invite
    from node_gateway.settings import load_settings
    from node_gateway.wiring import network_of

    if not SLUG.fullmatch(slug):
        raise CommandError(
            "a slug is a-z, 0-9 and inner hyphens", attempt="invite pharmacy", status=USAGE
        )
    settings, directory = load_settings(config), read_directory(config)
    _require_free(slug, directory)
    network = network_of(settings)
    me = directory.participants.get(settings.gateway.participant)
    if me is None:
        raise CommandError(
            "only a participant can invite", attempt="sealtrail consortium joined", status=FAILURE
        )
    urls = [*(endpoint or []), *(url for one in network.witnesses for url in one.urls)]
    made = Invite(slug, network, tuple(dict.fromkeys(urls)), me.id, me.name)
    write_new(output, made.to_json())
    if json:
        put({"invite": str(output), "content": made.fingerprint.replace(" ", "")})
    say(f"{output} invites {slug}. Read this fingerprint out to them by telephone:")
    say(f"  {made.fingerprint}")
    if not network.signatures:
        say("Nobody has signed the network file yet: sealtrail network sign")
    say(f"They run: sealtrail init FOLDER --join {output.name} --name ... --role ...")


def _require_free(slug: str, directory: Directory) -> None:
    if directory.participant_by_slug(slug) is not None:
        text = f"the short name {slug} is or was another participant's; none is ever used twice"
        raise CommandError(
            text,
            attempt="another short name; sealtrail consortium list shows those in use",
            problem={"code": "slug_taken", "detail": text},
        )


def read_invite(file: Path) -> Invite:
    """Read an invite.

    Raises:
        CommandError, FormatError: it cannot be read, or is none.
    """
    from node_gateway.invites import SIZE_BYTES_MAX, parse_invite

    try:
        with file.open("rb") as stream:
            return parse_invite(stream.read(SIZE_BYTES_MAX + 1))
    except OSError as error:
        raise CommandError(
            f"cannot read {file}: {error.strerror}", attempt="check the file's name", status=USAGE
        ) from error


def require_trust(invited: Invite, *, yes: bool) -> None:
    """Show what the newcomer would trust from now on, and ask.

    Raises:
        CommandError: the answer is no.
    """
    say(f"{invited.inviter_name} (participant {invited.inviter}) invites {invited.slug}.")
    say(f"The network is chain {invited.network.chain_id}; its file has the fingerprint")
    say(f"  {invited.fingerprint}")
    signed = ", ".join(str(one.participant) for one in invited.network.signatures)
    say(f"It is signed by participants {signed}." if signed else "Nobody has signed it.")
    say("Compare the fingerprint by telephone with a participant that you know.")
    if not yes and not confirmed("Is it the same, and do you trust this network?"):
        raise CommandError(
            "nothing was made", attempt="compare the fingerprint, then add --yes", status=USAGE
        )


def place_network(invited: Invite, folder: Path) -> None:
    """Write the invite's network file into a new gateway's folder."""
    from anchoring.chain.network import write_network

    write_network(folder / NETWORK_FILE, invited.network)


def next_steps(folder: Path, *, url: str) -> None:
    """Say what comes after `init --join`."""
    say(f"{folder}: settings, keys, database and network file are there.")
    if not url:
        say("Without --url the others do not learn where this gateway is; later: consortium url")
    say(f"1. Send {folder}/{PARTICIPANT_FILE} to a participant that votes; it holds no secret.")
    say("   They run: sealtrail consortium propose admit participant.json")
    say("2. Keep keys/recovery.json apart from this machine.")
    say(f"3. When you are admitted: sealtrail consortium joined --config {folder}/sealtrail.toml")
    say(f"4. Then: sealtrail serve --config {folder}/sealtrail.toml")


@command
def joined(
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Look whether this participant was admitted, check its keys, and enter its id in the settings.

    Exit statuses: 0 admitted and entered, 12 not yet, 10 admitted with other keys.
    """
    from node_gateway.settings import load_settings

    settings, directory = load_settings(config), read_directory(config)
    person = read_participant(config.parent / PARTICIPANT_FILE)
    found = directory.participant_by_slug(person["slug"])
    if found is None:
        raise _not_yet(person, directory)
    wrong = _other_keys(person, found, directory)
    if wrong:
        raise CommandError(
            f"participant {found.id} has the short name {found.slug}, but other keys than this "
            f"folder: {', '.join(wrong)}",
            attempt="ask those who proposed it; sealtrail key list",
            status=MISMATCH,
            problem={"code": "keys_differ", "detail": f"other keys: {', '.join(wrong)}"},
        )
    known = settings.gateway.participant
    if known not in (0, found.id):
        raise CommandError(
            f"the settings say participant {known}, the chain says {found.id}",
            attempt=f"correct gateway.participant in {config}",
            status=MISMATCH,
        )
    if known == 0:
        say(f"{found.name} is participant {found.id} of the network, with the keys of this folder.")
        if not yes and not confirmed(f"Enter participant = {found.id} in {config}?"):
            raise CommandError("nothing was changed", attempt="add --yes", status=USAGE)
        _enter(config, found.id)
    if json:
        put({"participant": found.id, "slug": found.slug, "status": found.status.name.lower()})
    say(
        f"Participant {found.id}, {found.status.name.lower()}. "
        f"Next: sealtrail serve --config {config}"
    )


def _not_yet(person: dict[str, Any], directory: Directory) -> CommandError:
    from anchoring.chain.governance import Admit, decode_action
    from anchoring.errors import FormatError

    slug, time = person["slug"], directory.head.time
    waiting = []
    for one in directory.proposals.values():
        try:
            action = decode_action(one.action, one.arguments)
        except FormatError:
            continue
        if isinstance(action, Admit) and action.newcomer.slug == slug:
            given = one.approvals_given(directory, time)
            needed = one.approvals_needed(directory, time)
            state = one.state_at(directory, time).value
            waiting.append(f"proposal {one.id} is {state}, {given} of {needed} approvals")
    text = f"{slug} is not admitted yet: {'; '.join(waiting) or 'nobody has proposed it'}"
    attempt = "sealtrail consortium joined, later"
    if not waiting:
        attempt = "a voter runs: sealtrail consortium propose admit participant.json"
    problem = {"code": "not_admitted", "detail": text}
    return CommandError(text, attempt=attempt, status=PENDING, problem=problem)


def _other_keys(person: dict[str, Any], found: Participant, directory: Directory) -> list[str]:
    """Return which keys of the folder are not those that the chain knows."""
    keys = {name: bytes.fromhex(address) for name, address in person["keys"].items()}
    wrong = [] if found.admin_key == keys["admin"] else ["admin"]
    wrong += [] if found.recovery_key == keys["recovery"] else ["recovery"]
    for name, purpose in _PURPOSES.items():
        known = directory.keys.get(keys[name])
        if known is None or (known.participant, known.purpose) != (found.id, purpose):
            wrong.append(name)
    return wrong


def _enter(config: Path, participant: int) -> None:
    """Write the id into the settings, in one step, and leave every other byte as it is."""
    text = config.read_text(encoding="utf-8")
    changed, count = _PARTICIPANT_LINE.subn(rf"\g<1>{participant}", text, count=1)
    if count != 1:
        raise CommandError(
            f"{config} has no line participant = 0", attempt=f"participant = {participant}"
        )
    staged = config.with_name(config.name + ".new")
    staged.write_text(changed, encoding="utf-8")
    staged.replace(config)


def write_new(file: Path, text: str) -> None:
    """Write a file that was not there.

    Raises:
        CommandError: it exists, or cannot be written.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise CommandError(
            f"cannot write {file}: {error.strerror}", attempt="another name with -o", status=USAGE
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
