/** What became of each witness, over all bundles that it was asked about. */

import type { Verified, WitnessLine } from "../core/index.ts";

/** From what weighs most to what weighs least. */
export const STATES = ["lies", "denies", "differs", "elsewhere", "silent", "stale", "agrees", "own", "asking"] as const;
export type State = (typeof STATES)[number];

/** Each state has a sign of its own: colour alone says nothing. */
export const SIGNS: Readonly<Record<State, string>> = {
  lies: "✗",
  denies: "✗",
  differs: "✗",
  elsewhere: "○",
  silent: "○",
  stale: "⧗",
  agrees: "✓",
  own: "–",
  asking: "…",
};

const OF_STATUS: Readonly<Record<string, State>> = {
  verified: "agrees",
  own_witness: "own",
  witness_stale: "stale",
  chain_unavailable: "silent",
  ready: "silent",
  chain_mismatch: "elsewhere",
  contradicts_itself: "lies",
  block_not_sealed: "lies",
  witness_disagreement: "differs",
};

function stateOf({ status }: WitnessLine): State {
  return OF_STATUS[status] ?? "denies";
}

/** The state of each address. */
export function statesOf(bundles: readonly Verified[]): Map<string, State> {
  const found = new Map<string, State>();
  for (const { chain } of bundles) {
    for (const line of chain.witnesses) {
      const [before, now] = [found.get(line.url), stateOf(line)];
      if (before === undefined || STATES.indexOf(now) < STATES.indexOf(before)) found.set(line.url, now);
    }
  }
  return found;
}

/** How many organisations say the same of every bundle. */
export function agreeing(bundles: readonly Verified[]): number {
  const counts = bundles.map(({ checked, chain }) => {
    const saying = chain.witnesses.filter(({ status, participant }) => status === "verified" && participant !== checked.participant);
    return new Set(saying.map(({ organisation }) => organisation)).size;
  });
  return counts.length ? Math.min(...counts) : 0;
}
