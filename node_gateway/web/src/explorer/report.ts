/** What was found, as `sealtrail/audit-report/v1`: the same codes, texts and order as the command-line audit. */

import { statusOf } from "./directory.ts";
import type { Difference } from "./reading.ts";
import { recordFor, type SeenAnchor } from "./streams.ts";
import type { StreamView, View } from "./view.ts";

const GRAVE = ["gap", "key_unknown"];
const MINOR = ["late_anchor"];

/** One finding; `sequence` null where it is about no anchor. */
export interface Finding {
  readonly code: string;
  readonly severity: "grave" | "serious" | "minor";
  readonly participant: number | null;
  readonly stream: number | null;
  readonly sequence: number | null;
  readonly since: number | null;
  readonly text: string;
  readonly evidence: object;
  readonly seenBy: readonly string[];
  readonly references: readonly string[];
}

/** How the sampling plan was drawn. */
export interface Plan {
  readonly number: number;
  readonly hash: string;
  readonly leaves: number;
}

function finding(code: string, stream: StreamView | null, sequence: number | null, text: string, evidence: object, since: number | null = null): Finding {
  return {
    code,
    severity: GRAVE.includes(code) ? "grave" : MINOR.includes(code) ? "minor" : "serious",
    participant: stream?.participant ?? null,
    stream: stream?.stream ?? null,
    sequence,
    since,
    text,
    evidence,
    seenBy: [],
    references: stream ? [`anchors/${stream.participant}.json`] : [],
  };
}

function ofStream(stream: StreamView): Finding[] {
  const found: Finding[] = [];
  const timeOf = (sequence: number): number | null => stream.anchors.find((one) => one.sequence === sequence)?.time ?? null;
  for (const { sequence, after, expected, previousTip } of stream.breaks) {
    const evidence = { expected: { sequence: after + 1, previousTip: expected }, given: { sequence, previousTip } };
    found.push(finding("gap", stream, sequence, `after sequence ${after} comes ${sequence}, or it has another past`, evidence, timeOf(sequence)));
  }
  const last = stream.anchors[stream.anchors.length - 1];
  if (stream.end && !stream.isEndRight) {
    const logs = { sequence: last?.sequence ?? 0, tip: last?.computedTip ?? "" };
    const text = `the registry is at sequence ${stream.end.sequence}, the logs end at ${logs.sequence}`;
    found.push(finding("gap", stream, stream.end.sequence, text, { registry: stream.end, logs }));
  }
  for (const [sequence, code] of stream.keyFaults) {
    const signer = stream.anchors.find((one) => one.sequence === sequence)?.signer ?? "";
    const text = "the key that anchored was not a valid anchor key of the participant at that time";
    found.push(finding(code, stream, sequence, text, { signer, time: timeOf(sequence) }, timeOf(sequence)));
  }
  for (const { sequence, since, until, countedS, allowedS, isOver } of stream.waits) {
    const { intervalS, basis } = stream.usual;
    const habit = intervalS === null ? "no habit is known" : `every ${intervalS} s is usual`;
    const text = `${countedS} s without an anchor; ${habit}, ${allowedS} s are allowed`;
    const evidence = { until, countedS, allowedS, intervalS, basis };
    found.push(finding(isOver ? "late_anchor" : "silent_stream", stream, sequence, text, evidence, since));
  }
  return found;
}

/** The record that the registry holds for an anchor, hex, as a proof states it. */
export type Stored = ReadonlyMap<SeenAnchor, string>;

function wrongRecords({ streams }: View, stored: Stored): Finding[] {
  return streams.flatMap((stream) =>
    stream.anchors
      .filter((one) => stored.has(one) && stored.get(one) !== recordFor(one))
      .map((one) => ({
        ...finding("wrong_record", stream, one.sequence, "log and record contradict each other: this witness is wrong", {
          computed: recordFor(one),
          stored: stored.get(one),
        }),
        participant: null,
      })),
  );
}

function disagreement({ log, name, shownBy, notBy }: Difference): Finding {
  const text = `${name} in block ${log.blockNumber} is shown by ${shownBy.join(", ")} and not by ${notBy.join(", ")}`;
  const { address, topics, data, blockNumber, blockHash } = log;
  return { ...finding("witness_disagreement", null, null, text, { address, topics, data, blockNumber, blockHash }), seenBy: shownBy, references: [] };
}

/** Everything that was found, the gravest first. */
export function findingsOf(view: View, stored: Stored = new Map()): Finding[] {
  const found = [...view.streams.flatMap(ofStream), ...wrongRecords(view, stored), ...view.reading.differences.map(disagreement)];
  const rank = ({ severity }: Finding): number => ["grave", "serious", "minor"].indexOf(severity);
  return found.sort((one, other) => rank(one) - rank(other) || (one.stream ?? 0) - (other.stream ?? 0) || (one.sequence ?? 0) - (other.sequence ?? 0));
}

function streamLine({ stream, anchors, usual }: StreamView): object {
  const last = anchors[anchors.length - 1];
  return {
    stream,
    anchors: anchors.length,
    lastSequence: last?.sequence ?? 0,
    lastTime: last?.time ?? null,
    intervalS: usual.intervalS,
    basis: usual.basis,
  };
}

function participantLines({ directory, streams }: View): object[] {
  return [...directory.participants.values()].map((one) => ({
    id: one.id,
    slug: one.slug,
    name: one.name,
    status: statusOf(one),
    roles: one.roles,
    url: one.url,
    gateway: "not_asked",
    streams: streams.filter(({ participant }) => participant === one.id).map(streamLine),
    lists: 0,
    entries: 0,
    receipts: { given: 0, kept: 0, notDue: 0, broken: 0, late: 0, invalid: 0 },
    challenges: null,
  }));
}

/** The report. `unchecked` are sentences on what could not be checked. */
export function reportOf(view: View, findings: readonly Finding[], plan: Plan | null, unchecked: readonly string[]): object {
  const { reading, head } = view;
  const { chainId, genesisHash } = reading.network;
  const read = reading.said.filter(({ status }) => status === "read");
  const challenges = plan && { seed: { blockNumber: plan.number, blockHash: plan.hash }, leavesPerStream: plan.leaves };
  const lines = [...unchecked, ...view.directory.oddities, "public entry lists, receipts and openings: the chain alone was read"];
  return {
    format: "sealtrail/audit-report/v1",
    chainId,
    genesisHash,
    parts: ["gaps"],
    head: { number: head.number, hash: head.hash, time: head.time },
    quorum: Math.max(1, new Set(read.map(({ organisation }) => organisation)).size),
    organisations: [...new Set(read.map(({ organisation }) => organisation))].sort(),
    witnesses: reading.said.map(({ organisation, url, status, detail }) => ({
      organisation,
      name: url,
      code: status === "read" ? "audited" : status,
      text: detail,
    })),
    clean: findings.length === 0,
    complete: false,
    challenges,
    participants: participantLines(view),
    findings: findings.map((one, place) => ({ id: `F${place + 1}`, ...one })),
    unchecked: lines.map((text) => ({ participant: null, text })),
    notes: [],
  };
}
