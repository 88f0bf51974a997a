/** The shape of proof bundles: exactly the members of `sealtrail/proof/v1` and `sealtrail/proofs/v1`. */

import { decodeUtf8, type Json, parseJson } from "./json.ts";
import { refuse } from "./refusal.ts";

const BUNDLE_SIZE_BYTES_MAX = 8 * 1024 * 1024;
const ANCHOR_NUMBERS = ["stream", "sequence", "size", "blockNumber", "blockTime"] as const;

/** Where an event is anchored, as its bundle says; hashes are hex. */
export interface Anchor {
  readonly stream: number;
  readonly sequence: number;
  readonly root: string;
  readonly size: number;
  readonly previousTip: string;
  readonly blockNumber: number;
  readonly blockTime: number;
}

export interface CodePath {
  readonly disclosure: string;
  readonly index: number;
  readonly siblings: readonly string[];
}

/** One bundle whose shape is right; nothing of it is checked yet. */
export interface Bundle {
  readonly participant: number;
  readonly fields: {
    readonly size: number;
    readonly indices: readonly number[];
    readonly disclosures: readonly string[];
    readonly siblings: readonly string[];
  };
  readonly codes: { readonly root: string; readonly paths: readonly CodePath[] };
  readonly event: { readonly index: number; readonly siblings: readonly string[] };
  readonly anchor: Anchor;
}

function readPlainInteger(token: string): number {
  const value = /^(?:0|[1-9][0-9]*)$/.test(token) ? Number(token) : NaN;
  return Number.isSafeInteger(value) ? value : refuse("number_form", token.slice(0, 40));
}

/** The members of an object that has exactly these; read one by its name. */
function members<Name extends string>(
  value: Json,
  names: readonly Name[],
  optional: readonly string[] = [],
): (name: Name) => Json {
  if (!(value instanceof Map)) return refuse("bundle_shape", `no object with ${names.join()}`);
  for (const name of names) if (!value.has(name)) refuse("bundle_shape", `${name} is missing`);
  const known: readonly string[] = [...names, ...optional];
  for (const name of value.keys()) if (!known.includes(name)) refuse("bundle_shape", "unknown member");
  return (name) => value.get(name) ?? null;
}

function integer(value: Json): number {
  return typeof value === "number" ? value : refuse("bundle_shape", "not a number");
}

function string(value: Json): string {
  return typeof value === "string" ? value : refuse("bundle_shape", "not a string");
}

function list<T>(value: Json, readOne: (one: Json) => T): T[] {
  return Array.isArray(value) ? value.map(readOne) : refuse("bundle_shape", "not an array");
}

function hash(value: Json): string {
  const text = string(value);
  return /^[0-9a-f]{64}$/.test(text) ? text : refuse("hash_form");
}

function readFormat(document: Json): string {
  if (!(document instanceof Map)) return refuse("bundle_shape", "not an object");
  return string(document.get("format") ?? null);
}

function shapeAnchor(value: Json): Anchor {
  const of = members(value, [...ANCHOR_NUMBERS, "root", "previousTip"]);
  return {
    stream: integer(of("stream")),
    sequence: integer(of("sequence")),
    size: integer(of("size")),
    blockNumber: integer(of("blockNumber")),
    blockTime: integer(of("blockTime")),
    root: hash(of("root")),
    previousTip: hash(of("previousTip")),
  };
}

function shapeCodePath(value: Json): CodePath {
  const of = members(value, ["disclosure", "index", "siblings"]);
  return { disclosure: string(of("disclosure")), index: integer(of("index")), siblings: list(of("siblings"), hash) };
}

function shapeBundle(document: Json): Bundle {
  if (readFormat(document) !== "sealtrail/proof/v1") refuse("format_unknown");
  const top = members(document, ["format", "participant", "fields", "codes", "event", "anchor"], ["hints"]);
  const hints = document instanceof Map && document.has("hints") ? document.get("hints") : new Map();
  if (!(hints instanceof Map)) refuse("bundle_shape", "hints");
  const fields = members(top("fields"), ["size", "indices", "disclosures", "siblings"]);
  const codes = members(top("codes"), ["root", "paths"]);
  const event = members(top("event"), ["index", "siblings"]);
  const anchor = shapeAnchor(top("anchor"));
  const bundle: Bundle = {
    participant: integer(top("participant")),
    fields: {
      size: integer(fields("size")),
      indices: list(fields("indices"), integer),
      disclosures: list(fields("disclosures"), string),
      siblings: list(fields("siblings"), hash),
    },
    codes: { root: hash(codes("root")), paths: list(codes("paths"), shapeCodePath) },
    event: { index: integer(event("index")), siblings: list(event("siblings"), hash) },
    anchor,
  };
  if (bundle.fields.indices.length !== bundle.fields.disclosures.length) {
    refuse("bundle_shape", "indices");
  }
  return bundle;
}

/**
 * Read the text of one bundle or of a set; checks the text and its shape, nothing else.
 *
 * @param bytes the file as it came, at most 8 MiB
 * @returns at least one bundle, in the order of the file
 */
export function shapeBundles(bytes: Uint8Array): Bundle[] {
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
  const bundles = list(members(document, ["format", "bundles"])("bundles"), shapeBundle);
  return bundles.length ? bundles : refuse("bundle_shape", "bundles is empty");
}
