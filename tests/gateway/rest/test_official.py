"""Our lists of the official names are GS1's, and results are valid against GS1's own schema."""

from __future__ import annotations

import csv
import json
from typing import Any

import jsonschema_rs
import pytest

from node_gateway.epcis.query.parameters import FIXED, STEERING, TIMES
from tests.conftest import GS1_DIR
from tests.gateway.rest.conftest import Rest
from tests.gateway.rest.official import ENDPOINTS, PAGING, PARAMETERS, SCHEDULE
from tests.gateway.rest.openapi_patches import PATCHES, operations, patched


def rows(name: str) -> list[dict[str, str]]:
    with (GS1_DIR / "rest" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def description() -> dict[str, Any]:
    raw = (GS1_DIR / "schema" / "openapi.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(raw)
    return found


@pytest.mark.gs1_corpus(cases=63)
def test_endpoints_are_those_of_the_official_file() -> None:
    assert {f"{row['method']} {row['path']}" for row in rows("endpoints.tsv")} == set(ENDPOINTS)
    named = {f"{method} {path}" for method, path, _ in operations(description())}
    assert named == set(ENDPOINTS)


@pytest.mark.gs1_corpus(cases=64)
def test_parameters_are_those_of_the_official_file() -> None:
    official = {row["name"] for row in rows("query_params.tsv")}
    assert official == {*PARAMETERS, *PAGING, *SCHEDULE}


def test_every_official_parameter_is_read() -> None:
    assert set(PARAMETERS) - {*FIXED, *TIMES, *STEERING} == {
        f"{operation}_quantity" for operation in ("EQ", "GT", "GE", "LT", "LE")
    }


@pytest.mark.gs1_corpus(cases=len(PATCHES))
@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: patch.__name__)
def test_every_patch_still_finds_its_defect(patch: Any) -> None:
    before = description()
    after = description()
    patch(after)
    assert after != before
    assert patch.__doc__
    assert patched(before) != before


@pytest.mark.gs1_corpus(cases=1)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("form", ["Always_GS1_Digital_Link", "Always_EPC_URN"])
async def test_results_are_valid_for_the_official_schema(rest: Rest, form: str) -> None:
    schema = json.loads((GS1_DIR / "schema" / "EPCIS-JSON-Schema.json").read_text("utf-8"))
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    for path in (
        "/events?perPage=100",
        "/events?eventType=AggregationEvent",
        "/events?EQ_action=DELETE",
    ):
        for extensions in ("", "ex=https://ns.example.com/epcis/"):
            answer = await rest.get(path, GS1_EPC_Format=form, GS1_Extensions=extensions)
            errors = [str(error) for error in validator.iter_errors(answer.json())]
            assert errors == []
