"""Rules that ask master data: limits of temperature, and where a product is meant to be."""

from node_gateway.state.folding import NoLookups
from node_gateway.state.history import review, said_of
from node_gateway.state.sensors import Limits, Reading, exceeds, readings
from tests.gateway.state.flows import MAKER, NOW_MS, SHOP, Event, made, pack, place, received, seen

A = pack("A")
COLD = "06901234123456"


class Known(NoLookups):
    """Keeps at 2 to 8 degrees, sold in one region."""

    def limits(self, product: str) -> Limits | None:
        return Limits(2, 8) if product == COLD else None

    def regions(self, product: str) -> frozenset[str] | None:
        return frozenset({"浙江"}) if product == COLD else None

    def region_of(self, place_id: str) -> str | None:
        return {place(MAKER): "浙江", place(SHOP): "广东"}.get(place_id)


def rules(*events: Event) -> list[tuple[int, str]]:
    found = review(said_of(events, received_ms=NOW_MS), Known()).findings
    return sorted((one.position - 1, one.rule.word) for one in found)


def measured(hours: float, **report: object) -> Event:
    element = {"sensorReport": [{"type": "Temperature", "uom": "CEL", **report}]}
    return seen(hours, [A], "sensor_reporting", sensorElementList=[element])


def test_a_temperature_outside_the_limits_of_the_product() -> None:
    assert rules(made(0, [A]), measured(1, value=8.0), measured(2, minValue=2)) == []
    assert rules(made(0, [A]), measured(1, value=8.5)) == [(1, "cold_chain_excursion")]
    assert rules(made(0, [A]), measured(1, minValue=-1, maxValue=5)) == [
        (1, "cold_chain_excursion")
    ]
    assert rules(made(0, [A]), measured(1, value=50, uom="FAH")) == [(1, "cold_chain_excursion")]
    assert rules(made(0, [A]), measured(1, value=278.15, uom="KEL")) == []


def test_a_product_without_limits_is_not_accused() -> None:
    other = pack("A", "690123499999")
    warm = {**measured(1, value=40), "epcList": [other]}
    assert rules(made(0, [other]), warm) == []


def test_what_is_no_temperature_is_not_read_as_one() -> None:
    humid = [{"sensorReport": [{"type": "RelativeHumidity", "value": 90, "uom": "A93"}]}]
    fault = [{"sensorReport": [{"type": "Temperature", "exception": "ERROR_CONDITION"}]}]
    assert readings(humid) == readings(fault) == ()
    assert exceeds(Reading(None, None, alarm=True), None)
    assert not exceeds(Reading(100, 100, alarm=False), None)


def test_a_product_outside_its_regions() -> None:
    assert rules(made(0, [A])) == []
    assert rules(received(1, [A], MAKER, SHOP)) == [(0, "diversion")]


def test_without_master_data_nobody_is_accused() -> None:
    events = [made(0, [A]), measured(1, value=40), received(2, [A], MAKER, MAKER)]
    assert review(said_of(events, received_ms=NOW_MS)).findings == set()
