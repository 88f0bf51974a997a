/** What bundles about one code state of it, put together: sales, the end of its life, the expiry. */

import type { Act } from "./act.ts";
import type { CheckedBundle } from "./checked.ts";
import type { Facts } from "./judging.ts";
import type { Verified } from "./verify.ts";

const THINGS_PATH = "$['epcList'][*]";
const EXPIRY_PATH = "$['ilmd']['cbvmda:itemExpirationDate']";
/** Steps after which a thing is in trade, whatever the event's action. */
const STILL_THERE = [
  ..."shipping departing consigning loading transporting arriving receiving accepting".split(" "),
  ..."inspecting holding storing stocking packing unpacking picking cycle_counting".split(" "),
  ..."stock_taking sensor_reporting void_shipping unloading commissioning".split(" "),
];

/** How a thing leaves the trade. */
export type End = "sold" | "destroyed" | "decommissioned" | "lost";

/** As far as nothing of it was taken back. */
export interface Stated {
  /** Sales less the returns that are shown; at least 1 if there is a sale. */
  readonly sales: number;
  readonly isDestroyed: boolean;
  /** The earliest expiry date that is disclosed. */
  readonly expires: string | null;
}

function endByDisposition(disposition: string | null): End | null {
  switch (disposition) {
    case "destroyed":
    case "disposed":
      return "destroyed";
    case "dispensed":
    case "retail_sold":
      return "sold";
    case "stolen":
      return "lost";
    default:
      return null;
  }
}

/** How an event on things ends them; null if it does not. */
export function endOf({ type, action, bizStep, disposition }: Omit<Act, "errorDeclaration">): End | null {
  if (type !== "ObjectEvent") return null;
  const stated = endByDisposition(disposition);
  switch (bizStep) {
    case "dispensing":
    case "retail_selling":
      return disposition === "partially_dispensed" ? null : "sold";
    case "destroying":
      return "destroyed";
    case "decommissioning":
    case "killing":
      return stated ?? "decommissioned";
  }
  if ((bizStep !== null && STILL_THERE.includes(bizStep)) || action === "ADD") return null;
  if (action === "DELETE") return stated ?? "decommissioned";
  return stated === "lost" ? null : stated;
}

function statementOf({ participant, act }: CheckedBundle): string {
  return JSON.stringify([participant, act.type, act.action, act.bizStep, act.disposition]);
}

/**
 * Leave out declarations of errors, and for each the oldest statement that it repeats: it has the eventID
 * of what it takes back, which is not always disclosed, but it repeats the act of the same participant.
 */
function standing(checked: readonly CheckedBundle[]): CheckedBundle[] {
  const ordered = [...checked].sort((one, other) => one.anchor.blockTime - other.anchor.blockTime);
  const declared = new Map<string, number>();
  for (const one of ordered) {
    if (one.act.errorDeclaration) declared.set(statementOf(one), (declared.get(statementOf(one)) ?? 0) + 1);
  }
  return ordered.filter((one) => {
    if (one.act.errorDeclaration) return false;
    const left = declared.get(statementOf(one)) ?? 0;
    declared.set(statementOf(one), left - 1);
    return left <= 0;
  });
}

/** Put together what the bundles that disclose a code state of it. */
export function statedOf(code: string, checked: readonly CheckedBundle[]): Stated {
  const about = standing(checked.filter(({ codes }) => codes.some((one) => one.code === code)));
  const things = about.filter(({ codes }) => codes.some((one) => one.code === code && one.path === THINGS_PATH));
  const ends = things.map(({ act }) => endOf(act));
  const sold = ends.filter((end) => end === "sold").length;
  const returns = things.filter(({ act }) => act.disposition === "returned").length;
  const dates: string[] = [];
  for (const { items } of about) {
    const expiry = items.find(({ path }) => path === EXPIRY_PATH)?.value;
    if (typeof expiry === "string") dates.push(expiry);
  }
  return {
    sales: Math.max(sold - returns, Math.min(sold, 1)),
    isDestroyed: ends.includes("destroyed") || ends.includes("decommissioned"),
    expires: dates.sort()[0] ?? null,
  };
}

/** What bundles about a code, and the witnesses asked about them, tell of it. */
export function factsOf(code: string, bundles: readonly Verified[], today: string): Facts {
  const about = bundles.filter(({ checked }) => checked.codes.some((one) => one.code === code));
  return {
    ...statedOf(code, about.map(({ checked }) => checked)),
    outcomes: about.map(({ chain }) => chain.outcome),
    code: about.length ? "recorded" : "unknown",
    warnings: about.reduce<string[]>((all, { chain }) => [...all, ...chain.warnings.map((one) => one.code)], []),
    today,
  };
}
