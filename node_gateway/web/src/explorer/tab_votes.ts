/** What participants decide together: every proposal, who approved it, and what became of it. */

import type { Context, Tab } from "./context.ts";
import { type Proposal, standingOf } from "./directory.ts";
import { el, hash, mark, timeText } from "./elements.ts";
import type { View } from "./view.ts";

const WORD_LENGTH = 64;
/** Actions whose first argument is the participant that they are about. */
const ABOUT_PARTICIPANT = [0, 1, 3, 5, 6, 7];
const GRANT_PREFIX = 2;
/** The others are neither good nor bad: time passes, or somebody thought better of it. */
const GOOD = ["executed", "ready"];
const BAD = ["failed", "vetoed"];

/** Whom an action is about, as its arguments say; empty if it names no participant. */
export function aboutOf(context: Context, { action, arguments: given }: Proposal): string {
  const place = action === GRANT_PREFIX ? 2 : 0;
  if (action !== GRANT_PREFIX && !ABOUT_PARTICIPANT.includes(action)) return "";
  const digits = given.slice(place * WORD_LENGTH, (place + 1) * WORD_LENGTH);
  const id = digits.length === WORD_LENGTH ? Number(BigInt(`0x${digits}`)) : 0;
  return id > 0 && id < 2 ** 32 ? context.who(id) : "";
}

function stateText(context: Context, state: string): HTMLElement {
  const text = context.say(`votes.state.${state}`);
  const isGood = GOOD.includes(state);
  return isGood || BAD.includes(state) ? mark(isGood, text) : el("strong", {}, text);
}

function card(context: Context, one: Proposal, view: View): HTMLElement {
  const { given, needed, state } = standingOf(view.directory, one, view.head.time);
  const name = context.say(`action.${one.action <= 9 ? one.action : "other"}`);
  const row = (head: string, value: Node | string): HTMLElement[] => [el("dt", {}, context.say(`votes.${head}`)), el("dd", {}, value)];
  const approvals = one.approvals.map(({ participant, at, withdrawnAt }) => {
    const taken = withdrawnAt ? ` · ${context.say("votes.taken_back", { at: timeText(withdrawnAt) })}` : "";
    return el("li", {}, `${context.who(participant)} · ${timeText(at)}${taken}`);
  });
  const times = one.endedAt ? timeText(one.endedAt) : context.say("votes.lapses", { at: timeText(one.lapsesAt) });
  return el(
    "section",
    { class: "card proposal", "data-proposal": String(one.id), "data-state": state },
    el("h3", {}, `#${one.id} ${name} ${aboutOf(context, one)}`.trim()),
    el(
      "dl",
      { class: "facts" },
      ...row("state", stateText(context, state)),
      ...row("when", times),
      ...row("proposer", `${context.who(one.proposer)} · ${timeText(one.madeAt)}`),
      ...row("approvals", context.say("votes.count", { given, needed })),
      ...(one.executableFrom ? row("from", timeText(one.executableFrom)) : []),
      ...row("digest", hash(`0x${one.digest}`)),
    ),
    el("ul", {}, ...approvals),
    el("details", {}, el("summary", {}, context.say("votes.arguments")), el("p", { class: "mono breaks" }, `0x${one.arguments}`)),
  );
}

export const VOTES: Tab = {
  name: "votes",
  show(context) {
    const { view } = context;
    if (!view) return null;
    const proposals = [...view.directory.proposals.values()].reverse();
    if (!proposals.length) return el("p", {}, context.say("votes.none"));
    return el("div", {}, el("p", { class: "quiet" }, context.say("votes.means")), ...proposals.map((one) => card(context, one, view)));
  },
};
