"""The evidence zip: checked again offline, the same bytes each time, not one of them changed."""

import asyncio
import io
import json
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pytest

from anchoring.answer_signature import AnswerSignature
from anchoring.challenge_signing import answered, sign_answer, signed_from_wire
from anchoring.challenges import OpenedLeaf, Seed, answer_text, parse_challenge
from anchoring.core.batch import decoy_entry
from anchoring.network_audit.evidence import encoded, manifest_of, members_of, pack
from anchoring.network_audit.material import read_files
from anchoring.network_audit.opening_zip import EvidenceError, open_evidence
from anchoring.network_audit.options import AuditOptions
from anchoring.network_audit.rechecking import Rechecked, recheck
from tests.anchoring.chain.worlds import signer
from tests.anchoring.cli_scene import anchoring
from tests.anchoring.network_scene import LIMITS, NetworkScene, open_network_scene


@dataclass
class Made:
    scene: NetworkScene
    raw: bytes
    public: bytes
    members: dict[str, bytes]


class Opener:
    """Opens every leaf as the issuers of the scene can; one leaf as another decoy."""

    def __init__(self, scene: NetworkScene) -> None:
        self.scene, self.lied = scene, False

    async def ask(self, participant: int, challenge: bytes) -> bytes:
        seed, leaves = parse_challenge(challenge)
        issuer, opened = self.scene.issuers[participant], []
        for leaf in leaves:
            sealed = issuer.sealed[leaf.sequence - 1]
            path = tuple(sealed.batch.path(leaf.index))
            entry = sealed.batch.entries[leaf.index]
            event = next((at for at, c in enumerate(sealed.commitments) if c.entry == entry), None)
            if event is not None:
                opening = issuer.opening(leaf.sequence).to_json()
                opened.append(OpenedLeaf(leaf, path, opening=opening))
                continue
            nonces = [sha256(f"{leaf.sequence - 1}/{at}".encode()).digest() for at in range(16)]
            nonce = next(one for one in nonces if decoy_entry(one) == entry)
            if not self.lied:
                self.lied, nonce = True, sha256(b"another").digest()
            opened.append(OpenedLeaf(leaf, path, nonce=nonce))
        network = self.scene.network
        at = int(
            self.scene.world.anvil.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16
        )
        unsigned = AnswerSignature(network.chain_id, network.consortium, at)
        said = answered(participant, seed, leaves, opened, unsigned)
        return answer_text(participant, opened, sign_answer(said, signer(f"sign-{participant}")))


async def _make(scene: NetworkScene) -> Made:
    """A network with a silent stream, a wrong list, a broken receipt and one lie about a leaf."""
    for _ in range(4):
        await scene.round(1)
    del scene.gateway.lists[2 << 16, 3][7]
    issuer = scene.issuers[1]
    last = issuer.outbox.final[issuer.stream, 6].block_time
    receipt = issuer.receipt(b"\x11" * 32, received_at=last - 200, anchor_by=last - 100)
    audit = await scene.audit(
        read_files([("one.json", receipt.to_json())]),
        asking=Opener(scene),
        options=AuditOptions(limits=LIMITS, leaves=12, with_evidence=True),
    )
    codes = sorted(str(one.code) for one in audit.report.findings)
    assert codes == ["broken_receipt", "challenge_wrong", "silent_stream", "wrong_root"]
    members = members_of(audit, with_openings=True)
    again = members_of(audit, with_openings=True)
    assert pack(members) == pack(again)
    public = pack(members_of(audit, with_openings=False))
    return Made(scene, pack(members), public, members)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    loop = asyncio.new_event_loop()
    try:
        with open_network_scene(tmp_path_factory.mktemp("network"), loop) as scene:
            yield loop.run_until_complete(_make(scene))
    finally:
        loop.close()


def again(made: Made, changes: dict[str, bytes | None]) -> Rechecked:
    """Check a zip that somebody packed anew, with a manifest that fits."""
    members = {**made.members, **changes}
    kept = {name: raw for name, raw in members.items() if raw is not None}
    kept["manifest.json"] = encoded(manifest_of(kept))
    return recheck(pack(kept), made.scene.network)


def test_the_evidence_holds_offline(made: Made) -> None:
    found = recheck(made.raw, made.scene.network)
    assert found.problems == []
    assert len(found.unchecked) == 1  # an Anvil has no validators
    assert "no validators" in found.unchecked[0]
    assert found.counts["anchors"] == found.counts["records proven"] == found.counts["lists"] == 16
    assert (found.counts["leaves"], found.counts["findings"]) == (24, 4)


def test_openings_are_left_out_unless_asked_for(made: Made) -> None:
    names = open_evidence(made.public).keys()
    assert not [name for name in names if name.startswith(("leaves/", "openings/"))]
    assert b"secret" not in made.public.replace(b"secrets", b"")
    found = recheck(made.public, made.scene.network)
    assert found.problems == []
    assert any("did not pass them on" in one for one in found.unchecked)


def test_without_an_own_network_file_that_is_said(made: Made) -> None:
    assert any("--network" in one for one in recheck(made.raw).unchecked)


def test_the_evidence_of_another_network_is_refused(made: Made) -> None:
    other = replace(made.scene.network, chain_id=7)
    assert recheck(made.raw, other).problems != []


def test_any_changed_byte_is_refused(made: Made) -> None:
    draw = random.Random(7)
    places = {0, 10, len(made.raw) - 1, *(draw.randrange(len(made.raw)) for _ in range(120))}
    for at in sorted(places):
        changed = bytearray(made.raw)
        changed[at] ^= 1 << draw.randrange(8)
        with pytest.raises(EvidenceError):
            open_evidence(bytes(changed))


@pytest.mark.parametrize("extra", [b"\0", b"PK\5\6" + bytes(18)])
def test_added_bytes_are_refused(made: Made, extra: bytes) -> None:
    for raw in (made.raw + extra, extra + made.raw, made.raw[:-1]):
        with pytest.raises(EvidenceError):
            open_evidence(raw)


def edited(made: Made, name: str, edit: Callable[[dict[str, object]], object]) -> bytes:
    wire = json.loads(made.members[name])
    edit(wire)
    return encoded(wire)


REPORTS: dict[str, Callable[[dict], object]] = {  # type: ignore[type-arg]
    "without the wrong list": lambda w: w.update(
        findings=[one for one in w["findings"] if one["code"] != "wrong_root"]
    ),
    "without the lie": lambda w: w.update(
        findings=[one for one in w["findings"] if one["code"] != "challenge_wrong"]
    ),
    "clean": lambda w: w.update(findings=[], clean=True),
    "of fewer anchors": lambda w: w["participants"][0]["streams"][0].update(anchors=9),
    "of another seed": lambda w: w["challenges"]["seed"].update(blockHash="11" * 32),
    "with another wait": lambda w: [
        one.update(since=one["since"] + 1)
        for one in w["findings"]
        if one["code"] == "silent_stream"
    ],
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_that_says_something_else_is_found(made: Made, name: str) -> None:
    changes: dict[str, bytes | None] = {"report.json": edited(made, "report.json", REPORTS[name])}
    try:
        problems = again(made, changes).problems
    except EvidenceError:
        return
    assert problems != []


def test_evidence_that_was_made_up_is_found(made: Made) -> None:
    lists = [name for name in made.members if name.startswith("lists/")]
    wrong = made.members[lists[0]]
    swapped = wrong[32:64] + wrong[:32] + wrong[64:]
    leaves = [name for name in made.members if name.startswith("leaves/")]
    proofs = [name for name in made.members if name.startswith("proofs/")]
    receipts = [name for name in made.members if name.startswith("receipts/")]
    cases: list[dict[str, bytes | None]] = [
        {lists[0]: swapped},
        {leaves[0]: made.members[leaves[1]]},
        dict.fromkeys(proofs[:1]),
        {receipts[0]: None},
        {
            "anchors/1.json": edited(
                made,
                "anchors/1.json",
                lambda w: w["anchors"][2].update(blockTime=5),  # type: ignore[index]
            )
        },
        {
            "anchors/1.json": edited(
                made,
                "anchors/1.json",
                lambda w: w["anchors"].pop(),  # type: ignore[attr-defined]
            )
        },
    ]
    for changes in cases:
        try:
            found = again(made, changes)
        except EvidenceError:
            continue
        is_said = any("are missing" in one for one in found.unchecked)
        assert found.problems or is_said, list(changes)


def leaf_with(made: Made, edit: Callable[[dict], object]) -> dict[str, bytes | None]:  # type: ignore[type-arg]
    name = next(name for name in made.members if name.startswith("leaves/"))
    return {name: edited(made, name, edit)}


SIGNATURES: dict[str, Callable[[dict], object]] = {  # type: ignore[type-arg]
    "another time": lambda w: w["answer"]["signature"].update(
        at=w["answer"]["signature"]["at"] + 1
    ),
    "another chain": lambda w: w["answer"]["signature"].update(chainId=7),
    "another consortium": lambda w: w["answer"]["signature"].update(consortium="11" * 20),
    "high s": lambda w: w["answer"]["signature"].update(
        signature=malleated(w["answer"]["signature"]["signature"])
    ),
    "no key": lambda w: w["answer"]["signature"].update(signature="00" * 64 + "1b"),
    "fewer leaves asked": lambda w: w["answer"]["asked"].pop(),
    "leaves in another order": lambda w: w["answer"]["asked"].reverse(),
    "openings in another order": lambda w: w["answer"]["openings"].reverse(),
    "another opening": lambda w: w["answer"]["openings"].append("11" * 32),
    "nothing of this leaf": lambda w: w["answer"].update(openings=["11" * 32]),
    "not asked for": lambda w: w["answer"].update(
        asked=[one for one in w["answer"]["asked"] if one["index"] != w["index"]]
    ),
    "another shape": lambda w: w.update(answer=[]),
    "more members": lambda w: w["answer"].update(more=1),
}


def malleated(signature: str) -> str:
    """Return the same signature with s in the upper half, as everybody can make it."""
    raw = bytes.fromhex(signature)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    flipped = (order - int.from_bytes(raw[32:64])).to_bytes(32)
    return (raw[:32] + flipped + bytes([55 - raw[64]])).hex()


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature_of_something_else_is_found(made: Made, name: str) -> None:
    changes = leaf_with(made, SIGNATURES[name])
    try:
        problems = again(made, changes).problems
    except EvidenceError:
        return
    assert problems != []


def test_a_leaf_signed_by_another_participant_is_found(made: Made) -> None:
    """An auditor cannot make up what a gateway opened: it lacks the key."""
    name = next(name for name in made.members if name.startswith(f"leaves/{1 << 16}-"))
    wire = json.loads(made.members[name])
    answer = wire.pop("answer")
    seed = json.loads(made.members["report.json"])["challenges"]["seed"]
    place = Seed(seed["blockNumber"], bytes.fromhex(seed["blockHash"]))
    said = signed_from_wire(answer, participant=1, seed=place, pointer="")
    assert said.key() == signer("sign-1").address
    for key in ("sign-2", "anchor-1", "nobody"):
        forged = replace(said, signature=sign_answer(said, signer(key)))
        changes = {name: encoded({**wire, "answer": forged.to_wire()})}
        found = again(made, changes)
        why = "which is not the participant's" if key == "sign-2" else "which is not proven"
        assert why in " ".join(found.problems), key


def test_leaves_without_signatures_rest_on_the_auditor(made: Made) -> None:
    """As in an audit of before answers were signed: it still holds, and says so."""
    changes: dict[str, bytes | None] = {
        name: edited(made, name, lambda w: w.pop("answer"))
        for name in made.members
        if name.startswith("leaves/")
    }
    found = again(made, changes)
    assert found.problems == []
    assert any("were not signed" in one for one in found.unchecked)


def test_keys_without_their_proof_are_said_to_be_unproven(made: Made) -> None:
    consortium = made.scene.network.consortium.hex()
    changes: dict[str, bytes | None] = {
        name: None for name in made.members if name.startswith(f"proofs/{consortium}")
    }
    assert changes
    found = again(made, changes)
    assert found.problems == []
    assert any("whose keys" in one for one in found.unchecked)


def zipped(*files: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made:
        for name, raw in files:
            made.writestr(name, raw)
    return file.getvalue()


def overlapping() -> bytes:
    """Two names for the same bytes: what makes small files of huge contents."""
    raw = zipped(("a.json", b"{}"), ("b.json", b"{}"))
    first, second = raw.index(b"PK\1\2"), raw.rindex(b"PK\1\2")
    offset = struct.unpack_from("<I", raw, first + 42)
    changed = bytearray(raw)
    struct.pack_into("<I", changed, second + 42, *offset)
    return bytes(changed)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no zip",
        zipped(),
        zipped(("report.json", bytes(50_000_000)), compression=zipfile.ZIP_DEFLATED),
        zipped(("a.json", b"{}"), compression=zipfile.ZIP_BZIP2),
        zipped(("../a.json", b"{}")),
        zipped(("/etc/a.json", b"{}")),
        zipped(("a/b/c.json", b"{}")),
        zipped(("a.json", b"{}")),
        overlapping(),
    ],
)
def test_what_is_no_evidence_is_refused_before_it_is_unpacked(raw: bytes) -> None:
    with pytest.raises(EvidenceError):
        open_evidence(raw)


def test_the_command_says_what_holds(made: Made, tmp_path: Path) -> None:
    file = tmp_path / "evidence.zip"
    file.write_bytes(made.raw)
    network = str(made.scene.folder / "network.json")
    done = anchoring("recheck", str(file), "--network", network, "--json")
    assert (done.status, done.json["code"]) == (13, "not_complete")
    assert done.json["sha256"] == sha256(made.raw).hexdigest()
    assert len(done.json["findings"]) == 4
    file.write_bytes(made.raw[:-1])
    assert anchoring("recheck", str(file)).status == 10
    assert anchoring("recheck", str(tmp_path / "none.zip")).status == 2


def test_the_command_writes_what_recheck_reads(made: Made, tmp_path: Path) -> None:
    scene, file, report = made.scene, tmp_path / "evidence.zip", tmp_path / "report.json"
    network = str(scene.folder / "network.json")
    at = [part for number in (1, 2) for part in ("--at", f"{number}={scene.url}")]
    wanted = ["--evidence", str(file), "--report", str(report), "--grace", "60"]
    done = anchoring("audit", "--all", "--network", network, *at, *wanted)
    assert done.status == 14, done.err
    assert json.loads(report.read_text())["format"] == "sealtrail/audit-report/v1"
    assert sha256(file.read_bytes()).hexdigest() in done.err
    assert recheck(file.read_bytes(), scene.network).problems == []
    kept = file.read_bytes()
    for option in ("--evidence", "--report"):
        there = anchoring("audit", "--all", "--network", network, *at, option, str(file))
        assert (there.status, file.read_bytes()) == (2, kept)
        assert "--force" in there.err
    again = anchoring("audit", "--all", "--network", network, *at, *wanted, "--force")
    assert again.status == 14


def test_the_command_writes_a_file_for_each_breach(made: Made, tmp_path: Path) -> None:
    """A promise of the scene that was broken: its one file holds, whoever checks it."""
    scene, folder, handed = made.scene, tmp_path / "files", tmp_path / "handed"
    handed.mkdir()
    (receipt,) = [raw for name, raw in made.members.items() if name.startswith("receipts/")]
    (handed / "receipt.json").write_bytes(receipt)
    network = str(scene.folder / "network.json")
    at = [part for number in (1, 2) for part in ("--at", f"{number}={scene.url}")]
    wanted = ["--handed", str(handed), "--evidence-files", str(folder), "--grace", "60"]
    done = anchoring("audit", "--all", "--network", network, *at, *wanted)
    assert done.status == 14, done.err
    (file,) = folder.iterdir()
    assert file.name == "001-broken_receipt.json"
    headers = json.loads(file.read_bytes())["chain"]["headers"]
    checked = anchoring(
        *("verify", str(file), "--network", network, "--offline", "--json"),
        *("--block", headers[-1]["hash"]),
    )
    assert (checked.status, checked.json["kind"]) == (0, "broken_receipt"), checked.err
    refused = anchoring("audit", "--all", "--network", network, *at, *wanted)
    assert (refused.status, "--force" in refused.err) == (2, True)
