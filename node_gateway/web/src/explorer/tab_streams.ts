/** Streams: whether each tip follows from the one before, how often they anchor, and where they were late or silent. */

import type { Context, Tab } from "./context.ts";
import { el, mark, timeText } from "./elements.ts";
import { heartbeat } from "./pictures.ts";
import type { StreamView } from "./view.ts";

const LISTED_MAX = 50;

function usualText(context: Context, { usual }: StreamView): string {
  const { basis, intervalS } = usual;
  return context.say(`streams.basis.${basis}`, { interval: intervalS === null ? "" : context.duration(intervalS) });
}

/** What is wrong with a stream, in words. */
export function faultsOf(context: Context, one: StreamView, language?: string): string[] {
  const tell = (key: string, values: Record<string, string | number>): string => context.say(`streams.${key}`, values, language);
  const last = one.anchors[one.anchors.length - 1];
  const found = one.breaks.map(({ sequence, after, isTipWrong }) => tell(isTipWrong ? "tip_wrong" : "break", { sequence, after }));
  if (!one.isEndRight && one.end) found.push(tell("end_wrong", { registry: one.end.sequence, logs: last?.sequence ?? 0 }));
  for (const [sequence, code] of one.keyFaults) found.push(tell(code, { sequence }));
  for (const wait of one.waits) {
    const times = { waited: context.duration(wait.countedS, language), allowed: context.duration(wait.allowedS, language) };
    found.push(tell(wait.isOver ? "late" : "silent", { ...times, sequence: wait.sequence, since: timeText(wait.since) }));
  }
  return found;
}

function card(context: Context, one: StreamView, now: number): HTMLElement {
  const last = one.anchors[one.anchors.length - 1];
  const isWhole = one.breaks.length === 0;
  const faults = faultsOf(context, one);
  const whole = context.say(one.anchors.length === 1 ? "streams.first" : "streams.follows", { count: one.anchors.length });
  const checked = isWhole ? whole : context.say("streams.broken", { count: one.breaks.length });
  const end = one.end === null ? context.say("streams.end_unknown") : context.say("streams.end_right", { sequence: one.end.sequence });
  const row = (head: string, value: Node | string): HTMLElement[] => [el("dt", {}, context.say(`streams.${head}`)), el("dd", {}, value)];
  const late = new Set(one.waits.map(({ sequence }) => sequence));
  return el(
    "section",
    { class: "card stream", "data-stream": String(one.stream), "data-faults": String(faults.length) },
    el("h3", {}, context.say("streams.title", { stream: one.stream, who: context.who(one.participant) })),
    el(
      "dl",
      { class: "facts" },
      ...row("anchors", String(one.anchors.length)),
      ...row("last", last ? `${timeText(last.time)} · ${context.say("streams.ago", { time: context.duration(now - last.time) })}` : "-"),
      ...row("usual", usualText(context, one)),
      ...row("tips", mark(isWhole, checked)),
      ...row("end", one.isEndRight ? (one.end ? mark(true, end) : end) : mark(false, context.say("streams.end_differs"))),
    ),
    one.anchors.length > 2 && heartbeat(one.anchors, late, context.say("streams.beat", { stream: one.stream, count: Math.min(48, one.anchors.length) })),
    faults.length > 0 && el("ul", { class: "faults" }, ...faults.slice(0, LISTED_MAX).map((text) => el("li", {}, mark(false, text)))),
    faults.length > LISTED_MAX && el("p", {}, context.say("more", { count: faults.length - LISTED_MAX })),
  );
}

export const STREAMS: Tab = {
  name: "streams",
  show(context) {
    const { view } = context;
    if (!view) return null;
    const bad = view.streams.filter((one) => faultsOf(context, one).length > 0).length;
    const said = bad ? context.say("streams.some_bad", { count: bad, all: view.streams.length }) : context.say("streams.none_bad", { all: view.streams.length });
    const idle = [...view.directory.participants.values()].filter(({ id, keys }) => keys.some(({ purpose }) => purpose === 1) && !view.streams.some(({ participant }) => participant === id));
    return el(
      "div",
      {},
      el("p", { class: "lead" }, mark(bad === 0, said)),
      el("p", { class: "quiet" }, context.say("streams.means")),
      idle.length > 0 && el("p", { class: "note" }, context.say("streams.idle", { who: idle.map(({ id }) => context.who(id)).join(", ") })),
      ...view.streams.map((one) => card(context, one, view.head.time)),
    );
  },
};
