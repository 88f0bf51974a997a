"""The viewer's network file: strict, with a pointer to what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from anchoring.chain.network import (
    Contract,
    Network,
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


def test_a_file_is_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    write_network(path, NETWORK)
    assert load_network(path) == NETWORK
    assert json.loads(path.read_text())["registries"][0]["address"] == "03" * 20
    assert [one.name for one in tmp_path.iterdir()] == ["network.json"]


def changed(pointer: str, value: Any) -> bytes:
    document = NETWORK.to_json()
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


@pytest.mark.parametrize(
    ("pointer", "value", "shown"),
    [
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
    ],
)
def test_what_is_wrong_is_refused_with_a_pointer(pointer: str, value: Any, shown: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_network(changed(pointer, value))
    assert (caught.value.code, caught.value.pointer) == ("network_shape", shown)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"format":1,"format":2}',
        b"null",
        b'{"chainId":1.0}',
        b"-1",
    ],
)
def test_what_is_no_json_object_is_refused(raw: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        parse_network(raw)
    assert caught.value.code in ("network_json", "network_shape")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError) as caught:
        load_network(tmp_path / "none.json")
    assert caught.value.code == "network_file"
