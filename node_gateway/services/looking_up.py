"""Public look-ups: how many there may be, and when their answers leave.

Nothing here reads what is stored. A limit that counted by the lot of a code in the database, or an
answer that leaves as soon as it is made, would tell which codes exist.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from typing import Final

from anchoring.directory.prefixes import product_of_code
from node_gateway.services.limiter import Limiter, network_of
from node_gateway.settings import LimitsSection

_WAYS_LENGTH_MAX: Final = 64
_SERIAL: Final = re.compile(r"/21/.*")


class LookUps:
    """Counts public look-ups by key or address, by product, and by the lot that they state."""

    def __init__(self, limits: LimitsSection) -> None:
        def counting(member: str, *, many: bool) -> Limiter:
            return Limiter(getattr(limits, member), member=f"limits.{member}", many=many)

        self._by_address = counting("public_lookups", many=False)
        self._by_key = counting("public_per_key", many=False)
        self._by_product = counting("public_per_product", many=True)
        self._by_lot = counting("public_per_lot", many=True)
        self._repairs = counting("public_repairs", many=False)
        self._repairs_by_product = counting("public_repairs_per_product", many=True)
        self._step_s = limits.public_answer_ms / 1000

    def check(self, address: str, *, key: str | None = None) -> None:
        """Count a look-up under its API key, or without one under its address.

        Raises:
            RateLimitError: there were too many.
        """
        if key is None:
            self._by_address.check(address)
        else:
            self._by_key.count(key)

    def about(self, code: str, lot: str | None) -> None:
        """Count a look-up under the product of its code, and the lot stated beside the code.

        Args:
            code: Canonical; it need not exist.
            lot: As the request states it (AI 10), never as it is stored.

        Raises:
            RateLimitError: there were too many.
        """
        product = product_of_code(code) or _SERIAL.sub("", code)[:_WAYS_LENGTH_MAX]
        self._by_product.count(product)
        if lot is not None:
            self._by_lot.count(product, lot[:_WAYS_LENGTH_MAX])

    def affords(self, address: str, product: str, tries: int) -> bool:
        """Count a search for the code that a visitor meant, and tell whether it may be made.

        Args:
            address: Whose search it is.
            product: What the searched codes are of.
            tries: How many codes are tried: each weighs as one that was asked for by itself.
        """
        name = network_of(address)
        return self._repairs.takes(name, cost=tries) and self._repairs_by_product.takes(
            product, cost=tries
        )

    async def pace(self, began: float) -> None:
        """Wait for the next moment at which an answer may leave.

        Args:
            began: `time.monotonic()` when the request was taken up.
        """
        if not self._step_s:
            return
        taken = time.monotonic() - began
        steps = max(1, math.ceil(taken / self._step_s))
        await asyncio.sleep(steps * self._step_s - taken)
