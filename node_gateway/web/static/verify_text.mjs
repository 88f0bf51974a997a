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
    this.outcome = "refused";
  }
}

/** Refuse with a stable code; the detail is for people. */
export function refuse(code, detail) {
  throw new Refusal(code, detail);
}

/** Reads one RFC 8259 text; `rules` say how a number is read and by which code a defect is refused. */
class JsonReader {
  constructor(text, rules) {
    this.text = text;
    this.rules = rules;
    this.at = 0;
  }

  fail() {
    refuse(this.rules.syntax, `at character ${this.at}`);
  }

  skipSpace() {
    while (this.at < this.text.length && " \n\r\t".includes(this.text[this.at])) this.at += 1;
  }

  /** Step over `token` if it stands here. */
  take(token) {
    const found = this.text.startsWith(token, this.at);
    if (found) this.at += token.length;
    return found;
  }

  readString() {
    const { text } = this;
    const start = this.at;
    if (!this.take('"')) this.fail();
    while (this.at < text.length && text[this.at] !== '"') this.at += text[this.at] === "\\" ? 2 : 1;
    if (!this.take('"')) this.fail();
    let string;
    try {
      string = JSON.parse(text.slice(start, this.at)); // one literal: no member names, no numbers
    } catch {
      this.fail();
    }
    if (/[\uD800-\uDFFF]/u.test(string)) refuse("lone_surrogate", `before character ${this.at}`);
    return string;
  }

  /** Read what stands between two brackets, by `readOne` for each part. */
  readParts(open, close, readOne) {
    this.take(open);
    this.skipSpace();
    if (this.take(close)) return;
    do {
      this.skipSpace();
      readOne();
      this.skipSpace();
    } while (this.take(","));
    if (!this.take(close)) this.fail();
  }

  readObject(level) {
    const members = new Map();
    this.readParts("{", "}", () => {
      const name = this.readString();
      if (members.has(name)) refuse(this.rules.duplicate, `before character ${this.at}`);
      this.skipSpace();
      if (!this.take(":")) this.fail();
      members.set(name, this.readValue(level));
    });
    return members;
  }

  readArray(level) {
    const elements = [];
    this.readParts("[", "]", () => elements.push(this.readValue(level)));
    return elements;
  }

  readScalar() {
    if (this.take("true")) return true;
    if (this.take("false")) return false;
    if (this.take("null")) return null;
    const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
    number.lastIndex = this.at;
    const token = number.exec(this.text)?.[0] ?? this.fail();
    this.at += token.length;
    return this.rules.readNumber(token);
  }

  /** @param {number} level of what surrounds the value; the document's own containers are level 1 */
  readValue(level) {
    this.skipSpace();
    const first = this.text[this.at];
    if (first === '"') return this.readString();
    if (first !== "{" && first !== "[") return this.readScalar();
    if (level >= LEVELS_MAX) refuse(this.rules.tooDeep);
    return first === "{" ? this.readObject(level + 1) : this.readArray(level + 1);
  }

  readDocument() {
    const value = this.readValue(0);
    this.skipSpace();
    if (this.at !== this.text.length) this.fail();
    return value;
  }
}

/** Strict RFC 8259: objects become Maps, duplicate names and lone surrogates are refused. */
export function parseJson(text, rules) {
  return new JsonReader(text, rules).readDocument();
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
export function shapeBundles(bytes) {
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
