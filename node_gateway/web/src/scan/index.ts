/** The first page and the scan page: what is typed is grouped and looked at, what is scanned goes into the form. */

import { byId, dataOf } from "../panel/dom.ts";
import { say, speak, type Words } from "../panel/words.ts";
import { Camera } from "./camera.ts";
import { grouped, type Kind, narrow, plain, read } from "./reading.ts";
import { type Burst, listen } from "./wedge.ts";

speak(dataOf("words") as Words);
const form = byId("look") as HTMLFormElement;
const input = byId("code") as HTMLInputElement;
const by = byId("by") as HTMLInputElement;
const live = byId("live") as HTMLElement;

/** What does not fit, or names no pack. */
const LOOK: readonly Kind[] = ["long", "first", "letters", "wrong", "gtin", "product", "case", "address"];

/** Show digits in groups of four, with the caret where it was between the digits. */
function group(): void {
  const text = narrow(input.value);
  if (!/^[\d\s-]+$/.test(text) || /^\s*0[01]/.test(text)) return;
  const caret = plain(text.slice(0, input.selectionStart || 0)).length;
  const isAtEnd = input.selectionStart === input.value.length;
  const shown = grouped(plain(text));
  if (shown === input.value) return;
  input.value = shown;
  const at = isAtEnd ? shown.length : caret + Math.max(0, Math.ceil(caret / 4) - 1);
  input.setSelectionRange(at, at);
}

function tell(): void {
  const { kind, count, group: number } = read(input.value);
  const isSaid = kind !== "empty" && kind !== "other";
  const text = isSaid ? say(`scan.live.${kind}`, { count, group: number }) : "";
  live.setAttribute("data-kind", LOOK.includes(kind) ? "look" : "fine");
  if (live.textContent !== text) live.textContent = text;
}

/** Look up what was scanned. */
function take(text: string): void {
  input.value = text;
  by.value = "scan";
  live.setAttribute("data-kind", "fine");
  live.textContent = say("scan.live.read", { code: text.replace(/[\x00-\x1f]/g, " ") });
  form.submit();
}

function took({ text, capsLock }: Burst): void {
  if (!capsLock) return take(text);
  input.value = text;
  live.setAttribute("data-kind", "look");
  live.textContent = say("scan.live.caps");
  return undefined;
}

input.addEventListener("input", () => {
  by.value = "hand";
  group();
  tell();
});
/** Whoever comes back to the page finds what was typed, as typed. */
addEventListener("pageshow", () => {
  by.value = "hand";
  group();
  tell();
});

const letters = byId("letters") as HTMLButtonElement;
input.inputMode = "numeric";
letters.hidden = !matchMedia("(pointer: coarse)").matches;
letters.onclick = () => {
  const isOn = input.inputMode === "numeric";
  input.inputMode = isOn ? "text" : "numeric";
  letters.setAttribute("aria-pressed", String(isOn));
  input.focus();
};

listen(took);
if (byId("camera")) {
  const camera = new Camera(take);
  if (location.hash === "#start") void camera.start();
}
