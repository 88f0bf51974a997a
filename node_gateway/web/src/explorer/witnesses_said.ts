/** Who said what: one line for each witness, and every log that some show and others do not. */

import type { Context } from "./context.ts";
import { el, hash, mark, table, timeText } from "./elements.ts";
import type { Difference, Reading, Said } from "./reading.ts";

const LISTED_MAX = 50;

function isRelay(context: Context, url: string): boolean {
  return context.places.some((one) => one.url === url && one.relay);
}

function whoSaid({ said }: Reading, url: string): string {
  return said.find((one) => one.url === url)?.organisation ?? url;
}

function rowOf(context: Context, one: Said, reading: Reading, most: Said | null): (Node | string)[] {
  const isRead = one.status === "read";
  const isDiffering = isRead && (one.blockHash !== most?.blockHash || reading.differences.some(({ notBy, shownBy }) => (notBy.includes(one.url) || shownBy.includes(one.url)) && (shownBy.length === 1 ? shownBy[0] === one.url : notBy.includes(one.url))));
  const key = isDiffering ? "differs" : one.status;
  const state = mark(isRead && !isDiffering, context.say(`state.${key}`));
  const name = el("span", {}, el("strong", {}, one.organisation), " ", isRelay(context, one.url) && el("span", { class: "label" }, context.say("relay")), " ", el("span", { class: "address quiet" }, one.url));
  const detail = one.detail !== "" && el("span", { class: "quiet", lang: "en" }, ` ${one.detail}`);
  return [name, el("span", {}, state, detail), one.head === null ? "-" : String(one.head), one.blockHash ? hash(one.blockHash) : "-", isRead ? String(one.logs.length) : "-"];
}

function differenceRow(context: Context, reading: Reading, { log, name, shownBy, notBy }: Difference): string[] {
  const names = (urls: readonly string[]): string => urls.map((url) => whoSaid(reading, url)).join(context.say("comma"));
  return [String(log.blockNumber), name, names(shownBy), names(notBy)];
}

function disagreement(context: Context, reading: Reading): HTMLElement | null {
  const hashes = new Set(reading.said.filter(({ status }) => status === "read").map(({ blockHash }) => blockHash));
  const { differences } = reading;
  if (hashes.size <= 1 && !differences.length) return null;
  const heads = ["block", "event", "shown_by", "not_by"].map((head) => context.say(`differ.${head}`));
  const rows = differences.slice(0, LISTED_MAX).map((one) => differenceRow(context, reading, one));
  return el(
    "section",
    { class: "disagree", id: "disagreement" },
    el("h3", {}, mark(false, context.say("differ.title"))),
    hashes.size > 1 && el("p", {}, context.say("differ.history", { block: reading.block })),
    el("p", {}, context.say("differ.means", { count: differences.length })),
    differences.length > 0 && table(context.say("differ.title"), heads, rows),
    differences.length > LISTED_MAX && el("p", {}, context.say("more", { count: differences.length - LISTED_MAX })),
  );
}

/** What came of the reading; `choose` shows the word of another witness. */
export function saidCard(context: Context, reading: Reading, choose: (one: Said) => void): HTMLElement {
  const { view } = context;
  const read = reading.said.filter(({ status }) => status === "read");
  const heads = ["witness", "state", "head", "hash", "logs"].map((head) => context.say(`said.${head}`));
  const pick = el("select", { name: "shown" }, ...read.map((one, place) => el("option", { value: String(place), ...(one === view?.of && { selected: true }) }, `${one.organisation} (${one.url})`)));
  pick.addEventListener("change", () => {
    const one = read[Number(pick.value)];
    if (one) choose(one);
  });
  const organisations = new Set(read.map(({ organisation }) => organisation)).size;
  const isAgreed = read.length > 1 && !reading.differences.length && new Set(read.map(({ blockHash }) => blockHash)).size === 1;
  const lead = isAgreed ? mark(true, context.say("said.agree", { count: read.length, organisations })) : read.length === 1 ? context.say("said.one") : context.say("said.answered", { count: read.length });
  return el(
    "section",
    { class: "card", id: "said", "aria-labelledby": "who-said" },
    el("h2", { id: "who-said" }, context.say("said.title")),
    el("p", { class: "lead" }, lead),
    el("p", {}, context.say("said.upto", { block: reading.block, time: view ? timeText(view.head.time) : "-" })),
    table(context.say("said.title"), heads, reading.said.map((one) => rowOf(context, one, reading, view?.of ?? null))),
    el("p", { class: "quiet" }, context.say("relay_means")),
    disagreement(context, reading),
    read.length > 1 && labelledPick(context, pick),
  );
}

function labelledPick(context: Context, pick: HTMLElement): HTMLElement {
  return el("label", { class: "pick" }, el("span", {}, context.say("said.shown")), pick);
}
