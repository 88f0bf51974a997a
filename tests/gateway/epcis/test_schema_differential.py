"""Our schema and the official one: one verdict on every document and on every damage to it."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from node_gateway.epcis.validation import EpcisValidator
from tests.conftest import GS1_DIR
from tests.gateway.epcis.mutations import Mutator, words_of

FOLDERS = ("epcis_json", "flows")
FILES = sorted(f for folder in FOLDERS for f in (GS1_DIR / folder).rglob("*.json"))
OFFICIAL = GS1_DIR / "schema" / "EPCIS-JSON-Schema.json"
MUTATIONS_PER_DOCUMENT = 40
DOCUMENTS = 242


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8-sig"))


@pytest.fixture(scope="module")
def documents() -> list[Any]:
    return [read(path) for path in FILES]


@pytest.fixture(scope="module")
def official() -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(read(OFFICIAL), validate_formats=True, offline=True)


@pytest.fixture(scope="module")
def ours() -> EpcisValidator:
    return EpcisValidator()


@pytest.mark.gs1_corpus(cases=DOCUMENTS)
def test_the_verdict_on_every_document_is_the_official_one(
    ours: EpcisValidator, official: jsonschema_rs.Validator, documents: list[Any]
) -> None:
    assert len(documents) >= DOCUMENTS
    verdicts = [official.is_valid(document) for document in documents]
    assert {True, False} <= set(verdicts)
    assert [ours.is_valid_document(document) for document in documents] == verdicts


@pytest.mark.gs1_corpus(cases=DOCUMENTS)
def test_every_refusal_of_a_document_has_a_reason_of_its_own(
    ours: EpcisValidator, documents: list[Any]
) -> None:
    for document in documents:
        problems = ours.validate_document(document)
        assert bool(problems) is not ours.is_valid_document(document)
        assert "not_allowed" not in {problem.code for problem in problems}


@pytest.mark.gs1_corpus(cases=DOCUMENTS * MUTATIONS_PER_DOCUMENT)
@pytest.mark.parametrize("seed", range(2))
def test_the_verdict_on_damaged_documents_is_the_official_one(
    ours: EpcisValidator, official: jsonschema_rs.Validator, documents: list[Any], seed: int
) -> None:
    mutator = Mutator(documents, words_of(read(OFFICIAL)), seed=seed)
    verdicts: Counter[bool] = Counter()
    for document in documents:
        for _ in range(MUTATIONS_PER_DOCUMENT):
            damaged = mutator.mutate(document)
            verdict = official.is_valid(damaged)
            assert ours.is_valid_document(damaged) is verdict, json.dumps(damaged)
            problems = ours.validate_document(damaged)
            assert bool(problems) is not verdict
            assert "not_allowed" not in {problem.code for problem in problems}, json.dumps(damaged)
            verdicts[verdict] += 1
    assert min(verdicts[True], verdicts[False]) > verdicts.total() / 10
