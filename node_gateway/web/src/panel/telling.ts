/** Saying a verdict, its warnings, and how it was computed. */

import { type Bundle, leafOf, levelsOf, type Verdict, type Verified, VERDICTS } from "../core/index.ts";
import { button, copy, el, fill, set, sign } from "./dom.ts";
import { bareName } from "./places.ts";
import { knows, say, stepOf, type Values } from "./words.ts";

/** Each tone has a shape of its own. */
const SHAPES = { intact: "◉", waiting: "⧗", warning: "▲", stop: "⬣", repair: "✎", unknown: "○" } as const;

/** Say a verdict in a live region: all at once, so that it is announced once. */
export function tellVerdict(place: HTMLElement, verdict: Verdict, isChecked: boolean, count: number): void {
  const { tone } = VERDICTS[verdict];
  const part = (name: string): Element => place.querySelector(`.${name}`) || place.appendChild(el(`p.${name}`));
  fill(part("sign"), sign(SHAPES[tone]), el("span.unseen", say(`verdict.tone.${tone}`)));
  for (const name of ["headline", "meaning", "next"]) fill(part(name), say(`verdict.${verdict}.${name}`, { count }));
  set(place, { "data-verdict": verdict, "data-tone": tone, "data-checked": isChecked ? "yes" : "no" });
}

/** What any witness shows beside the bundles, each once: recalls, and everything else. */
export function warningsOf(bundles: readonly Verified[]): { recalls: HTMLElement[]; others: HTMLElement[] } {
  const [recalls, others]: [HTMLElement[], HTMLElement[]] = [[], []];
  const seen = new Set<string>();
  for (const { chain } of bundles) {
    for (const { code, text, since, about, ...more } of [...chain.warnings, ...chain.notes]) {
      const name = about || code;
      if (seen.has(name)) continue;
      seen.add(name);
      const shownBy = "shownBy" in more ? (more.shownBy as readonly string[]) : [];
      const key = `witness.warning.${code}`;
      const made = el(
        "li",
        knows(key) && `${say(key)} `,
        shownBy.length && `${say("check.shown_by", { who: shownBy.map(bareName).join(", ") })} `,
        // What has words in the viewer's language is said in no other one.
        knows(key) ? el("span.quiet", about && `${about} · `, since && dayOf(since)) : set(el("span.quiet", text), { lang: "en" }),
      );
      (about ? recalls : others).push(set(made, { "data-warning": code }));
    }
  }
  return { recalls, others };
}

const dayOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

function computed(bundle: Bundle, { checked, chain }: Verified): HTMLElement {
  const tell = (key: string, values?: Values): string => say(`check.how.${key}`, values);
  const { anchor, entry, act, participant } = checked;
  const levels = levelsOf(leafOf(entry), bundle.event.siblings, bundle.event.index, anchor.size);
  const steps = levels.map(({ node, sibling, isLeft }) =>
    el("li", el("code", node), " ", tell(sibling ? (isLeft ? "left" : "right") : "root", { sibling: sibling || "" })),
  );
  const { block, seals } = chain;
  const rows: Readonly<Record<string, string>> = {
    by: `#${participant}`,
    entry,
    anchor: `${anchor.stream} / ${anchor.sequence}`,
    size: `${anchor.size}`,
    sealed_in: `${anchor.blockNumber}`,
    asked_at: block ? `${block.number} ${block.hash}` : "–",
    ...(seals && { seals: `${seals.count} / ${seals.validators}` }),
    result: chain.code,
  };
  const terms: HTMLElement[] = [];
  for (const key in rows) terms.push(el("dt", tell(key)), el("dd.mono", rows[key]));
  const title = el("h3", `${stepOf(act)} · ${dayOf(anchor.blockTime)}`);
  return el("section", title, el("dl", ...terms), el("p", tell("path")), el("ol.path", ...steps));
}

/** How a verdict was computed: every hash from entry to root, and the blocks; with a button that copies it. */
export function computation(bundles: readonly Bundle[], verified: readonly Verified[]): HTMLElement {
  const sections = verified.map((one, place) => computed(bundles[place] as Bundle, one));
  const made = el("div.computation", ...sections);
  const done = set(el("span"), { role: "status" });
  const act = (): void => {
    copy(made.innerText);
    fill(done, say("check.copied"));
  };
  return el("div", made, el("p.row", button(say("check.copy"), act), done));
}
