/** Drop a proof: checked by the core against the chosen witnesses, with a picture of its way to the root. */

import { type Verification, type Verified, verify } from "../core/verify.ts";
import { messageOf } from "../core/rpc.ts";
import { type Context, networkWith, type Tab } from "./context.ts";
import { button, el, fill, hash, labelled, mark, onDrop, table, timeText } from "./elements.ts";
import { type Path, pathsOf, readList, wrongIn } from "./paths.ts";
import { pathPicture } from "./pictures.ts";

const FILE_SIZE_BYTES_MAX = 8 * 1024 * 1024;
const LIST_TIMEOUT_MS = 20_000;

function quorumOf(context: Context): number {
  const names = new Set(context.chosen.map(({ organisation, participant }) => `${organisation}#${participant ?? ""}`));
  return Math.max(2, Math.floor(names.size / 2) + 1);
}

function witnessTable(context: Context, { chain }: Verified): HTMLElement {
  const heads = ["witness", "answer", "head"].map((head) => context.say(`proof.head.${head}`));
  const rows = chain.witnesses.map(({ organisation, url, status, proven, head }) => {
    const text = context.knows(`witness.status.${status}`) ? context.say(`witness.status.${status}`) : status;
    const said = `${text}${proven ? ` ${context.say("witness.proven")}` : ""}`;
    return [el("span", {}, organisation, " ", el("span", { class: "address quiet" }, url)), mark(status === "verified", said), head === null ? "-" : String(head)];
  });
  return table(context.say("proof.witnesses"), heads, rows);
}

/** Ask a gateway for a public list, because the viewer said so; its answer must give the anchored root. */
async function listOf(url: string): Promise<unknown> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), LIST_TIMEOUT_MS);
  try {
    const answer = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer", redirect: "error", signal: stop.signal });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return (await answer.json()) as unknown;
  } finally {
    clearTimeout(timer);
  }
}

function compareWithList(context: Context, path: Path, draw: (wrong: ReadonlySet<number>) => void): HTMLElement {
  const { stream, sequence } = path.bundle.anchor;
  const gateway = context.view?.directory.participants.get(path.bundle.participant)?.url ?? "";
  const url = el("input", { inputmode: "url", name: "list", value: gateway && `${gateway.replace(/\/+$/, "")}/v1/streams/${stream}/anchors/${sequence}/entries` });
  const said = el("p", { role: "status" });
  const take = (answer: unknown): void => {
    const sealed = context.view?.anchors.find((one) => one.stream === stream && one.sequence === sequence) ?? path.bundle.anchor;
    const { siblings, isEntryThere } = wrongIn(path, readList(answer, sealed));
    draw(siblings);
    const key = siblings.size ? "list_wrong" : isEntryThere ? "list_right" : "list_other_entry";
    fill(said, mark(siblings.size === 0 && isEntryThere, context.say(`proof.${key}`, { count: siblings.size })));
  };
  const ask = (): void => {
    fill(said, context.say("proof.list_asking"));
    listOf(url.value).then(take).catch((error: unknown) => fill(said, mark(false, context.say("proof.list_failed", { why: messageOf(error) }))));
  };
  const means = el("p", { class: "quiet" }, context.say("proof.list_means"));
  return el("details", { class: "list" }, el("summary", {}, context.say("proof.list")), means, labelled(context.say("proof.list_address"), url), el("p", { class: "row" }, button(context.say("proof.list_ask"), ask)), said);
}

function pathCard(context: Context, path: Path, place: number, verified: Verified | undefined): HTMLElement {
  const { anchor, participant } = path.bundle;
  const last = path.levels[path.levels.length - 1];
  const agrees = last?.node === anchor.root;
  const drawn = el("div", { class: "path" });
  const draw = (wrong: ReadonlySet<number> | null): void => {
    const root = context.say(agrees ? "proof.root_right" : "proof.root_wrong");
    const words = { title: context.say("proof.picture", { count: path.levels.length - 1 }), leaf: context.say("proof.leaf"), root, wrong: context.say("proof.wrong_sibling") };
    fill(drawn, path.levels.length > 0 && pathPicture(path.levels, anchor.root, wrong, words));
  };
  draw(null);
  const row = (head: string, value: Node | string): HTMLElement[] => [el("dt", {}, context.say(`proof.${head}`)), el("dd", {}, value)];
  return el(
    "section",
    { class: "card", "data-path": agrees ? "right" : "wrong" },
    el("h3", {}, context.say("proof.record", { number: place + 1 })),
    el(
      "dl",
      { class: "facts" },
      ...row("by", context.who(participant)),
      ...(verified ? row("act", [verified.checked.act.type, verified.checked.act.bizStep].filter(Boolean).join(" · ")) : []),
      ...row("entry", path.entry ? hash(path.entry) : mark(false, path.why)),
      ...row("anchor", `${anchor.stream} / ${anchor.sequence} · ${context.say("proof.of", { index: path.bundle.event.index + 1, size: anchor.size })}`),
      ...row("sealed", `${anchor.blockNumber} · ${timeText(anchor.blockTime)}`),
      ...row("root", hash(anchor.root)),
    ),
    drawn,
    path.levels.length > 0 && compareWithList(context, path, draw),
    verified && witnessTable(context, verified),
    verified && verified.chain.warnings.length > 0 && el("ul", {}, ...verified.chain.warnings.map(({ code, text }) => el("li", {}, context.knows(`witness.warning.${code}`) ? context.say(`witness.warning.${code}`) : code, " ", el("span", { class: "quiet", lang: "en" }, text)))),
  );
}

function outcome(context: Context, { outcome: came, code }: Verification): HTMLElement {
  return el("p", { class: "lead", "data-outcome": came }, mark(came === "verified", context.say(`outcome.${came}`)), " ", el("code", {}, code));
}

async function check(context: Context, bytes: Uint8Array, shown: HTMLElement): Promise<void> {
  fill(shown, el("p", { role: "status" }, context.say("proof.checking", { count: context.chosen.length })));
  try {
    if (bytes.length > FILE_SIZE_BYTES_MAX) throw new Error("> 8 MiB");
    const result = await verify(bytes, { network: networkWith(context.network, context.chosen), quorum: quorumOf(context), ask: context.ask });
    let paths: Path[] = [];
    try {
      paths = pathsOf(bytes);
    } catch {
      // then the code of the outcome says why
    }
    context.proof = bytes;
    fill(shown, el("div", { role: "status" }, outcome(context, result)), el("p", { class: "quiet" }, context.say("proof.means")), ...paths.map((path, place) => pathCard(context, path, place, result.bundles[place])));
  } catch (error) {
    fill(shown, mark(false, context.say("proof.failed", { why: messageOf(error) })));
  }
}

export const PROOF: Tab = {
  name: "proof",
  isAlways: true,
  show(context) {
    const file = el("input", { type: "file", name: "proof", accept: ".json,application/json" });
    const text = el("textarea", { name: "text", rows: "4", spellcheck: "false" });
    const shown = el("div", { class: "result" });
    const take = (given: Blob | undefined): void => {
      if (!given) return;
      const reader = new FileReader();
      reader.onload = () => void check(context, new Uint8Array(reader.result as ArrayBuffer), shown);
      reader.readAsArrayBuffer(given);
    };
    file.addEventListener("change", () => take(file.files?.[0]));
    const zone = el(
      "div",
      { class: "card drop" },
      labelled(context.say("proof.file"), file),
      labelled(context.say("proof.paste"), text),
      el("p", { class: "row" }, button(context.say("proof.check"), () => void check(context, new TextEncoder().encode(text.value), shown), { class: "first" })),
    );
    onDrop(zone, take);
    if (context.proof) void check(context, context.proof, shown);
    return el("div", {}, zone, shown);
  },
};
