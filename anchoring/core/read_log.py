"""The log of what one participant read of another's events: a chain of digests, one per grantee.

Each read covers the one before, so that the digest of the last one covers all. The owner states
these digests in an event, whose anchor proves how far the log was; the grantee, who knows its own
reads, recomputes them. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from anchoring.core import shape
from anchoring.errors import FormatError, VerificationError

READ_LABEL: Final = "sealtrail/read/v1"
KINDS: Final = ("listed", "bundle", "codes-opening", "opening", "challenge")
START: Final = bytes(32)
"""What the first read of a chain covers in place of a digest."""


class ReadLogError(VerificationError):
    """A log of reads does not hold: something in it was changed, left out or put in."""

    code = "read_log_broken"


@dataclass(frozen=True, slots=True)
class Read:
    """One read.

    Attributes:
        owner: Whose event was read.
        grantee: Who read it.
        number: Dense from 1 for each grantee.
        grant: Id of the grant.
        at_ms: When, milliseconds since the epoch.
        kind: One of `KINDS`.
        entry: The event, 32 bytes.
        items: JSON text of what was shown, as it stands in the log; no value of the event.
    """

    owner: int
    grantee: int
    number: int
    grant: str
    at_ms: int
    kind: str
    entry: bytes
    items: str

    def digest(self, previous: bytes) -> bytes:
        """Return the digest (32 bytes) of the chain with this read at its end."""
        lines = (
            *(READ_LABEL, previous.hex(), str(self.owner), str(self.grantee), str(self.number)),
            *(self.grant, str(self.at_ms), self.kind, self.entry.hex()),
            sha256(self.items.encode()).hexdigest(),
        )
        return sha256("".join(f"{line}\n" for line in lines).encode()).digest()

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON value."""
        return {
            "number": self.number,
            "grant": self.grant,
            "atMs": self.at_ms,
            "kind": self.kind,
            "entry": self.entry.hex(),
            "items": self.items,
        }


def read_from_wire(value: Any, *, owner: int, grantee: int, pointer: str = "") -> Read:
    """Return the read of a JSON value.

    Raises:
        FormatError: it has another form.
    """
    names = ("number", "grant", "atMs", "kind", "entry", "items")
    wire: Mapping[str, Any] = shape.members(value, names, pointer=pointer)
    kind = shape.string(wire["kind"], pointer=f"{pointer}/kind")
    grant = shape.string(wire["grant"], pointer=f"{pointer}/grant")
    if kind not in KINDS or "\n" in grant:
        raise FormatError("no read of a log has such a kind or grant", "read_form")
    return Read(
        owner=owner,
        grantee=grantee,
        number=shape.integer(wire["number"], pointer=f"{pointer}/number"),
        grant=grant,
        at_ms=shape.integer(wire["atMs"], pointer=f"{pointer}/atMs"),
        kind=kind,
        entry=shape.hex_bytes(wire["entry"], size_bytes=32, pointer=f"{pointer}/entry"),
        items=shape.string(wire["items"], pointer=f"{pointer}/items"),
    )


def chained(reads: Iterable[Read], *, after: int = 0, digest: bytes = START) -> bytes:
    """Return the digest of a chain that goes on with some reads.

    Args:
        reads: In their order.
        after: Number of the read before them, 0 for none.
        digest: The chain's digest there.

    Raises:
        ReadLogError: a number is missing, comes twice, or belongs to another pair.
    """
    pair: tuple[int, int] | None = None
    for one in reads:
        after += 1
        pair = pair or (one.owner, one.grantee)
        if one.number != after or (one.owner, one.grantee) != pair:
            raise ReadLogError(f"read {after} is missing from the log")
        digest = one.digest(digest)
    return digest
