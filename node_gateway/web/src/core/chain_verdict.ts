/**
 * From what witnesses answered to the outcome of one bundle.
 *
 * Precedence: refused, not authorised, recalled, disagreement; that something could not be checked is
 * said only when nothing else can be said.
 */

import type { Seals } from "./headers.ts";
import type { ShownWarning, Told, Warning } from "./warnings.ts";
import { unite } from "./warnings.ts";
import { type Block, CONTRADICTS, DISAGREES, NO_ANSWER, UNSEALED, type Witness } from "./witnesses.ts";

/** What verification came to. Only `verified` is a pass. */
export type Outcome = "verified" | "refused" | "not_authorised" | "recalled" | "disagreement" | "cannot_check";

/** The worst outcome of several bundles is that of all; of one bundle, the first that applies. */
export const WORST_FIRST: readonly Outcome[] = [
  "refused",
  "not_authorised",
  "recalled",
  "disagreement",
  "cannot_check",
  "verified",
];

/** What one witness said. */
export interface WitnessLine {
  readonly organisation: string;
  readonly participant: number | null;
  readonly url: string;
  /** `verified`, a refusal code, or why it does not count. */
  readonly status: string;
  readonly detail: string;
  /** Whether its own answer was proven under the block hash. */
  readonly proven: boolean;
  /** Number of the newest block that it knows; null if it named none. */
  readonly head: number | null;
}

/** The result for one bundle. */
export interface ChainVerdict {
  readonly outcome: Outcome;
  /** Stable: `verified`, a refusal code, or why there is no verdict. */
  readonly code: string;
  readonly text: string;
  /** Organisations that say so. */
  readonly organisations: readonly string[];
  /** The block at which all were asked; null if none could be. */
  readonly block: Block | null;
  /** Who sealed it; null if the network file names no validators or nobody showed its header. */
  readonly seals: Seals | null;
  readonly witnesses: readonly WitnessLine[];
  readonly warnings: readonly ShownWarning[];
  /** What could not be asked, and says nothing against the bundle. */
  readonly notes: readonly Warning[];
}

type OnAnchor = Pick<ChainVerdict, "outcome" | "code" | "text" | "organisations">;

/** What the witnesses say of the anchor alone; who disagrees is never outvoted. */
function onAnchor(witnesses: readonly Witness[], quorum: number): OnAnchor {
  const answers = witnesses.filter((one) => one.hasAnswered);
  const organisations = [...new Set(answers.map(({ organisation }) => organisation))].sort();
  const codes = [...new Set(answers.map(({ status }) => status))];
  const [code = ""] = codes;
  if (codes.length > 1 || code === DISAGREES) {
    const text = "the witnesses contradict each other";
    return { outcome: "disagreement", code: DISAGREES, text, organisations: [] };
  }
  if (organisations.length >= quorum) {
    const text = `say ${organisations.join(", ")}`;
    return { outcome: code === "verified" ? "verified" : "refused", code, text, organisations };
  }
  const states = new Set(witnesses.map(({ status }) => status));
  states.delete("own_witness");
  const [state = ""] = states;
  const why = states.size === 1 && NO_ANSWER.includes(state) ? state : "quorum_not_met";
  const text = `${organisations.length} of the ${quorum} organisations needed answered`;
  return { outcome: "cannot_check", code: why, text, organisations };
}

/** Let what stands beside the anchor decide where it weighs more: not authorised, recalled. */
function weigh(anchored: OnAnchor, warnings: readonly Warning[], told: readonly Told[]): OnAnchor {
  if (anchored.outcome === "refused") return anchored;
  const owns = new Set(told.map((one) => one.owns));
  const textOf = (code: string): string | undefined => warnings.find((one) => one.code === code)?.text;
  const [foreign, recall] = [textOf("not_authorised"), textOf("recalled")];
  if (owns.has(false) && !owns.has(true) && foreign !== undefined) {
    return { ...anchored, outcome: "not_authorised", code: "not_authorised", text: foreign };
  }
  if (recall !== undefined) return { ...anchored, outcome: "recalled", code: "recalled", text: recall };
  if (owns.has(false)) {
    const text = "the witnesses contradict each other on who may commission these codes";
    return { ...anchored, outcome: "disagreement", code: DISAGREES, text };
  }
  return anchored;
}

/** Warnings that are about the witnesses themselves, and about an outcome that another one covers. */
function besides(witnesses: readonly Witness[], anchored: OnAnchor, verdict: OnAnchor, untold: string): ShownWarning[] {
  const found: [string, string][] = [];
  for (const { status, url } of witnesses) {
    if (status === CONTRADICTS) {
      found.push([`witness_${CONTRADICTS}`, `${url} says otherwise than its own block: it is set aside`]);
    } else if (status === UNSEALED) {
      found.push([`witness_${UNSEALED}`, `${url} names a block that is not sealed: it is set aside`]);
    }
  }
  if (anchored.outcome === "verified" && untold) found.push(["warnings_unchecked", untold]);
  if (anchored.outcome !== "verified" && anchored.code !== verdict.code) found.push([anchored.code, anchored.text]);
  return found.map(([code, text]) => ({ code, text, since: null, shownBy: [] }));
}

function lineOf(one: Witness): WitnessLine {
  const { organisation, participant, url, status, detail, head } = one;
  const proven = Boolean(one.proven) && one.hasAnswered;
  return { organisation, participant, url, status, detail, proven, head: head?.number ?? null };
}

/** Judge one bundle by what its witnesses said of the anchor and told beside it. */
export function verdictOf(
  witnesses: readonly Witness[],
  told: readonly Told[],
  beside: Pick<ChainVerdict, "block" | "seals" | "notes">,
  { quorum, sealsSuffice }: { readonly quorum: number; readonly sealsSuffice: boolean },
): ChainVerdict {
  const isProven = witnesses.some((one) => one.proven && one.hasAnswered);
  const isSealed = sealsSuffice && isProven && Boolean(beside.seals?.isEnough);
  const anchored = onAnchor(witnesses, isSealed ? 1 : quorum);
  const united = unite(told);
  const verdict = weigh(anchored, united, told);
  const tellers = new Set(told.map(({ organisation }) => organisation)).size;
  const untold = `only ${tellers} of ${quorum} organisations could tell of recalls and suspensions`;
  return {
    ...verdict,
    ...beside,
    witnesses: witnesses.map(lineOf),
    warnings: [...united, ...besides(witnesses, anchored, verdict, tellers < quorum ? untold : "")],
  };
}
