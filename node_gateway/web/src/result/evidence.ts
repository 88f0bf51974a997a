/** Checking what a result page came with: every bundle of it, and that the page shows what they show. */

import * as core from "../core/index.ts";
import { networkWith, type Place, quorumOf } from "../panel/places.ts";

/** One step of the journey as the page has it. */
interface Step {
  readonly entry?: string;
  readonly participant?: number;
  readonly step?: string | null;
  readonly proof?: unknown;
}

/** The public answer, as far as it matters here. */
interface Answer {
  readonly code?: string;
  readonly soldTimes?: number;
  readonly sealing?: boolean;
  readonly product?: { readonly lot?: string; readonly expiry?: string; readonly status?: string };
  readonly steps?: readonly Step[];
}

/** What the page says to this script: `<script type="application/json" id="facts">`. */
export interface PageFacts {
  readonly code: string;
  readonly participant: number | null;
  readonly answer: Answer;
  /** What the gateway knows of the code, sealed or not. */
  readonly state: core.CodeState;
  /** As the gateway states it. */
  readonly verdict: core.Verdict;
  /** A `sealtrail/proofs/v1`; null if nothing of it is sealed. */
  readonly bundles: { readonly bundles: readonly unknown[] } | null;
  readonly network: core.Network;
  readonly witnesses: readonly Place[];
  readonly today: string;
  readonly language: string;
  readonly words: Readonly<Record<string, string>>;
}

/** What a check came to. */
export interface Found {
  readonly verdict: core.Verdict;
  /** How many sales are recorded, whoever says so. */
  readonly sales: number;
  readonly bundles: readonly core.Bundle[];
  readonly verified: readonly core.Verified[];
  /** Why it is refused; empty if it is not. */
  readonly refusal: string;
}

const SET = "sealtrail/proofs/v1";
const LOT = "$['ilmd']['cbvmda:lotNumber']";
const EXPIRY = "$['ilmd']['cbvmda:itemExpirationDate']";
function bytesOf(bundles: readonly unknown[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ format: SET, bundles }));
}

/** The bundles of the page. */
export function bundlesOf({ bundles }: PageFacts): readonly unknown[] {
  return bundles ? bundles.bundles : [];
}

/** Proofs of steps that are not among the bundles already: one event twice would refuse a set. */
function restOf(steps: readonly Step[], verified: readonly core.Verified[]): unknown[] {
  const entries = new Set(verified.map(({ checked }) => checked.entry));
  const found: unknown[] = [];
  for (const { entry = "", proof } of steps) {
    if (!proof || entries.has(entry)) continue;
    entries.add(entry);
    found.push(proof);
  }
  return found;
}

/** Whether bundles disclose values of one item, none of which is what the page shows. */
function differs(shown: string | undefined, path: string, verified: readonly core.Verified[]): boolean {
  if (shown === undefined) return false;
  const values: core.ItemValue[] = [];
  for (const { checked } of verified) for (const item of checked.items) if (item.path === path) values.push(item.value);
  return values.length > 0 && !values.includes(shown);
}

/** Whether the page shows something else than its own proofs. */
function isChanged({ product, steps = [] }: Answer, verified: readonly core.Verified[]): boolean {
  if (product && (differs(product.lot, LOT, verified) || differs(product.expiry, EXPIRY, verified))) return true;
  return steps.some((step) => {
    const proof = verified.find(({ checked }) => checked.entry === step.entry);
    if (!proof) return false;
    const { participant, act } = proof.checked;
    return participant !== step.participant || act.bizStep !== step.step;
  });
}

/**
 * Recompute everything and ask the witnesses. What the gateway says against the unit is believed; what
 * speaks for it, only what is proven.
 */
export async function check(facts: PageFacts, places: readonly Place[]): Promise<Found> {
  const { answer } = facts;
  const options = { network: networkWith(facts.network, places), quorum: quorumOf(places, facts.participant) };
  const [bundles, verified]: [core.Bundle[], core.Verified[]] = [[], []];
  let refusal = "";
  const take = async (given: readonly unknown[]): Promise<void> => {
    if (!given.length || refusal) return;
    const bytes = bytesOf(given);
    const result = await core.verify(bytes, options);
    if (result.outcome === "refused") refusal = result.code;
    if (!result.bundles.length) return;
    bundles.push(...core.parseBundles(bytes));
    verified.push(...result.bundles);
  };
  await take(bundlesOf(facts));
  await take(restOf(answer.steps || [], verified));
  if (!refusal && isChanged(answer, verified)) refusal = "page_differs";
  const known = unitOf(facts, verified);
  const outcomes = refusal || facts.verdict === "V11" ? [...known.outcomes, "refused" as const] : known.outcomes;
  return { verdict: core.judge({ ...known, outcomes }), sales: known.sales, bundles, verified, refusal };
}

function unitOf({ answer, code, state, verdict, today }: PageFacts, verified: readonly core.Verified[]): core.Facts {
  const { status, expiry } = answer.product || {};
  const proven = core.factsOf(answer.code || code, verified, today);
  const dates = [proven.expires, expiry].filter((one): one is string => Boolean(one));
  return {
    ...proven,
    sales: Math.max(proven.sales, answer.soldTimes || 0),
    isDestroyed: proven.isDestroyed || status === "withdrawn" || verdict === "V07",
    expires: dates.sort()[0] || null,
    code: state,
    warnings: verdict === "V05" ? [...proven.warnings, "recalled"] : proven.warnings,
  };
}
