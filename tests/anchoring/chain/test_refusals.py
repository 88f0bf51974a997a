"""Every refusal of every contract has its words."""

import re
from importlib.resources import files

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from anchoring.artifacts import load
from anchoring.chain.abi import ContractAbi
from anchoring.chain.refusal_words import REFUSALS
from anchoring.chain.refusals import explain
from anchoring.errors import ContractRefusedError

CONTRACTS = sorted(
    one.name.removesuffix(".json")
    for one in files("anchoring.artifacts").iterdir()
    if one.name.endswith(".json")
)
ZERO = "0x" + "00" * 20
SAMPLES = {
    "uint": 1_900_000_000,
    "address": "0x" + "ab" * 20,
    "string": "gs1:6901234",
    "bool": True,
}
SAMPLES |= {"bytes32": b"\x01" * 32, "uint8": 1}


def sample(kind: str) -> object:
    return SAMPLES.get(kind) or SAMPLES[re.sub(r"\d+$", "", kind)]


ERRORS = [
    (contract, name, tuple(sample(kind) for kind in types))
    for contract in CONTRACTS
    for name, types in ContractAbi(load(contract).abi).errors
]


@pytest.mark.parametrize(("contract", "name", "arguments"), ERRORS)
def test_every_custom_error_is_explained(
    contract: str, name: str, arguments: tuple[object, ...]
) -> None:
    assert name in REFUSALS, f"{contract} refuses with {name}, and nothing says what that means"
    said = explain(ContractRefusedError(name, arguments))
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", said.code)
    assert said.code != "contract_refused"
    assert said.sentence.endswith(".")
    assert "{" not in said.sentence + said.step
    assert name not in said.sentence
    # Nothing that stands in the words is missing among the arguments.
    assert "gives no reason" not in said.sentence


def test_there_are_contracts_to_compare_with() -> None:
    assert {"AnchorRegistry", "Consortium"} <= set(CONTRACTS)
    assert len(ERRORS) > 15


def test_arguments_are_put_into_words() -> None:
    def sentence(name: str, *arguments: object) -> str:
        return explain(ContractRefusedError(name, arguments)).sentence

    assert "is suspended and cannot become suspended" in sentence(
        "ConsortiumInvalidStatus", 3, 2, 2
    )
    assert "it is waiting: its delay runs" in sentence("ConsortiumProposalState", 7, 2)
    assert "action name-successor" in sentence("ConsortiumInvalidArguments", 9)
    assert "lifted at 2026-11-22T05:00:00Z" in sentence("NoticeBoardLifted", 1, 1_795_323_600)
    assert "2026-11-22T05:00:00Z to no end" in sentence("CodeRegistryInvalidTime", 1_795_323_600, 0)
    assert f"0x{'01' * 32}" in sentence("ConsortiumDigestMismatch", 1, b"\x01" * 32, b"\x02" * 32)


def test_one_error_that_means_two_things_has_two_codes() -> None:
    codes = [
        explain(ContractRefusedError("ConsortiumApproval", (1, 2, approved))).code
        for approved in (True, False)
    ]
    assert codes == ["already_approved", "not_approved"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("revert", ()),
        ("revert: no", ()),
        ("panic 0x11", ()),
        ("ConsortiumSlugTaken", ()),
        ("ConsortiumProposalState", (1, 250)),
        ("NoticeBoardLifted", (1, 2**64 - 1)),
        ("ConsortiumSlugTaken", ("x" * 100_000,)),
    ],
)
def test_a_lying_endpoint_gets_a_short_answer_nevertheless(
    name: str, arguments: tuple[object, ...]
) -> None:
    said = explain(ContractRefusedError(name, arguments))
    assert said.code
    assert 10 < len(said.sentence) < 500


def test_text_that_is_no_utf8_stops_nobody() -> None:
    bad = b"https://\xff\xfe.example/" + b"\xc3" * 40
    shown = bad.decode("utf-8", "replace")
    abi = ContractAbi(load("Consortium").abi)
    selector = keccak(text="ConsortiumInvalidUrl(string)")[:4]
    refused = explain(abi.refusal(selector + encode(["bytes"], [bad])))
    assert refused.code == "url_invalid"
    assert "https://\ufffd\ufffd.example" in refused.sentence
    one = (b"first", b"\xed\xa0\x80", bad, 33, 1, ZERO, ZERO)
    data = encode(["(bytes,bytes,bytes,uint32,uint8,address,address)"], [one])
    ((slug, name, url, *_),) = abi.results("participant", data)
    assert (slug, url) == ("first", shown)
    assert set(name) == {"\ufffd"}
    topic = keccak(text="UrlChanged(uint32,string)")
    log = abi.log([topic, (7).to_bytes(32)], encode(["bytes"], [bad]))
    assert log == ("UrlChanged", {"id": 7, "url": shown})


def test_a_plain_revert_with_text_that_is_no_utf8_is_one() -> None:
    data = bytes.fromhex("08c379a0") + encode(["bytes"], [b"no \xff"])
    assert ContractAbi(load("Consortium").abi).refusal(data).name == "revert: no \ufffd"
