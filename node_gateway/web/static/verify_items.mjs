/** Items of a bundle: disclosures, their paths, and what a set of them may say together. */

import { decodeUtf8, parseJson, refuse } from "./verify_text.mjs";

const DISCLOSURE_CHARS_MAX = 16_384;
const CODE_LISTS = ["epcList", "childEPCs", "inputEPCList", "outputEPCList"].map((name) => `'${name}'`);

function decodeBase64url(text) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  if (text.length % 4 === 1) refuse("disclosure_encoding", "length");
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) refuse("disclosure_encoding", "alphabet");
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
  if (!Number.isFinite(value)) refuse("disclosure_json", "not a finite number");
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) refuse("number_range");
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

/** All items must fit into one JSON value: they are laid into a tree of segments. */
export function checkSet(items, codes) {
  const root = { below: new Map(), indexed: undefined, taken: false };
  const derived = new Set();
  for (const { path, steps } of items) {
    if (steps.length === 0 && derived.has(path)) refuse("duplicate_path");
    if (steps.length === 0) derived.add(path);
    else layPath(root, steps);
  }
  for (const list of new Set(codes.map(({ steps }) => steps[0]))) layPath(root, [list, "*"]);
  const pairs = codes.map(({ path, value }) => JSON.stringify([path, value]));
  if (new Set(pairs).size !== pairs.length) refuse("duplicate_code");
  const texts = [...items, ...codes].map(({ disclosure }) => disclosure);
  if (new Set(texts).size !== texts.length) refuse("duplicate_entry");
}

function layPath(root, steps) {
  let node = root;
  for (const step of steps) {
    if (node.taken) refuse("path_prefix");
    const indexed = !step.startsWith("'");
    if (node.indexed === !indexed) refuse("path_conflict");
    node.indexed = indexed;
    if (!node.below.has(step)) node.below.set(step, { below: new Map(), indexed: undefined, taken: false });
    node = node.below.get(step);
  }
  if (node.taken) refuse("duplicate_path");
  if (node.below.size) refuse("path_prefix");
  node.taken = true;
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
