"""The reference pages say what the code does: every route, command, setting and problem code."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from node_gateway.api.description import ANSWERS
from node_gateway.api.problems import _TOO_LARGE_CODES
from node_gateway.app import describe_app
from node_gateway.services.browsing import TREES
from tests.gateway.running import (
    Running,
    commissioning,
    dispensing,
    document,
    sgtin,
    shipping,
)
from tests.rules.source import ROOT

REFERENCE = ROOT / "docs" / "reference"
# Verifiers' own refusals: docs/reference/formats.md lists them.
VERIFYING = (
    "anchoring/core/act.py",
    "anchoring/core/bundle.py",
    "anchoring/core/merkle.py",
    "anchoring/core/opening.py",
    "anchoring/core/receipt.py",
    "anchoring/core/shape.py",
    "anchoring/core/strict_json.py",
    "anchoring/core/verify.py",
)
OF_VERIFIERS = frozenset(
    """
    act_missing bundle_shape codes_root_mismatch disclosure_shape duplicate_path inconsistent
    proof_shape receipt_invalid record_mismatch root_mismatch verification_error
    """.split()  # noqa: SIM905
)


def routes() -> list[tuple[str, str, dict[str, Any]]]:
    paths = describe_app().openapi()["paths"]
    return [(m.upper(), path, one) for path, some in paths.items() for m, one in some.items()]


@pytest.mark.parametrize("script", ["write_openapi.py", "make_reference.py", "make_conformance.py"])
def test_what_is_made_from_the_code_is_up_to_date(script: str) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / script, "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nTry: python scripts/{script}"


def sections() -> dict[str, str]:
    """Return the text below each heading; one with `{tree}` stands for all browse trees."""
    pages = ((REFERENCE / name).read_text(encoding="utf-8") for name in ("http.md", "epcis.md"))
    parts = [re.split(r"^### `(.+)`$", page, flags=re.M) for page in pages]
    return {
        heading.replace("{tree}", tree): text
        for one in parts
        for heading, text in zip(one[1::2], one[2::2], strict=True)
        for tree in (TREES if "{tree}" in heading else ("",))
    }


def test_every_route_has_its_section_and_no_other() -> None:
    assert set(sections()) == {f"{method} {path}" for method, path, _ in routes()}


@pytest.mark.parametrize(("method", "path", "operation"), routes())
def test_a_section_names_scope_parameters_and_problems(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    text = sections()[f"{method} {path}"]
    if path.startswith("/v1/peer/"):
        assert "signed" in text.lower()  # by another participant: no API key opens it
    elif "security" in operation:
        assert "Scope `" in text
    for parameter in operation.get("parameters", []):
        if parameter["in"] != "path" and "POST /epcis/events" not in f"{method} {path}":
            assert parameter["name"].lower() in text.lower(), parameter["name"]
    stated = re.search(r"Problems: ([a-z_, ]+)", operation.get("description", ""))
    for code in stated[1].replace(",", " ").split() if stated else ():
        assert f"`{code}`" in text or "as for a document" in text, code


def test_every_operation_has_its_answers() -> None:
    assert set(ANSWERS) == {operation["operationId"] for _, _, operation in routes()}
    for _, _, operation in routes():
        assert "default" in operation["responses"]
        assert "422" not in operation["responses"]


def codes_in(path: Path) -> Iterator[str]:
    """Yield every code that a module gives to an error, a spot or a problem."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        values: list[ast.expr | None] = []
        if isinstance(node, ast.ClassDef):
            for one in node.body:
                target = one.targets[0] if isinstance(one, ast.Assign) else None
                target = one.target if isinstance(one, ast.AnnAssign) else target
                if isinstance(target, ast.Name) and target.id == "code":
                    values.append(one.value)  # type: ignore[union-attr]
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            values += [one.value for one in node.keywords if one.arg == "code"]
            values += node.args[:1] if name in ("Spot", "CaptureProblem") else []
        yield from (
            one.value
            for one in values
            if isinstance(one, ast.Constant) and isinstance(one.value, str)
        )


def codes_of_schemas(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for words in node.get("x-problem", {}).values():
            yield words["code"]
        for one in node.values():
            yield from codes_of_schemas(one)
    elif isinstance(node, list):
        for one in node:
            yield from codes_of_schemas(one)


def known_codes() -> set[str]:
    """Return every problem code that the gateway's source can answer with."""
    sources = [*(ROOT / "node_gateway").rglob("*.py"), *(ROOT / "anchoring/core").glob("*.py")]
    sources += [ROOT / "anchoring/errors.py", ROOT / "anchoring/chain/keystore.py"]
    apart = {ROOT / one for one in VERIFYING}
    codes = {
        code
        for path in sources
        if path not in apart and "demo" not in path.parts and "cli" not in path.parts
        for code in codes_in(path)
    }
    for path in (ROOT / "node_gateway/epcis/schema").glob("*.json"):
        codes |= set(codes_of_schemas(json.loads(path.read_text(encoding="utf-8"))))
    return codes - OF_VERIFIERS


def documented() -> dict[str, str]:
    """Return the HTTP status by code, as the page has it."""
    page = (REFERENCE / "problems.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \| [^|]+ \| [^|]+ \|$", page, flags=re.M)
    listed = [(code, status) for codes, status in rows for code in re.findall(r"`(\w+)`", codes)]
    assert len(listed) == len(dict(listed)), "a code stands there twice"
    return dict(listed)


def test_every_problem_code_of_the_source_is_explained() -> None:
    assert known_codes() - set(documented()) == set()


def test_no_problem_code_is_explained_that_nothing_gives() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for package in ("node_gateway", "anchoring")
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".py", ".json")
    )
    made = {code for code in documented() if not re.search(rf'"{code}"', text)}
    assert made == set()


@pytest.mark.parametrize("code", sorted(_TOO_LARGE_CODES))
def test_limits_are_413(code: str) -> None:
    assert documented()[code] == "413"


def matches(operation_id: str, status: int, value: object) -> None:
    """Check an answer against the published description, not against our own models."""
    description = json.loads((REFERENCE / "openapi.json").read_text(encoding="utf-8"))
    (operation,) = (
        one
        for some in description["paths"].values()
        for one in some.values()
        if one["operationId"] == operation_id
    )
    schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    whole = {**schema, "components": description["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


@pytest.mark.asyncio(loop_scope="module")
async def test_answers_are_as_described(shared: Running) -> None:
    client, code = shared.client, sgtin()
    made = await shared.capture(commissioning(code), shipping(code), dispensing(code))
    matches("captureDocument", 202, made.json())
    report = made.json()
    bad = {**commissioning(sgtin()), "action": "PERHAPS"}
    proceeding = {"GS1-Capture-Error-Behaviour": "proceed"}
    matches("captureDocument", 202, (await shared.capture(bad, **proceeding)).json())
    entries = [one["entry"] for one in report["events"]]
    await shared.final(*entries)
    single = json.dumps({"@context": document()["@context"], **shipping(sgtin())})
    matches("captureEvent", 201, (await client.post("/epcis/events", content=single)).json())
    new = await client.post("/v1/api-keys", json={"name": "x", "scopes": ["query"]})
    matches("addApiKey", 201, new.json())
    for operation, path in {
        "getCaptureJob": made.headers["location"],
        "getReceipts": report["receipts"],
        "getEventState": f"/v1/events/{entries[0]}",
        "traceCode": f"/v1/codes/{code}",
        "lookUpCode": f"/v1/public/codes/{code}",
        "listAnchors": "/v1/anchors",
        "listEntries": f"/v1/streams/{65536}/anchors/1/entries",
        "getStatus": "/v1/status",
        "listApiKeys": "/v1/api-keys",
        "health": "/healthz",
        "readiness": "/readyz",
    }.items():
        matches(operation, 200, (await client.get(path)).json())
    matches("lookUpCode", 200, (await client.get(f"/v1/public/codes/{sgtin()}")).json())
    matches("anchorNow", 202, (await client.post("/v1/operations/anchor")).json())
    erased = await client.delete(f"/v1/events/{entries[2]}")
    matches("eraseEvent", 200, erased.json())
    matches("traceCode", 200, (await client.get(f"/v1/codes/{code}")).json())
    revoked = await client.delete(f"/v1/api-keys/{new.json()['id']}")
    matches("revokeApiKey", 200, revoked.json())
