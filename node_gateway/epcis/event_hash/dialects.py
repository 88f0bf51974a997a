"""What differs between the versions, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from node_gateway.epcis.event_hash.scalars import double_number, even_time, exact_number, exact_time
from node_gateway.epcis.event_hash.versions import EventHashVersion

_KNOWN_SPACES: Final = MappingProxyType(
    {
        "gs1": "https://ref.gs1.org/voc/",
        "cbv": "https://ref.gs1.org/cbv/",
        "epcis": "https://ref.gs1.org/epcis/",
    }
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of putting the text together.

    Attributes:
        version: Its name.
        inline_extensions: Extensions of readPoint, bizLocation and sensor objects stand inside
            these, behind the standard members; else in a block of their own behind ilmd.
        sensor_list: What stands before the sensor elements; nothing in CBV 2.0.
        certification: `certificationInfo` is hashed.
        ordered_pairs: bizTransactionList, sourceList and destinationList have a place in the
            order; else they are sorted among the extensions.
        parent_first: parentID precedes epcList.
        official_prefixes: A prefix of the official context stays in a stored event's names.
        number: Spelling of numbers.
        time: Spelling of times.
        true, false: Spelling of JSON booleans.
        web_vocabulary: Namespace of measurement types and alerts.
        spaces: Prefixes that are written out in values, whatever the context says.
    """

    version: EventHashVersion
    inline_extensions: bool
    sensor_list: str
    number: Callable[[str], str] = exact_number
    time: Callable[[str], str] = exact_time
    certification: bool = False
    ordered_pairs: bool = True
    parent_first: bool = False
    official_prefixes: bool = False
    true: str = "true"
    false: str = "false"
    web_vocabulary: str = "https://ref.gs1.org/voc/"
    spaces: Mapping[str, str] = field(default_factory=lambda: _KNOWN_SPACES)


DIALECTS: Final[Mapping[EventHashVersion, Dialect]] = MappingProxyType(
    {
        EventHashVersion.CBV_2_0: Dialect(
            EventHashVersion.CBV_2_0, inline_extensions=False, sensor_list=""
        ),
        EventHashVersion.CBV_2_1: Dialect(
            EventHashVersion.CBV_2_1, inline_extensions=True, sensor_list="sensorElementList"
        ),
        EventHashVersion.LEGACY: Dialect(
            EventHashVersion.LEGACY,
            inline_extensions=True,
            sensor_list="sensorElementList",
            number=double_number,
            time=even_time,
            certification=True,
            ordered_pairs=False,
            parent_first=True,
            official_prefixes=True,
            true="True",
            false="False",
            web_vocabulary="https://gs1.org/voc/",
            spaces=MappingProxyType({}),
        ),
    }
)
