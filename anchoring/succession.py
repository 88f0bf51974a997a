"""Which registry holds which anchors, when one registry was stopped in favour of the next.

A tip is hashed over the registry's address. A stream goes on in the successor with the sequence
and the tip that the old registry ended with, so whoever computes the tip of an anchor must know
in which of the two it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from anchoring.core.anchor import Anchor
from anchoring.ports import StreamHead


class HeadReader(Protocol):
    """What `read_succession` needs of an endpoint."""

    async def stream_head(self, registry: bytes, stream: int, *, at: bytes) -> StreamHead:
        """Return the stream's head in the state of block `at`."""
        ...


@dataclass(frozen=True, slots=True)
class Ended:
    """A stopped registry, and by stream the last sequence that it holds (0: none)."""

    registry: bytes
    through: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Succession:
    """The registries of a network as one gateway used them.

    Attributes:
        current: The registry that takes anchors, 20 bytes.
        ended: Its predecessors, oldest first.
    """

    current: bytes
    ended: tuple[Ended, ...] = ()

    def registry_of(self, stream: int, sequence: int) -> bytes:
        """Return the registry that holds, or will hold, an anchor."""
        for one in self.ended:
            if sequence <= one.through.get(stream, 0):
                return one.registry
        return self.current

    def tip(self, anchor: Anchor, *, chain_id: int) -> bytes:
        """Return an anchor's tip, 32 bytes."""
        registry = self.registry_of(anchor.stream, anchor.sequence)
        return anchor.tip(chain_id=chain_id, registry=registry)

    def to_json(self) -> str:
        """Return the form that a database keeps."""
        ended = [
            {
                "registry": one.registry.hex(),
                "through": {str(stream): last for stream, last in sorted(one.through.items())},
            }
            for one in self.ended
        ]
        return json.dumps({"current": self.current.hex(), "ended": ended})

    @classmethod
    def from_json(cls, text: str | bytes) -> Succession:
        """Read what `to_json` wrote."""
        stored: dict[str, Any] = json.loads(text)
        return cls(
            bytes.fromhex(stored["current"]),
            tuple(
                Ended(
                    bytes.fromhex(one["registry"]),
                    {int(stream): int(last) for stream, last in one["through"].items()},
                )
                for one in stored["ended"]
            ),
        )


async def read_succession(
    reader: HeadReader, registries: Sequence[bytes], streams: Iterable[int], *, at: bytes
) -> Succession:
    """Read from the chain which registry holds which anchors.

    Args:
        reader: An endpoint that knows the state of that block.
        registries: Newest first, as in the network file; all but the first are stopped.
        streams: The streams of interest.
        at: Block hash; deep enough that the naming of the successors is final.
    """
    wanted = list(streams)
    ended = []
    for registry in reversed(registries[1:]):
        heads = {one: await reader.stream_head(registry, one, at=at) for one in wanted}
        ended.append(Ended(registry, {one: head.sequence for one, head in heads.items()}))
    return Succession(registries[0], tuple(ended))
