/** What participants decide together: every proposal, who approved it, and what became of it. */

import type { Contract } from "../core/network.ts";
import { type Argument, argumentsOf, digestOf } from "./arguments.ts";
import type { Value } from "./chain_events.ts";
import type { Context, Tab } from "./context.ts";
import { ANCHOR, type Proposal, standingOf } from "./directory.ts";
import { el, hash, mark, timeText } from "./elements.ts";
import { rolesText } from "./tab_participants.ts";
import type { View } from "./view.ts";

const WORD_LENGTH = 64;
const LAST_TIME_S = 253_402_300_799; // the end of the year 9999
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

function contractText(context: Context, found: string, known: readonly (Contract | undefined)[]): HTMLElement {
  const isKnown = known.some((one) => one?.address === found);
  return el("span", {}, hash(`0x${found}`), " ", mark(isKnown, context.say(isKnown ? "argument.in_file" : "argument.not_in_file")));
}

function keyText(context: Context, key: Value): HTMLElement {
  const [address, purpose, from, until, streams] = key as readonly [string, bigint, bigint, bigint, readonly bigint[]];
  const said = [
    context.say(Number(purpose) === ANCHOR ? "keys.anchor" : "keys.sign"),
    ...(streams.length ? [`${context.say("keys.head.streams")} ${streams.join(", ")}`] : []),
    ...(from ? [`${context.say("keys.head.from")} ${timeOr(context, from, "at_once")}`] : []),
    ...(until ? [`${context.say("keys.head.until")} ${timeOr(context, until, "no_end")}`] : []),
  ];
  return el("li", {}, hash(`0x${address}`), ` ${said.join(" · ")}`);
}

function grantText(context: Context, id: number, { directory }: View): string {
  const grant = directory.grants.get(id);
  return grant ? `#${id}: ${grant.prefix}, ${context.who(grant.participant)}` : `#${id}`;
}

/** A time; one that no calendar has stands as the number that it is. */
function timeOr(context: Context, value: Value, zero: string): string {
  if (!value) return context.say(`argument.${zero}`);
  return Number(value) <= LAST_TIME_S ? timeText(Number(value)) : String(value);
}

/** One argument in words. */
function valueText(context: Context, { meaning, value }: Argument, view: View): Node | string {
  const { network } = context;
  switch (meaning) {
    case "participant": return context.who(Number(value));
    case "roles": return rolesText(context, Number(value));
    case "yes_no": return context.say(value ? "argument.yes" : "argument.no");
    case "text": return String(value) || "-";
    case "address": return hash(`0x${String(value)}`);
    case "recovery": return /[^0]/.test(String(value)) ? hash(`0x${String(value)}`) : context.say("argument.stays");
    case "code_registry": return contractText(context, String(value), [network.codeRegistry]);
    case "registry": return contractText(context, String(value), network.registries);
    case "grant": return grantText(context, Number(value), view);
    case "from": return timeOr(context, value, "at_once");
    case "until": return timeOr(context, value, "no_end");
    case "until_now": return timeOr(context, value, "at_once");
    case "keys": return el("ul", {}, ...(value as readonly Value[]).map((key) => keyText(context, key)));
  }
}

function digestText(context: Context, one: Proposal): HTMLElement {
  const isRight = digestOf(one, context.network) === one.digest;
  return el("span", {}, hash(`0x${one.digest}`), " ", mark(isRight, context.say(isRight ? "votes.digest_right" : "votes.digest_wrong")));
}

function argumentList(context: Context, one: Proposal, view: View): HTMLElement {
  const found = argumentsOf(one.action, one.arguments);
  if (!found) return el("p", { class: "note" }, mark(false, context.say("argument.unreadable")));
  const rows = found.map((each) => [el("dt", {}, context.say(`argument.${each.name}`)), el("dd", { "data-argument": each.name }, valueText(context, each, view))]);
  return el("dl", { class: "facts arguments" }, ...rows.reduce((all, row) => [...all, ...row], []));
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
    argumentList(context, one, view),
    el(
      "dl",
      { class: "facts" },
      ...row("state", stateText(context, state)),
      ...row("when", times),
      ...row("proposer", `${context.who(one.proposer)} · ${timeText(one.madeAt)}`),
      ...row("approvals", context.say("votes.count", { given, needed })),
      ...(one.executableFrom ? row("from", timeText(one.executableFrom)) : []),
      ...row("digest", digestText(context, one)),
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
