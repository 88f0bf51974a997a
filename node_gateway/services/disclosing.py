"""Disclose and prove: which items an audience may see, and the bundle that proves them."""

from __future__ import annotations

import asyncio
import re
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import orjson

from anchoring.core import streams
from anchoring.core.anchor import AnchoredAt
from anchoring.core.bundle import Bundle, CodePath
from anchoring.core.codes import Code, build_codes, code_disclosure
from anchoring.core.fields import FieldsTree, build_fields
from anchoring.core.items import CODE_LISTS
from anchoring.core.prove import code_paths, fields_proof, make_bundle
from anchoring.core.verify import check_bundle
from anchoring.errors import AnchoringError
from node_gateway.epcis.operations import EXTENSION
from node_gateway.errors import ErasedError, NotFinalError, NotFoundError, RequestError
from node_gateway.settings import PoliciesSection, PolicySection
from node_gateway.storage.errors import DatabaseDamagedError
from node_gateway.storage.ports import BatchPlace, BatchStore, EventStore, StoredEvent
from node_gateway.storage.tiles import batch_path, sparse_path

AUDIENCES = ("public", "partner", "owner")
ACKNOWLEDGEMENT = "acknowledgement"
"""Partners as the senders of what we receive: presets count for them as for `partner`."""
PRESETS = ("private", "partner", "chain", "public")
"""How far an event may go, whatever the policies say: each word lets through those before it."""
PRESET = f"{EXTENSION}preset"
"""An event's own preset goes before the one of the settings."""
SOURCE_PATH = "sealtrail:source"
CODES_SHOWN_MAX = 256
_INLINE_SIZE_BYTES_MAX = 8 * 1024
"""Smaller events are worked out on the event loop: a thread switch costs more than the work."""
# ni: and nih: names, and the form that ni: names take over HTTP.
_CONTENT_HASH = re.compile(r"(?i)nih?:|https?://[^/]*/\.well-known/ni/")


T = TypeVar("T")


class DisclosingStore(EventStore, BatchStore, Protocol):
    """What disclosing needs of the store."""


@dataclass(frozen=True, slots=True)
class OpenEvent:
    """An event with its secret: the owner's view. Never leaves the gateway as it is."""

    stored: StoredEvent
    event: dict[str, Any]  # without its code lists if `stored.codes_apart`
    derived: dict[str, str]
    secret: bytes

    @property
    def biz_step(self) -> str | None:
        """The event's business step, as a bare CBV word or URI."""
        step = self.event.get("bizStep")
        return step if isinstance(step, str) else None

    @property
    def preset(self) -> str | None:
        """How far the event itself says that it may go; None leaves it to the settings."""
        return own_preset(self.event)


def own_preset(event: Mapping[str, Any]) -> str | None:
    """Return the preset that a normalised event states, `private` for a word that is none."""
    if PRESET not in event:
        return None
    return next((one for one in PRESETS if one == event[PRESET]), PRESETS[0])


def preset_of(policies: PoliciesSection, biz_step: str | None, own: str | None = None) -> str:
    """Return how far an event may go: as it says itself, else as the settings say of its step."""
    if own is not None:
        return own
    for preset in PRESETS:
        if biz_step in getattr(policies, f"{preset}_steps"):
            return preset
    return policies.preset


def open_event(stored: StoredEvent) -> OpenEvent:
    """Return the content of a stored event.

    Raises:
        ErasedError: it was erased.
    """
    if stored.payload is None or stored.secret is None or stored.derived is None:
        raise ErasedError("the event was erased; its entry's parts are all that is left")
    return OpenEvent(
        stored, orjson.loads(stored.payload), orjson.loads(stored.derived), stored.secret
    )


def choose_policy(
    policies: PoliciesSection, audience: str, biz_step: str | None, own_preset: str | None = None
) -> PolicySection | None:
    """Return the first policy of an audience that covers an event's step, None if none does.

    None as well where the preset, the event's own or that of its step, keeps the audience out.
    """
    preset = preset_of(policies, biz_step, own_preset)
    reach = "partner" if audience == ACKNOWLEDGEMENT else audience
    if reach in PRESETS and PRESETS.index(reach) > PRESETS.index(preset):
        return None
    offered: tuple[PolicySection, ...] = getattr(policies, audience)
    for policy in offered:
        if policy.steps is None or biz_step in policy.steps:
            return policy
    return None


def may_go(policies: PoliciesSection, one: OpenEvent, audience: str) -> bool:
    """Tell whether an event may go as far as `partner`, `chain` or `public` at all."""
    preset = preset_of(policies, one.biz_step, one.preset)
    return PRESETS.index(audience) <= PRESETS.index(preset)


def chosen_paths(fields: FieldsTree, policy: PolicySection) -> list[str]:
    """Return the paths of an event that a policy lets through, in item order."""
    return [path for path in fields.paths if any(covers(one, path) for one in policy.paths)]


def covers(allowed: str, path: str) -> bool:
    """Tell whether what a policy allows lets a path through: it, all below it, or `*`."""
    if allowed == "*":
        return True
    return path == allowed or (path.startswith(allowed) and path[len(allowed)] == "[")


class Disclosing:
    """Bundles of events, as the policies allow."""

    def __init__(
        self,
        store: DisclosingStore,
        policies: PoliciesSection,
        hints_of: Callable[[Mapping[str, Any]], Awaitable[dict[str, Any] | None]] | None = None,
    ) -> None:
        """`hints_of` says of a normalised event what its bundle should hint at."""
        self._store, self._policies, self._hints_of = store, policies, hints_of

    async def bundle(self, entry: bytes, *, audience: str, codes: Sequence[str] = ()) -> Bundle:
        """Return the bundle of one event for an audience.

        Args:
            entry: The event's entry.
            audience: One of `AUDIENCES`.
            codes: Canonical codes to disclose, in addition to what the policy shows by itself.

        Raises:
            NotFoundError: unknown entry, a code that it does not name, or nothing that this
                audience may see (which looks the same).
            NotFinalError: the event is being sealed.
            ErasedError: it was erased.
        """
        stored = await self._store.event_by_entry(entry)
        if stored is None:
            raise NotFoundError("no such event", code="event_not_found")
        opened = open_event(stored)
        policy = choose_policy(self._policies, audience, opened.biz_step, opened.preset)
        if policy is None:
            raise NotFoundError("no such event", code="event_not_found")
        return await self.bundle_under(opened, policy, codes=codes, hinting=audience != "public")

    async def bundle_under(
        self, opened: OpenEvent, policy: PolicySection, *, codes: Sequence[str], hinting: bool
    ) -> Bundle:
        """Return the bundle of an event with what a policy lets through, whoever may see that.

        Args:
            opened: The event.
            policy: What is shown of it; whether it covers the event's step is not asked again.
            codes: As in `bundle`.
            hinting: Say how the statement was corrected, if it was.

        Raises:
            As `bundle`, but for the policy.
        """
        stored, entry = opened.stored, opened.stored.header.entry
        place = await self._final_place(entry)
        fields = await _work_out(
            opened,
            lambda: build_fields(
                opened.event, opened.derived, sub_secret=streams.fields_secret(opened.secret)
            ),
        )
        if fields.root != stored.header.fields_root:
            raise DatabaseDamagedError("the stored event is not the one that was committed")
        paths, all_codes = await self._code_paths(opened, codes, show_all=policy.codes == "all")
        shown = chosen_paths(fields, policy)
        if not all_codes or len(shown) < len(fields.paths):
            shown = without_content_hashes(fields, shown)
        hints = await self._hints_of(opened.event) if hinting and self._hints_of else None
        bundle = make_bundle(
            fields=fields_proof(fields, shown),
            codes_root=stored.header.codes_root,
            paths=paths,
            event_index=place.index,
            event_siblings=await self._event_siblings(place),
            anchor=place.batch.anchor,
            anchored_at=_anchored_at(place),
        )
        await _work_out(opened, lambda: _require_proof_of(bundle, entry))
        return bundle if hints is None else replace(bundle, hints=hints)

    async def _final_place(self, entry: bytes) -> BatchPlace:
        place = await self._store.batch_place(entry)
        if place is None or place.batch.state != "final" or place.batch.place is None:
            raise NotFinalError("the event is being sealed", hint="Ask again in a little while.")
        return place

    async def _event_siblings(self, place: BatchPlace) -> list[bytes]:
        anchor = place.batch.anchor
        tiles = await self._store.batch_tiles(anchor.stream, anchor.sequence, place.index)
        return batch_path(tiles, place.index)

    async def _code_paths(
        self, opened: OpenEvent, codes: Sequence[str], *, show_all: bool
    ) -> tuple[tuple[CodePath, ...], bool]:
        """Return the paths of the codes to disclose, and whether these are all of the event's."""
        if opened.stored.codes_apart:
            if not codes and show_all:
                raise _too_many_to_show()
            return await self._large_code_paths(opened, codes), False
        tree = await _work_out(
            opened,
            lambda: build_codes(opened.event, sub_secret=streams.codes_secret(opened.secret)),
        )
        if tree.root != opened.stored.header.codes_root:
            raise DatabaseDamagedError("the stored codes are not those that were committed")
        chosen: list[Code] = [one for one in tree.codes if one[1] in set(codes)]
        _require_known(codes, {code for _, code in chosen})
        if not codes and show_all:
            if len(tree.codes) > CODES_SHOWN_MAX:
                raise _too_many_to_show()
            chosen = list(tree.codes)
        return code_paths(tree, chosen), len(chosen) == len(tree.codes)

    async def _large_code_paths(
        self, opened: OpenEvent, codes: Sequence[str]
    ) -> tuple[CodePath, ...]:
        """Read a few rows per code: a shipment of 100,000 is never rebuilt for one proof."""
        entry = opened.stored.header.entry
        sub_secret = streams.codes_secret(opened.secret)
        paths: list[CodePath] = []
        for code in dict.fromkeys(codes):
            rows = await self._store.large_event_code(entry, code)
            _require_known([code], {row.code for row in rows})
            for row in rows:
                tiles = await self._store.code_tiles(entry, row.position)
                disclosure = code_disclosure((row.list_name, code), sub_secret, row.ordinal)
                siblings = tuple(sparse_path(tiles, row.position))
                paths.append(CodePath(disclosure, row.position, siblings))
        return tuple(sorted(paths, key=lambda path: path.index))


async def _work_out(opened: OpenEvent, work: Callable[[], T]) -> T:
    if len(opened.stored.payload or b"") <= _INLINE_SIZE_BYTES_MAX:
        return work()
    return await asyncio.to_thread(work)


def _require_proof_of(bundle: Bundle, entry: bytes) -> None:
    """Verify what is about to be handed out: a damaged page or tile must not look like a forgery.

    Raises:
        DatabaseDamagedError: the bundle proves nothing, or another entry.
    """
    try:
        proven = check_bundle(bundle).entry
    except AnchoringError as error:
        raise DatabaseDamagedError(f"a stored proof does not hold: {error.code}") from error
    if proven != entry:
        raise DatabaseDamagedError("the stored event is not the one that was committed")


def _require_known(codes: Sequence[str], known: set[str]) -> None:
    if any(code not in known for code in codes):
        raise NotFoundError("the event does not name this code", code="code_not_found")


def _too_many_to_show() -> RequestError:
    return RequestError(
        f"the event names more than {CODES_SHOWN_MAX} codes",
        code="codes_not_chosen",
        hint="Name the codes to disclose: ?code=...",
    )


def without_content_hashes(fields: FieldsTree, shown: Sequence[str]) -> list[str]:
    """Leave out values that are content hashes: RFC 6920's, and `sealtrail:source`.

    Whoever holds the hash of an event can try out what was not disclosed of it, and needs seconds
    for a quantity or a partner. It stands in an eventID, and in the correctiveEventIDs of another
    event; the hash of the document covers every event that came with it. So such a value is shown
    only together with everything else.
    """
    values = dict(zip(fields.paths, fields.disclosures, strict=True))
    return [path for path in shown if path != SOURCE_PATH and not _is_content_hash(values[path])]


def _is_content_hash(disclosure: str) -> bool:
    value = orjson.loads(urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))[2]
    return isinstance(value, str) and _CONTENT_HASH.match(value) is not None


def _anchored_at(place: BatchPlace) -> AnchoredAt:
    where = place.batch.place
    if where is None:  # `_final_place` has refused this already
        raise NotFinalError("the event is being sealed")
    return AnchoredAt(where.block_number, where.block_time)


async def whole_event(store: EventStore, opened: OpenEvent) -> dict[str, Any]:
    """Return the normalised event with its code lists, also of a large event (the owner's view)."""
    if not opened.stored.codes_apart:
        return opened.event
    event = dict(opened.event)
    for name in CODE_LISTS:
        codes: list[str] = []
        after = -1
        while page := await store.large_event_codes(
            opened.stored.header.entry, list_name=name, after=after, limit=10_000
        ):
            codes += [row.code for row in page]
            after = page[-1].order
        if codes:
            event[name] = codes
    return event
