"""The parts of the core against the published vectors: disclosures, paths, trees, anchors."""

import json
from typing import Any

from tests.js.module_call import call
from tests.js.reference import b64
from tests.js.test_verify_js import VECTORS

SALT = "A" * 22


def vectors(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def opened(disclosures: list[str], kind: str = "openFieldItem") -> list[Any]:
    """Each as [path, value, entry], or the code by which it is refused."""
    expression = f"""(() => {{
      try {{
        const {{ path, value }} = core.{kind}(one);
        return [path, value, core.sha256OfText(one)];
      }} catch (error) {{
        return error.code ?? String(error.stack);
      }}
    }})()"""
    return call(expression, disclosures)


def spelt(path: str) -> str:
    return b64(json.dumps([SALT, path, "x"], ensure_ascii=False, separators=(",", ":")).encode())


def test_disclosures_open_to_what_they_say() -> None:
    cases = vectors("disclosures")["valid"]
    found = opened([one["disclosure"] for one in cases])
    assert found == [[one["path"], one["value"], one["entry"]] for one in cases]


def test_disclosures_are_refused_by_the_same_codes() -> None:
    cases = vectors("disclosures")["invalid"]
    assert opened([one["disclosure"] for one in cases]) == [one["code"] for one in cases]


def test_paths_have_one_spelling() -> None:
    paths = vectors("paths")
    valid = [one["path"] for one in paths["valid"]] + paths["derived"]
    assert [one[0] for one in opened([spelt(path) for path in valid])] == valid
    codes = [spelt(path) for path in paths["code_paths"]]
    assert [one[0] for one in opened(codes, "openCodeItem")] == paths["code_paths"]
    invalid = opened([spelt(one["path"]) for one in paths["invalid"]])
    assert invalid == [one["code"] for one in paths["invalid"]]


def test_trees_have_the_shape_of_rfc_9162() -> None:
    trees = vectors("batch")["trees"]
    lists = [one["entries"] for one in trees]
    roots = [one["root"] for one in trees]
    assert call("core.rootOfEntries(one)", lists) == roots
    cases = [
        [entry, path, index, len(one["entries"]), one["root"]]
        for one in trees
        for index, (entry, path) in enumerate(zip(one["entries"], one["paths"], strict=True))
    ]
    expression = "core.rootFromPath(core.leafOf(one[0]), one[1], one[2], one[3]) === one[4]"
    assert call(expression, cases) == [True] * len(cases)
    longer = [
        [entry, [*path, "00" * 32], index, size, root] for entry, path, index, size, root in cases
    ]
    assert {answer["error"].split(":")[0] for answer in call(expression, longer)} == {"proof_shape"}
    assert call("core.rootOfEntries(one)", [[]]) == [{"error": "batch_entries: no entry"}]


def test_tips_and_records_are_those_of_the_contract() -> None:
    document = vectors("anchor")
    place = {"chainId": document["chainId"], "registry": f"0x{document['registry']}"}
    asked = [[one, place] for one in document["anchors"]]
    assert call("core.tipOf(one[0], one[1])", asked) == [one["tip"] for one in document["anchors"]]
    records = "core.recordOf(core.tipOf(one[0], one[1]), one[0].blockNumber, one[0].blockTime)"
    assert call(records, asked) == [one["record"] for one in document["anchors"]]
