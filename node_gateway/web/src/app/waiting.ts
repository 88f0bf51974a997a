/**
 * Scans that could not be sent are kept on this device, each with a key of its own, and are sent in
 * their order as soon as there is a line. The gateway takes each key once, so that sending again
 * what may have come changes nothing. They are sent only for whoever scanned them.
 */

import { sound } from "./sounding";

interface Kept {
  readonly path: string;
  readonly who: string;
  readonly key: string;
  readonly text: string;
}

type Said = "offline" | "sign_in" | "refused" | "";

const PLACE = "sealtrail.waiting";
const FORM = "form[data-keeps]";
const AT_ONCE = 100;
const AGAIN_MS = 5000;
const ANSWER_MS = 15_000;
/** Answers after which the same again may be taken: too many, not now. */
const NOT_NOW = 429;
const OURS = 400;
const THEIRS = 500;
const NO_RIGHT = 403;

let isSending = false;
let said: Said = "";
let swapped: () => void = () => undefined;

function all(): Kept[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(PLACE) ?? "[]");
    return Array.isArray(found) ? (found as Kept[]) : [];
  } catch {
    return [];
  }
}

function put(kept: readonly Kept[]): boolean {
  try {
    localStorage.setItem(PLACE, JSON.stringify(kept));
    return true;
  } catch {
    return false; // no storage, or none left: the scan stays in the field
  }
}

function who(): string {
  return document.getElementById("waiting")?.dataset["who"] ?? "";
}

function own(path?: string): Kept[] {
  const name = who();
  return all().filter((one) => one.who === name && (path === undefined || one.path === path));
}

function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
}

function pathOf(form: HTMLFormElement): string {
  return form.getAttribute("action") ?? "";
}

function show(): void {
  const place = document.getElementById("waiting");
  if (!place) return;
  const count = own().length;
  place.hidden = count === 0;
  const line = place.querySelector<HTMLElement>("[data-waiting]");
  if (line) line.textContent = (line.dataset["waiting"] ?? "").replace("{count}", String(count));
  for (const one of Array.from(place.querySelectorAll<HTMLElement>("[data-said]"))) {
    one.hidden = one.dataset["said"] !== said;
  }
}

function keep(form: HTMLFormElement): void {
  const input = form.elements.namedItem("text") as HTMLInputElement;
  const key = form.elements.namedItem("keys") as HTMLInputElement;
  const text = input.value.trim();
  if (!text || !put([...all(), { path: pathOf(form), who: who(), key: key.value || newKey(), text }])) return;
  input.value = "";
  key.value = "";
  said = said || "offline";
  sound("kept");
  show();
}

async function send(path: string, some: readonly Kept[]): Promise<boolean> {
  const token = document.querySelector<HTMLInputElement>('input[name="form_token"]')?.value ?? "";
  const body = new URLSearchParams({
    form_token: token,
    text: some.map((one) => one.text).join("\n"),
    keys: some.map((one) => one.key).join("\n"),
  });
  const gone = new AbortController();
  const timer = window.setTimeout(() => gone.abort(), ANSWER_MS);
  let answer: Response;
  let html: string;
  try {
    answer = await fetch(path, { method: "POST", body, headers: { "HX-Request": "true" }, signal: gone.signal });
    html = await answer.text();
  } catch {
    said = "offline";
    return false;
  } finally {
    window.clearTimeout(timer);
  }
  if (answer.headers.get("HX-Redirect") || answer.status === NO_RIGHT) {
    said = "sign_in";
    return false;
  }
  if (answer.status === NOT_NOW || answer.status >= THEIRS) {
    said = "offline";
    return false;
  }
  if (answer.status >= OURS) {
    said = "refused";
    place("#problem", "#answer", html, path);
    return false;
  }
  const sent = new Set(some.map((one) => one.key));
  put(all().filter((one) => !sent.has(one.key)));
  said = "";
  place("#work", "#work", html, path);
  return true;
}

/** Puts a part of an answer where it stands on this page, if it is the page of it. */
function place(from: string, to: string, html: string, path: string): void {
  const target = document.querySelector<HTMLElement>(to);
  const part = new DOMParser().parseFromString(html, "text/html").querySelector(from);
  const form = document.querySelector<HTMLFormElement>(FORM);
  if (!target || !part || !form || pathOf(form) !== path) return;
  if (from === to) target.replaceWith(part);
  else target.replaceChildren(part);
  (window as { htmx?: { process(one: Element): void } }).htmx?.process(part);
  swapped();
}

async function flush(): Promise<void> {
  if (isSending || said === "refused") return;
  isSending = true;
  try {
    for (let next = own()[0]; next; next = own()[0]) {
      const path = next.path;
      if (!(await send(path, own(path).slice(0, AT_ONCE)))) break;
    }
  } finally {
    isSending = false;
    show();
  }
}

function submitted(event: Event): void {
  const form = event.target;
  if (!(form instanceof HTMLFormElement)) return;
  if (form.matches("[data-after-waiting]") && own().length) {
    event.preventDefault(); // what waits is there: without it, it would be missing
    event.stopImmediatePropagation();
    document.getElementById("waiting")?.scrollIntoView();
    void flush();
    return;
  }
  if (!form.matches(FORM)) return;
  (form.elements.namedItem("keys") as HTMLInputElement).value = newKey();
  if (navigator.onLine && !own(pathOf(form)).length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  keep(form);
  void flush();
}

/** Begins to keep and to send; `onSwap` is called where a part of the page was replaced. */
export function waiting(onSwap: () => void): void {
  if (!document.getElementById("waiting")) return;
  swapped = onSwap;
  document.addEventListener("submit", submitted, true);
  document.addEventListener("htmx:error", (event) => {
    const form = event.target;
    if (form instanceof HTMLFormElement && form.matches(FORM)) keep(form);
  });
  document.addEventListener("click", (event) => {
    if (!(event.target as Element).closest("[data-forget]")) return;
    const name = who();
    put(all().filter((one) => one.who !== name));
    said = "";
    show();
  });
  window.addEventListener("online", () => void flush());
  window.setInterval(() => {
    if (own().length) void flush();
  }, AGAIN_MS);
  show();
  if (own().length) void flush();
}
