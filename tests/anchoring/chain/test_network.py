"""The viewer's network file: strict, with a pointer to what is wrong."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from anchoring import schemas
from anchoring.chain.network import (
    Contract,
    Network,
    NetworkSignature,
    WitnessGroup,
    load_network,
    parse_network,
    write_network,
)
from anchoring.errors import FormatError

NETWORK = Network(
    chain_id=4242,
    genesis_hash=b"\x01" * 32,
    consortium=b"\x02" * 20,
    registries=(Contract(b"\x03" * 20, b"\x04" * 32), Contract(b"\x05" * 20, b"\x06" * 32)),
    witnesses=(
        WitnessGroup("maker", 1, ("http://127.0.0.1:1", "https://maker.example/rpc")),
        WitnessGroup("药监", None, ("https://regulator.example",)),
    ),
)
WHOLE = replace(
    NETWORK,
    consortium_code_hash=b"\x07" * 32,
    code_registry=Contract(b"\x08" * 20, b"\x09" * 32),
    notice_board=Contract(b"\x0a" * 20, b"\x0b" * 32),
    validators=(b"\x0c" * 20, b"\x0d" * 20),
    signatures=(
        NetworkSignature(1, b"\x0e" * 20, b"\x0f" * 65),
        NetworkSignature(3, b"\x10" * 20, b"\x11" * 65),
    ),
)
SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(schemas.__path__[0]) / "network-v1.schema.json").read_text(encoding="utf-8"))
)
# What no schema can say, or no schema should: orders, repetitions, what is an address.
BEYOND_A_SCHEMA = {
    *(("/registries/1/address", "03" * 20), ("/validators/1", "0b" * 20)),
    *(("/signatures/1/participant", 1), ("/witnesses/maker/urls/1", "http://[::1")),
}


@pytest.mark.parametrize("network", [NETWORK, WHOLE], ids=["required", "whole"])
def test_a_file_fits_its_schema(network: Network) -> None:
    assert SCHEMA.is_valid(network.to_json())


def test_what_a_network_has_not_is_no_member() -> None:
    optional = {"consortiumCodeHash", "codeRegistry", "noticeBoard", "validators", "signatures"}
    assert set(WHOLE.to_json()) - set(NETWORK.to_json()) == optional


@pytest.mark.parametrize("network", [NETWORK, WHOLE], ids=["required", "whole"])
def test_a_file_is_written_and_read_back(tmp_path: Path, network: Network) -> None:
    path = tmp_path / "network.json"
    write_network(path, network)
    assert load_network(path) == network
    assert json.loads(path.read_text())["registries"][0]["address"] == "03" * 20
    assert [one.name for one in tmp_path.iterdir()] == ["network.json"]


def changed(pointer: str, value: Any) -> bytes:
    document = WHOLE.to_json()
    *way, last = pointer.split("/")[1:]
    at: Any = document
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    if value is ...:
        del at[last]
    elif isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return json.dumps(document).encode()


DAMAGES: list[tuple[str, Any, str]] = [
    ("/format", "sealtrail/network/v2", "/format"),
    ("/format", ..., ""),
    ("/surplus", 1, ""),
    ("/chainId", "4242", "/chainId"),
    ("/chainId", True, "/chainId"),
    ("/chainId", 0, "/chainId"),
    ("/genesisHash", "0x" + "01" * 32, "/genesisHash"),
    ("/genesisHash", "AB" * 32, "/genesisHash"),
    ("/genesisHash", "01" * 31, "/genesisHash"),
    ("/consortium", "02" * 32, "/consortium"),
    ("/registries", [], "/registries"),
    ("/registries", {}, "/registries"),
    ("/registries/1/codeHash", 7, "/registries/1/codeHash"),
    ("/registries/1/address", "03" * 20, "/registries/1/address"),
    ("/registries/0/predecessor", None, "/registries/0"),
    ("/witnesses", [], "/witnesses"),
    ("/witnesses/maker/participant", 0, "/witnesses/maker/participant"),
    ("/witnesses/maker/participant", 2**32, "/witnesses/maker/participant"),
    ("/witnesses/maker/participant", ..., "/witnesses/maker"),
    ("/witnesses/maker/urls", [], "/witnesses/maker/urls"),
    ("/witnesses/maker/urls/1", "ftp://maker.example", "/witnesses/maker/urls/1"),
    ("/witnesses/maker/urls/1", "http://[::1", "/witnesses/maker/urls/1"),
    ("/witnesses/maker/urls/1", 8545, "/witnesses/maker/urls/1"),
    ("/consortiumCodeHash", None, "/consortiumCodeHash"),
    ("/consortiumCodeHash", "07" * 20, "/consortiumCodeHash"),
    ("/codeRegistry", None, "/codeRegistry"),
    ("/codeRegistry", "08" * 20, "/codeRegistry"),
    ("/codeRegistry/codeHash", ..., "/codeRegistry"),
    ("/codeRegistry/address", "08" * 19, "/codeRegistry/address"),
    ("/noticeBoard/more", 1, "/noticeBoard"),
    ("/noticeBoard/codeHash", "", "/noticeBoard/codeHash"),
    ("/validators", [], "/validators"),
    ("/validators", {"0": "0c" * 20}, "/validators"),
    ("/validators", [f"{number:040x}" for number in range(257)], "/validators"),
    ("/validators/1", "0c" * 20, "/validators/1"),
    ("/validators/1", "0b" * 20, "/validators/1"),
    ("/validators/0", 12, "/validators/0"),
    ("/signatures", [], "/signatures"),
    ("/signatures/0", None, "/signatures/0"),
    ("/signatures/0/signature", "0f" * 64, "/signatures/0/signature"),
    ("/signatures/0/address", ..., "/signatures/0"),
    ("/signatures/1/participant", 1, "/signatures/1/participant"),
    ("/signatures/1/participant", 0, "/signatures/1/participant"),
]
"""Pointer, what is put there (`...`: it is taken away), and the pointer that the refusal names."""


@pytest.mark.parametrize(("pointer", "value", "shown"), DAMAGES)
def test_what_is_wrong_is_refused_with_a_pointer(pointer: str, value: Any, shown: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_network(changed(pointer, value))
    assert (caught.value.code, caught.value.pointer) == ("network_shape", shown)
    beyond = isinstance(value, (str, int)) and (pointer, value) in BEYOND_A_SCHEMA
    assert SCHEMA.is_valid(json.loads(changed(pointer, value))) == beyond


NO_OBJECTS = [
    b"",
    b"{",
    b"\xff",
    b"[" * 100_000,
    b'{"format":1,"format":2}',
    b"null",
    b'{"chainId":1.0}',
    b"-1",
]


@pytest.mark.parametrize("raw", NO_OBJECTS)
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        parse_network(raw)
    assert caught.value.code in ("network_json", "network_shape")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        load_network(tmp_path / "none.json")
    assert caught.value.code == "network_file"
