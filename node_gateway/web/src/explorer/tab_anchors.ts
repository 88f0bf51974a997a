/** Anchors, newest first, by participant, stream and time. */

import type { Context, Tab } from "./context.ts";
import { button, el, fill, hash, labelled, table, timeText } from "./elements.ts";
import type { SeenAnchor } from "./streams.ts";
import type { View } from "./view.ts";

const PER_PAGE = 25;
const DAY_S = 86_400;

interface Wanted {
  participant: string;
  since: string;
  until: string;
  text: string;
  page: number;
}

function dayStart(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 1000;
}

/** Whether an anchor is what the viewer wants to see. */
export function isWanted(one: SeenAnchor, { participant, since, until, text }: Omit<Wanted, "page">): boolean {
  const wanted = text.trim().toLowerCase().replace(/^0x/, "");
  const parts = [one.root, one.tip, one.tx, one.blockHash, one.signer];
  const numbers = [`${one.stream}/${one.sequence}`, String(one.stream), String(one.blockNumber)];
  return (
    (!participant || one.participant === Number(participant)) &&
    (!since || one.time >= dayStart(since)) &&
    (!until || one.time < dayStart(until) + DAY_S) &&
    (!wanted || numbers.includes(wanted) || (wanted.length >= 4 && parts.some((part) => part.startsWith(wanted))))
  );
}

function rowOf(context: Context, one: SeenAnchor): (Node | string)[] {
  const [stream, sequence, size, block] = [one.stream, one.sequence, one.size, one.blockNumber].map(String) as [string, string, string, string];
  return [timeText(one.time), context.who(one.participant), stream, sequence, size, hash(one.root), block];
}

function select(context: Context, view: View): HTMLSelectElement {
  const ids = [...view.directory.participants.keys()];
  const options = ids.map((id) => el("option", { value: String(id) }, context.who(id)));
  return el("select", { name: "participant" }, el("option", { value: "" }, context.say("anchors.everybody")), ...options);
}

export const ANCHORS: Tab = {
  name: "anchors",
  show(context) {
    const { view } = context;
    if (!view) return null;
    const newest = [...view.anchors].reverse();
    const participant = select(context, view);
    const since = el("input", { type: "date", name: "since" });
    const until = el("input", { type: "date", name: "until" });
    const text = el("input", { type: "search", name: "text", autocomplete: "off", spellcheck: "false" });
    const [found, list] = [el("p", { role: "status", class: "found" }), el("div")];
    const wanted: Wanted = { participant: "", since: "", until: "", text: "", page: 0 };
    const show = (): void => {
      const of = newest.filter((one) => isWanted(one, wanted));
      const pages = Math.max(1, Math.ceil(of.length / PER_PAGE));
      wanted.page = Math.min(wanted.page, pages - 1);
      const shown = of.slice(wanted.page * PER_PAGE, (wanted.page + 1) * PER_PAGE);
      fill(found, context.say("anchors.found", { count: of.length, page: wanted.page + 1, pages }));
      const heads = ["time", "participant", "stream", "sequence", "size", "root", "block"].map((head) => context.say(`head.${head}`));
      const turn = (by: number): void => {
        wanted.page += by;
        show();
      };
      const back = button(context.say("anchors.newer"), () => turn(-1), wanted.page === 0 ? { disabled: true } : {});
      const on = button(context.say("anchors.older"), () => turn(1), wanted.page >= pages - 1 ? { disabled: true } : {});
      fill(list, table(context.say("tab.anchors"), heads, shown.map((one) => rowOf(context, one))), el("p", { class: "row" }, back, on));
    };
    const change = (): void => {
      Object.assign(wanted, { participant: participant.value, since: since.value, until: until.value, text: text.value, page: 0 });
      show();
    };
    for (const field of [participant, since, until, text]) field.addEventListener("input", change);
    show();
    const fields = [
      labelled(context.say("head.participant"), participant),
      labelled(context.say("anchors.since"), since),
      labelled(context.say("anchors.until"), until),
      labelled(context.say("anchors.search"), text),
    ];
    const cut = view.reading.from > 0 && el("p", { class: "note" }, context.say("cut", { from: view.reading.from }));
    return el("div", {}, cut, el("div", { class: "fields" }, ...fields), found, list);
  },
};
