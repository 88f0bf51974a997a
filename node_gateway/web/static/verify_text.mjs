/** Text and shape of proof bundles: strict UTF-8, strict JSON, exactly the members of the format. */

const BUNDLE_SIZE_BYTES_MAX = 8 * 1024 * 1024;
const LEVELS_MAX = 64;

/** The bundle is refused; `code` is stable and the same in every verifier of this project. */
export class Refusal extends Error {
  /** @param {string} code @param {string} [detail] */
  constructor(code, detail = "") {
    super(detail ? `${code}: ${detail}` : code);
    this.name = "Refusal";
    this.code = code;
  }
}

/** Refuse with a stable code; the detail is for people. */
export function refuse(code, detail) {
  throw new Refusal(code, detail);
}

/** Strict RFC 8259: objects become Maps, duplicate names and lone surrogates are refused. */
export function parseJson(text, { readNumber, syntax, tooDeep, duplicate }) {
  let at = 0;
  const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

  function skipSpace() {
    while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at += 1;
  }
  function expect(token) {
    if (!text.startsWith(token, at)) refuse(syntax, `at character ${at}`);
    at += token.length;
  }
  function readString() {
    const start = at;
    expect('"');
    while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
    expect('"');
    let string;
    try {
      string = JSON.parse(text.slice(start, at)); // one string literal: no duplicates, no numbers
    } catch {
      refuse(syntax, `string at character ${start}`);
    }
    if (/[\uD800-\uDFFF]/u.test(string)) refuse("lone_surrogate", `at character ${start}`);
    return string;
  }
  function readMembers(close, readOne) {
    at += 1;
    skipSpace();
    if (text[at] === close) {
      at += 1;
      return;
    }
    for (;;) {
      skipSpace();
      readOne();
      skipSpace();
      if (text[at] === close) break;
      expect(",");
    }
    at += 1;
  }
  function readObject(level) {
    const members = new Map();
    readMembers("}", () => {
      const name = readString();
      if (members.has(name)) refuse(duplicate, `at character ${at}`);
      skipSpace();
      expect(":");
      members.set(name, readValue(level));
    });
    return members;
  }
  function readArray(level) {
    const elements = [];
    readMembers("]", () => elements.push(readValue(level)));
    return elements;
  }
  function readScalar() {
    for (const [token, value] of [["true", true], ["false", false], ["null", null]]) {
      if (text.startsWith(token, at)) {
        at += token.length;
        return value;
      }
    }
    number.lastIndex = at;
    const match = number.exec(text);
    if (!match) refuse(syntax, `at character ${at}`);
    at = number.lastIndex;
    return readNumber(match[0]);
  }
  function readValue(level) {
    skipSpace();
    const first = text[at];
    if (first === '"') return readString();
    if (first !== "{" && first !== "[") return readScalar();
    if (level >= LEVELS_MAX) refuse(tooDeep);
    return first === "{" ? readObject(level + 1) : readArray(level + 1);
  }

  const value = readValue(0);
  skipSpace();
  if (at !== text.length) refuse(syntax, `at character ${at}`);
  return value;
}

/** Decode strictly; a byte order mark stays visible as U+FEFF. */
export function decodeUtf8(bytes, code) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse(code);
  }
}

function readPlainInteger(token) {
  const value = /^(?:0|[1-9][0-9]*)$/.test(token) ? Number(token) : NaN;
  return Number.isSafeInteger(value) ? value : refuse("number_form", token.slice(0, 40));
}

function members(value, names, optional = []) {
  if (!(value instanceof Map)) refuse("bundle_shape", `no object with ${names}`);
  for (const name of names) if (!value.has(name)) refuse("bundle_shape", `${name} is missing`);
  for (const name of value.keys()) {
    if (!names.includes(name) && !optional.includes(name)) refuse("bundle_shape", "unknown member");
  }
  return Object.fromEntries(value);
}

function integer(value) {
  return typeof value === "number" ? value : refuse("bundle_shape", "not a number");
}

function string(value) {
  return typeof value === "string" ? value : refuse("bundle_shape", "not a string");
}

function list(value, readOne) {
  return Array.isArray(value) ? value.map(readOne) : refuse("bundle_shape", "not an array");
}

function hash(value) {
  return /^[0-9a-f]{64}$/.test(string(value)) ? value : refuse("hash_form");
}

function readFormat(document) {
  if (!(document instanceof Map)) refuse("bundle_shape", "not an object");
  return string(document.get("format"));
}

function shapeBundle(document) {
  if (readFormat(document) !== "sealtrail/proof/v1") refuse("format_unknown");
  const top = members(document, ["format", "participant", "fields", "codes", "event", "anchor"], ["hints"]);
  if (document.has("hints") && !(top.hints instanceof Map)) refuse("bundle_shape", "hints");
  const fields = members(top.fields, ["size", "indices", "disclosures", "siblings"]);
  const codes = members(top.codes, ["root", "paths"]);
  const event = members(top.event, ["index", "siblings"]);
  const numbers = ["stream", "sequence", "size", "blockNumber", "blockTime"];
  const anchor = members(top.anchor, [...numbers, "root", "previousTip"]);
  for (const name of numbers) integer(anchor[name]);
  hash(anchor.root);
  hash(anchor.previousTip);
  const bundle = {
    participant: integer(top.participant),
    fields: {
      size: integer(fields.size),
      indices: list(fields.indices, integer),
      disclosures: list(fields.disclosures, string),
      siblings: list(fields.siblings, hash),
    },
    codes: { root: hash(codes.root), paths: list(codes.paths, shapeCodePath) },
    event: { index: integer(event.index), siblings: list(event.siblings, hash) },
    anchor,
  };
  if (bundle.fields.indices.length !== bundle.fields.disclosures.length) {
    refuse("bundle_shape", "indices and disclosures differ in length");
  }
  return bundle;
}

function shapeCodePath(value) {
  const { disclosure, index, siblings } = members(value, ["disclosure", "index", "siblings"]);
  return { disclosure: string(disclosure), index: integer(index), siblings: list(siblings, hash) };
}

/**
 * Read the text of one bundle or of a set; checks the text and its shape, nothing else.
 *
 * @param {Uint8Array} bytes the file as it came, at most 8 MiB
 * @returns {object[]} at least one bundle, in the order of the file
 */
export function parseBundles(bytes) {
  if (bytes.length > BUNDLE_SIZE_BYTES_MAX) refuse("bundle_too_large");
  const text = decodeUtf8(bytes, "not_utf8");
  if (text.startsWith("\uFEFF")) refuse("bom");
  const document = parseJson(text, {
    readNumber: readPlainInteger,
    syntax: "not_json",
    tooDeep: "too_deep",
    duplicate: "duplicate_member",
  });
  if (readFormat(document) !== "sealtrail/proofs/v1") return [shapeBundle(document)];
  const bundles = list(members(document, ["format", "bundles"]).bundles, shapeBundle);
  return bundles.length ? bundles : refuse("bundle_shape", "bundles is empty");
}
