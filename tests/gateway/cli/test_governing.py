"""The consortium from the command line: every participant with its own folder, on a real chain."""

from __future__ import annotations

import asyncio
import http.server
import json
import re
import threading
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from anchoring.directory.code_list import parse_code_list
from anchoring.directory.model import Status
from tests.anvil import Anvil
from tests.consortium import SCRYPT_COST, found
from tests.gateway.cli.conftest import Cli, Served, start_serving, stop_serving, wait_until
from tests.gateway.cli.town import PEOPLE, PRODUCT, Town, refused


def test_a_newcomer_joins_from_invite_to_a_gateway_that_serves(
    chain: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anchoring.chain.keystore.SCRYPT_COST", SCRYPT_COST)
    town = Town(asyncio.run(found(chain, PEOPLE[:3], folder=tmp_path)), tmp_path)
    invite, folder = tmp_path / "invite.json", tmp_path / "clinic"
    said = town("maker", "consortium", "invite", "clinic", "-o", invite, "--json")
    assert said.status == 0, said.err
    fingerprint = " ".join(re.findall("........", said.json()["content"]))
    assert fingerprint in said.err
    assert "Nobody has signed the network file yet" in said.err

    join = ("init", folder, "--join", invite, "--name", "Example Clinic", "--role", "pharmacy",
            "--role", "voter", "--url", "https://clinic.example")  # fmt: skip
    asked = town("clinic", *join)
    assert asked.status == 2
    assert fingerprint in asked.err
    assert "[y/N]" not in asked.err  # there is no terminal: nobody is asked
    assert not (folder / "sealtrail.toml").exists()
    made = town("clinic", *join, "--yes")
    assert made.status == 0, made.err
    assert (folder / "network.json").read_bytes() == (
        tmp_path / "maker" / "network.json"
    ).read_bytes()

    early = refused(town("clinic", "consortium", "joined", "--json"), 12, "not_admitted")
    assert early["try"] == "a voter runs: sealtrail consortium propose admit participant.json"
    serving = town("clinic", "serve")
    assert (serving.status, "not admitted yet" in serving.err) == (2, True)
    assert serving.tries().startswith("sealtrail consortium joined")

    file = folder / "participant.json"
    proposed = town.done("maker", "consortium", "propose", "admit", file)
    words = "\n".join(proposed["words"])
    for key in json.loads(file.read_text())["keys"].values():
        assert f"0x{key}" in words
    waiting = refused(town("clinic", "consortium", "joined", "--json"), 12, "not_admitted")
    assert "proposal 1 is open, 1 of 2 approvals" in waiting["detail"]
    assert town.done("distributor", "consortium", "approve", 1)["state"] == "waiting"
    soon = town("distributor", "consortium", "execute", 1, "--yes", "--json")
    assert "waits until" in refused(soon, 1, "proposal_state")["detail"]
    town.pass_time()
    assert town.done("clinic", "consortium", "execute", 1)["state"] == "executed"

    joined = town.done("clinic", "consortium", "joined")
    assert joined == {"participant": 4, "slug": "clinic", "status": "active"}
    assert "participant = 4\n" in (folder / "sealtrail.toml").read_text()
    assert town.done("clinic", "consortium", "joined") == joined
    process, url, log = start_serving(folder)
    try:
        served = Served(folder, url, Cli(folder / "sealtrail.toml"), log, process)
        wait_until(lambda: served("status", "--json").json()["state"] == "ready")
        assert served("status", "--json").json()["participant"] == 4
        listed = served("consortium", "list", "--json")
        assert [one["slug"] for one in listed.json()["participants"]][3] == "clinic"
        assert "No gateway answers" not in listed.err
    finally:
        assert stop_serving(process) == 0, "".join(log)


def test_one_who_was_admitted_with_other_keys_is_told(chain: Anvil, tmp_path: Path) -> None:
    town = Town(asyncio.run(found(chain, PEOPLE[:2], folder=tmp_path)), tmp_path)
    file = tmp_path / "distributor" / "participant.json"
    person = json.loads(file.read_text())
    person["keys"] |= {"anchor": "11" * 20, "recovery": "12" * 20}
    file.write_text(json.dumps(person))
    error = refused(town("distributor", "consortium", "joined", "--json"), 10, "keys_differ")
    assert error["detail"].endswith("recovery, anchor")


def test_suspending_takes_words_a_question_and_the_others(chain: Anvil, tmp_path: Path) -> None:
    town = Town(asyncio.run(found(chain, PEOPLE, folder=tmp_path)), tmp_path)
    evidence = tmp_path / "audit.json"
    evidence.write_text("a broken receipt")
    digest = sha256(evidence.read_bytes()).hexdigest()
    propose = ("consortium", "propose", "suspend", "pharmacy", "--evidence", evidence)

    dry = town("maker", *propose, "--dry-run", "--json")
    assert (dry.status, dry.json()["sent"], dry.json()["proposal"]) == (0, False, None)
    assert "Example Pharmacy (participant 3) is suspended" in dry.err
    assert digest in dry.err
    unanswered = town("maker", *propose)
    assert (unanswered.status, unanswered.tries()) == (2, "add --yes")
    assert not town.directory().proposals

    first = town.done("maker", *propose)
    assert (first["proposal"], first["state"]) == (1, "open")
    assert first["outcome"] == ["Proposal 1 is open: 1 of the 3 approvals that it needs."]
    again = town.done("maker", *propose)
    assert (again["needed"], again["sent"], again["proposal"]) == (False, False, 1)
    other = town("distributor", *propose, "--yes", "--json")
    assert refused(other, 1, "already_proposed")["try"] == "sealtrail consortium approve 1"
    early = town("distributor", "consortium", "execute", 1, "--yes", "--json")
    assert "has 1 of the 3 approvals" in refused(early, 1, "proposal_state")["detail"]

    approved = town.done("distributor", "consortium", "approve", 1)
    assert "You approve exactly this:" in approved["words"]
    assert town.done("distributor", "consortium", "approve", 1)["needed"] is False
    assert town.done("authority", "consortium", "approve", 1)["state"] == "ready"
    assert town.done("pharmacy", "consortium", "execute", 1)["state"] == "executed"
    assert town.done("pharmacy", "consortium", "execute", 1)["needed"] is False
    assert town.directory().participants[3].status is Status.SUSPENDED
    assert town.directory().proposals[1].evidence.hex() == digest
    refused(town("pharmacy", *propose, "--yes", "--json"), 1, "status_not_possible")

    second = town.done("maker", "consortium", "propose", "reinstate", 3)
    assert "counts as a voter but cannot vote" in "\n".join(second["words"])
    for slug in ("distributor", "authority"):
        town.done(slug, "consortium", "approve", 2)
    town.done("maker", "consortium", "execute", 2)
    assert town.directory().participants[3].status is Status.ACTIVE


def test_taking_the_last_approval_back_ends_a_proposal(town: Town) -> None:
    number = town.done("maker", "consortium", "propose", "roles", "maker", "--role", "auditor")[
        "proposal"
    ]
    nothing = town("distributor", "consortium", "withdraw", number, "--yes", "--json")
    refused(nothing, 1, "not_approved")
    assert town.done("maker", "consortium", "withdraw", number)["state"] == "withdrawn"
    over = town("distributor", "consortium", "approve", number, "--yes", "--json")
    assert refused(over, 1, "proposal_state")["try"] == "sealtrail consortium proposals"


def test_a_cold_key_forbids_a_replacement(town: Town) -> None:
    number = town.done("maker", "consortium", "propose", "admin-key", "pharmacy", "0x" + "77" * 20)[
        "proposal"
    ]
    stranger = town("distributor", "consortium", "veto", number, "--yes", "--json")
    refused(stranger, 1, "not_your_participant")
    cold = town.folder / "pharmacy" / "keys" / "recovery.json"
    vetoed = town.done("pharmacy", "consortium", "veto", number, "--keystore", cold)
    assert vetoed["state"] == "vetoed"
    other = town.done("maker", "consortium", "propose", "voter", "pharmacy", "--no-voter")
    never = town("pharmacy", "consortium", "veto", other["proposal"], "--yes", "--json")
    refused(never, 1, "no_veto")


def test_every_other_action_is_decided(chain: Anvil, tmp_path: Path) -> None:
    town = Town(asyncio.run(found(chain, PEOPLE, folder=tmp_path)), tmp_path)
    town.decided("roles", "distributor", "--role", "distributor", "--role", "auditor")
    town.decided("voter", "distributor", "--no-voter")
    assert town.directory().participants[2].roles[-1].value == 2 | 8
    town.decided("admin-key", "distributor", "77" * 20)
    known = town.directory().participants[2]
    assert (known.admin_key, known.epochs[-1].value) == (b"\x77" * 20, 2)
    town.decided("grant-prefix", "pharmacy", "cn:8123456", "--until", "2100-01-01")
    town.decided("revoke-prefix", 2)
    assert town.directory().owner_at("cn:8123456", town.directory().head.time) is None
    town.decided("remove", "distributor")
    assert town.directory().participants[2].status is Status.REMOVED


def test_the_address_of_a_gateway_needs_no_vote(town: Town) -> None:
    town.done("pharmacy", "consortium", "url", "https://new.pharmacy.example:8443/")
    assert town.directory().participants[3].url == "https://new.pharmacy.example:8443/"


def test_a_prefix_changes_hands_by_both_parties(chain: Anvil, tmp_path: Path) -> None:
    town = Town(asyncio.run(found(chain, PEOPLE, folder=tmp_path)), tmp_path)
    offer = ("code-prefix", "offer", 1, "--to", "distributor")
    refused(town("distributor", *offer, "--yes", "--json"), 1, "not_your_prefix")
    early = town("distributor", "code-prefix", "accept", 1, "--yes", "--json")
    refused(early, 1, "prefix_offer")
    words = "\n".join(town.done("maker", *offer)["words"])
    assert "nothing changes until that participant accepts" in words
    assert town.done("maker", *offer)["needed"] is False
    town.done("distributor", "code-prefix", "refuse", 1)
    assert town.directory().grants[1].offered_to == 0
    town.done("maker", *offer)
    stranger = town("pharmacy", "code-prefix", "accept", 1, "--yes", "--json")
    refused(stranger, 1, "not_your_prefix")
    taken = town.done("distributor", "code-prefix", "accept", 1)
    assert taken["grant"] == 2
    owner = town.directory().owner_at("gs1:6901234", town.directory().head.time)
    assert owner is not None
    assert owner.participant.slug == "distributor"
    town.done("distributor", "code-prefix", "surrender", 2)
    assert town.directory().owner_at("gs1:6901234", town.directory().head.time) is None


def test_a_recall_is_opened_made_graver_and_closed(town: Town, tmp_path: Path) -> None:
    text, full = tmp_path / "zh.txt", tmp_path / "notice.pdf"
    text.write_text("停止使用\n", encoding="utf-8")
    full.write_bytes(b"the full notice")
    opened = ("recall", "open", "(01)06901234000016", "--level", 2, "--lot", "L1", "--lot", "L2",
              "--zh-file", text, "--en", "Stop using it.", "--uri", "https://maker.example/r1",
              "--uri-file", full)  # fmt: skip
    number = town.done("maker", *opened)["notice"]
    one = town.directory().notices[number]
    assert (one.product, one.lots, one.level, one.drill) == (PRODUCT, ("L1", "L2"), 2, False)
    said = one.steps[0].wording
    assert (said.zh, said.en) == ("停止使用", "Stop using it.")
    assert said.uri_digest == sha256(b"the full notice").digest()
    assert town.done("maker", *opened)["needed"] is False

    weaker = town("maker", "recall", "escalate", number, "--level", 3, "--en", "x", "--yes",
                  "--json")  # fmt: skip
    refused(weaker, 2, "notice_level")
    by = town.done("authority", "recall", "escalate", number, "--level", 1, "--en", "Worse.")
    assert by["outcome"] == [f"Notice {number} has level 1 now."]
    owner = town("maker", "recall", "close", number, "--en", "x", "--yes", "--json")
    refused(owner, 1, "not_your_product")  # a regulator took it over
    town.done("authority", "recall", "close", number, "--en", "It is safe.")
    assert town.directory().notices[number].level == 0
    assert town.done("authority", "recall", "close", number, "--en", "x")["needed"] is False


def test_a_drill_is_marked_and_a_list_stays_secret(town: Town, tmp_path: Path) -> None:
    codes = tmp_path / "codes.txt"
    lines = [f"(01)06901234000016(21)S{number}" for number in (3, 1, 2, 1)]
    codes.write_text("\n".join(lines) + "\n\n")
    drill = ("recall", "drill", PRODUCT, "--codes", codes, "--en", "Exercise.")
    dry = town("maker", *drill, "--dry-run", "--json")
    assert (dry.status, list(tmp_path.glob("*.list.json"))) == (0, [])
    report = town.done("maker", *drill)
    assert "marked as an exercise everywhere" in "\n".join(report["words"])
    listed = parse_code_list((tmp_path / "codes.list.json").read_bytes())
    assert [one.rpartition("/")[2] for one in listed.codes] == ["S1", "S2", "S3"]
    one = town.directory().notices[report["notice"]]
    assert (one.digest, one.drill, one.level) == (listed.digest, True, 3)
    assert town.done("maker", *drill)["needed"] is False  # the same list again
    codes.write_text(lines[0])
    other = town("maker", *drill, "--yes")
    assert (other.status, other.tries()) == (2, "--list NEW-FILE")


def test_what_stands_is_read_from_the_chain_where_no_gateway_answers(
    chain: Anvil, tmp_path: Path
) -> None:
    town = Town(asyncio.run(found(chain, PEOPLE, folder=tmp_path)), tmp_path)
    town.done("maker", "consortium", "propose", "suspend", "pharmacy")
    town.done("maker", "consortium", "propose", "remove", "pharmacy")
    town.done("maker", "consortium", "withdraw", 2)
    town.done("maker", "recall", "open", PRODUCT, "--level", 1, "--en", "Stop.")

    def read(*arguments: str | int) -> Any:
        said = town("distributor", *arguments, "--json")
        assert said.status == 0, said.err
        assert "No gateway answers; read from the chain itself" in said.err
        shown = town("distributor", *arguments)
        assert (shown.status, bool(shown.out)) == (0, True)
        return said.json()

    people = read("consortium", "list")["participants"]
    assert [one["slug"] for one in people] == [one.slug for one in PEOPLE]
    assert read("consortium", "show", "maker") == read("consortium", "show", 1)
    assert [one["id"] for one in read("consortium", "proposals")["proposals"]] == [1]
    assert len(read("consortium", "proposals", "--all")["proposals"]) == 2
    assert read("consortium", "proposal", 1)["approvals"]["needed"] == 3
    assert [one["prefix"] for one in read("code-prefix", "list")["prefixes"]] == ["gs1:6901234"]
    assert read("code-prefix", "list", "--participant", "pharmacy")["prefixes"] == []
    assert read("code-prefix", "show", "(01)06901234000016")["owner"]["slug"] == "maker"
    assert read("recall", "list")["notices"][0]["level"] == 1
    assert read("recall", "show", 1)["product"] == PRODUCT
    nobody = town("maker", "code-prefix", "show", "cn:8123456")
    assert (nobody.status, "Nobody may commission" in nobody.err) == (11, True)
    asked = town("maker", "consortium", "list", "--gateway", "http://127.0.0.1:9", "--json")
    assert (asked.status, bool(asked.tries())) == (13, True)  # that one, and no other
    for arguments, code in (
        (("consortium", "show", "nobody"), "participant_not_found"),
        (("consortium", "proposal", 9), "proposal_not_found"),
        (("recall", "show", 9), "notice_not_found"),
    ):
        refused(town("maker", *arguments, "--json"), 11, code)


def test_a_gateway_that_has_read_nothing_yet_is_not_believed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Starting(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            head = {"number": -1, "hash": "", "time": None}
            body = json.dumps({"participants": [], "next": None, "head": head}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Starting) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("SEALTRAIL_GATEWAY__PORT", str(server.server_port))
        said = town("maker", "consortium", "list", "--json")
        server.shutdown()
        thread.join()
    assert said.status == 0, said.err
    assert "The gateway has not read the chain yet" in said.err
    assert [one["slug"] for one in said.json()["participants"]] == [one.slug for one in PEOPLE]
