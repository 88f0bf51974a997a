/**
 * The auditor explorer: a static page that reads the chain through witnesses that its viewer chose, and nothing else.
 * It asks nobody before it is told to, believes nobody alone, and keeps what it read for this visit only.
 */

import { askOverHttp, messageOf } from "../core/rpc.ts";
import { Context, type Facts, networkWith, type Tab } from "./context.ts";
import { button, el, fill, mark } from "./elements.ts";
import { Cancelled, type Watch } from "./patience.ts";
import { type Header, Memory, type Reading, readNetwork, type Said } from "./reading.ts";
import { ANCHORS } from "./tab_anchors.ts";
import { EVIDENCE } from "./tab_evidence.ts";
import { NOTICES } from "./tab_notices.ts";
import { PARTICIPANTS } from "./tab_participants.ts";
import { PROOF } from "./tab_proof.ts";
import { SAMPLING } from "./tab_sampling.ts";
import { STREAMS } from "./tab_streams.ts";
import { VOTES } from "./tab_votes.ts";
import { mostSay, viewOf } from "./view.ts";
import { witnessesCard } from "./witnesses_card.ts";
import { saidCard } from "./witnesses_said.ts";

const TABS: readonly Tab[] = [ANCHORS, STREAMS, PARTICIPANTS, VOTES, NOTICES, PROOF, SAMPLING, EVIDENCE];

const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "null") as Facts;
const context = new Context(facts, askOverHttp);
const [said, progress, panel] = [el("div"), el("div", { id: "progress" }), el("section", { id: "panel", tabindex: "-1", "aria-labelledby": "panel-title" })];
const nav = el("nav", { class: "tabs", "aria-label": context.say("tabs") });
/** What was read of a network so far; headers are those whose hash was recomputed. */
let [memory, headers, memoryOf] = [new Memory(), new Map<number, Header>(), context.network];

function tabNow(): Tab {
  return TABS.find(({ name }) => `#${name}` === location.hash) ?? ANCHORS;
}

function showTab(): void {
  const tab = tabNow();
  const links = TABS.map(({ name }) => {
    const link = el("a", { href: `#${name}`, ...(name === tab.name && { "aria-current": "page" }) }, context.say(`tab.${name}`));
    return link;
  });
  fill(nav, ...links);
  const body = context.view || tab.isAlways ? tab.show(context) : el("p", { class: "quiet" }, context.say("nothing_read"));
  fill(panel, el("h2", { id: "panel-title" }, context.say(`tab.${tab.name}`)), body);
}

/** A bar with a word, and a button that stops. */
function showProgress(controller: AbortController): Watch["tell"] {
  const bar = el("progress", { max: "1", "aria-label": context.say("reading") });
  const text = el("span", { role: "status" });
  const stop = button(context.say("stop"), () => controller.abort(), { class: "stop" });
  fill(progress, el("div", { class: "card row" }, bar, text, stop));
  return (step, done, total) => {
    if (total > 0) bar.value = Math.min(1, done / total);
    fill(text, context.say(`step.${step}`, { done, total }));
  };
}

/** Do something that takes long and may be stopped; `goOn` takes it up again from there. */
async function watched(act: (watch: Watch) => Promise<void>, goOn: () => void): Promise<void> {
  context.stop?.abort();
  const controller = new AbortController();
  context.stop = controller;
  const watch = { signal: controller.signal, tell: showProgress(controller) };
  try {
    await act(watch);
    if (context.stop === controller) fill(progress);
  } catch (error) {
    if (context.stop !== controller) return;
    const text = error instanceof Cancelled ? context.say("stopped") : context.say("failed", { why: messageOf(error) });
    const again = memory.block !== null && el("p", { class: "row" }, button(context.say("go_on"), goOn, { class: "go-on" }));
    fill(progress, el("div", { class: "card" }, el("p", { role: "status" }, mark(false, text)), again));
  }
}

async function showView(reading: Reading, one: Said, watch: Watch): Promise<void> {
  context.view = await viewOf(reading, one, context.ask, watch, headers);
  context.plan = null;
  const choose = (other: Said): void => void watched((again) => showView(reading, other, again), () => choose(other));
  fill(said, saidCard(context, reading, choose, (from) => read(from, true)));
  showTab();
}

/** Read, from a block on; `isMore`: go on with what was read before, up to the same block. */
function read(from: number | null, isMore = false): void {
  const act = async (watch: Watch): Promise<void> => {
    if (!isMore || memoryOf !== context.network) [memory, headers, memoryOf] = [new Memory(), new Map(), context.network];
    [context.view, context.plan] = [null, null];
    fill(said);
    showTab();
    if (!context.chosen.length) throw new Error(context.say("nobody"));
    const reading = await readNetwork(networkWith(context.network, context.chosen), from, context.ask, watch, memory);
    const most = mostSay(reading);
    fill(said, saidCard(context, reading, () => undefined, (earlier) => read(earlier, true)));
    if (!most) throw new Error(context.say("no_answer"));
    await showView(reading, most, watch);
  };
  void watched(act, () => read(from, true));
}

const root = document.getElementById("explorer");
if (root) fill(root, witnessesCard(context, (from) => read(from)), progress, said, nav, panel);
showTab();
addEventListener("hashchange", () => {
  if (!TABS.some(({ name }) => `#${name}` === location.hash)) return;
  showTab();
  panel.focus({ preventScroll: true });
});
