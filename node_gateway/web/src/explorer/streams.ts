/** Anchors, and what their streams show: whether tips follow from each other, and waits that were too long. */

import { recordOf, tipOf } from "../core/anchor.ts";
import type { ChainEvent } from "./chain_events.ts";

const ZERO = "0".repeat(64);
const STREAMS_PER_PARTICIPANT = 2 ** 16;
/** Fewer intervals tell no habit. */
const LEARNED_FROM_MIN = 4;
/** Where one interval in five is longer than this times the usual one, there is no habit. */
const SPREAD_MAX = 2;
const [LATE_FACTOR, SILENT_FACTOR, GRACE_S, SILENT_S] = [2, 3, 60, 2 * 86_400];

/** One anchor; hex without 0x, `time` of its block in Unix seconds. */
export interface SeenAnchor {
  readonly registry: string;
  readonly participant: number;
  readonly stream: number;
  readonly sequence: number;
  readonly root: string;
  readonly size: number;
  readonly previousTip: string;
  /** As the log states it; compare with `computedTip`. */
  readonly tip: string;
  readonly computedTip: string;
  readonly signer: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly tx: string;
  readonly time: number;
}

/** A place at which a stream does not follow from what was before it. */
export interface Break {
  readonly sequence: number;
  readonly after: number;
  readonly previousTip: string;
  readonly expected: string;
  /** Whether the log's own tip is what its parts give. */
  readonly isTipWrong: boolean;
}

export type Interval = readonly [start: number, end: number];
export type Basis = "learned" | "irregular" | "too_few";

/** How often a stream anchors; null where that is not known. */
export interface Usual {
  readonly basis: Basis;
  readonly intervalS: number | null;
}

/** A time without an anchor that was too long; `isOver` false: the stream is silent. */
export interface Wait {
  readonly sequence: number;
  readonly since: number;
  readonly until: number;
  readonly countedS: number;
  readonly allowedS: number;
  readonly isOver: boolean;
}

export interface Stream {
  readonly stream: number;
  readonly participant: number;
  /** Ascending. */
  readonly anchors: readonly SeenAnchor[];
  readonly breaks: readonly Break[];
  readonly usual: Usual;
}

export type Moment = readonly [sequence: number, time: number];

/** The anchor that an `Anchored` log states. */
export function anchorOf(event: ChainEvent, chainId: number, time: number): SeenAnchor {
  const [stream, sequence, root, size, previousTip, tip, signer] = event.fields.map(String) as [
    string, string, string, string, string, string, string,
  ];
  const { address, blockNumber, blockHash, tx } = event.log;
  const parts = { stream: Number(stream), sequence: Number(sequence), root, size: Number(size), previousTip, blockNumber, blockTime: time };
  return {
    ...parts,
    registry: address,
    participant: Math.floor(parts.stream / STREAMS_PER_PARTICIPANT),
    tip,
    computedTip: tipOf(parts, { chainId, registry: `0x${address}` }),
    signer,
    blockHash,
    tx,
    time,
  };
}

/** The record that the registry must hold for an anchor, hex. */
export function recordFor({ computedTip, blockNumber, time }: SeenAnchor): string {
  return recordOf(computedTip, blockNumber, time);
}

/**
 * Recompute every tip from its predecessor.
 *
 * @param anchors of one stream, in the order of the chain
 * @param isWhole false: they were read from a later block on, so what came before the first is not known
 */
export function breaksOf(anchors: readonly SeenAnchor[], isWhole = true): Break[] {
  const found: Break[] = [];
  let [after, expected] = [0, ZERO];
  anchors.forEach(({ sequence, previousTip, tip, computedTip }, place) => {
    const isKnown = place > 0 || isWhole;
    const follows = !isKnown || (sequence === after + 1 && previousTip === expected);
    const isTipWrong = tip !== computedTip;
    if (!follows || isTipWrong) found.push({ sequence, after, previousTip, expected, isTipWrong });
    [after, expected] = [sequence, computedTip];
  });
  return found;
}

/** How often a stream anchors, as it mostly did. */
export function usualInterval(moments: readonly Moment[]): Usual {
  const lengths = moments.slice(1).map(([, time], place) => time - (moments[place]?.[1] ?? 0));
  if (lengths.length < LEARNED_FROM_MIN) return { basis: "too_few", intervalS: null };
  lengths.sort((one, other) => one - other);
  const usual = Math.max(1, lengths[Math.floor((lengths.length - 1) / 2)] ?? 1);
  const common = lengths[Math.floor(((lengths.length - 1) * 4) / 5)] ?? 0;
  return common > SPREAD_MAX * usual ? { basis: "irregular", intervalS: null } : { basis: "learned", intervalS: usual };
}

/** How many seconds of an interval count; what is in `uncounted` does not, an end of 0 is no end yet. */
export function countedS(start: number, end: number, uncounted: readonly Interval[]): number {
  let [counted, at] = [0, start];
  const sorted = uncounted.map(([first, last]): Interval => [first, last || end]).sort((one, other) => one[0] - other[0] || one[1] - other[1]);
  for (const [first, last] of sorted) {
    if (last <= first) continue;
    counted += Math.max(0, Math.min(first, end) - at);
    at = Math.max(at, Math.min(last, end));
  }
  return counted + Math.max(0, end - at);
}

/**
 * Every time without an anchor that was longer than allowed.
 *
 * @param moments the stream's anchors, ascending
 * @param until time of the newest block
 * @param uncounted times that count for nobody: suspensions, a chain that stood still
 */
export function longWaits(moments: readonly Moment[], usual: Usual, until: number, uncounted: readonly Interval[] = []): Wait[] {
  const last = moments[moments.length - 1];
  if (!last) return [];
  const { intervalS } = usual;
  const found: Wait[] = [];
  const add = (sequence: number, since: number, end: number, allowedS: number, isOver: boolean): void => {
    const waited = countedS(since, end, uncounted);
    if (waited > allowedS) found.push({ sequence, since, until: end, countedS: waited, allowedS, isOver });
  };
  if (intervalS !== null) {
    const allowedS = Math.trunc(intervalS * LATE_FACTOR) + GRACE_S;
    moments.slice(1).forEach(([sequence, time], place) => add(sequence, moments[place]?.[1] ?? time, time, allowedS, true));
  }
  const silentS = intervalS === null ? SILENT_S : Math.trunc(intervalS * SILENT_FACTOR) + GRACE_S;
  add(last[0] + 1, last[1], until, silentS, false);
  return found;
}

/** The streams of some anchors, by number. */
export function streamsOf(anchors: readonly SeenAnchor[], isWhole = true): Stream[] {
  const found = new Map<number, SeenAnchor[]>();
  for (const one of anchors) {
    const of = found.get(one.stream);
    if (of) of.push(one);
    else found.set(one.stream, [one]);
  }
  return [...found]
    .sort(([one], [other]) => one - other)
    .map(([stream, of]) => ({
      stream,
      participant: of[0]?.participant ?? 0,
      anchors: of,
      breaks: breaksOf(of, isWhole),
      usual: usualInterval(of.map(({ sequence, time }): Moment => [sequence, time])),
    }));
}
