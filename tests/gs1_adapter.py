"""Sealtrail as `check_all.py` of the GS1 corpus asks for it, by the product's own code.

    cd <checkout> && python ../shared/gs1/check_all.py --adapter tests.gs1_adapter

Run it with the environment of the gateway; tests/test_gs1_corpus.py does so.
"""

from __future__ import annotations

import time
from typing import Any, cast

from node_gateway.codes.china.drug_code import DrugCodeError, parse_drug_code
from node_gateway.codes.china.findings import FileFormError
from node_gateway.codes.china.relation import read_relation
from node_gateway.codes.gs1 import Gs1SyntaxError, InputType, parse
from node_gateway.epcis import event_hash
from node_gateway.epcis.identifiers import canonical_dl as canonical
from node_gateway.epcis.identifiers import id_valid as well_formed
from node_gateway.epcis.normalise import normalise_document
from node_gateway.epcis.validation import EpcisValidator
from node_gateway.epcis.xml.read import read_xml
from node_gateway.state.history import review, said_of

SIZE_BYTES_MAX = 32 << 20
_VALIDATOR = EpcisValidator()


def event_hashes(doc: dict[str, Any], ver: str) -> list[str]:
    return event_hash.event_hashes(doc, version=ver)


def event_hashes_xml(text: str, ver: str) -> list[str]:
    read = read_xml(text.encode(), size_bytes_max=SIZE_BYTES_MAX)
    return event_hash.event_hashes(read.document, version=ver)


def schema_ok(doc: object) -> bool:
    return _VALIDATOR.is_valid_document(doc)


def canonical_dl(s: str) -> str | None:
    return canonical(s)


def id_valid(s: str, gcp_length: int | None) -> bool:
    return well_formed(s, gcp_length)


def parse_gs1(input_type: str, s: str) -> dict[str, Any] | None:
    try:
        return {"bracketed": parse(cast("InputType", input_type), s).bracketed}
    except Gs1SyntaxError:
        return None


def flow_violations(doc: dict[str, Any]) -> list[tuple[int, str]]:
    """Return (event index, rule) of what the rules find in a document captured now, each once."""
    events = [one.event for one in normalise_document(doc)]
    found = review(said_of(events, received_ms=time.time_ns() // 1_000_000)).findings
    return sorted({(one.position - 1, one.rule.word) for one in found})


def cn_code(s: str) -> dict[str, str] | None:
    try:
        code = parse_drug_code(s)
    except DrugCodeError:
        return None
    return {"drug_id": code.drug_id, "serial": code.serial9, "check": code.check4}


def cn_relation_ok(xml: bytes) -> bool:
    try:
        return read_relation([xml]).is_valid
    except FileFormError:
        return False
