/** Items of a bundle: disclosures, their paths, and what a set of them may say together. */

import { decodeUtf8, parseJson, refuse } from "./verify_text.mjs";

const DISCLOSURE_CHARS_MAX = 16_384;
const CODE_LISTS = ["epcList", "childEPCs", "inputEPCList", "outputEPCList"].map((name) => `'${name}'`);

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const SEXTETS = new Map(Array.from(ALPHABET, (character, value) => [character, value]));

function decodeBase64url(text) {
  if (text.length % 4 === 1) refuse("disclosure_encoding", "length");
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text) {
    const value = SEXTETS.get(character);
    if (value === undefined) refuse("disclosure_encoding", "alphabet");
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

function readItemNumber(token) {
  const value = Number(token);
  const integral = !/[.eE]/.test(token); // out of range, however many digits it has
  if (!Number.isFinite(value) && !integral) refuse("disclosure_json", "not a finite number");
  if ((integral || Number.isInteger(value)) && !Number.isSafeInteger(value)) refuse("number_range");
  return value;
}

/** Open one disclosure: `[salt, path, value]`, refused unless it is its own RFC 8785 form. */
function openDisclosure(disclosure) {
  if (disclosure.length > DISCLOSURE_CHARS_MAX) refuse("disclosure_too_long");
  const text = decodeUtf8(decodeBase64url(disclosure), "disclosure_not_utf8");
  if (text.startsWith("\uFEFF")) refuse("disclosure_not_utf8", "byte order mark");
  const item = parseJson(text, {
    readNumber: readItemNumber,
    syntax: "disclosure_json",
    tooDeep: "disclosure_shape", // three scalars or empty containers never nest that deep
    duplicate: "disclosure_shape", // a container that is not empty is refused anyway
  });
  if (!Array.isArray(item) || item.length !== 3) refuse("disclosure_shape");
  let [salt, path, value] = item;
  if (typeof salt !== "string" || typeof path !== "string") refuse("disclosure_shape");
  if (value instanceof Map) value = value.size ? refuse("disclosure_shape") : {};
  if (Array.isArray(value) && value.length) refuse("disclosure_shape");
  if (!/^[A-Za-z0-9_-]{21}[AQgw]$/.test(salt)) refuse("salt_form");
  // RFC 8785 is defined by ECMAScript's own serialisation; with no member names nothing is sorted.
  if (JSON.stringify([salt, path, value]) !== text) refuse("disclosure_not_canonical");
  return { disclosure, path, value, steps: splitPath(path) };
}

/** Segments of a normalised path as written between the brackets; none for a derived item. */
function splitPath(path) {
  if (/^sealtrail:[a-z][a-z0-9-]*$/.test(path)) return [];
  // RFC 9535 section 2.7 gives each name one spelling, so equal segments are equal texts.
  const escape = /\\(?:[bfnrt'\\]|u00(?:0[0-7bef]|1[0-9a-f]))/.source;
  const segment = new RegExp(`\\[(\\*|0|[1-9][0-9]{0,15}|'(?:[^\\u0000-\\u001f'\\\\]|${escape})*')\\]`, "y");
  const steps = [];
  segment.lastIndex = 1;
  for (let at = 1; at < path.length; at = segment.lastIndex) {
    const match = segment.exec(path);
    if (!match) refuse("path_form");
    steps.push(match[1]);
  }
  if (!path.startsWith("$") || !steps[0]?.startsWith("'")) refuse("path_form");
  if (steps.includes("*") && !(steps.length === 2 && steps[1] === "*")) refuse("path_form");
  if (steps.some((step) => step.startsWith("'sealtrail:"))) refuse("reserved_name");
  return steps;
}

/** Open a field item or a derived item. */
export function openFieldItem(disclosure) {
  const item = openDisclosure(disclosure);
  const { steps, value } = item;
  if (steps.length === 0 && typeof value !== "string") refuse("item_kind", "derived value");
  if (steps[1] === "*") refuse("item_kind", "a code item among the fields");
  if (CODE_LISTS.includes(steps[0]) && !(steps.length === 1 && Array.isArray(value))) {
    refuse("item_kind", "below a code list");
  }
  return item;
}

/** Open the item of a code path. */
export function openCodeItem({ disclosure }) {
  const item = openDisclosure(disclosure);
  const listed = CODE_LISTS.includes(item.steps[0]) && item.steps[1] === "*";
  if (!listed || typeof item.value !== "string") refuse("item_kind", "not a code");
  return item;
}

/** All items must be different, and fit into one JSON value. */
export function checkSet(items, codes) {
  refuseTwice(items.map(({ path }) => path), "duplicate_path");
  refuseTwice(codes.map(({ path, value }) => JSON.stringify([path, value])), "duplicate_code");
  refuseTwice([...items, ...codes].map(({ disclosure }) => disclosure), "duplicate_entry");
  checkFit(new Map([...items, ...codes].map(({ path, steps }) => [path, steps])));
}

function refuseTwice(texts, code) {
  if (new Set(texts).size !== texts.length) refuse(code);
}

/**
 * No path is a prefix of another, and below one path stand names or indices. A tree of segments would
 * take a hundred bytes for each of two million; so the paths are sorted: all that lie below one path
 * are then neighbours, names (`['`) before indices (`[0`), and a prefix is the first of them.
 */
function checkFit(stepsOf) {
  const fields = [...stepsOf].filter(([, steps]) => steps.length > 0);
  fields.sort(([one], [other]) => (one < other ? -1 : 1));
  for (let rank = 1; rank < fields.length; rank += 1) {
    const [upper, lower] = [fields[rank - 1][1], fields[rank][1]];
    const level = upper.findIndex((step, place) => step !== lower[place]);
    if (level < 0) refuse("path_prefix");
    if (upper[level].startsWith("'") !== lower[level].startsWith("'")) refuse("path_conflict");
  }
}

/** Read the meaning from `sealtrail:act` alone and refuse any disclosed item that says otherwise. */
export function readAct(items) {
  const item = items.find(({ path }) => path === "sealtrail:act");
  if (!item) refuse("act_missing");
  const tokens = item.value.split(" ");
  if (tokens.length !== 5 || tokens.includes("") || tokens[0] === "-" || !/^[01]$/.test(tokens[4])) {
    refuse("act_form");
  }
  const names = ["type", "action", "bizStep", "disposition"];
  for (const { steps, value } of items) {
    const place = names.findIndex((name) => steps[0] === `'${name}'`);
    const wrong = steps.length !== 1 || tokens[place] === "-" || value !== tokens[place];
    if (place >= 0 && wrong) refuse("inconsistent", names[place]);
    if (steps[0] === "'errorDeclaration'" && tokens[4] === "0") refuse("inconsistent", "errorDeclaration");
  }
  const [type, action, bizStep, disposition] = tokens.map((token) => (token === "-" ? null : token));
  return { type, action, bizStep, disposition, errorDeclaration: tokens[4] === "1" };
}
