"""What founders bring to a new network: their participant.json, validators, periods, witnesses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from node_gateway.cli.output import USAGE, CommandError

if TYPE_CHECKING:
    from anchoring.chain.foundation import FirstParticipant, Foundation
    from anchoring.chain.network import WitnessGroup

PURPOSE_ANCHOR, PURPOSE_SIGN = 1, 2
PREFIXES_MAX = 1000

_TEXTS = ("slug", "name", "url")
_KEYS = frozenset({"anchor", "sign", "admin", "recovery"})
_ADDRESS = re.compile(r"[0-9a-f]{40}")
_ROLES_END = 2**32
_FILE_SIZE_BYTES_MAX = 1024 * 1024
_PERIOD = re.compile(r"([0-9]{1,9})(s|m|h|d)")
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PERIOD_S_MAX = 10 * 365 * 86_400


def read_participant(file: Path) -> dict[str, Any]:
    """Read a participant.json as `init` wrote it.

    Raises:
        CommandError: it cannot be read, or is none.
    """
    try:
        with file.open("rb") as stream:
            raw = stream.read(_FILE_SIZE_BYTES_MAX + 1)
        person: Any = json.loads(raw) if len(raw) <= _FILE_SIZE_BYTES_MAX else None
        complete = isinstance(person, dict) and _is_complete(person)
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise CommandError(
            f"cannot read {file}", attempt="sealtrail init writes participant.json", status=USAGE
        ) from error
    if not complete:
        raise CommandError(
            f"{file} is no participant.json", attempt="sealtrail init writes one", status=USAGE
        )
    return dict(person)


def _is_complete(person: dict[str, Any]) -> bool:
    from anchoring.directory.prefixes import is_prefix

    members = {*_TEXTS, "roles", "keys"}
    prefixes = person.get("prefixes", [])
    return (
        set(person) - {"prefixes"} == members
        and all(isinstance(person[name], str) for name in _TEXTS)
        and type(person["roles"]) is int
        and 0 < person["roles"] < _ROLES_END
        and set(person["keys"]) == _KEYS
        and all(_ADDRESS.fullmatch(one) for one in person["keys"].values())
        and isinstance(prefixes, list)
        and len(prefixes) <= PREFIXES_MAX
        and all(isinstance(one, str) and is_prefix(one) for one in prefixes)
    )


def first_of(person: Mapping[str, Any]) -> FirstParticipant:
    """Return a participant as the contracts take it, from what `init` wrote of it."""
    from anchoring.chain.foundation import FirstKey, FirstParticipant

    keys = {name: bytes.fromhex(address) for name, address in person["keys"].items()}
    return FirstParticipant(
        slug=person["slug"],
        name=person["name"],
        url=person["url"],
        roles=person["roles"],
        admin_key=keys["admin"],
        recovery_key=keys["recovery"],
        keys=(FirstKey(keys["anchor"], PURPOSE_ANCHOR), FirstKey(keys["sign"], PURPOSE_SIGN)),
        prefixes=tuple(person.get("prefixes", ())),
    )


def foundation_of(
    people: Sequence[dict[str, Any]], *, delay_s: int | None = None, lifetime_s: int | None = None
) -> Foundation:
    """Return what participants found together, in the order of their ids."""
    from anchoring.chain.foundation import DELAY_S, LIFETIME_S, Foundation

    return Foundation(
        tuple(first_of(person) for person in people),
        DELAY_S if delay_s is None else delay_s,
        LIFETIME_S if lifetime_s is None else lifetime_s,
    )


def period_s(text: str, *, option: str) -> int:
    """Return the seconds of `7d`, `12h`, `30m` or `45s`.

    Raises:
        CommandError: it is no such text, or more than ten years.
    """
    match = _PERIOD.fullmatch(text)
    seconds = int(match[1]) * _UNITS_S[match[2]] if match else _PERIOD_S_MAX + 1
    if seconds > _PERIOD_S_MAX:
        raise CommandError(
            f"{option} takes a number and s, m, h or d", attempt=f"{option} 7d", status=USAGE
        )
    return seconds


def address_of(text: str, *, option: str) -> bytes:
    """Return the 20 bytes of an address, written with or without 0x.

    Raises:
        CommandError: it is none.
    """
    digits = text.lower().removeprefix("0x")
    if not _ADDRESS.fullmatch(digits):
        raise CommandError(
            f"{option}: {text!r} is no address", attempt=f"{option} 0x and 40 digits", status=USAGE
        )
    return bytes.fromhex(digits)


def witnesses_of(
    listed: Sequence[str], people: Sequence[dict[str, Any]]
) -> tuple[WitnessGroup, ...]:
    """Return the witnesses of `ORG=URL`; an ORG that is a founder's slug is that participant's.

    Raises:
        CommandError: one is no `ORG=URL`.
    """
    from anchoring.chain.network import WitnessGroup

    urls: dict[str, list[str]] = {}
    for one in listed:
        name, separator, url = one.partition("=")
        if not separator or not name or not url.startswith(("http://", "https://")):
            raise CommandError(
                f"--witness: {one!r} is no ORG=URL",
                attempt="--witness maker=https://rpc.maker.example",
                status=USAGE,
            )
        urls.setdefault(name, []).append(url)
    numbers = {person["slug"]: number for number, person in enumerate(people, start=1)}
    return tuple(WitnessGroup(name, numbers.get(name), tuple(urls[name])) for name in urls)


def refuse_occupied(output: Path, *, option: str) -> None:
    """Make sure that a file can be written where nothing is yet.

    Raises:
        CommandError: something is there, or the folder is missing.
    """
    if not output.parent.is_dir():  # said before anything is on the chain
        raise CommandError(
            f"there is no folder {output.parent}", attempt=f"{option} FILE", status=USAGE
        )
    if output.is_dir():
        raise CommandError(f"{output} is a folder", attempt=f"{option} FILE", status=USAGE)
    if output.exists():
        raise CommandError(
            f"{output} exists: it may be what somebody trusts",
            attempt=f"another name with {option}",
            status=USAGE,
        )
