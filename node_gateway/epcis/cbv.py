"""Words of the Core Business Vocabulary: every full spelling to the bare word of EPCIS 2.0 JSON.

Source: CBV 2.0 section 7; the enumerations of the official EPCIS 2.0 JSON Schema; measurement
types and sensor alerts of the GS1 Web Vocabulary. Other words keep their full URI.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal

Vocabulary = Literal[
    "biz_step", "disposition", "biz_transaction", "source_destination", "error_reason",
    "measurement", "alert", "component",
]  # fmt: skip

_WORDS: Final[Mapping[Vocabulary, str]] = MappingProxyType(
    {
        "biz_step": """accepting arriving assembling collecting commissioning consigning
            creating_class_instance cycle_counting decommissioning departing destroying
            disassembling dispensing encoding entering_exiting holding inspecting installing killing
            loading other packing picking receiving removing repackaging repairing replacing
            reserving retail_selling sampling sensor_reporting shipping staging_outbound
            stock_taking stocking storing transporting unloading unpacking void_shipping""",
        "disposition": """active available completeness_inferred completeness_verified conformant
            container_closed container_open damaged destroyed dispensed disposed encoded expired
            in_progress in_transit inactive mismatch_class mismatch_instance mismatch_quantity
            needs_replacement no_pedigree_match non_conformant non_sellable_other
            partially_dispensed recalled reserved retail_sold returned sellable_accessible
            sellable_not_accessible stolen unavailable unknown""",
        "biz_transaction": """bol cert desadv inv pedigree po poc prodorder recadv rma testprd
            testres upevt""",
        "source_destination": "owning_party possessing_party location",
        "error_reason": "did_not_occur incorrect_data",
        "measurement": """AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude
            AmountOfSubstance AmountOfSubstancePerUnitVolume Angle AngularAcceleration
            AngularMomentum AngularVelocity Area Capacitance Conductance Conductivity Count Density
            Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity ElectricCharge
            ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force
            Frequency Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum
            Luminance LuminousFlux LuminousIntensity MagneticFlux MagneticFluxDensity
            MagneticVectorPotential Mass MassConcentration MassFlowRate MassPerAreaTime
            MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure
            RadiantFlux RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity
            SolidAngle SpecificVolume Speed SurfaceDensity SurfaceTension Temperature Time Torque
            Voltage Volume VolumeFlowRate VolumeFraction VolumetricFlux Wavenumber""",
        "alert": "ALARM_CONDITION ERROR_CONDITION",
        "component": """altitude axial_distance azimuth easting elevation_angle height latitude
            longitude northing polar_angle spherical_radius x y z""",
    }
)

_CBV: Final = (
    "cbv:", "https://ref.gs1.org/cbv/", "http://ref.gs1.org/cbv/", "https://ns.gs1.org/cbv/",
    "http://ns.gs1.org/cbv/",
)  # fmt: skip
_GS1: Final = (
    "gs1:", "https://gs1.org/voc/", "http://gs1.org/voc/", "https://www.gs1.org/voc/",
    "http://www.gs1.org/voc/", "https://ref.gs1.org/voc/",
)  # fmt: skip
_URN: Final = "urn:epcglobal:cbv:"


def _cbv(name: str, urn: str) -> tuple[str, ...]:
    return (*(f"{space}{name}-" for space in _CBV), f"{_URN}{urn}:")


_PREFIXES: Final[Mapping[Vocabulary, tuple[str, ...]]] = MappingProxyType(
    {
        "biz_step": _cbv("BizStep", "bizstep"),
        "disposition": _cbv("Disp", "disp"),
        "biz_transaction": _cbv("BTT", "btt"),
        "source_destination": _cbv("SDT", "sdt"),
        "error_reason": _cbv("ER", "er"),
        "measurement": _GS1,
        "alert": _GS1,
        "component": _cbv("Comp", "component"),
    }
)


def _spellings(vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    for word in _WORDS[vocabulary].split():
        yield word, word
        for prefix in _PREFIXES[vocabulary]:
            yield prefix + word, word


_BARE: Final[Mapping[Vocabulary, Mapping[str, str]]] = MappingProxyType(
    {vocabulary: MappingProxyType(dict(_spellings(vocabulary))) for vocabulary in _WORDS}
)


def standard_words(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the bare words of a vocabulary, in alphabetical order."""
    return tuple(sorted(_WORDS[vocabulary].split()))


def bare_word(vocabulary: Vocabulary, value: str) -> str | None:
    """Return the bare CBV word that `value` spells, or None if it is no word of `vocabulary`.

    Args:
        vocabulary: Which of the lists; the same word can stand in two.
        value: Bare word, `urn:epcglobal:cbv:bizstep:...`, `https://ref.gs1.org/cbv/BizStep-...`,
            `cbv:BizStep-...`, `https://gs1.org/voc/...` or `gs1:...`.
    """
    return _BARE[vocabulary].get(value)


def full_word(vocabulary: Vocabulary, word: str, *, urn: bool) -> str:
    """Return the URI of a bare word, for XML; what is no word of `vocabulary` comes back as it is.

    Args:
        vocabulary: Which of the lists.
        word: The bare word.
        urn: As `urn:epcglobal:cbv:...`, otherwise as a web address. Measurement types, alerts and
            components have no URN; they are `gs1:...` and `cbv:...` then, as in GS1's examples.
    """
    if _BARE[vocabulary].get(word) != word:
        return word
    spaces = _PREFIXES[vocabulary]
    if not urn:
        return spaces[1] + word
    curie = vocabulary in ("measurement", "alert", "component")
    return (spaces[0] if curie else spaces[-1]) + word
