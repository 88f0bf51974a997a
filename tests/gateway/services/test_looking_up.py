"""Public look-ups are counted by what the request says, whether the code exists or not."""

import pytest

from node_gateway.errors import RateLimitError
from node_gateway.services import looking_up
from node_gateway.services.looking_up import LookUps
from node_gateway.settings import LimitsSection

CODE = "https://id.gs1.org/01/06901234123456/21/"
OTHER = "https://id.gs1.org/01/09506000134352/21/"
DRUG = "urn:x-cn-drug:8123456"


def made(**rates: str) -> LookUps:
    return LookUps(LimitsSection(**rates))


def asked(lookups: LookUps, *codes: str, lot: str | None = None) -> int:
    """Return how many of the look-ups were let through."""
    passed, refusals = 0, list[RateLimitError]()
    for code in codes:
        try:
            lookups.about(code, lot)
        except RateLimitError as limited:
            refusals.append(limited)
        else:
            passed += 1
    assert {str(one) for one in refusals} <= {"too many look-ups"}
    assert all(1 <= (one.retry_after_s or 0) <= 121 for one in refusals)
    return passed


def test_a_product_is_one_count_from_all_addresses() -> None:
    lookups = made(public_per_product="5/minute")
    assert asked(lookups, *(f"{CODE}{at}" for at in range(9))) == 5
    assert asked(lookups, *(f"{OTHER}{at}" for at in range(9))) == 5


def test_an_indicator_digit_makes_no_other_product() -> None:
    lookups = made(public_per_product="5/minute")
    assert asked(lookups, *(f"{CODE}{at}" for at in range(5))) == 5
    assert asked(lookups, "https://id.gs1.org/01/16901234123453/21/1") == 0


def test_drugs_and_what_has_no_product_are_counted_too() -> None:
    lookups = made(public_per_product="5/minute")
    assert asked(lookups, *(f"{DRUG}{at:013d}" for at in range(9))) == 5
    assert asked(lookups, *(f"urn:example:{at:030d}/21/x{at}" for at in range(9))) == 9
    assert asked(lookups, *["https://id.gs1.org/00/069012340000000016"] * 9) == 5


def test_a_lot_is_what_the_request_states() -> None:
    lookups = made(public_per_lot="3/minute")
    assert asked(lookups, *(f"{CODE}{at}" for at in range(9)), lot="L1") == 3
    assert asked(lookups, *(f"{CODE}{at}" for at in range(9)), lot="L2") == 3
    assert asked(lookups, *(f"{OTHER}{at}" for at in range(9)), lot="L1") == 3
    assert asked(lookups, *(f"{CODE}{at}" for at in range(9))) == 9  # none stated


def test_a_key_counts_in_place_of_the_address() -> None:
    lookups = made(public_lookups="2/minute", public_per_key="4/minute")
    for _ in range(4):
        lookups.check("192.0.2.1", key="mine")
    with pytest.raises(RateLimitError):
        lookups.check("192.0.2.1", key="mine")
    lookups.check("192.0.2.1")
    lookups.check("192.0.2.1")
    with pytest.raises(RateLimitError):
        lookups.check("192.0.2.1")


@pytest.mark.asyncio
@pytest.mark.parametrize(("worked_ms", "left_ms"), [(0, 40), (30, 40), (50, 80), (81, 120)])
async def test_answers_leave_at_steps(
    worked_ms: int, left_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a clock of its own: on a busy machine nobody is woken to the millisecond."""
    lookups = made(public_answer_ms=40)  # type: ignore[arg-type]
    slept: list[float] = []

    async def sleep(delay_s: float) -> None:
        slept.append(delay_s)

    monkeypatch.setattr(looking_up.time, "monotonic", lambda: 1000 + worked_ms / 1000)
    monkeypatch.setattr(looking_up.asyncio, "sleep", sleep)
    await lookups.pace(1000)
    monkeypatch.undo()
    (waited_s,) = slept
    assert worked_ms + waited_s * 1000 == pytest.approx(left_ms)
