/**
 * The console works without this. It brings the focus back to where a scanner types, says by a
 * flash what came of a scan, and keeps htmx from asking twice.
 */

import { choosing } from "./choosing";
import { selfTest } from "./selftest";
import { sound, switches } from "./sounding";
import { waiting } from "./waiting";

const SCANNED = "input[data-scan]";
const FLASH_MS = 700;

function backToScanner(): void {
  const input = document.querySelector<HTMLInputElement>(SCANNED);
  if (!input) return;
  input.focus({ preventScroll: true });
  input.select();
}

/** A colour for the eye in passing; what it means stands on the page in words. */
function flash(): void {
  const result = document.querySelector<HTMLElement>("[data-flash]");
  if (!result) return;
  const tone = result.dataset["flash"] ?? "";
  document.body.classList.add(`flash-${tone}`);
  sound(tone);
  window.setTimeout(() => document.body.classList.remove(`flash-${tone}`), FLASH_MS);
}

/** On a narrow screen the menu is longer than it shows: its entry for this page comes into view. */
function menuToHere(): void {
  const menu = document.querySelector<HTMLElement>(".bar .menu");
  const here = menu?.querySelector<HTMLElement>("[aria-current]");
  if (menu && here) menu.scrollLeft = here.offsetLeft - menu.offsetLeft - menu.clientWidth / 3;
}

function shown(): void {
  choosing(document);
  switches(document, backToScanner);
  flash();
  backToScanner();
}

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.target as Element | null;
  if (!target?.closest("[data-renews]")) shown();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) backToScanner();
});
if (document.querySelector("[data-flash]")) flash();
choosing(document);
switches(document, backToScanner);
waiting(shown);
selfTest();
menuToHere();
backToScanner();
