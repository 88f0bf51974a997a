"""A plan and what came of it, as programs read it; the same over HTTP and with `--json`."""

from __future__ import annotations

from typing import Any

from node_gateway.services.governing import Outcome
from node_gateway.services.governing_wishes import Plan


def report(plan: Plan, outcome: Outcome | None) -> dict[str, Any]:
    """Return the JSON form; without an outcome it was a dry run.

    Members that mean nothing here are null. `needed` is false if nothing was left to do.
    """
    mined = outcome.mined if outcome else None
    said: Plan | Outcome = outcome or plan
    return {
        "needed": plan.call is not None,
        "sent": mined is not None,
        "words": list(plan.words),
        "outcome": list(outcome.words) if outcome and mined else [],
        "try": (outcome.attempt or None) if outcome else None,
        "failed": outcome.failed if outcome else False,
        "proposal": said.proposal,
        "grant": said.grant,
        "notice": said.notice,
        "state": outcome.state if outcome else None,
        "txHash": mined.tx_hash.hex() if mined else None,
        "blockNumber": mined.block_number if mined else None,
        "blockTime": mined.block_time if mined else None,
    }
