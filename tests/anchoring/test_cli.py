"""`python -m anchoring` as a process would see it: streams, exit statuses, Try lines."""

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest

from anchoring.chain.network import load_network, write_network
from anchoring.cli import main
from anchoring.core.bundle import bundles_to_json
from tests.anchoring.chain.sealed import CODE
from tests.anchoring.chain.worlds import START, STREAM
from tests.anchoring.cli_scene import Run, Scene, anchoring, open_scene, process
from tests.anvil import ROOT


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with open_scene(tmp_path_factory.mktemp("cli")) as made:
        yield made


def test_verify_says_who_agrees_and_what_a_pass_means(scene: Scene) -> None:
    run = process("verify", scene.file, "--network", scene.network)
    assert run.status == 0, run.err
    assert run.out.startswith("verified: 2 organisations say that the chain holds this anchor")
    assert "own witness" in run.err
    assert "does not prove" in run.err


def test_verify_reads_stdin_and_writes_one_json_object(scene: Scene) -> None:
    run = anchoring("verify", "-", "--network", scene.network, "--json", stdin=scene.bundle)
    assert run.status == 0
    assert run.json["outcome"] == "verified"
    [bundle] = run.json["bundles"]
    assert bundle["chain"]["agreeing"] == ["regulator", "shop"]
    assert bundle["act"] == "ObjectEvent ADD commissioning - 0"
    assert [one["path"] for one in bundle["items"]] == ["sealtrail:act", "$['eventTime']"]


def test_verify_rpc_replaces_the_listed_witnesses(scene: Scene) -> None:
    url = scene.world.anvil.url
    named = [f"--rpc=one={url}", f"--rpc=two={url}"]
    assert anchoring("verify", scene.file, "--network", scene.network, *named).status == 0
    one = anchoring("verify", scene.file, "--network", scene.network, f"--rpc=one={url}", "--json")
    assert (one.status, one.json["code"]) == (13, "quorum_not_met")


@pytest.mark.parametrize("position", [200, 900, 1500])
def test_verify_any_changed_byte_is_a_mismatch(scene: Scene, position: int) -> None:
    raw = bytearray(scene.bundle)
    raw[position] = ord("0") if raw[position] != ord("0") else ord("1")
    run = anchoring("verify", "-", "--network", scene.network, "--json", stdin=bytes(raw))
    assert (run.status, run.json["outcome"]) == (10, "refused")


def test_verify_one_refused_bundle_refuses_all(scene: Scene) -> None:
    made = scene.issuer.sealed[0]
    good, other = scene.issuer.bundle(made, 0), scene.issuer.bundle(made, 1)
    raw = bundles_to_json([good, other])
    assert anchoring("verify", "-", "--network", scene.network, stdin=raw).status == 0
    at = other.anchored_at
    bad = replace(other, anchored_at=replace(at, block_time=at.block_time - 1))
    raw = bundles_to_json([good, bad])
    run = anchoring("verify", "-", "--network", scene.network, "--json", stdin=raw)
    assert (run.status, run.json["code"]) == (10, "record_mismatch")


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff", b"[" * 1000, b"x" * (8 * 2**20 + 1)])
def test_verify_refuses_what_is_no_bundle(scene: Scene, raw: bytes) -> None:
    run = anchoring("verify", "-", "--network", scene.network, "--json", stdin=raw)
    assert (run.status, run.json["outcome"]) == (10, "refused")


def test_verify_answers_about_a_disclosed_code_only(scene: Scene) -> None:
    arguments = ["verify", scene.file, "--network", scene.network, "--code"]
    assert anchoring(*arguments, CODE).status == 0
    run = anchoring(*arguments, CODE + "9")
    assert (run.status, run.out) == (11, "")


def test_verify_without_a_network_file_is_a_usage_error(scene: Scene) -> None:
    run = anchoring("verify", scene.file, f"--rpc={scene.world.anvil.url}")
    assert run.status == 2
    assert "Try: --network FILE" in run.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["verify"],
        ["nonsense"],
        ["verify", "x.json", "--network", "none.json"],
        ["verify", "FILE", "--network", "NETWORK", "--quorum", "0"],
        ["verify", "FILE", "--network", "NETWORK", "--rpc", "ftp://x"],
        ["verify", "FILE", "--network", "NETWORK", "--rpc", "nonsense"],
        ["verify", "FILE", "--network", "FILE"],
        ["audit", "--network", "NETWORK"],
        ["audit", "--network", "NETWORK", "--stream", "7"],
        ["audit", "--network", "NETWORK", "--participant", "1", "--cadence", "9"],
        ["audit", "--network", "NETWORK", "--participant", "1", "--quorum", "0"],
        ["audit", "--network", "NETWORK", "--participant", "1", "--gateway", "ftp://x"],
        ["audit", "--network", "NETWORK", "--participant", "1", "--receipt", "none.json"],
        ["verify", "--network", "NETWORK", "--code", "CODE"],
        ["verify", "--network", "NETWORK", "--gateway", "http://127.0.0.1:9"],
        ["verify", "FILE", "--network", "NETWORK", "--gateway", "http://127.0.0.1:9"],
        ["verify", "--network", "NETWORK", "--code", "CODE", "--gateway", "nonsense"],
    ],
)
def test_wrong_usage_is_2(scene: Scene, arguments: list[str]) -> None:
    named = {"FILE": scene.file, "NETWORK": scene.network}
    run = anchoring(*(named.get(one, one) for one in arguments))
    assert (run.status, run.out) == (2, "")
    as_json = anchoring(*(named.get(one, one) for one in arguments), "--json")
    assert (as_json.status, as_json.json["outcome"]) == (2, "usage")
    assert set(as_json.json) == {"outcome", "code", "text"}


@pytest.mark.parametrize("command", ["verify", "inspect"])
def test_an_unreadable_bundle_is_no_verdict(scene: Scene, command: str) -> None:
    network = ["--network", scene.network] if command == "verify" else []
    for name in ("none.json", "."):
        run = anchoring(command, str(scene.folder / name), *network)
        assert (run.status, run.out) == (2, "")
        assert "Try: a readable file" in run.err


def test_f4_a_chain_that_is_down_cannot_be_checked(scene: Scene) -> None:
    rpc = ["--rpc=a=http://127.0.0.1:9", "--rpc=b=http://127.0.0.1:9"]
    run = anchoring("verify", scene.file, "--network", scene.network, "--json", *rpc)
    assert (run.status, run.json["code"]) == (13, "chain_unavailable")


def test_f14_a_gateway_s_web_page_is_no_witness(scene: Scene) -> None:
    rpc = [f"--rpc=a={scene.url}", f"--rpc=b={scene.url}"]
    run = anchoring("verify", scene.file, "--network", scene.network, "--json", *rpc)
    assert (run.status, run.json["code"]) == (13, "chain_unavailable")


def test_f5_another_genesis_cannot_be_checked(scene: Scene) -> None:
    network = replace(load_network(Path(scene.network)), genesis_hash=b"\x01" * 32)
    write_network(scene.folder / "other.json", network)
    run = anchoring("verify", scene.file, "--network", str(scene.folder / "other.json"), "--json")
    assert (run.status, run.json["code"]) == (13, "chain_mismatch")


def test_inspect_shows_what_is_disclosed_and_that_no_chain_was_asked(scene: Scene) -> None:
    run = anchoring("inspect", scene.file)
    assert run.status == 0
    assert "ObjectEvent ADD commissioning" in run.out
    assert "NOT CHECKED AGAINST A CHAIN" in run.err
    assert anchoring("inspect", scene.file, "--json").json["outcome"].startswith("not_checked")
    assert anchoring("inspect", "-", "--json", stdin=b"{}").status == 10


def test_inspect_opens_an_opening(scene: Scene) -> None:
    raw = scene.issuer.opening(1).to_json()
    run = anchoring("inspect", "-", "--opening", "--json", stdin=raw)
    assert run.status == 0
    assert run.json["entry"] == scene.issuer.sealed[0].commitments[0].entry.hex()
    assert anchoring("inspect", "-", "--opening", stdin=b"{}").status == 10


def audit(scene: Scene, *more: str) -> Run:
    return anchoring("audit", "--network", scene.network, "--participant", "1", "--json", *more)


def test_audit_with_all_lists_is_clean(scene: Scene) -> None:
    run = audit(scene, "--gateway", scene.url)
    assert run.status == 0, run.err
    assert run.json["clean"]
    assert (run.json["anchors"], run.json["lists"], run.json["entries"]) == (1, 1, 16)
    assert run.json["organisations"] == ["shop", "regulator"]
    stream = ["audit", "--network", scene.network, "--stream", str(STREAM), "--gateway", scene.url]
    assert anchoring(*stream).status == 0


def test_a_mistyped_stream_is_no_clean_audit(scene: Scene) -> None:
    arguments = ["audit", "--network", scene.network, "--stream", str(STREAM + 9)]
    run = anchoring(*arguments, "--gateway", scene.url, "--json")
    assert (run.status, run.json["code"]) == (11, "no_anchors")
    assert "Try: another --participant or --stream" in run.err


def test_audit_without_a_gateway_could_not_check_the_lists(scene: Scene) -> None:
    run = audit(scene)
    assert (run.status, len(run.json["unchecked"])) == (13, 1)


def test_audit_a_gateway_that_is_down_is_no_withholding(scene: Scene) -> None:
    run = audit(scene, "--gateway", "http://127.0.0.1:9")
    assert (run.status, run.json["outcome"]) == (13, "cannot_check")
    assert run.json["code"] == "gateway_unavailable"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ("withheld", 14, "withheld_list"),
        ("no json", 14, "withheld_list"),
        ("another list", 14, "withheld_list"),
        ("wrong", 10, "wrong_root"),
    ],
)
def test_audit_finds_what_is_wrong_with_a_list(
    scene: Scene, change: str, status: int, code: str
) -> None:
    entries = list(scene.issuer.sealed[0].batch.entries)
    scene.gateway.lists = {
        "withheld": {},
        "no json": {(STREAM, 1): b"<html>"},
        "another list": {(STREAM, 1): b'{"stream":65536,"sequence":2,"entries":[]}'},
        "wrong": {(STREAM, 1): entries[:-1]},
    }[change]
    run = audit(scene, "--gateway", scene.url)
    scene.gateway.lists = {(STREAM, 1): entries}
    assert (run.status, [one["code"] for one in run.json["findings"]]) == (status, [code])


def test_audit_holds_the_gateway_to_a_receipt(scene: Scene) -> None:
    entry = scene.issuer.sealed[0].commitments[0].entry
    far = 2**33
    kept = scene.issuer.receipt(entry, received_at=START * 2, anchor_by=far)
    pending = scene.issuer.receipt(b"\x01" * 32, received_at=START * 2, anchor_by=far)
    gateway = ["--gateway", scene.url, "--receipt"]
    assert audit(scene, *gateway, scene.write("kept.json", kept.to_json())).status == 0
    run = audit(scene, *gateway, scene.write("pending.json", pending.to_json()))
    assert (run.status, run.json["notDue"]) == (12, 1)
    none = audit(scene, *gateway, scene.write("none.json", b"{}"))
    assert none.status == 10


def test_a_process_ends_with_these_statuses_too(scene: Scene) -> None:
    assert process("verify", "-", "--network", scene.network, stdin=b"{}").status == 10
    assert process("inspect", scene.file).status == 0
    assert process().status == 2


def test_looking_into_a_bundle_loads_no_chain() -> None:
    code = "import sys, anchoring.cli; print(sorted({'web3', 'eth_account'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=ROOT, text=True)
    assert done.stdout == "[]\n", done.stderr


def failures(scene: Scene) -> dict[str, tuple[list[str], int, str, str]]:
    """Commands that come to no good end: arguments, status, outcome, code."""
    network, nobody = ["--network", scene.network], "http://127.0.0.1:9"
    other = replace(load_network(Path(scene.network)), genesis_hash=b"\x01" * 32)
    write_network(scene.folder / "another.json", other)
    audit = ["audit", *network, "--participant", "1"]
    far = scene.issuer.receipt(b"\x01" * 32, received_at=START * 2, anchor_by=2**33)
    pending = scene.write("far.json", far.to_json())
    empty = scene.write("empty.json", b"{}")
    return {
        "code not disclosed": (
            *(["verify", scene.file, *network, "--code", "x"], 11, "not_found"),
            "code_not_disclosed",
        ),
        "no bundle": (["verify", empty, *network], 10, "refused", "bundle_shape"),
        "one witness": (
            *(["verify", scene.file, *network, f"--rpc={nobody}"], 13, "cannot_check"),
            "chain_unavailable",
        ),
        "no opening": (["inspect", "--opening", empty], 10, "refused", "format_unknown"),
        "no gateway": ([*audit, "--gateway", nobody], 13, "cannot_check", "gateway_unavailable"),
        "no lists": (audit, 13, "cannot_check", "not_complete"),
        "not due": (
            *([*audit, "--gateway", scene.url, "--receipt", pending], 12, "pending"),
            "not_due",
        ),
        "no receipt": ([*audit, "--receipt", empty], 10, "refused", "format_unknown"),
        "no transaction": ([*audit, "--transaction", empty], 2, "usage", "unreadable_file"),
        "no chain": ([*audit, f"--rpc={nobody}"], 13, "cannot_check", "chain_unavailable"),
        "too few": (
            *([*audit, f"--rpc={scene.world.anvil.url}"], 13, "cannot_check"),
            "quorum_not_met",
        ),
        "another chain": (
            *(["audit", "--network", str(scene.folder / "another.json"), "--participant", "1"],),
            *(13, "cannot_check", "chain_identity"),
        ),
        "another participant": (
            *(["audit", *network, "--participant", "9", "--quorum", "1", "--stream", "9"],),
            *(2, "usage", "usage"),
        ),
        "no network": (["verify", scene.file], 2, "usage", "usage"),
        "network unreadable": (
            *(["verify", scene.file, "--network", "none.json"], 2, "usage"),
            "network_file",
        ),
    }


def test_whatever_happens_json_is_one_object_with_outcome_code_and_text(scene: Scene) -> None:
    for name, (arguments, status, outcome, code) in failures(scene).items():
        run = anchoring(*arguments, "--json")
        said = run.json
        assert (run.status, said["outcome"], said["code"]) == (status, outcome, code), name
        assert said["text"], name
    for good in (["inspect", scene.file], ["verify", scene.file, "--network", scene.network]):
        assert {"outcome", "code", "text"} <= set(anchoring(*good, "--json").json)


def test_f4_an_audit_needs_two_organisations_unless_one_is_asked_for(scene: Scene) -> None:
    one = [f"--rpc=a={scene.world.anvil.url}", "--gateway", scene.url]
    assert audit(scene, *one).status == 13
    run = audit(scene, *one, "--quorum", "1")
    assert (run.status, run.json["organisations"], run.json["quorum"]) == (0, ["a"], 1)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_an_audit_shows_its_progress_to_a_terminal_alone(scene: Scene) -> None:
    arguments = ["audit", "--network", scene.network, "--participant", "1", "--gateway", scene.url]
    seen: list[str] = []
    for stream in (Terminal(), io.StringIO()):
        with redirect_stderr(stream), redirect_stdout(io.StringIO()) as out:
            assert main([*arguments, "--json"]) == 0
        seen.append(stream.getvalue())
        assert out.getvalue().count("\n") == 1
    assert "anchors 1/1, lists 1/1" in seen[0]
    assert "\r" not in seen[1]
