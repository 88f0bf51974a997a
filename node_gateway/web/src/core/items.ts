/** Items of a bundle: disclosures, their paths, and which of them fit together. */

import { decodeUtf8, type Json, parseJson } from "./json.ts";
import { refuse } from "./refusal.ts";

const DISCLOSURE_CHARS_MAX = 16_384;
const CODE_LISTS = ["epcList", "childEPCs", "inputEPCList", "outputEPCList"].map((name) => `'${name}'`);

/** Without name a container is always empty. */
export type ItemValue = string | number | boolean | null | Record<string, never> | never[];

/** One disclosure, opened. */
export interface Item {
  readonly disclosure: string;
  readonly path: string;
  readonly value: ItemValue;
  /** Segments of a normalised path as written between the brackets; none for a derived item. */
  readonly steps: readonly string[];
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const SEXTETS = new Map(Array.from(ALPHABET, (character, value) => [character, value]));

function decodeBase64url(text: string): Uint8Array {
  if (text.length % 4 === 1) refuse("disclosure_encoding", "length");
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text) {
    const value = SEXTETS.get(character);
    if (value === undefined) return refuse("disclosure_encoding", "alphabet");
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  if (held !== 0) refuse("disclosure_encoding", "trailing bits");
  return bytes;
}

function readItemNumber(token: string): number {
  const value = Number(token);
  const integral = !/[.eE]/.test(token); // out of range, however many digits it has
  if (!Number.isFinite(value) && !integral) refuse("disclosure_json", "not a finite number");
  if ((integral || Number.isInteger(value)) && !Number.isSafeInteger(value)) refuse("number_range");
  return value;
}

function emptied(value: Json): ItemValue {
  if (value instanceof Map) return value.size ? refuse("disclosure_shape") : {};
  if (Array.isArray(value)) return value.length ? refuse("disclosure_shape") : [];
  return value;
}

/** Open one disclosure: `[salt, path, value]`, refused unless it is its own RFC 8785 form. */
function openDisclosure(disclosure: string): Item {
  if (disclosure.length > DISCLOSURE_CHARS_MAX) refuse("disclosure_too_long");
  const text = decodeUtf8(decodeBase64url(disclosure), "disclosure_not_utf8");
  if (text.startsWith("\uFEFF")) refuse("disclosure_not_utf8", "byte order mark");
  const item = parseJson(text, {
    readNumber: readItemNumber,
    syntax: "disclosure_json",
    tooDeep: "disclosure_shape", // three scalars or empty containers never nest that deep
    duplicate: "disclosure_shape", // a container that is not empty is refused anyway
  });
  if (!Array.isArray(item) || item.length !== 3) return refuse("disclosure_shape");
  const [salt, path, stated] = item;
  if (typeof salt !== "string" || typeof path !== "string" || stated === undefined) return refuse("disclosure_shape");
  const value = emptied(stated);
  if (!/^[A-Za-z0-9_-]{21}[AQgw]$/.test(salt)) refuse("salt_form");
  // RFC 8785 is defined by ECMAScript's own serialisation; with no member names nothing is sorted.
  if (JSON.stringify([salt, path, value]) !== text) refuse("disclosure_not_canonical");
  return { disclosure, path, value, steps: splitPath(path) };
}

function splitPath(path: string): string[] {
  if (/^sealtrail:[a-z][a-z0-9-]*$/.test(path)) return [];
  // RFC 9535 section 2.7 gives each name one spelling, so equal segments are equal texts.
  const escape = /\\(?:[bfnrt'\\]|u00(?:0[0-7bef]|1[0-9a-f]))/.source;
  const segment = new RegExp(`\\[(\\*|0|[1-9][0-9]{0,15}|'(?:[^\\u0000-\\u001f'\\\\]|${escape})*')\\]`, "y");
  const steps: string[] = [];
  segment.lastIndex = 1;
  for (let at = 1; at < path.length; at = segment.lastIndex) {
    const step = segment.exec(path)?.[1];
    steps.push(step ?? refuse("path_form"));
  }
  if (!path.startsWith("$") || !steps[0]?.startsWith("'")) refuse("path_form");
  if (steps.includes("*") && !(steps.length === 2 && steps[1] === "*")) refuse("path_form");
  if (steps.some((step) => step.startsWith("'sealtrail:"))) refuse("reserved_name");
  return steps;
}

function isBelowCodeList({ steps }: Item): boolean {
  return steps[0] !== undefined && CODE_LISTS.includes(steps[0]);
}

/** Open a field item or a derived item. */
export function openFieldItem(disclosure: string): Item {
  const item = openDisclosure(disclosure);
  const { steps, value } = item;
  if (steps.length === 0 && typeof value !== "string") refuse("item_kind", "derived value");
  if (steps[1] === "*") refuse("item_kind", "a code item among the fields");
  if (isBelowCodeList(item) && !(steps.length === 1 && Array.isArray(value))) {
    refuse("item_kind", "below a code list");
  }
  return item;
}

/** Open the item of a code path. */
export function openCodeItem(disclosure: string): Item & { readonly value: string } {
  const item = openDisclosure(disclosure);
  const { value } = item;
  const listed = isBelowCodeList(item) && item.steps[1] === "*";
  if (!listed || typeof value !== "string") return refuse("item_kind", "not a code");
  return { ...item, value };
}

/** All items must be different, and fit into one JSON value. */
export function checkSet(items: readonly Item[], codes: readonly Item[]): void {
  refuseTwice(items.map(({ path }) => path), "duplicate_path");
  refuseTwice(codes.map(({ path, value }) => JSON.stringify([path, value])), "duplicate_code");
  refuseTwice([...items, ...codes].map(({ disclosure }) => disclosure), "duplicate_entry");
  checkFit(new Map([...items, ...codes].map(({ path, steps }) => [path, steps])));
}

function refuseTwice(texts: readonly string[], code: string): void {
  if (new Set(texts).size !== texts.length) refuse(code);
}

/**
 * No path is a prefix of another, and below one path stand names or indices. A tree of segments would
 * take a hundred bytes for each of two million; so the paths are sorted: all that lie below one path
 * are then neighbours, names (`['`) before indices (`[0`), and a prefix is the first of them.
 */
function checkFit(stepsOf: ReadonlyMap<string, readonly string[]>): void {
  const fields = [...stepsOf].filter(([, steps]) => steps.length > 0);
  fields.sort(([one], [other]) => (one < other ? -1 : 1));
  let upper: readonly string[] = [];
  for (const [rank, [, lower]] of fields.entries()) {
    const level = upper.findIndex((step, place) => step !== lower[place]);
    if (rank > 0 && level < 0) refuse("path_prefix");
    if (rank > 0 && upper[level]?.startsWith("'") !== lower[level]?.startsWith("'")) refuse("path_conflict");
    upper = lower;
  }
}
