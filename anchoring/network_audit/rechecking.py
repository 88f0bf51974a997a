"""Checking an audit again from its evidence, offline: neither auditor nor witness is believed.

What the report says must follow from what lies beside it: tips and records from the anchors, block
times from headers, records from proofs under the newest block, roots from lists, leaves from the
seed. A finding without evidence is as wrong as evidence without its finding.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from anchoring.chain.headers import Header, check_header, known_sealers
from anchoring.chain.network import Network, parse_network
from anchoring.chain.proofs import ProofError, check_proof, record_slot
from anchoring.chain.receipts import receipt_signer
from anchoring.challenges import Seed, check_opened, draw, parse_opened
from anchoring.core.anchor import ZERO_HASH, record
from anchoring.core.receipt import Receipt, parse_receipt
from anchoring.errors import AnchoringError, FormatError
from anchoring.network_audit.evidence import ZIP_FORMAT
from anchoring.network_audit.evidence_reading import (
    EvidenceAnchor,
    anchor_of,
    identity_of,
    place_of,
    root_of,
)
from anchoring.network_audit.model import REPORT_FORMAT
from anchoring.network_audit.opening_zip import EvidenceError, open_evidence
from anchoring.network_audit.participant import list_name, receipt_name
from anchoring.network_audit.rechecking_answers import AnswerCheck

Place = tuple[int, int]
_NO_SHAPE: Final = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError)
_LISTED: Final = ("wrong_root", "unsorted_list")


@dataclass(slots=True)
class Rechecked:
    """What came of it.

    Attributes:
        report: As it lies in the evidence.
        counts: How many of what was checked.
        problems: What does not hold; with any, do not rely on the report.
        unchecked: What rests on the auditor's word.
    """

    report: dict[str, Any]
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)


def recheck(raw: bytes, network: Network | None = None) -> Rechecked:
    """Check an evidence zip.

    Args:
        raw: The file.
        network: What the viewer holds to be the network; without it the auditor's is taken, and
            that is said.

    Raises:
        EvidenceError: it is no evidence, or was changed.
    """
    members = open_evidence(raw)
    try:
        return _Rechecking(members, network).run()
    except EvidenceError:
        raise
    except (AnchoringError, *_NO_SHAPE, RecursionError) as error:
        raise EvidenceError(f"a file in it is malformed: {error}") from error


class _Rechecking:
    def __init__(self, members: Mapping[str, bytes], network: Network | None) -> None:
        self._members = members
        report = json.loads(members["report.json"])
        manifest = json.loads(members["manifest.json"])
        if report["format"] != REPORT_FORMAT or manifest["format"] != ZIP_FORMAT:
            raise EvidenceError("another format than this program reads")
        self._made = Rechecked(report)
        self._report = report
        self._network = self._chosen(network)
        self._headers: dict[int, Header] = {}
        self._times: dict[int, int] = {}
        self._anchors: dict[Place, EvidenceAnchor] = {}
        self._lists: dict[Place, list[bytes]] = {}
        self._proven: dict[tuple[bytes, int], dict[str, Any]] = {}

    def run(self) -> Rechecked:
        self._read_anchors()
        self._read_headers()
        self._check_blocks()
        self._check_streams()
        self._check_proofs()
        self._check_lists()
        self._check_receipts()
        self._check_challenges()
        self._check_report()
        return self._made

    def _problem(self, text: str) -> None:
        self._made.problems.append(text)

    def _count(self, name: str, count: int = 1) -> None:
        self._made.counts[name] = self._made.counts.get(name, 0) + count

    def _chosen(self, network: Network | None) -> Network:
        theirs = parse_network(self._members["network.json"])
        if network is None:
            self._made.unchecked.append("whether it is your network: --network FILE compares")
            return theirs
        if identity_of(network) != identity_of(theirs):
            self._problem("the evidence is of another network than your file names")
        return network

    def _named(self, folder: str) -> Iterator[tuple[str, bytes]]:
        for name, raw in self._members.items():
            if name.startswith(f"{folder}/"):
                yield name, raw

    def _claimed_hashes(self) -> dict[int, bytes]:
        """Return which hash a header must give: of an anchor's block, the seed, the newest one."""
        hashes = {one.block_number: one.block_hash for one in self._anchors.values()}
        plan, head = self._report["challenges"], self._report["head"]
        if plan is not None:
            hashes[plan["seed"]["blockNumber"]] = bytes.fromhex(plan["seed"]["blockHash"])
        hashes[head["number"]] = bytes.fromhex(head["hash"])
        return hashes

    def _read_headers(self) -> None:
        hashes = self._claimed_hashes()
        for name, raw in self._named("headers"):
            wire = json.loads(raw)
            number, time = int(wire["number"], 16), int(wire["timestamp"], 16)
            if name != f"headers/{number}.json":
                self._problem(f"{name} is the header of block {number}")
            claimed = hashes.get(number)
            if claimed is None:
                raise EvidenceError(f"nothing in the evidence is in block {number}")
            self._headers[number] = check_header(wire, claimed)
            self._times[number] = time
            self._count("headers")
        head = self._report["head"]
        if self._times.get(head["number"], head["time"]) != head["time"]:
            self._problem("the report has another time for the newest block than its header")

    def _read_anchors(self) -> None:
        registries = {one.address for one in self._network.registries}
        for name, raw in self._named("anchors"):
            for wire in json.loads(raw)["anchors"]:
                one = anchor_of(wire)
                place = (one.anchor.stream, one.anchor.sequence)
                if name != f"anchors/{one.anchor.participant}.json" or place in self._anchors:
                    self._problem(f"{name} holds an anchor that does not belong there")
                if one.registry not in registries:
                    self._problem(f"{place[0]}/{place[1]} is of a registry that is not listed")
                self._anchors[place] = one
                self._count("anchors")

    def _check_blocks(self) -> None:
        for place, one in self._anchors.items():
            header = self._headers.get(one.block_number)
            if header is None:
                self._unproven()
                continue
            shown = (header.block_hash, self._times[one.block_number])
            if shown != (one.block_hash, one.block_time):
                self._problem(f"{place[0]}/{place[1]} has another block than its header")

    def _unproven(self) -> None:
        text = "block times and records: headers or proofs are missing"
        if text not in self._made.unchecked:
            self._made.unchecked.append(text)

    def _check_streams(self) -> None:
        """Follow the tips; a break must be a finding, and a finding must be a break."""
        chain_id = self._network.chain_id
        broken: set[Place] = set()
        wrong: set[Place] = set()
        sequence, tip, stream = 0, ZERO_HASH, 0
        for place, one in sorted(self._anchors.items()):
            if place[0] != stream:
                stream, sequence, tip = place[0], 0, ZERO_HASH
            anchor = one.anchor
            if (anchor.sequence, anchor.previous_tip) != (sequence + 1, tip):
                broken.add(place)
            sequence = anchor.sequence
            tip = anchor.tip(chain_id=chain_id, registry=one.registry)
            if record(tip, one.block_number, one.block_time) != one.stored:
                wrong.add(place)
        self._compare("wrong_record", wrong)
        told = self._places("gap")
        for stream, sequence in broken - told:
            self._problem(f"{stream}/{sequence} does not follow, and the report has no gap there")

    def _places(self, *codes: str) -> set[Place]:
        return {
            (one["stream"], one["sequence"])
            for one in self._report["findings"]
            if one["code"] in codes
        }

    def _compare(self, code: str, found: set[Place]) -> None:
        told = self._places(code)
        for stream, sequence in sorted(found - told):
            self._problem(f"{stream}/{sequence}: {code}, and the report does not say so")
        for stream, sequence in sorted(told - found):
            self._problem(f"{stream}/{sequence}: the report says {code}, and that is not so")

    def _check_proofs(self) -> None:
        head = self._headers.get(self._report["head"]["number"])
        proofs = [(name, json.loads(raw)) for name, raw in self._named("proofs")]
        if head is None or (self._anchors and not proofs):
            self._unproven()
            return
        count, enough = known_sealers(head.sealers, self._network.validators)
        if self._network.validators and not enough:
            self._problem(f"only {count} known validators sealed the newest block")
        elif not self._network.validators:
            self._made.unchecked.append(
                f"who made block {head.block_hash.hex()}: the network file names no validators"
            )
        proven = self._proven
        for name, wire in proofs:
            registry = bytes.fromhex(name.removeprefix("proofs/").partition("-")[0])
            for slot in wire["storageProof"]:
                proven[registry, int(slot["key"], 16)] = {**wire, "storageProof": [slot]}
        codes = {one.address: one.code_hash for one in self._network.registries}
        for (stream, sequence), one in sorted(self._anchors.items()):
            slot = record_slot(stream, sequence)
            answer = proven.get((one.registry, int.from_bytes(slot)))
            if answer is None:
                self._problem(f"{stream}/{sequence}: its record is not proven")
                continue
            try:
                found = check_proof(
                    answer, state_root=head.state_root, address=one.registry, slot=slot
                )
            except (ProofError, FormatError) as error:
                self._problem(f"{stream}/{sequence}: {error}")
                continue
            if found.value != one.stored or found.code_hash != codes.get(one.registry):
                self._problem(f"{stream}/{sequence}: the chain proves another record or registry")
            self._count("records proven")

    def _check_lists(self) -> None:
        wrong: set[Place] = set()
        for (stream, sequence), one in sorted(self._anchors.items()):
            raw = self._members.get(list_name(stream, sequence))
            if raw is None:
                continue
            entries = [raw[at : at + 32] for at in range(0, len(raw), 32)]
            unsorted = any(left >= right for left, right in pairwise(entries))
            if unsorted or root_of(entries) != (one.anchor.root, one.anchor.size):
                wrong.add((stream, sequence))
            if root_of(entries) == (one.anchor.root, one.anchor.size):
                self._lists[stream, sequence] = entries
            self._count("lists")
        told = self._places(*_LISTED)
        for stream, sequence in sorted(wrong ^ told):
            self._problem(f"{stream}/{sequence}: list and report do not agree")

    def _check_receipts(self) -> None:
        broken = {
            one["evidence"]["receipt"]["signature"]: one
            for one in self._report["findings"]
            if one["code"] == "broken_receipt"
        }
        for signature, finding in broken.items():
            raw = self._members.get(receipt_name(signature))
            if raw is None:
                self._problem(f"{finding['id']}: its receipt is not in the evidence")
                continue
            self._check_broken(finding, parse_receipt(raw))
        self._count("receipts", sum(1 for _ in self._named("receipts")))

    def _check_broken(self, finding: Mapping[str, Any], receipt: Receipt) -> None:
        registries = {one.address for one in self._network.registries}
        if receipt.chain_id != self._network.chain_id or receipt.registry not in registries:
            self._problem(f"{finding['id']}: the receipt is for another chain")
        receipt_signer(receipt)  # raises unless it is a signature
        deadline = finding["evidence"]["deadline"]
        if deadline < receipt.anchor_by:
            self._problem(f"{finding['id']}: the deadline is before the promised time")
        absent = {bytes.fromhex(one) for one in finding["evidence"]["entries"]}
        for place, entries in self._lists.items():
            if place[0] == receipt.stream and absent & set(entries):
                self._problem(f"{finding['id']}: the entry is in the list {place[0]}/{place[1]}")
        known = {place for place in self._anchors if place[0] == receipt.stream}
        if not absent or not absent <= set(receipt.entries) or known - set(self._lists):
            self._problem(f"{finding['id']}: the lists do not show that the receipt is broken")

    def _check_challenges(self) -> None:
        plan = self._report["challenges"]
        opened = [(name, json.loads(raw)) for name, raw in self._named("leaves")]
        if plan is None:
            if opened:
                self._problem("leaves were opened, and the report has no challenge")
            return
        seed = Seed(plan["seed"]["blockNumber"], bytes.fromhex(plan["seed"]["blockHash"]))
        header = self._headers.get(seed.block_number)
        if header is None:
            self._unproven()
        elif header.block_hash != seed.block_hash:
            self._problem("the seed is not the hash of its block")
        drawn = set()
        for stream in {place[0] for place in self._anchors}:
            sizes = [
                (place[1], one.anchor.size)
                for place, one in sorted(self._anchors.items())
                if place[0] == stream and one.block_number < seed.block_number
            ]
            drawn |= set(draw(seed, stream, sizes, plan["leavesPerStream"]))
        told = {json.dumps(o["evidence"]["leaf"], sort_keys=True) for o in self._wrong_leaves()}
        keys = self._answer_check()
        for name, wire in opened:
            answer = wire.pop("answer", None) if isinstance(wire, dict) else None
            one = parse_opened(wire)
            if wrong := keys.problem(one, answer, seed):
                self._problem(f"{name}: {wrong}")
            if (
                one.leaf not in drawn
                or name != f"leaves/{'-'.join(map(str, place_of(one.leaf)))}.json"
            ):
                self._problem(f"{name} was not drawn")
            is_told = json.dumps(one.leaf.to_wire(), sort_keys=True) in told
            try:
                check_opened(one, self._anchors[one.leaf.stream, one.leaf.sequence].anchor)
                holds = True
            except AnchoringError:
                holds = False
            if holds == is_told:
                self._problem(f"{name}: what was opened and the report do not agree")
            self._count("leaves")
        self._made.unchecked += keys.unchecked
        asked = sum((o["challenges"] or {}).get("asked", 0) for o in self._report["participants"])
        if asked and not opened:
            self._made.unchecked.append("the opened leaves: the auditor did not pass them on")

    def _answer_check(self) -> AnswerCheck:
        head = self._headers.get(self._report["head"]["number"])
        root = None if head is None else head.state_root
        return AnswerCheck(self._network, self._proven, root, self._report["head"]["time"])

    def _wrong_leaves(self) -> list[dict[str, Any]]:
        return [one for one in self._report["findings"] if one["code"] == "challenge_wrong"]

    def _check_report(self) -> None:
        report = self._report
        if report["clean"] != (not report["findings"]):
            self._problem("the report calls itself clean and is not, or the other way round")
        if report["chainId"] != self._network.chain_id:
            self._problem("the report is of another chain")
        for participant in report["participants"]:
            for line in participant["streams"]:
                of_stream = [p for p in self._anchors if p[0] == line["stream"]]
                last = max((p[1] for p in of_stream), default=0)
                if (line["anchors"], line["lastSequence"]) != (len(of_stream), last):
                    self._problem(f"the report counts other anchors of stream {line['stream']}")
        for one in report["findings"]:
            for name in one["references"]:
                if name not in self._members and not name.startswith(("leaves/", "openings/")):
                    self._problem(f"{one['id']} refers to {name}, which is not there")
            if one["code"] in ("late_anchor", "silent_stream"):
                self._check_wait(one)
        self._count("findings", len(report["findings"]))

    def _check_wait(self, finding: Mapping[str, Any]) -> None:
        stream, sequence = finding["stream"], finding["sequence"]
        before = self._anchors.get((stream, sequence - 1))
        after = self._anchors.get((stream, sequence))
        until = after.block_time if after else self._report["head"]["time"]
        evidence = finding["evidence"]
        if before is None or (finding["since"], evidence["until"]) != (before.block_time, until):
            self._problem(f"{finding['id']}: the times are not those of the anchors")
        elif not evidence["allowedS"] < evidence["countedS"] <= until - before.block_time:
            self._problem(f"{finding['id']}: the wait was not too long")
