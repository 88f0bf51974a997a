"""Both readers of network files take the same files, and refuse the others at the same place."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from anchoring.chain.network import FILE_SIZE_BYTES_MAX, parse_network
from anchoring.errors import FormatError
from tests.anchoring.chain.test_network import DAMAGES, NETWORK, NO_OBJECTS, WHOLE, changed

PROGRAM = Path(__file__).with_name("network_cli.mjs")


def ask(files: list[bytes]) -> list[dict[str, Any]]:
    lines = "".join(json.dumps(base64.b64encode(one).decode()) + "\n" for one in files)
    done = subprocess.run(
        ["node", PROGRAM], input=lines, capture_output=True, text=True, check=True, timeout=60
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def python(raw: bytes) -> dict[str, Any]:
    try:
        return {"network": parse_network(raw).to_json()}
    except FormatError as error:
        pointer = error.pointer if error.code == "network_shape" else None
        return {"code": error.code, "pointer": pointer}


@pytest.mark.parametrize("network", [NETWORK, WHOLE], ids=["required", "whole"])
def test_a_file_is_read_with_all_its_members(network: Any) -> None:
    document = network.to_json()
    (answer,) = ask([json.dumps(document, ensure_ascii=False).encode()])
    assert answer == {"network": document}


def test_the_same_files_are_refused_at_the_same_place() -> None:
    damages = [changed(pointer, value) for pointer, value, _ in DAMAGES]
    answers = ask(damages)
    assert answers == [python(one) for one in damages]
    assert all(one["code"] == "network_shape" for one in answers)


def test_what_is_no_json_is_refused_by_both() -> None:
    valid = json.dumps(WHOLE.to_json()).encode()
    files = [
        *NO_OBJECTS,
        b"\xef\xbb\xbf" + valid,
        valid + b" " * FILE_SIZE_BYTES_MAX,
        valid.replace(b"maker", b"\\ud800"),
        valid.replace(b"4242", b"4242.0"),
        valid.replace(b"4242", b"9007199254740992"),
    ]
    assert ask(files) == [python(one) for one in files]


def test_a_name_that_means_something_to_javascript_is_a_name() -> None:
    document = WHOLE.to_json()
    document["witnesses"]["__proto__"] = document["witnesses"].pop("maker")
    raw = json.dumps(document).encode()
    (answer,) = ask([raw])
    assert answer == python(raw)
    assert "__proto__" in answer["network"]["witnesses"]
