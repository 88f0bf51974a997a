/** Recalls on the notice board: what, how grave, whether an exercise, lifted or not, with both texts. */

import type { Context, Tab } from "./context.ts";
import type { Notice, NoticeStep } from "./directory.ts";
import { el, mark, timeText } from "./elements.ts";

function step(context: Context, { at, by, level, byRegulator, zh, en, uri }: NoticeStep, place: number): HTMLElement {
  const kind = level === 0 ? "lifted" : place === 0 ? "published" : "escalated";
  const who = context.say(byRegulator ? "notices.by_regulator" : "notices.by", { who: context.who(by) });
  return el(
    "li",
    {},
    el("strong", {}, context.say(`notices.${kind}`, { level })),
    ` · ${timeText(at)} · ${who}`,
    zh !== "" && el("blockquote", { lang: "zh-CN" }, zh),
    en !== "" && el("blockquote", { lang: "en" }, en),
    uri !== "" && el("p", { class: "address quiet" }, uri),
  );
}

function whatText(context: Context, { lots, hasList }: Notice): string {
  if (hasList) return context.say("notices.list");
  return lots.length ? context.say("notices.lots", { lots: lots.join(context.say("comma")) }) : context.say("notices.everything");
}

/** An exercise that stands alarms nobody. */
function stateText(context: Context, level: number, isDrill: boolean): HTMLElement {
  if (level === 0) return mark(true, context.say("notices.is_lifted"));
  const text = context.say("notices.stands", { level });
  return isDrill ? el("strong", {}, text) : mark(false, text);
}

function card(context: Context, one: Notice): HTMLElement {
  const level = one.steps[one.steps.length - 1]?.level ?? 0;
  const isLifted = level === 0;
  return el(
    "section",
    { class: isLifted || one.drill ? "card notice" : "card notice stands", "data-notice": String(one.id) },
    el("h3", {}, `#${one.id} ${one.product}`),
    el(
      "p",
      {},
      one.drill && el("span", { class: "label" }, context.say("notices.drill")),
      " ",
      stateText(context, level, one.drill),
      ` · ${whatText(context, one)}`,
    ),
    el("ol", { class: "timeline" }, ...one.steps.map((each, place) => step(context, each, place))),
  );
}

export const NOTICES: Tab = {
  name: "notices",
  show(context) {
    const { view } = context;
    if (!view) return null;
    const notices = [...view.directory.notices.values()].reverse();
    if (!view.reading.network.noticeBoard) return el("p", { class: "note" }, context.say("notices.no_board"));
    if (!notices.length) return el("p", {}, context.say("notices.none"));
    return el("div", {}, el("p", { class: "quiet" }, context.say("notices.means")), ...notices.map((one) => card(context, one)));
  },
};
