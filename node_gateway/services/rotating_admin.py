"""Replacing the admin key by the recovery key: no vote, no delay.

The steps and files are those of `rotating`, without a revocation: a replaced admin key can do
nothing from that block on.
"""

from __future__ import annotations

from collections.abc import Callable

from anchoring.chain.governor import Governor
from anchoring.chain.keystore import create_keystore, keystore_address, load_keystore
from anchoring.errors import ChainUnavailableError
from node_gateway.errors import NotPossibleError
from node_gateway.services.own_keys import KeyCalls
from node_gateway.services.rotating import KeyFiles, Rotated, RotationPlan, Step


class AdminRotation:
    """Replaces the admin key of a participant.

    Args:
        files: Where the admin key is; the file may be lost.
        calls: The participant's keys on the chain.
        governor: Signs with the participant's recovery key.
        passphrase: For the new keystore.
        on_step: Called with a name after each durable step; tests stop there.
    """

    def __init__(
        self,
        files: KeyFiles,
        calls: KeyCalls,
        governor: Governor,
        passphrase: str,
        *,
        on_step: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._files = files
        self._calls = calls
        self._governor = governor
        self._passphrase = passphrase
        self._on_step = on_step

    async def plan(self) -> RotationPlan:
        """Read the files and the chain, and say what is left to do.

        Raises:
            NotPossibleError: the key that would sign is not the participant's recovery key.
            KeystoreError, ChainError: as `Rotation.plan`.
        """
        own = (await self._calls.read()).participant
        signer = f"0x{self._governor.address.hex()}"
        if own.recovery_key != self._governor.address:
            raise NotPossibleError(
                f"{signer} is not the recovery key of participant {own.participant}",
                code="not_your_participant",
                hint="--keystore names the file of the recovery key",
            )
        begun = self._files.next.exists()
        target = keystore_address(self._files.next) if begun else None
        steps: list[Step] = [] if begun else ["make"]
        steps += [] if target == own.admin_key else ["add"]
        steps += ["switch"]
        who = f"participant {own.participant} ({own.slug})"
        words = [f"Replace the admin key of {who}; it is 0x{own.admin_key.hex()} now."]
        words += [f"Make a new key in {self._files.next}."] if "make" in steps else []
        if "add" in steps:
            words.append(
                f"Make it the admin key on the chain, signed with the recovery key {signer}: no "
                "vote, no delay, and the key epoch stays. From that block on the old key neither "
                "votes nor changes anything."
            )
        words.append(f"Put it in the place of {self._files.current}.")
        return RotationPlan(tuple(steps), own.admin_key, target, (), tuple(words))

    async def carry_out(self, plan: RotationPlan, *, restarted: bool = False) -> Rotated:
        """Do what is left to do; `restarted` means nothing here, for no gateway is in the way.

        Raises:
            ContractRefusedError, ChainError, KeystoreError: the steps before are done, and the
                same again goes on.
        """
        del restarted
        if "make" in plan.steps:
            create_keystore(self._files.next, self._passphrase)
            self._on_step("made")
        target = load_keystore(self._files.next, self._passphrase).address
        if "add" in plan.steps:
            await self._governor.call(self._calls.replace_admin(target))
            if (await self._calls.read()).participant.admin_key != target:
                raise ChainUnavailableError("the chain does not show the new key yet")
            self._on_step("added")
        self._files.switch(plan.current)
        self._on_step("switched")
        return Rotated(target, (), ())
