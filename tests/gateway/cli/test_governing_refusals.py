"""Bad input to governing: refused before anything is sent, in a sentence, with what to try."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchoring.chain.governance_calls import GovernanceCalls
from anchoring.chain.network import write_network
from anchoring.directory.model import ProposalState
from node_gateway.errors import NotPossibleError
from node_gateway.services.governing_plans import Planner
from node_gateway.services.governing_wishes import Approve
from tests.anvil import Anvil
from tests.consortium import found
from tests.gateway.cli.town import PEOPLE, PRODUCT, Town, refused

OPEN = ("recall", "open", PRODUCT, "--level", 1)
PROPOSE = ("consortium", "propose")


@pytest.mark.parametrize(
    ("who", "arguments", "status", "code"),
    [
        ("maker", ("consortium", "approve", 99), 11, "proposal_not_found"),
        ("maker", ("consortium", "execute", 99), 11, "proposal_not_found"),
        ("maker", (*PROPOSE, "suspend", "nobody"), 11, "participant_not_found"),
        ("maker", (*PROPOSE, "suspend", 99), 11, "participant_not_found"),
        ("maker", (*PROPOSE, "reinstate", 2), 1, "status_not_possible"),
        ("maker", (*PROPOSE, "roles", 2, "--role", "king"), 2, "unknown_role"),
        ("maker", (*PROPOSE, "admin-key", 2, "0x12"), 2, "address_form"),
        ("maker", (*PROPOSE, "grant-prefix", 2, "gs1:69012345"), 1, "prefix_overlap"),
        ("maker", (*PROPOSE, "grant-prefix", 2, "gs1:690"), 2, "prefix_form"),
        ("maker", (*PROPOSE, "grant-prefix", 2, "cn:8123456", "--from", "soon"), 2, "time_form"),
        ("maker", (*PROPOSE, "grant-prefix", 2, "cn:8123456", "--from", "9"), 1, "prefix_time"),
        ("maker", (*PROPOSE, "revoke-prefix", 99), 11, "prefix_grant_not_found"),
        ("maker", (*PROPOSE, "successor", "33" * 20), 1, "successor_invalid"),
        ("maker", ("consortium", "url", "maker.example"), 2, "url_form"),
        ("maker", ("consortium", "url", "http://a b"), 2, "url_form"),
        ("maker", ("code-prefix", "offer", 99, "--to", 2), 11, "prefix_grant_not_found"),
        ("maker", ("code-prefix", "offer", 1, "--to", 1), 1, "prefix_offer"),
        ("distributor", (*OPEN, "--en", "x"), 1, "not_your_product"),
        ("maker", (*OPEN, "--en", "x" * 2049), 2, "notice_too_large"),
        ("maker", (*OPEN, "--zh", "召" * 700), 2, "notice_too_large"),
        ("maker", OPEN, 2, "notice_wording"),
        ("maker", (*OPEN, "--en", "x", "--uri", "https://a.example"), 2, "notice_wording"),
        ("maker", (*OPEN, "--en", "x", "--lot", "L", "--lot", "L"), 2, "notice_scope"),
        ("maker", ("recall", "open", "gs1:6901234", "--level", 1, "--en", "x"), 2, "notice_scope"),
        ("maker", ("recall", "open", PRODUCT, "--level", 4, "--en", "x"), 2, "notice_level"),
        ("maker", ("recall", "escalate", 99, "--level", 1, "--en", "x"), 11, "notice_not_found"),
        ("maker", ("recall", "close", 99, "--en", "x"), 11, "notice_not_found"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    town: Town, who: str, arguments: tuple[str | int, ...], status: int, code: str
) -> None:
    before = town.directory().head.number
    refused(town(who, *arguments, "--yes", "--json"), status, code)
    assert town.directory().head.number == before


def newcomer(town: Town, file: Path, **changes: Any) -> Path:
    person = json.loads((town.folder / "maker" / "participant.json").read_text())
    keys = {name: f"{number:02x}" * 20 for number, name in enumerate(person["keys"], start=0x61)}
    file.write_text(json.dumps({**person, "slug": "clinic", "keys": keys, **changes}))
    return file


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"slug": "maker"}, 1, "slug_taken"),
        ({"slug": "-clinic"}, 2, "participant_file"),
        ({"url": "clinic.example"}, 2, "url_form"),
        ({"url": "https://clinic.example/" + "x" * 256}, 2, "url_form"),
        ({"name": ""}, 2, "participant_file"),
        ({"roles": 64}, 2, "participant_file"),
        ({"more": 1}, 2, "participant_file"),
        ({"keys": {}}, 2, "participant_file"),
    ],
)
def test_a_newcomer_that_cannot_be_admitted_is_not_proposed(
    town: Town, tmp_path: Path, changes: dict[str, Any], status: int, code: str
) -> None:
    file = newcomer(town, tmp_path / "participant.json", **changes)
    refused(town("maker", *PROPOSE, "admit", file, "--yes", "--json"), status, code)


def test_a_key_that_somebody_uses_admits_nobody(town: Town, tmp_path: Path) -> None:
    theirs = json.loads((town.folder / "pharmacy" / "participant.json").read_text())["keys"]
    for purpose in theirs:
        keys = {name: f"{n:02x}" * 20 for n, name in enumerate(theirs, start=0x61)}
        keys["anchor"] = theirs[purpose]
        file = newcomer(town, tmp_path / "participant.json", keys=keys)
        said = town("maker", *PROPOSE, "admit", file, "--yes", "--json")
        assert keys["anchor"] in refused(said, 1, "key_in_use")["detail"].lower()


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00", "x" * 70_000])
def test_a_file_that_is_no_participant_is_no_participant(
    town: Town, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "participant.json"
    file.write_text(text)
    said = town("maker", *PROPOSE, "admit", file, "--yes")
    assert said.status == 2
    assert said.tries()


def test_a_taken_name_is_not_invited(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "invite.json"
    said = town("maker", "consortium", "invite", "pharmacy", "-o", file, "--json")
    refused(said, 1, "slug_taken")
    assert not file.exists()


def test_an_invite_that_was_changed_is_none(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "invite.json"
    assert town("maker", "consortium", "invite", "clinic", "-o", file).status == 0
    assert town("maker", "consortium", "invite", "clinic", "-o", file).status == 2  # never over it
    document = json.loads(file.read_text())
    document["network"]["consortium"] = "11" * 20
    bad = tmp_path / "bad.json"
    join = ("init", tmp_path / "clinic", "--join", bad, "--name", "Example Clinic", "--yes")
    forms: list[Any] = [document, {**document, "more": 1}, [], {"format": "other"}]
    for changed in forms:
        bad.write_text(json.dumps(changed))
        said = town("clinic", *join)
        assert (said.status, bool(said.tries())) == (2, True), said.err
    assert not (tmp_path / "clinic").exists()


def test_another_chain_is_said_to_be_one(town: Town, tmp_path: Path) -> None:
    home = town.folder / "pharmacy"
    network = home / "network.json"
    kept = network.read_bytes()
    try:
        changes: list[dict[str, Any]] = [{"genesis_hash": b"\x09" * 32}, {"chain_id": 4343}]
        for one in changes:
            write_network(network, replace(town.net.network, **one))
            said = town("pharmacy", "consortium", "approve", 1, "--yes", "--json")
            error = refused(said, 13, "chain_identity")
            assert error["try"] == "compare chain.rpc with the network file; sealtrail doctor"
    finally:
        network.write_bytes(kept)


def test_what_nobody_can_read_is_not_approved(chain: Anvil, tmp_path: Path) -> None:
    """The contract refuses such arguments; an endpoint could still tell of them."""
    town = Town(asyncio.run(found(chain, PEOPLE[:3], folder=tmp_path)), tmp_path)
    town.done("maker", *PROPOSE, "suspend", 3)
    known = town.directory()
    honest = known.proposals[1]
    net, key = town.net.network, town.net.member("distributor").admin.address
    for told, code in (
        (replace(honest, arguments=honest.arguments + b"\x00"), "proposal_unreadable"),
        (replace(honest, action=77), "proposal_unreadable"),
        (replace(honest, arguments=(2).to_bytes(32)), "proposal_changed"),
        (replace(honest, evidence=b"\x01" * 32), "proposal_changed"),
    ):
        lying = replace(known, proposals={1: told})
        with pytest.raises(NotPossibleError) as caught:
            Planner(lying, net, GovernanceCalls(net), key).plan(Approve(1))
        assert caught.value.code == code
    assert honest.state_at(known, known.head.time) is ProposalState.OPEN


def test_programs_read_the_same_next_step_as_people(
    town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wrong = tmp_path / "passphrase"
    wrong.write_text("not this one")
    for variable, value, status, code in (
        ("SEALTRAIL_CHAIN__RPC", "http://127.0.0.1:9", 13, "chain_unavailable"),
        ("SEALTRAIL_KEYS__PASSPHRASE_FILE", str(wrong), 1, "keystore_passphrase"),
    ):
        with monkeypatch.context() as changed:
            changed.setenv(variable, value)
            said = town("maker", *PROPOSE, "suspend", "pharmacy", "--yes", "--json")
        refused(said, status, code)
    assert asyncio.run(town.net.directory()).proposals == {}
