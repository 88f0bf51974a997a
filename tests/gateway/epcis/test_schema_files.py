"""The schema files themselves: well formed, closed among themselves, every word in its place."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

import node_gateway.epcis as package
from tests.gateway.epcis.mutations import slots

FOLDER = Path(package.__path__[0]) / "schema"
FILES = sorted(FOLDER.glob("*.json"))
SCHEMAS = {path.name: json.loads(path.read_text("utf-8")) for path in FILES}


def values_of(keyword: str) -> list[tuple[Any, Any]]:
    """Return every value of a keyword, with the schema object it stands in."""
    return [(h[k], h) for schema in SCHEMAS.values() for h, k in slots(schema) if k == keyword]


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_file_is_a_json_schema_named_after_itself(name: str) -> None:
    assert jsonschema_rs.meta.is_valid(SCHEMAS[name])
    assert SCHEMAS[name]["$id"].rpartition("/")[2] == name


def test_references_stay_within_the_folder() -> None:
    references = [reference for reference, _ in values_of("$ref")]
    assert len(references) > 80
    assert {reference.partition("#")[0] for reference in references} <= {"", *SCHEMAS}


def test_every_problem_has_its_keyword_code_and_words() -> None:
    problems = values_of("x-problem")
    assert len(problems) > 20
    for by_keyword, schema in problems:
        for keyword, words in by_keyword.items():
            assert keyword in schema
            assert re.fullmatch(r"[a-z]+(_[a-z]+)*", words["code"])
            assert words["detail"].endswith(".")
            assert words["hint"].endswith(".")


def test_every_hint_about_a_missing_member_is_about_a_required_one() -> None:
    for by_member, schema in values_of("x-missing"):
        assert set(by_member) <= set(schema["required"])
