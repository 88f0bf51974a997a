"""What the answers about governing look like; see `answers`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from node_gateway.api.answers import Hash, _Answer


class Governed(_Answer):
    """What was or would be signed, in words, and what came of it.

    `needed` is false if nothing was left to do; `sent` is false then, and after a dry run.
    `words` say what the call does, `outcome` what stands on the chain now, `try` what to do next.
    `failed`: the action was executed, and the contracts refused it.
    """

    needed: bool
    sent: bool
    words: list[str]
    outcome: list[str]
    next_step: Annotated[str | None, Field(alias="try")]
    failed: bool
    proposal: int | None
    grant: int | None
    notice: int | None
    state: str | None
    tx_hash: Hash | None
    block_number: int | None
    block_time: int | None
