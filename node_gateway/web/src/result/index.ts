/** The result page, upgraded: what the gateway stated is recomputed here and held against witnesses. */

import { button, byId, dataOf, el, fill, save, set, sign } from "../panel/dom.ts";
import { Panel } from "../panel/panel.ts";
import { Places } from "../panel/places.ts";
import { askedOf } from "../panel/states.ts";
import { computation, tellVerdict, warningsOf } from "../panel/telling.ts";
import { say, speak } from "../panel/words.ts";
import { bundlesOf, check, type Found, type PageFacts } from "./evidence.ts";

const facts = dataOf("facts") as PageFacts;
const status = byId("verdict") as HTMLElement;

/** An element of this script inside a part of the page. */
function mine(id: string, name: string): HTMLElement {
  const place = byId(id) || status;
  return place.querySelector<HTMLElement>(`.${name}`) || place.appendChild(el(`div.${name}`));
}

/** Show nothing but the verdict, why, and the way to keep the evidence: the rest comes from the same hands. */
function tellTampered(found: Found): void {
  for (const part of Array.from(document.querySelectorAll("main > :not(svg)"))) {
    if (!part.contains(status)) set(part, { hidden: "" });
  }
  const { words: _, ...rest } = facts;
  const keep = (): void => save("evidence.json", { address: location.href, time: new Date().toISOString(), ...found, facts: rest });
  status.after(
    el(
      "div.card",
      found.refusal === "page_differs" && el("p", say("check.changed")),
      el("p", button(say("check.evidence"), keep, "first")),
      el("p.quiet", `ST-V11 ${found.refusal}`),
    ),
  );
}

function tellSteps({ verified }: Found): void {
  for (const step of Array.from(document.querySelectorAll("#journey [data-entry]"))) {
    const proof = verified.find(({ checked }) => checked.entry === step.getAttribute("data-entry"));
    const isProven = proof && /verified|recalled/.test(proof.chain.outcome);
    const mark = step.querySelector(".proof") || step.appendChild(el("span.proof"));
    set(mark, { "data-proven": isProven ? "yes" : "no" });
    fill(mark, sign(isProven ? " ✓ " : " ○ "), say(`check.step.${isProven ? "proven" : "stated"}`));
  }
}

function tellWarnings({ verified }: Found): void {
  const { recalls, others } = warningsOf(verified);
  if (recalls.length) {
    fill(mine("banner", "recalls"), el("ul", ...recalls));
    (byId("banner") || status).removeAttribute("hidden");
  }
  fill(mine("unchecked", "warnings"), others.length && el("p", say("check.warnings")), others.length && el("ul", ...others));
}

function tell(found: Found): void {
  const { verdict } = found;
  tellVerdict(status, verdict, verdict !== "V12", found.sales);
  document.title = say(`verdict.${verdict}.headline`, { count: found.sales });
  fill(document.querySelector("#questions dd:last-of-type") || status.appendChild(el("p")), `ST-${verdict}`);
  panel.show(askedOf(found.verified));
  mine("who", "until").remove();
  if (verdict === "V11") return tellTampered(found);
  tellSteps(found);
  tellWarnings(found);
  fill(mine("how", "computed"), computation(found.bundles, found.verified));
}

let round = 0;

async function run(): Promise<void> {
  const now = ++round;
  const note = mine("who", "noted");
  const hasProof = bundlesOf(facts).length;
  fill(note, !hasProof && say("check.nothing"));
  panel.show(hasProof ? "asking" : undefined);
  if (!hasProof) return;
  try {
    const found = await check(facts, places.chosen);
    if (now === round) tell(found);
  } catch (error) {
    if (now !== round) return;
    panel.show();
    fill(note, say("check.failed", { why: String(error) }));
    tellVerdict(status, "V12", false, 0);
  }
}

speak(facts.words);
const places = new Places(facts.witnesses);
const panel = new Panel(places, facts.participant, () => void run());
if (byId("who")) {
  fill(mine("who", "panel"), panel.element());
  void run();
}
