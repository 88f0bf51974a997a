/** Findings in plain words, and the evidence of them as one file. */

import { messageOf } from "../core/rpc.ts";
import type { Context, Tab } from "./context.ts";
import { button, el, fill, give, mark, timeText } from "./elements.ts";
import { evidenceOf } from "./evidence.ts";
import { type Finding, findingsOf } from "./report.ts";
import { faultsOf } from "./tab_streams.ts";
import type { View } from "./view.ts";

/** The report that people read, in one language. */
export function plainReport(context: Context, view: View, findings: readonly Finding[], language: string): string {
  const say = (key: string, values: Record<string, string | number> = {}): string => context.say(`report.${key}`, values, language);
  const { reading, head } = view;
  const witnesses = reading.said.map(({ organisation, url, status, detail }) => {
    const state = context.say(`state.${status}`, {}, language);
    return `  - ${organisation}: ${url}: ${state}${detail ? ` (${detail})` : ""}`;
  });
  const streams = view.streams.map((one) => {
    const faults = faultsOf(context, one, language);
    const lines = faults.length ? faults.map((text) => `      ✗ ${text}`) : [`      ✓ ${say("whole")}`];
    return [`  - ${say("stream", { stream: one.stream, who: context.who(one.participant), count: one.anchors.length })}`, ...lines].join("\n");
  });
  const lines = findings.map(({ code, severity }, place) => `  F${place + 1} ${say(`severity.${severity}`)}: ${say(`code.${code}`)} [${code}]`);
  const { chainId, genesisHash } = reading.network;
  return [
    say("title"),
    say("chain", { chain: chainId, genesis: genesisHash }),
    say("upto", { number: head.number, hash: head.hash, time: timeText(head.time) }),
    "",
    say("witnesses"),
    ...witnesses,
    reading.differing ? say("differ", { count: reading.differing }) : say("agree"),
    "",
    say("streams"),
    ...streams,
    "",
    say("findings", { count: findings.length }),
    ...(lines.length ? lines : [`  ${say("none")}`]),
    "",
    say("limits"),
    "",
  ].join("\n");
}

async function make(context: Context, view: View, said: HTMLElement): Promise<void> {
  const watch = { signal: new AbortController().signal, tell: (step: string, done: number, total: number) => fill(said, context.say(`step.${step}`, { done, total })) };
  try {
    const report = (findings: readonly Finding[]): { zh: string; en: string } => ({
      zh: plainReport(context, view, findings, "zh-CN"),
      en: plainReport(context, view, findings, "en"),
    });
    const made = await evidenceOf(view, { plan: context.plan, proof: context.proof, watch, report });
    const name = `evidence-${view.head.number}.zip`;
    fill(
      said,
      el("p", {}, mark(true, context.say("evidence.made", { size: made.zip.length, findings: made.findings }))),
      el("p", {}, `SHA-256 `, el("code", { class: "breaks", "data-sha256": made.sha256 }, made.sha256)),
      el("p", { class: "row" }, button(context.say("evidence.save"), () => give(name, made.zip, "application/zip"), { class: "first save" })),
      el("p", {}, context.say("evidence.recheck")),
      el("p", { class: "mono breaks command" }, `python -m anchoring recheck ${name} --network network.json`),
    );
  } catch (error) {
    fill(said, mark(false, context.say("evidence.failed", { why: messageOf(error) })));
  }
}

export const EVIDENCE: Tab = {
  name: "evidence",
  show(context) {
    const { view } = context;
    if (!view) return null;
    const findings = findingsOf(view);
    const said = el("div", { role: "status", class: "made" });
    const lines = findings.map(({ code, severity, text, participant, stream, sequence }) =>
      el(
        "li",
        { "data-code": code },
        mark(false, context.say(`report.severity.${severity}`)),
        ` ${context.say(`report.code.${code}`)} `,
        participant !== null && `${context.who(participant)} ${stream ?? ""}/${sequence ?? ""} `,
        el("span", { class: "quiet", lang: "en" }, text),
      ),
    );
    const isWhole = view.reading.from === 0;
    return el(
      "div",
      {},
      el("p", { class: "lead" }, mark(findings.length === 0, context.say(findings.length ? "evidence.findings" : "evidence.no_findings", { count: findings.length }))),
      findings.length > 0 && el("ol", { class: "findings" }, ...lines),
      el("p", { class: "quiet" }, context.say("evidence.means")),
      isWhole
        ? el("p", { class: "row" }, button(context.say("evidence.make"), () => void make(context, view, said), { class: "first make" }))
        : el("p", { class: "note" }, context.say("evidence.cut")),
      said,
    );
  },
};
