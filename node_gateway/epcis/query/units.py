"""Units of measure that can be compared with each other.

A query for 280 kelvin and more finds an event that says 8 degrees Celsius: EPCIS wants values
compared in the unit that the parameter names. Units of one dimension are converted; a unit that is
not listed is comparable with itself only.

Source: EPCIS 2.0 section 8.2.7.1 (value, minValue, ... with `uom`); UN/ECE Recommendation 20.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Unit:
    """`value * factor + offset` gives the value in the base unit of the dimension."""

    dimension: str
    factor: float
    offset: float = 0.0


def _units(dimension: str, **factors: float) -> dict[str, Unit]:
    return {code.removeprefix("_"): Unit(dimension, factor) for code, factor in factors.items()}


UNITS: Final[Mapping[str, Unit]] = MappingProxyType(
    {
        "KEL": Unit("temperature", 1.0),
        "CEL": Unit("temperature", 1.0, 273.15),
        "FAH": Unit("temperature", 5 / 9, 459.67 * 5 / 9),
        "A48": Unit("temperature", 5 / 9),
        **_units(
            "mass", MC=1e-9, MGM=1e-6, GRM=1e-3, KGM=1.0, TNE=1e3, ONZ=0.028349523125,
            LBR=0.45359237, CWI=50.80234544, LTN=1016.0469088, STN=907.18474, APZ=0.0311034768,
        ),
        **_units(
            "length", C45=1e-9, _4H=1e-6, MMT=1e-3, CMT=1e-2, DMT=0.1, MTR=1.0, KMT=1e3,
            INH=0.0254, FOT=0.3048, YRD=0.9144, SMI=1609.344, NMI=1852.0,
        ),
        **_units("area", MMK=1e-6, CMK=1e-4, MTK=1.0, HAR=1e4, KMK=1e6, FTK=0.09290304),
        **_units(
            "volume", _4G=1e-9, MLT=1e-6, CLT=1e-5, DLT=1e-4, LTR=1e-3, HLT=0.1, MTQ=1.0,
            MMQ=1e-9, CMQ=1e-6, DMQ=1e-3, GLL=0.003785411784, GLI=0.00454609, OZA=2.95735295625e-5,
            OZI=2.84130625e-5, PT=4.73176473e-4, QT=9.46352946e-4, INQ=1.6387064e-5,
            FTQ=0.028316846592,
        ),
        **_units(
            "time", C47=1e-9, B98=1e-6, C26=1e-3, SEC=1.0, MIN=60.0, HUR=3600.0, DAY=86400.0,
            WEE=604800.0,
        ),
        **_units(
            "pressure", PAL=1.0, A97=100.0, KPA=1e3, MPA=1e6, MBR=100.0, BAR=1e5, ATM=101325.0,
            PS=6894.757293168, HN=133.322387415, F79=3386.388640341,
        ),
        **_units("relative", P1=0.01, _2C=1.0, _59=1e-6, NX=1e-3, C62=1.0),
        **_units("count", H87=1.0, EA=1.0, DZN=12.0, MIL=1000.0),
        **_units("speed", MTS=1.0, KMH=1 / 3.6, HM=0.44704, KNT=1852 / 3600),
        **_units("energy", JOU=1.0, KJO=1e3, _3B=1e6, WHR=3600.0, KWH=3.6e6, D70=4.1868),
        **_units("power", D31=1e-6, C31=1e-3, WTT=1.0, KWT=1e3, MAW=1e6),
        **_units("voltage", D82=1e-6, _2Z=1e-3, VLT=1.0, KVT=1e3),
        **_units("current", B84=1e-6, _4K=1e-3, AMP=1.0, B22=1e3),
        **_units("frequency", HTZ=1.0, KHZ=1e3, MHZ=1e6, A86=1e9),
        **_units("acceleration", MSK=1.0, K40=9.80665, C11=1e-3),
        **_units("angle", DD=0.017453292519943295, C81=1.0, C25=1e-3, M43=2.908882086657216e-4),
        **_units("density", KMQ=1.0, _23=1e3, GL=1.0, A93=1e-3, GP=1e-6),
    }
)  # fmt: skip
"""By code. `relative` is what is said of a whole: percent, per mille, parts per million."""


def converted(value: float, unit: str, wanted: str) -> float | None:
    """Return a value in another unit, None if the two cannot be compared.

    Args:
        value: The value as stated.
        unit: Its unit, a code of UN/ECE Recommendation 20.
        wanted: The unit to compare in.
    """
    if unit == wanted:
        return value
    one, other = UNITS.get(unit), UNITS.get(wanted)
    if one is None or other is None or one.dimension != other.dimension:
        return None
    return (value * one.factor + one.offset - other.offset) / other.factor
