/** The result of a check in words: the verdict, what the proof shows, what was not checked, how it was computed. */

import { el, fill, set } from "../panel/dom.ts";
import { computation, tellVerdict, warningsOf } from "../panel/telling.ts";
import { say, stepOf } from "../panel/words.ts";
import type { Conclusion } from "./concluding.ts";

const CODES_MAX = 50;

/** The last name of a path: `$['ilmd']['cbvmda:lotNumber']` is about `lotNumber`. */
function nameOf(path: string): string {
  const [last = path] = path.match(/[^'[\]:]+(?='?\]?$)/) ?? [];
  return last;
}

function shows({ proof, byCode }: Conclusion): HTMLElement {
  const records = proof.checked.map((one, place) => {
    const { act, anchor, items } = one;
    const day = new Date(anchor.blockTime * 1000).toISOString().slice(0, 10);
    const terms: HTMLElement[] = [];
    for (const { path, value } of items) {
      if (path !== "sealtrail:act") terms.push(set(el("dt", nameOf(path)), { title: path }), el("dd", String(value)));
    }
    return el(
      "section",
      el("h3", say("verify.record", { number: place + 1, what: stepOf(act) })),
      el("p.quiet", `${say("verify.sealed_on", { day })} · ${say("check.how.by")} #${one.participant}`),
      el("dl.facts", ...terms),
    );
  });
  const codes = [...byCode].slice(0, CODES_MAX).map(([code, verdict]) => el("li", el("span.mono", code), ` ${verdict}`));
  return el("section.card", el("h2", say("verify.shows")), el("ul.codes", ...codes), ...records);
}

function unchecked({ verified }: Conclusion): HTMLElement {
  const { others } = warningsOf(verified);
  const made = el(
    "section.card",
    el("h2", say("verify.unchecked")),
    el(
      "ul",
      !verified.length && el("li", say("verify.not_chain")),
      el("li", say("verify.not_rest")),
      el("li", say("verify.not_goods")),
    ),
    others.length && el("div.warnings", el("p", say("check.warnings")), el("ul", ...others)),
  );
  return set(made, { id: "unchecked" });
}

/** Say the verdict; one about no code says nothing of sales. */
export function tellConclusion(place: HTMLElement, found: Conclusion): void {
  const { verdict, byCode, proof, refusal, verified } = found;
  tellVerdict(place, verdict, verified.length > 0 || refusal !== "", found.sales);
  const part = (name: string, text: string): void => fill(place.querySelector(`.${name}`) ?? place.appendChild(el(`p.${name}`)), text);
  if (verdict === "V01" && !byCode.size) {
    part("headline", say("verify.intact"));
    part("meaning", say("verify.intact_means"));
    part("next", "");
  }
  const whole = refusal ? say("verify.refused", { code: refusal }) : say("verify.is_whole", { count: proof.checked.length });
  part("whole", whole);
  part("code", `ST-${verdict}`);
}

/** Everything below the verdict; of what does not hold, nothing. */
export function details(found: Conclusion): HTMLElement[] {
  if (found.verdict === "V11") return [];
  const { recalls } = warningsOf(found.verified);
  const computed = found.verified.length
    ? set(el("details.card", el("summary", say("verify.how")), computation(found.bundles, found.verified)), { id: "how" })
    : null;
  const parts = [recalls.length ? el("section.recalls", el("ul", ...recalls)) : null, shows(found), unchecked(found), computed];
  return parts.filter((one): one is HTMLElement => one !== null);
}
