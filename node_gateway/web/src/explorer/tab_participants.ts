/** Participants and their keys through time: who could sign when. */

import type { Context, Tab } from "./context.ts";
import { isValidAt, type Key, type Participant, statusOf } from "./directory.ts";
import { el, hash, mark, table, timeText } from "./elements.ts";

const ROLES = ["manufacturer", "distributor", "pharmacy", "auditor", "regulator", "voter"];
const KEY_KINDS = ["admitted", "key_anchor", "key_sign", "key_revoked", "key_compromised", "admin", "epoch", "recovery"];

/** The roles of a participant, in words. */
export function rolesText(context: Context, roles: number): string {
  const named = ROLES.filter((_, bit) => (roles >> bit) & 1).map((role) => context.say(`role.${role}`));
  return named.join(context.say("comma")) || "-";
}

function keyState(context: Context, key: Key, now: number, isActive: boolean): HTMLElement {
  if (key.compromisedSince) return mark(false, context.say("keys.compromised", { since: timeText(key.compromisedSince) }));
  if (key.revokedAt) return mark(false, context.say("keys.revoked", { at: timeText(key.revokedAt) }));
  if (isValidAt(key, now)) return mark(isActive, context.say(isActive ? "keys.valid" : "keys.at_rest"));
  return mark(false, context.say(now < key.validFrom ? "keys.not_yet" : "keys.over"));
}

function keyRow(context: Context, key: Key, now: number, isActive: boolean): (Node | string)[] {
  return [
    hash(`0x${key.address}`),
    context.say(key.purpose === 1 ? "keys.anchor" : "keys.sign"),
    key.streams.length ? key.streams.join(", ") : context.say("keys.all_streams"),
    timeText(key.validFrom || key.addedAt),
    key.validUntil ? timeText(key.validUntil) : "-",
    keyState(context, key, now, isActive),
  ];
}

function history(context: Context, { history: found }: Participant): HTMLElement {
  const lines = found.map(({ at, block, kind, what }) => {
    const text = kind === "roles" ? rolesText(context, Number(what)) : what;
    const shown = KEY_KINDS.includes(kind) ? hash(`0x${text}`) : text;
    const time = el("time", { datetime: new Date(at * 1000).toISOString() }, timeText(at));
    return el("li", { "data-kind": kind }, time, " ", el("strong", {}, context.say(`history.${kind}`)), " ", shown, " ", el("span", { class: "quiet" }, context.say("in_block", { block })));
  });
  return el("ol", { class: "timeline" }, ...lines);
}

function card(context: Context, one: Participant, now: number): HTMLElement {
  const status = statusOf(one);
  const row = (head: string, value: Node | string): HTMLElement[] => [el("dt", {}, context.say(`participants.${head}`)), el("dd", {}, value)];
  const heads = ["key", "purpose", "streams", "from", "until", "state"].map((head) => context.say(`keys.head.${head}`));
  return el(
    "section",
    { class: "card participant", "data-participant": String(one.id) },
    el("h3", {}, context.who(one.id)),
    el(
      "dl",
      { class: "facts" },
      ...row("status", mark(status === 1, context.say(`history.status${status}`))),
      ...row("roles", rolesText(context, one.roles)),
      ...row("address", el("span", { class: "address" }, one.url || "-")),
    ),
    el("h4", {}, context.say("participants.keys")),
    table(context.say("participants.keys"), heads, one.keys.map((key) => keyRow(context, key, now, status === 1))),
    el("h4", {}, context.say("participants.history")),
    history(context, one),
  );
}

export const PARTICIPANTS: Tab = {
  name: "participants",
  show(context) {
    const { view } = context;
    if (!view) return null;
    const { participants, oddities } = view.directory;
    return el(
      "div",
      {},
      el("p", { class: "quiet" }, context.say("participants.means")),
      oddities.length > 0 && el("p", { class: "note" }, mark(false, context.say("oddities", { count: oddities.length })), " ", el("span", { lang: "en" }, oddities.slice(0, 5).join("; "))),
      ...[...participants.values()].map((one) => card(context, one, view.head.time)),
    );
  },
};
