/** From what is known of a unit to the verdict: the same as `anchoring.verdicts`, written apart from it. */

import type { Outcome } from "./chain_verdict.ts";
import { type CodeState, PRECEDENCE, type Verdict } from "./verdicts.ts";

/** What is known of a unit. */
export interface Facts {
  /** What the witnesses came to, for each bundle about the unit; empty if there is none or nobody was asked. */
  readonly outcomes: readonly Outcome[];
  readonly code: CodeState;
  /** How many sales are recorded, whoever says so. */
  readonly sales: number;
  /** Codes of what any witness shows beside a bundle. */
  readonly warnings: readonly string[];
  readonly isDestroyed: boolean;
  /** Day (`2027-12-31`) or month (`2027-12`, `2027-12-00`) until whose end it may be used. */
  readonly expires: string | null;
  /** Day of whoever looks. */
  readonly today: string;
}

/** Whether `today` comes after a day or month; what is no date never passes. */
export function isExpired(expires: string | null, today: string): boolean {
  const [, month, day] = /^([0-9]{4}-[0-9]{2})(-[0-9]{2})?/.exec(expires ?? "") ?? [];
  if (month === undefined || !today) return false;
  const until = day === undefined || day === "-00" ? month : month + day;
  return today.slice(0, until.length) > until;
}

/** What the state of the code alone says; null if nothing. */
function ofCode(state: CodeState): Verdict | null {
  switch (state) {
    case "sealing":
      return "V03";
    case "not_activated":
      return "V10";
    case "never_issued":
      return "V08";
    case "typo":
      return "V09";
    case "outside":
      return "V14";
    case "recorded":
    case "unknown":
      return null;
  }
}

function holds(verdict: Verdict, facts: Facts): boolean {
  const { outcomes, sales } = facts;
  const isIntact = outcomes.length > 0 && outcomes.every((one) => one === "verified");
  switch (verdict) {
    case "V01":
      return isIntact && sales === 0;
    case "V02":
      return isIntact && sales === 1;
    case "V04":
      return sales > 1;
    case "V05":
      return outcomes.includes("recalled") || facts.warnings.includes("recalled");
    case "V06":
      return isExpired(facts.expires, facts.today);
    case "V07":
      return facts.isDestroyed;
    case "V11":
      return outcomes.includes("refused");
    case "V13":
      return outcomes.includes("disagreement");
    case "V15":
      return outcomes.includes("not_authorised");
    default:
      return ofCode(facts.code) === verdict;
  }
}

/** All verdicts that apply, the one to say first. */
export function applying(facts: Facts): Verdict[] {
  const found = PRECEDENCE.filter((verdict) => holds(verdict, facts));
  if (found[0] === "V11") return ["V11"]; // the rest comes from the same hands
  const said = found.filter((verdict) => verdict !== "V14");
  if (said.length) return said;
  return found.length ? ["V14"] : ["V12"];
}

/** The one verdict on a unit. */
export function judge(facts: Facts): Verdict {
  return applying(facts)[0] ?? "V12";
}
