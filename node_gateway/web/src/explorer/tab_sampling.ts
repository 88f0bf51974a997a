/** A sampling plan: how many leaves of each stream, drawn by a block hash so that nobody picks them. */

import { membersOf, messageOf } from "../core/rpc.ts";
import type { Context, Drawn, Tab } from "./context.ts";
import { button, el, fill, give, hash, labelled, mark, table } from "./elements.ts";
import { readHeader } from "./reading.ts";
import { badOf, challengesOf, chanceText, draw, leavesNeeded, leavesNeededOf, readShare } from "./sampling.ts";
import type { View } from "./view.ts";

const SHOWN_MAX = 200;

function sizesOf(view: View, stream: number, before: number): [number, number][] {
  const found = view.streams.find((one) => one.stream === stream)?.anchors ?? [];
  return found.filter(({ blockNumber }) => blockNumber < before).map(({ sequence, size }): [number, number] => [sequence, size]);
}

/** Ask every chosen witness for the hash of the seed; the header of the one that is shown is held to it. */
async function seedOf(context: Context, view: View, number: number): Promise<{ hash: string; others: string[] }> {
  const answers = await Promise.all(
    view.reading.said
      .filter(({ status }) => status === "read")
      .map(async ({ url }) => {
        const answer = membersOf(await view.ask(url, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]).catch(() => null));
        return { url, hash: typeof answer["hash"] === "string" ? answer["hash"].slice(2).toLowerCase() : "" };
      }),
  );
  const own = answers.find(({ url }) => url === view.of.url)?.hash ?? "";
  if (!own) throw new Error(context.say("sampling.no_block"));
  view.headers.set(number, await readHeader(view.ask, view.of.url, number, own));
  return { hash: own, others: answers.filter((one) => one.hash !== own).map(({ url }) => url) };
}

/** The drawn leaves by stream, in the order of being drawn: sequence / index. */
function drawnList(context: Context, { drawn }: Drawn): HTMLElement {
  const parts = [...drawn].flatMap(([stream, leaves]) => {
    const shown = leaves.slice(0, SHOWN_MAX).map(({ sequence, index }) => `${sequence}/${index}`);
    const more = leaves.length > SHOWN_MAX ? ` ${context.say("more", { count: leaves.length - SHOWN_MAX })}` : "";
    return [el("dt", {}, String(stream)), el("dd", { class: "mono" }, shown.join("  ") + more)];
  });
  return el("div", {}, el("h3", {}, context.say("sampling.drawn")), el("dl", { class: "facts leaves" }, ...parts));
}

function downloads(plan: Drawn, context: Context): HTMLElement {
  const csv = (): void => {
    const lines = [...plan.drawn.values()].flat().map(({ stream, sequence, index }) => `${stream},${sequence},${index}`);
    give("leaves.csv", ["stream,sequence,index", ...lines, ""].join("\n"), "text/csv");
  };
  const json = (): void => {
    const made = [...plan.drawn].map(([stream, leaves]) => ({ stream, challenges: challengesOf(plan, leaves) }));
    give("challenges.json", `${JSON.stringify(made, null, 1)}\n`, "application/json");
  };
  return el("p", { class: "row" }, button(context.say("sampling.csv"), csv), button(context.say("sampling.json"), json));
}

function shownPlan(context: Context, plan: Drawn): HTMLElement {
  const leaves = [...plan.drawn.values()].flat().length;
  return el(
    "div",
    { class: "plan", "data-seed": plan.hash },
    el("p", { class: "lead" }, context.say("sampling.made", { leaves, streams: plan.drawn.size })),
    el("dl", { class: "facts" }, el("dt", {}, context.say("sampling.seed_is")), el("dd", {}, `${plan.number} `, hash(plan.hash))),
    plan.others.length > 0 && el("p", {}, mark(false, context.say("sampling.seed_differs", { who: plan.others.join(", ") }))),
    el("p", { class: "quiet" }, context.say("sampling.rule")),
    el("p", { class: "mono breaks command" }, `sealtrail audit --all --challenge ${plan.leaves} --announced ${plan.number - 1}`),
    downloads(plan, context),
    drawnList(context, plan),
  );
}

function chances(context: Context, view: View, seed: number, share: string, confidence: string): { count: number; shown: HTMLElement } | null {
  const [bad, sure] = [readShare(share, true), readShare(confidence)];
  const count = bad && sure && leavesNeeded(bad, sure);
  if (!bad || !sure || count === null) return null;
  const heads = ["stream", "total", "bad", "needed", "drawn", "chance"].map((head) => context.say(`sampling.head.${head}`));
  const rows = view.streams.map(({ stream, participant }) => {
    const total = sizesOf(view, stream, seed).reduce((sum, [, size]) => sum + size, 0);
    const wrong = Math.min(total, badOf(bad, total));
    const drawn = Math.min(count as number, total);
    const needed = total ? leavesNeededOf(total, wrong, sure) : 0;
    return [`${stream} · ${context.who(participant)}`, String(total), String(wrong), String(needed), String(drawn), `${chanceText(total, wrong, drawn)} %`];
  });
  return { count: count as number, shown: el("div", {}, el("p", {}, context.say("sampling.count", { count: count as number, share, confidence })), table(context.say("sampling.chances"), heads, rows)) };
}

export const SAMPLING: Tab = {
  name: "sampling",
  show(context) {
    const { view } = context;
    if (!view) return null;
    const share = el("input", { name: "share", inputmode: "decimal", value: "0.04", autocomplete: "off" });
    const confidence = el("input", { name: "confidence", inputmode: "decimal", value: "0.95", autocomplete: "off" });
    const seed = el("input", { name: "seed", type: "number", min: "1", max: String(view.head.number), value: String(view.head.number) });
    const [said, shown] = [el("div", { class: "chances" }), el("div", { role: "status" })];
    const number = (): number => Number(seed.value);
    const isSeed = (): boolean => Number.isSafeInteger(number()) && number() >= 1 && number() <= view.head.number;
    const work = (): number | null => {
      const found = isSeed() ? chances(context, view, number(), share.value, confidence.value) : null;
      fill(said, found ? found.shown : mark(false, context.say(isSeed() ? "sampling.no_share" : "sampling.no_seed", { head: view.head.number })));
      return found?.count ?? null;
    };
    const run = async (): Promise<void> => {
      const leaves = work();
      if (leaves === null) return;
      try {
        const found = await seedOf(context, view, number());
        const drawn = new Map(view.streams.map(({ stream }) => [stream, draw(found.hash, stream, sizesOf(view, stream, number()), leaves)]));
        context.plan = { number: number(), hash: found.hash, leaves, drawn, others: found.others };
        fill(shown, shownPlan(context, context.plan));
      } catch (error) {
        fill(shown, mark(false, context.say("sampling.failed", { why: messageOf(error) })));
      }
    };
    for (const field of [share, confidence, seed]) field.addEventListener("input", work);
    work();
    if (context.plan) fill(shown, shownPlan(context, context.plan));
    const fields = [labelled(context.say("sampling.share"), share), labelled(context.say("sampling.confidence"), confidence), labelled(context.say("sampling.seed"), seed)];
    const cut = view.reading.from > 0 && el("p", { class: "note" }, context.say("cut", { from: view.reading.from }));
    return el(
      "div",
      {},
      cut,
      el("p", { class: "quiet" }, context.say("sampling.means")),
      el("div", { class: "fields" }, ...fields),
      said,
      el("p", { class: "row" }, button(context.say("sampling.draw"), () => void run(), { class: "first" })),
      shown,
    );
  },
};
