"""Two verifiers, written apart, under random damage: the same verdict, at the same step."""

import json
import subprocess
from base64 import b64encode
from random import Random
from typing import Any

import pytest

from anchoring.core.canonical import scalar
from tests.js.forgeries import chain_of
from tests.js.node_verifier import HERE, Chain, codes_of, raw, seen_on_chain
from tests.js.random_bundles import any_number, spoilt_bytes, spoilt_structure, strange_items
from tests.js.reference import ACT, b64, bundle_of, commit, encode
from tests.js.test_two_verifiers import (
    one_item,
    python_code,
    python_codes,
    set_of_three,
    several_items,
)

STEPS = (
    "",  # verified
    "bundle_too_large bom not_utf8 too_deep not_json duplicate_member number_form",
    "bundle_shape format_unknown hash_form",
    "anchor_values participant_stream_mismatch fields_size index_order index_range",
    """disclosure_too_long disclosure_encoding disclosure_not_utf8 disclosure_json number_range
    disclosure_shape salt_form disclosure_not_canonical path_form reserved_name item_kind""",
    "duplicate_path duplicate_code duplicate_entry path_prefix path_conflict",
    "act_missing act_form inconsistent",
    "proof_shape codes_root_mismatch root_mismatch",
    "entry_repeated",
    "anchor_not_found record_mismatch",
)
STEP_OF = {code: step for step, codes in enumerate(STEPS) for code in codes.split()}


def step_of(code: str | None, text: bytes) -> int:
    """The step of the formats page that refuses; `lone_surrogate` is a code of two."""
    if code == "lone_surrogate":
        return 1 if b"\\ud" in text.lower() else 4
    return STEP_OF[code] if code else 0


def spoilt(seed: int, count: int) -> dict[str, tuple[bytes, Chain]]:
    random = Random(seed)
    made = [one_item(), several_items(), set_of_three()]
    cases = {}
    for number in range(count):
        document, anchors = random.choice(made)
        chain = seen_on_chain(*anchors, slot=anchors[0].record())
        cases[f"bytes {number}"] = (spoilt_bytes(random, raw(document)), chain)
        cases[f"structure {number}"] = (spoilt_structure(random, document), chain)
        text = strange_items(random)
        cases[f"items {number}"] = (text, chain_of(text))
    return cases


@pytest.mark.parametrize("seed", [1, 2])
def test_both_refuse_the_same_at_the_same_step(seed: int) -> None:
    cases = spoilt(seed, 700)
    js, python = codes_of(cases), python_codes(cases)
    different = {
        name: (js[name], python[name])
        for name, (text, _) in cases.items()
        if step_of(js[name], text) != step_of(python[name], text)
    }
    assert different == {}
    found = {step_of(code, b"") for code in python.values()}
    assert found >= {0, 1, 2, 3, 4, 5, 6, 7, 9}  # the damage is of every kind, and some is none


def test_both_write_a_double_the_same_way() -> None:
    random = Random(3)
    values = [value for value in (any_number(random) for _ in range(40_000)) if value % 1]
    done = subprocess.run(
        ["node", "-e", "console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(0))))"],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(values) > 15_000
    assert done.stdout.strip() == "[" + ",".join(scalar(value) for value in values) + "]"


def item(path: str) -> str:
    return b64(encode(["A" * 22, path, 0]).encode())


def hostile() -> dict[str, tuple[Any, str]]:
    """Texts of megabytes that cost the most for their size, and the code that ends them."""
    document, _ = bundle_of(commit([ACT]), size=1)

    def disclosing(texts: list[str]) -> Any:
        fields = {"size": 65_536, "indices": list(range(len(texts))), "siblings": []}
        return {**document, "fields": {**fields, "disclosures": texts}}

    indices = "[0]" * 4050
    return {
        "two million indices": (
            disclosing([item(f"$['{n}']{indices}") for n in range(500)]),
            "act_missing",
        ),
        "half a million brackets": (
            {**document, "hints": {"x": [[]] * 500_000}, "participant": 0},
            "anchor_values",
        ),
    }


@pytest.mark.timeout(120)
def test_a_costly_text_ends_in_little_memory() -> None:
    """A stranger's file must not bring down the page or the service that looks at it."""
    for name, (document, code) in hostile().items():
        text = json.dumps(document, separators=(",", ":")).encode()
        assert 1_500_000 < len(text) < 8 * 1024 * 1024
        chain = seen_on_chain()
        assert python_code(text, chain) == code, name
        done = subprocess.run(
            ["node", "--max-old-space-size=256", HERE / "verify_cli.mjs"],
            input=json.dumps({"bundle": b64encode(text).decode(), **chain}),
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout)["code"] == code, name
