/** Who said what: one line for each witness, and every log that some show and others do not. */

import type { Context } from "./context.ts";
import { button, el, hash, mark, table, timeText } from "./elements.ts";
import { type Difference, type Reading, RECENT_BLOCKS, type Said } from "./reading.ts";

const LISTED_MAX = 50;

function isRelay(context: Context, url: string): boolean {
  return context.places.some((one) => one.url === url && one.relay);
}

function whoSaid({ said }: Reading, url: string): string {
  return said.find((one) => one.url === url)?.organisation ?? url;
}

/** What a witness says, and where others contradict it: who of them is right, no count decides. */
function stateOf(context: Context, one: Said, { said, differences }: Reading): HTMLElement {
  if (one.status !== "read") return mark(false, context.say(`state.${one.status}`));
  const more = differences.filter(({ shownBy }) => shownBy.includes(one.url)).length;
  const less = differences.filter(({ notBy }) => notBy.includes(one.url)).length;
  const isAgreed = said.every(({ status, blockHash }) => status !== "read" || blockHash === one.blockHash);
  if (!more && !less && isAgreed) return mark(true, context.say("state.read"));
  return mark(false, context.say("state.differs", { more, less }));
}

function rowOf(context: Context, one: Said, reading: Reading): (Node | string)[] {
  const relay = isRelay(context, one.url) && el("span", { class: "label" }, context.say("relay"));
  const name = el("span", {}, el("strong", {}, one.organisation), " ", relay, " ", el("span", { class: "address quiet" }, one.url));
  const detail = one.detail !== "" && el("span", { class: "quiet", lang: "en" }, ` ${one.detail}`);
  const logs = one.status === "read" ? String(one.logs.length) : "-";
  const head = one.head === null ? "-" : String(one.head);
  return [name, el("span", {}, stateOf(context, one, reading), detail), head, one.blockHash ? hash(one.blockHash) : "-", logs];
}

function differenceRow(context: Context, reading: Reading, { log, name, shownBy, notBy }: Difference): string[] {
  const names = (urls: readonly string[]): string => urls.map((url) => whoSaid(reading, url)).join(context.say("comma"));
  return [String(log.blockNumber), name, names(shownBy), names(notBy)];
}

function disagreement(context: Context, reading: Reading): HTMLElement | null {
  const hashes = new Set(reading.said.filter(({ status }) => status === "read").map(({ blockHash }) => blockHash));
  const { differences } = reading;
  if (hashes.size <= 1 && !reading.differing) return null;
  const heads = ["block", "event", "shown_by", "not_by"].map((head) => context.say(`differ.${head}`));
  const rows = differences.slice(0, LISTED_MAX).map((one) => differenceRow(context, reading, one));
  return el(
    "section",
    { class: "disagree", id: "disagreement" },
    el("h3", {}, mark(false, context.say("differ.title"))),
    hashes.size > 1 && el("p", {}, context.say("differ.history", { block: reading.block })),
    el("p", {}, context.say("differ.means", { count: reading.differing })),
    differences.length > 0 && table(context.say("differ.title"), heads, rows),
    reading.differing > LISTED_MAX && el("p", {}, context.say("more", { count: reading.differing - LISTED_MAX })),
  );
}

/** What is not there yet, and how to get it: blocks before those that were read, witnesses that gave up. */
function missing(context: Context, { from, said }: Reading, goOn: (from: number) => void): HTMLElement | null {
  const isCut = from > 0;
  const isSilent = said.some(({ status }) => status === "chain_unavailable");
  if (!isCut && !isSilent) return null;
  const earlier = Math.max(0, from - RECENT_BLOCKS);
  return el(
    "div",
    { class: "missing" },
    isCut && el("p", { class: "note" }, context.say("cut", { from })),
    el(
      "p",
      { class: "row" },
      isCut && button(context.say("earlier", { from: earlier }), () => goOn(earlier), { class: "earlier" }),
      isSilent && button(context.say("ask_again"), () => goOn(from), { class: "ask-again" }),
    ),
  );
}

/** What came of the reading; `choose` shows the word of another witness, `goOn` reads more of it, from a block on. */
export function saidCard(context: Context, reading: Reading, choose: (one: Said) => void, goOn: (from: number) => void): HTMLElement {
  const { view } = context;
  const read = reading.said.filter(({ status }) => status === "read");
  const heads = ["witness", "state", "head", "hash", "logs"].map((head) => context.say(`said.${head}`));
  const pick = el("select", { name: "shown" }, ...read.map((one, place) => el("option", { value: String(place), ...(one === view?.of && { selected: true }) }, `${one.organisation} (${one.url})`)));
  pick.addEventListener("change", () => {
    const one = read[Number(pick.value)];
    if (one) choose(one);
  });
  const organisations = new Set(read.map(({ organisation }) => organisation)).size;
  const isSame = read.length > 1 && !reading.differing && new Set(read.map(({ blockHash }) => blockHash)).size === 1;
  const lead = isSame ? mark(true, context.say("said.agree", { count: read.length, organisations })) : read.length === 1 ? context.say("said.one") : context.say("said.answered", { count: read.length });
  return el(
    "section",
    { class: "card", id: "said", "aria-labelledby": "who-said" },
    el("h2", { id: "who-said" }, context.say("said.title")),
    el("p", { class: "lead" }, lead),
    el("p", {}, context.say("said.upto", { block: reading.block, time: view ? timeText(view.head.time) : "-" })),
    table(context.say("said.title"), heads, reading.said.map((one) => rowOf(context, one, reading))),
    el("p", { class: "quiet" }, context.say("relay_means")),
    missing(context, reading, goOn),
    disagreement(context, reading),
    read.length > 1 && labelledPick(context, pick),
  );
}

function labelledPick(context: Context, pick: HTMLElement): HTMLElement {
  return el("label", { class: "pick" }, el("span", {}, context.say("said.shown")), pick);
}
