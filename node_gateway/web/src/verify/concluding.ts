/** From a proof and what the witnesses said of it to a verdict for each code, and to the findings. */

import * as core from "../core/index.ts";
import { networkWith, type Place, quorumOf } from "../panel/places.ts";
import type { Proof } from "./reading.ts";

/** What a check came to. */
export interface Conclusion {
  readonly proof: Proof;
  /** The first that is to be said of all codes. */
  readonly verdict: core.Verdict;
  readonly byCode: ReadonlyMap<string, core.Verdict>;
  readonly sales: number;
  /** Empty if nobody was asked. */
  readonly verified: readonly core.Verified[];
  readonly bundles: readonly core.Bundle[];
  readonly refusal: string;
  readonly network: core.Network | null;
  readonly quorum: number;
}

/** The participant of all bundles; null if there are several. */
export function ownOf(checked: readonly core.CheckedBundle[]): number | null {
  const [own, ...others] = [...new Set(checked.map(({ participant }) => participant))];
  return own === undefined || others.length ? null : own;
}

/** The day here. */
function today(): string {
  const now = new Date();
  return new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

function codesOf(checked: readonly core.CheckedBundle[]): string[] {
  return [...new Set(checked.reduce<string[]>((all, { codes }) => [...all, ...codes.map(({ code }) => code)], []))];
}

function factsOf(code: string, proof: Proof, verified: readonly core.Verified[]): core.Facts {
  if (verified.length) return core.factsOf(code, verified, today());
  const stated = core.statedOf(code, proof.checked);
  return { ...stated, outcomes: ["cannot_check"], code: "recorded", warnings: [], today: today() };
}

function conclude(proof: Proof, verified: readonly core.Verified[], refusal: string): Pick<Conclusion, "verdict" | "byCode" | "sales"> {
  const byCode = new Map<string, core.Verdict>();
  let sales = 0;
  const all: core.Verdict[] = [];
  for (const code of codesOf(proof.checked)) {
    const facts = factsOf(code, proof, verified);
    const verdict = core.judge(facts);
    byCode.set(code, verdict);
    all.push(verdict);
    sales = Math.max(sales, facts.sales);
  }
  // What is about no code, or about others, weighs too, but says nothing of sales.
  for (const { chain } of verified) {
    const facts = { outcomes: [chain.outcome], sales: 0, warnings: [], isDestroyed: false, expires: null, today: today() };
    if (chain.outcome !== "verified" || !all.length) all.push(core.judge({ ...facts, code: "recorded" }));
  }
  if (refusal) all.push("V11");
  return { verdict: core.PRECEDENCE.find((one) => all.includes(one)) ?? "V12", byCode, sales };
}

/** Check a proof as far as that can be done with this network and these witnesses; without any nobody is asked. */
export async function check(proof: Proof, network: core.Network | null, places: readonly Place[]): Promise<Conclusion> {
  const quorum = quorumOf(places, ownOf(proof.checked));
  let [verified, refusal]: [readonly core.Verified[], string] = [[], proof.refusal];
  if (network && places.length && !refusal) {
    const found = await core.verify(proof.bytes, { network: networkWith(network, places), quorum });
    verified = found.bundles;
    if (found.outcome === "refused") refusal = found.code;
  }
  const bundles = proof.refusal ? [] : core.parseBundles(proof.bytes);
  return { proof, ...conclude(proof, verified, refusal), verified, bundles, refusal, network, quorum };
}

/** What is kept of a check: who was asked, what each said, and every number that was computed. */
export function findingsOf(found: Conclusion): unknown {
  const { proof, verdict, byCode, refusal, verified, network, quorum } = found;
  const hex = Array.from(proof.bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return {
    checkedAt: new Date().toISOString(),
    file: proof.name,
    sha256: core.sha256(hex),
    verdict,
    verdicts: Object.fromEntries(byCode),
    refusal: refusal || null,
    network: network && { chainId: network.chainId, genesisHash: network.genesisHash },
    quorum,
    entries: proof.checked.map(({ entry }) => entry),
    bundles: verified,
  };
}
