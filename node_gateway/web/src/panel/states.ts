/** What became of each witness, over all bundles that it was asked about. */

import type { Verified } from "../core/index.ts";

/** From what weighs most to what weighs least. */
const SIGNS = "✗○✓";

/** Each kind of answer has a sign of its own, for colour alone says nothing: confirms, denies, says nothing. */
export function signOf(status: string): string {
  if (status === "verified") return "✓";
  return /^(own_|chain_|witness_stale|asking|$)/.test(status) ? "○" : "✗";
}

/** What became of the witnesses. */
export interface Asked {
  /** The status that weighs most, by address. */
  readonly statuses: ReadonlyMap<string, string>;
  /** How many organisations confirm every bundle. */
  readonly agreeing: number;
}

export function askedOf(bundles: readonly Verified[]): Asked {
  const statuses = new Map<string, string>();
  const weightOf = (status = "verified"): number => SIGNS.indexOf(signOf(status));
  const counts = bundles.map(({ chain }) => {
    const agreeing = new Set<string>();
    for (const { url, status, organisation } of chain.witnesses) {
      if (weightOf(status) <= weightOf(statuses.get(url))) statuses.set(url, status);
      if (status === "verified") agreeing.add(organisation);
    }
    return agreeing.size;
  });
  return { statuses, agreeing: counts.length ? Math.min(...counts) : 0 };
}
