/** The evidence of what was read, as one file that `python -m anchoring recheck` checks again, offline. */

import { word } from "../core/abi.ts";
import { fromHex, toHex, toUtf8 } from "../core/bytes.ts";
import { keccak256, sha256 } from "../core/hashes.ts";
import type { Network } from "../core/network.ts";
import { membersOf } from "../core/rpc.ts";
import { patient, type Watch } from "./patience.ts";
import type { Said } from "./reading.ts";
import { findingsOf, type Plan, reportOf, type Stored } from "./report.ts";
import type { SeenAnchor } from "./streams.ts";
import type { View } from "./view.ts";
import { encoded, type Member, zipOf } from "./zip.ts";

const PROOFS_AT_ONCE = 50;

/** A report in the languages of people. */
export interface PlainReports {
  readonly zh: string;
  readonly en: string;
}

export interface Evidence {
  readonly zip: Uint8Array;
  /** Of the zip, hex. */
  readonly sha256: string;
  readonly findings: number;
}

const README = `Evidence of what witnesses of a Sealtrail network showed, read by the auditor explorer.

Check it again, offline, with nothing but the library \`anchoring\`:

    python -m anchoring recheck THIS.zip --network YOUR-NETWORK.json

Use the network file that you hold to be the network, not the one in here.

  report.json     what was found (sealtrail/audit-report/v1); findings.json holds the findings alone
  report-en.txt   the same in plain English; report-zh.txt in Chinese
  network.json    the network file that was used, with the witnesses that were asked
  manifest.json   the SHA-256 of every other file
  anchors/        anchors by participant, as the chain has them
  headers/        block headers; each gives the hash of its block
  proofs/         eth_getProof answers: the records of the anchors under the newest block
  logs/           every log that was read, by witness, as each showed it
  bundles/        the proof that was looked at, if there was one

如何复核：安装 anchoring 库后，离线运行上面的命令即可；无需信任制作此文件的人。
`;
const RECHECK = `"""Checks the evidence beside this file again: python recheck.py THIS.zip [--network FILE]"""

import sys

from anchoring.cli import main

sys.exit(main(["recheck", *sys.argv[1:]]))
`;

/** The slot of \`records\` in the registry: a nested mapping at slot 0; hex. */
export function recordSlot(stream: number, sequence: number): string {
  const outer = keccak256(fromHex(word(stream) + word(0)));
  return keccak256(fromHex(word(sequence) + outer));
}

interface Proven {
  readonly members: Member[];
  readonly stored: Map<SeenAnchor, string>;
}

/** Have the witness prove the records of all anchors under the newest block; nothing is believed here. */
async function proofsOf(view: View, watch: Watch): Promise<Proven> {
  const made: Proven = { members: [], stored: new Map() };
  const at = `0x${view.head.number.toString(16)}`;
  const ask = patient(view.ask, watch);
  const registries = new Set(view.anchors.map(({ registry }) => registry));
  for (const registry of registries) {
    const bySlot = new Map(view.anchors.filter((one) => one.registry === registry).map((one) => [recordSlot(one.stream, one.sequence), one]));
    const slots = [...bySlot.keys()];
    for (let from = 0; from < slots.length; from += PROOFS_AT_ONCE) {
      watch.tell("proofs", from, slots.length);
      const keys = slots.slice(from, from + PROOFS_AT_ONCE).map((slot) => `0x${slot}`);
      const answer = membersOf(await ask(view.of.url, "eth_getProof", [`0x${registry}`, keys, at]));
      const listed = answer["storageProof"];
      if (!Array.isArray(listed)) throw new Error("no proof");
      const storageProof = listed.map((one: unknown) => {
        const { key, proof, value } = membersOf(one);
        const anchor = bySlot.get(word(String(key)));
        if (anchor) made.stored.set(anchor, word(String(value)));
        return { key, proof };
      });
      const body = encoded({ accountProof: answer["accountProof"], storageProof });
      made.members.push([`proofs/${registry}-${from / PROOFS_AT_ONCE}.json`, body]);
    }
  }
  return made;
}

function anchorWire(one: SeenAnchor, stored: Stored): object {
  const { registry, stream, sequence, root, size, previousTip, signer, blockNumber, blockHash, time, tx } = one;
  const record = stored.get(one) ?? "0".repeat(64);
  return { registry, stream, sequence, root, size, previousTip, signer, blockNumber, blockHash, blockTime: time, record, tx };
}

function anchorMembers({ streams, directory }: View, stored: Stored): Member[] {
  return [...directory.participants.keys()].flatMap((id): Member[] => {
    const anchors = streams.filter(({ participant }) => participant === id).flatMap((one) => one.anchors);
    return anchors.length ? [[`anchors/${id}.json`, encoded({ anchors: anchors.map((one) => anchorWire(one, stored)) })]] : [];
  });
}

/** Blocks of anchors, the newest one and the seed's: a header of any other block belongs to nothing. */
function headerMembers({ headers, anchors, head }: View, plan: Plan | null): Member[] {
  const wanted = new Set([...anchors.map(({ blockNumber }) => blockNumber), head.number, ...(plan ? [plan.number] : [])]);
  return [...headers.values()].filter(({ number }) => wanted.has(number)).map(({ number, members }) => [`headers/${number}.json`, encoded(members)]);
}

function logsMember(one: Said, place: number): Member {
  const { organisation, participant, url, status, detail, blockHash, logs } = one;
  return [`logs/witness-${place + 1}.json`, encoded({ organisation, participant, url, status, detail, blockHash, logs })];
}

/** The network file that was used: its witnesses are those that were asked. */
function networkWire(network: Network): object {
  const { signatures: _, ...rest } = network;
  return rest;
}

/**
 * Make the evidence.
 *
 * @param report makes the plain reports of what was found
 * @param proof the file that was looked at, null if there was none
 * @throws {Error} the witness gives no proofs or headers, or anchors were not read from block 0 on
 */
export async function evidenceOf(
  view: View,
  { plan, proof, watch, report }: {
    readonly plan: Plan | null;
    readonly proof: Uint8Array | null;
    readonly watch: Watch;
    readonly report: (findings: ReturnType<typeof findingsOf>) => PlainReports;
  },
): Promise<Evidence> {
  const proven = await proofsOf(view, watch);
  const findings = findingsOf(view, proven.stored);
  const plain = report(findings);
  const members: Member[] = [
    ["report.json", encoded(reportOf(view, findings, plan, []))],
    ["findings.json", encoded(findings)],
    ["report-en.txt", toUtf8(plain.en)],
    ["report-zh.txt", toUtf8(plain.zh)],
    ["network.json", encoded(networkWire(view.reading.network))],
    ["README.txt", toUtf8(README)],
    ["recheck.py", toUtf8(RECHECK)],
    ...anchorMembers(view, proven.stored),
    ...headerMembers(view, plan),
    ...proven.members,
    ...view.reading.said.map(logsMember),
  ];
  if (proof) members.push([`bundles/${sha256(toHex(proof)).slice(0, 32)}.json`, proof]);
  const files = Object.fromEntries(members.map(([name, data]) => [name, sha256(toHex(data))]));
  const zip = zipOf([...members, ["manifest.json", encoded({ format: "sealtrail/audit-evidence/v1", files })]]);
  return { zip, sha256: sha256(toHex(zip)), findings: findings.length };
}
