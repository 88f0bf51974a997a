/** Saying a verdict, its warnings, and how it was computed. */

import { type Bundle, leafOf, levelsOf, type Verdict, type Verified, VERDICTS } from "../core/index.ts";
import { button, copy, el, fill } from "./dom.ts";
import { bareName } from "./places.ts";
import { say, type Words } from "./words.ts";

/** Each tone has a shape of its own. */
const SHAPES = { intact: "◉", waiting: "⧗", warning: "▲", stop: "⬣", repair: "✎", unknown: "○" } as const;

/** Say a verdict in a live region: all at once, so that it is announced once. */
export function tellVerdict(place: HTMLElement, verdict: Verdict, isChecked: boolean, count: number, words: Words): void {
  const { tone } = VERDICTS[verdict];
  const texts: Readonly<Record<string, string>> = {
    headline: say(words, `verdict.${verdict}.headline`, { count }),
    meaning: say(words, `verdict.${verdict}.meaning`),
    next: say(words, `verdict.${verdict}.next`),
  };
  for (const [name, text] of Object.entries(texts)) {
    const part = place.querySelector(`.${name}`) ?? place.appendChild(el("p", { class: name }));
    fill(part, text);
  }
  const sign = place.querySelector(".sign") ?? place.insertBefore(el("p", { class: "sign" }), place.firstChild);
  fill(sign, el("span", { "aria-hidden": "true" }, SHAPES[tone]), el("span", { class: "unseen" }, say(words, `verdict.tone.${tone}`)));
  place.setAttribute("data-verdict", verdict);
  place.setAttribute("data-tone", tone);
  place.setAttribute("data-checked", isChecked ? "yes" : "no");
}

/** Codes of warnings that are recalls, and are shown on top. */
const RECALLS = ["recalled", "recall_lots", "recall_list", "recall_drill"];

/** What any witness shows beside the bundles, each once: recalls, and everything else. */
export function warningsOf(bundles: readonly Verified[], words: Words): { recalls: HTMLElement[]; others: HTMLElement[] } {
  const found = { recalls: [] as HTMLElement[], others: [] as HTMLElement[] };
  const seen = new Set<string>();
  for (const { chain } of bundles) {
    for (const { code, text, shownBy } of [...chain.warnings, ...chain.notes.map((one) => ({ ...one, shownBy: [] }))]) {
      const name = RECALLS.includes(code) ? code + text : code;
      if (seen.has(name)) continue;
      seen.add(name);
      const key = `check.warning.${code}`;
      const made = el(
        "li",
        { "data-warning": code },
        say(words, key in words ? key : "check.warning.other"),
        shownBy.length > 0 && ` ${say(words, "check.shown_by", { who: shownBy.map(bareName).join(", ") })}`,
        " ",
        el("span", { class: "quiet", lang: "en" }, text),
      );
      (RECALLS.includes(code) ? found.recalls : found.others).push(made);
    }
  }
  return found;
}

function row(name: string, value: string): HTMLElement[] {
  return [el("dt", {}, name), el("dd", { class: "mono" }, value)];
}

function computed(bundle: Bundle, { checked, chain }: Verified, words: Words): HTMLElement {
  const tell = (key: string, values: Readonly<Record<string, string | number>> = {}): string => say(words, `check.how.${key}`, values);
  const { anchor, entry, act } = checked;
  const levels = levelsOf(leafOf(entry), bundle.event.siblings, bundle.event.index, anchor.size);
  const steps = levels.map(({ node, sibling, isLeft }) => {
    const beside = sibling === null ? tell("root") : tell(isLeft ? "left" : "right", { sibling });
    return el("li", {}, el("code", {}, node), " ", beside);
  });
  const block = chain.block ? `${chain.block.number} ${chain.block.hash}` : tell("no_block");
  return el(
    "section",
    { class: "computed", "data-entry": entry },
    el("h3", {}, `${act.bizStep ?? act.type} · ${new Date(anchor.blockTime * 1000).toISOString().slice(0, 10)}`),
    el(
      "dl",
      {},
      ...row(tell("by"), `#${checked.participant}`),
      ...row(tell("entry"), entry),
      ...row(tell("anchor"), `${anchor.stream} / ${anchor.sequence} · ${tell("of", { size: anchor.size })}`),
      ...row(tell("sealed_in"), `${anchor.blockNumber}`),
      ...row(tell("asked_at"), block),
      ...(chain.seals ? row(tell("seals"), `${chain.seals.count} / ${chain.seals.validators}`) : []),
      ...row(tell("result"), chain.code),
    ),
    el("p", {}, tell("path")),
    el("ol", { class: "path" }, ...steps),
  );
}

/** How a verdict was computed: every hash from entry to root, and the blocks; with a button that copies it. */
export function computation(bundles: readonly Bundle[], verified: readonly Verified[], words: Words): HTMLElement {
  const sections = verified.map((one, place) => {
    const bundle = bundles[place];
    return bundle ? computed(bundle, one, words) : null;
  });
  const made = el("div", { class: "computation" }, ...sections);
  const done = el("span", { role: "status" });
  const act = (): void => {
    copy(made.innerText);
    fill(done, say(words, "check.copied"));
  };
  return el("div", {}, made, el("p", { class: "row" }, button(say(words, "check.copy"), act), done));
}
