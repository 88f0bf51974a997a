"""The CBV event hash: one name for what an event says, in whatever form it was written.

A partner who has an event can make the same name, so it finds duplicates. For the same reason it is
an oracle: who holds it can try out what was not disclosed. It never leaves its owner.
"""

from node_gateway.epcis.event_hash.hashing import (
    agreeing_versions,
    event_hash,
    event_hashes,
    hash_of_normalised,
    hashed_text,
)
from node_gateway.epcis.event_hash.versions import (
    EventHash,
    EventHashFormatError,
    EventHashVersion,
    parse_event_hash,
)

__all__ = [
    "EventHash",
    "EventHashFormatError",
    "EventHashVersion",
    "agreeing_versions",
    "event_hash",
    "event_hashes",
    "hash_of_normalised",
    "hashed_text",
    "parse_event_hash",
]
