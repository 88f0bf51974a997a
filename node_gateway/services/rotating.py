"""Replacing a key of one's own: a new file, the chain, the switch of files, the old key's end.

    make keys/anchor.next.json -> add it on the chain -> it becomes keys/anchor.json -> revoke

Nothing is remembered between these steps but the files and the chain, and each begins by reading
both, so that the same command goes on wherever a crash left it:

* a `.next` file that the chain does not know is added; one that it knows is switched to;
* the old file is kept as `.old-<address>.json` before the new one takes its name, and that name is
  taken in one rename: a gateway that starts at any moment finds one whole keystore, and its key is
  valid on the chain;
* an `.old-...` file whose key is not revoked yet is a rotation that has not ended.

A gateway reads its keys when it starts. So the old key is revoked only when none is running, or
the operator says that it was restarted: anchors of a revoked key are refused, and receipts signed
with one are worth nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from anchoring.chain.governor import Governor
from anchoring.chain.keystore import create_keystore, keystore_address, load_keystore
from anchoring.errors import ChainUnavailableError, KeystoreError
from node_gateway.errors import NotPossibleError
from node_gateway.services.own_keys import PURPOSES, KeyCalls, OwnKeys, standing

Step = Literal["make", "add", "switch", "revoke"]


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """The files of one key: the one in use, the next one, and those before it."""

    current: Path

    @property
    def next(self) -> Path:
        """The new key until it takes its place."""
        return self.current.with_name(f"{self.current.stem}.next.json")

    def old(self, address: bytes) -> Path:
        """Where a key that was in use is kept."""
        return self.current.with_name(f"{self.current.stem}.old-{address.hex()[:8]}.json")

    def former(self) -> list[bytes]:
        """Return the addresses of keys that were in use."""
        found = sorted(self.current.parent.glob(f"{self.current.stem}.old-*.json"))
        return [keystore_address(one) for one in found]

    def switch(self, address: bytes) -> None:
        """Keep the current file (of `address`) under its old name, then put the next one there."""
        kept = self.old(address)
        if self.current.exists() and not kept.exists():
            unfinished = kept.with_suffix(".tmp")
            shutil.copyfile(self.current, unfinished)
            unfinished.chmod(0o600)
            _sync(unfinished)
            unfinished.replace(kept)
        self.next.replace(self.current)
        _sync(self.current.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@dataclass(frozen=True, slots=True)
class RotationPlan:
    """What is left to do.

    Attributes:
        steps: In this order.
        current: Address of the key in use, 20 bytes.
        target: Address of the new key; None until it is made.
        ending: Keys that will be revoked.
        words: What will be done, in sentences.
    """

    steps: tuple[Step, ...]
    current: bytes
    target: bytes | None
    ending: tuple[bytes, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done: the key in use now, the keys revoked, and those that wait for a restart."""

    address: bytes
    revoked: tuple[bytes, ...]
    waiting: tuple[bytes, ...]


class Rotation:
    """Replaces the anchor key or the sign key of a participant.

    Args:
        purpose: `anchor` or `sign`.
        files: Where the key is.
        calls: The participant's keys on the chain.
        governor: Signs with the participant's admin key.
        passphrase: Of the present keystore; the new one gets the same.
        is_running: Whether a gateway with these settings may still use the old key.
        on_step: Called with a name after each durable step; tests stop there.
    """

    def __init__(
        self,
        purpose: str,
        files: KeyFiles,
        calls: KeyCalls,
        governor: Governor,
        passphrase: str,
        *,
        is_running: Callable[[], Awaitable[bool]],
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._purpose = purpose
        self._files = files
        self._calls = calls
        self._governor = governor
        self._passphrase = passphrase
        self._is_running = is_running
        self._on_step = on_step

    async def plan(self) -> RotationPlan:
        """Read the files and the chain, and say what is left to do.

        Raises:
            NotPossibleError: the admin key is not this participant's, or the next key cannot be
                used any more.
            KeystoreError: a file is no keystore.
            ChainError: the chain does not answer, or is another one.
        """
        own = await self._calls.read()
        if own.participant.admin_key != self._governor.address:
            raise NotPossibleError(
                f"0x{self._governor.address.hex()} is not the admin key of participant "
                f"{own.participant.participant}",
                code="not_your_participant",
                hint="sealtrail key list shows which key it is",
            )
        current = keystore_address(self._files.current)
        ending = [one for one in self._files.former() if one != current and _stands(own, one)]
        if self._files.next.exists():
            target = keystore_address(self._files.next)
            added = self._is_added(own, target)
            ending += [current] if _stands(own, current) else []
            return self._planned(own, current, target, ending, switch=True, added=added)
        if own.of(current) is None or ending:
            # Switched already, or a reorg took the addition away: nothing new is made.
            added = own.of(current) is not None
            return self._planned(own, current, current, ending, switch=False, added=added)
        ending = [current] if _stands(own, current) else []
        return self._planned(own, current, None, ending, switch=True, added=False)

    def _is_added(self, own: OwnKeys, target: bytes) -> bool:
        """Whether the chain knows the next key.

        Raises:
            NotPossibleError: it does, and the key is of no use.
        """
        known = own.of(target)
        if known is None:
            return False
        fits = known.purpose == PURPOSES[self._purpose] and standing(known, own.time) == "valid"
        if not fits:
            raise NotPossibleError(
                f"the key in {self._files.next} is {standing(known, own.time)} on the chain",
                code="key_invalid",
                hint=f"remove {self._files.next}, then rotate again",
            )
        return True

    def _planned(
        self,
        own: OwnKeys,
        current: bytes,
        target: bytes | None,
        ending: list[bytes],
        *,
        switch: bool,
        added: bool,
    ) -> RotationPlan:
        steps: list[Step] = ["make"] if target is None else []
        steps += [] if added else ["add"]
        steps += ["switch"] if switch else []
        steps += ["revoke"] if ending else []
        plan = RotationPlan(tuple(steps), current, target, tuple(ending), ())
        words = tuple(self._words(own, plan))
        return RotationPlan(plan.steps, current, target, plan.ending, words)

    def _words(self, own: OwnKeys, plan: RotationPlan) -> list[str]:
        who = f"participant {own.participant.participant} ({own.participant.slug})"
        said = [f"Replace the {self._purpose} key of {who}; it is 0x{plan.current.hex()} now."]
        if "make" in plan.steps:
            said = [*said, f"Make a new key in {self._files.next}."]
        elif "switch" in plan.steps:
            said = [f"Go on with the {self._purpose} key that was begun in {self._files.next}."]
        else:
            said = [f"Finish the change of the {self._purpose} key of {who}."]
        if "add" in plan.steps:
            signer = f"0x{self._governor.address.hex()}"
            said.append(f"Add it to {who} on the chain, signed with the admin key {signer}.")
        if "switch" in plan.steps:
            said.append(
                f"Put it in the place of {self._files.current}, which is kept as "
                f"{self._files.old(plan.current).name}. A gateway takes it up when it restarts."
            )
        said += [
            f"Revoke 0x{one.hex()} when no gateway uses it any more: what it signed until then "
            "stays valid, and it signs nothing after that."
            for one in plan.ending
        ]
        return said

    async def carry_out(self, plan: RotationPlan, *, restarted: bool = False) -> Rotated:
        """Do what is left to do.

        Args:
            plan: From `plan`, just now.
            restarted: The operator says that no running gateway uses the old key any more.

        Raises:
            ContractRefusedError, ChainError, KeystoreError: as `Governor.call`; the steps before
                are done, and the same again goes on.
        """
        if "make" in plan.steps:
            create_keystore(self._files.next, self._passphrase)
            self._on_step("made")
        switching = "switch" in plan.steps
        file = self._files.next if switching else self._files.current
        target = load_keystore(file, self._passphrase).address  # opened before anybody relies on it
        if plan.target not in (None, target):
            raise KeystoreError(f"{file} does not hold the key it names", code="keystore_file")
        if "add" in plan.steps:
            await self._add(plan, target)
            self._on_step("added")
        if switching:
            self._files.switch(plan.current)
            self._on_step("switched")
        if plan.ending and not restarted and await self._is_running():
            return Rotated(target, (), plan.ending)
        for one in plan.ending:
            await self._governor.call(self._calls.revoke(one))
            self._on_step("revoked")
        return Rotated(target, plan.ending, ())

    async def _add(self, plan: RotationPlan, target: bytes) -> None:
        """Add a key, limited to the same streams as the one that it replaces."""
        own = await self._calls.read()
        streams = own.streams.get(plan.current, ())
        purpose = PURPOSES[self._purpose]
        await self._governor.call(self._calls.add(target, purpose, streams))
        if not self._is_added(await self._calls.read(), target):
            raise ChainUnavailableError("the chain does not show the new key yet")


def _stands(own: OwnKeys, address: bytes) -> bool:
    known = own.of(address)
    return known is not None and known.revoked_at == 0
