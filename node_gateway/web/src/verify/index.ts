/** `/verify` and `verify.html`: checks a proof with nobody's help but that of the witnesses which the viewer chose. */

import { type Network, Refusal } from "../core/index.ts";
import { button, byId, type Child, dataOf, el, fill, save, set } from "../panel/dom.ts";
import { Panel } from "../panel/panel.ts";
import { type Place, Places } from "../panel/places.ts";
import { askedOf } from "../panel/states.ts";
import { knows, say, speak, type Words } from "../panel/words.ts";
import { check, type Conclusion, findingsOf, ownOf } from "./concluding.ts";
import { type Proof, read } from "./reading.ts";
import { details, tellConclusion } from "./shown.ts";

/** What the page says to this script; the same in the single file, where no network is built in. */
interface PageFacts {
  readonly words: Readonly<Record<string, Words>>;
  /** The network file of the gateway that served the page, and the relays that it knows of. */
  readonly network: Network | null;
  readonly witnesses: readonly Place[];
}

const facts = dataOf("facts") as PageFacts;
const languages = Object.keys(facts.words);
const root = byId("app") as HTMLElement;

let language = languages.find((one) => one.slice(0, 2) === navigator.language.slice(0, 2)) ?? "en";
if (!languages.includes(language)) [language = "en"] = languages;
let proof: Proof | null = null;
let network: Network | null = null;
let suggested: readonly Place[] = [];
let conclusion: Conclusion | null = null;
let complaint = "";
let round = 0;

const places = new Places([]);
const panel = new Panel(places, null, () => void run(true));

/** Why something was refused, in words if there are any. */
function reasonOf(error: unknown): string {
  const code = error instanceof Refusal ? error.code : String(error);
  const key = `verify.${code}`;
  return knows(key) ? say(key) : say("verify.no_file", { why: code });
}

async function take(name: string, bytes: Uint8Array): Promise<void> {
  complaint = "";
  try {
    const given = await read(name, bytes);
    if ("proof" in given) proof = given.proof;
    else takeNetwork(given.network, given.suggested);
  } catch (error) {
    complaint = reasonOf(error);
  }
  paint();
  // Whom the viewer said yes to is asked about the next proof too.
  if (proof && !complaint) await run(suggested.length === 0);
}

function takeNetwork(given: Network, suggesting: readonly Place[]): void {
  network = given;
  suggested = suggesting;
  places.offered = [];
}

async function takeFile(file: File): Promise<void> {
  await take(file.name, new Uint8Array(await file.arrayBuffer()));
}

/** A button that opens the dialog for files. */
function chooser(key: string, accept: string): HTMLElement {
  const input = el("input.unseen");
  input.type = "file";
  input.accept = accept;
  input.onchange = () => {
    const [file] = Array.from(input.files ?? []);
    if (file) void takeFile(file);
  };
  return el("label.button", say(key), input);
}

function proofPart(): HTMLElement {
  const text = set(el("textarea"), { rows: "5", spellcheck: "false", "aria-label": say("verify.paste") });
  const use = button(say("verify.take_text"), () => void take(say("verify.paste"), new TextEncoder().encode(text.value)));
  const took = proof && say("verify.took", { name: proof.name, count: proof.checked.length });
  const part = el(
    "section.card drop",
    el("h2", say("verify.proof")),
    el("p", say("verify.drop")),
    el("p.row", chooser("verify.choose_proof", ".json,.pdf,application/json,application/pdf")),
    el("details", el("summary", say("verify.paste")), text, el("p", use)),
    set(el("p.took", complaint || took), { role: complaint ? "alert" : "status" }),
  );
  return set(part, { id: "proof" });
}

function networkPart(): HTMLElement {
  const { network: offered } = facts;
  const values = network && { chain: network.chainId, genesis: `${network.genesisHash.slice(0, 16)}…` };
  const useOffered = (): void => {
    if (!offered) return;
    takeNetwork(offered, facts.witnesses);
    paint();
  };
  return set(
    el(
      "section.card",
      el("h2", say("verify.network")),
      el("p", say("verify.network_means")),
      el(
        "p.row",
        chooser("verify.choose_network", ".json,application/json"),
        offered && button(say("verify.page_network"), useOffered, "offered"),
      ),
      offered && el("p.quiet", say("verify.page_network_means")),
      el("p.took", values ? say("verify.has_network", values) : say("verify.no_network")),
      suggested.length && suggestion(),
    ),
    { id: "network" },
  );
}

/** Nobody is asked whom only a file names, before the viewer says so. */
function suggestion(): HTMLElement {
  const answer = (some: readonly Place[]) => (): void => {
    places.offered = some;
    suggested = [];
    paint();
    void run(true);
  };
  const named = suggested.map(({ organisation, url }) => el("li", el("strong", organisation), " ", el("span.address", url)));
  const buttons = [
    button(say("verify.confirm"), answer(suggested), "first confirm"),
    button(say("verify.decline"), answer([]), "decline"),
  ];
  return set(el("div.suggested", el("p", say("verify.suggested")), el("ul", ...named), el("p.row", ...buttons)), { role: "group" });
}

function witnessPart(): HTMLElement {
  const part = el("section.card", el("h2", say("verify.witnesses")));
  if (!places.chosen.length) part.append(el("p.quiet", say("verify.no_witness")));
  part.append(panel.element());
  if (conclusion) panel.show(conclusion.verified.length ? askedOf(conclusion.verified) : undefined);
  return set(part, { id: "who" });
}

function languagePart(): Child {
  if (languages.length < 2) return null;
  const names: Readonly<Record<string, string>> = { "zh-CN": "中文", en: "English" };
  const buttons = languages.map((one) => {
    const act = (): void => {
      language = one;
      paint();
      document.querySelector<HTMLElement>(`[lang="${one}"].language`)?.focus();
    };
    return set(button(names[one] ?? one, act, "language"), { lang: one, "aria-pressed": String(one === language) });
  });
  return set(el("div.row languages", ...buttons), { role: "group", "aria-label": say("verify.language") });
}

/** Put the result on the page; the live region stays the same element, so that it is announced. */
function tell(): void {
  const place = byId("verdict");
  const below = byId("details");
  if (!place || !below || !conclusion) return;
  place.removeAttribute("hidden");
  tellConclusion(place, conclusion);
  const kept = conclusion;
  const keep = button(say("verify.save"), () => save("findings.json", findingsOf(kept)), "keep");
  fill(below, ...details(conclusion), el("p.row", keep));
}

function paint(): void {
  speak(facts.words[language] ?? {});
  document.documentElement.lang = language;
  document.title = say("verify.title");
  const verdict = set(el("section.card"), { id: "verdict", role: "status", hidden: "" });
  fill(
    root,
    languagePart(),
    el("h1", say("verify.title")),
    el("p", say("verify.lead")),
    proofPart(),
    verdict,
    networkPart(),
    witnessPart(),
    set(el("div"), { id: "details" }),
  );
  tell();
}

/** @param asks false: only what can be checked without anybody */
async function run(asks: boolean): Promise<void> {
  const now = ++round;
  const asked = proof;
  if (!asked) {
    paint();
    return;
  }
  panel.own = ownOf(asked.checked);
  const chosen = asks && network ? places.chosen : [];
  if (chosen.length) panel.show("asking");
  try {
    const found = await check(asked, network, chosen);
    if (now !== round) return;
    conclusion = found;
    if (asks) panel.show(found.verified.length ? askedOf(found.verified) : undefined);
    tell();
  } catch (error) {
    if (now !== round) return;
    complaint = say("check.failed", { why: String(error) });
    paint();
  }
}

/** Files may be dropped anywhere on the page. */
function acceptDrops(): void {
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = Array.from(event.dataTransfer?.files ?? []);
    if (file) void takeFile(file);
  });
}

if (languages.length) {
  acceptDrops();
  paint();
}
