/**
 * The viewer's own network file (`sealtrail/network/v1`): read strictly, or not at all.
 *
 * It is the root of trust, so nothing of it is repaired or guessed, and nothing of it ever comes from
 * a bundle or from an endpoint. Written from docs/reference/formats.md; the Python reader refuses the
 * same files at the same place.
 */

import { decodeUtf8, type Json, type JsonObject, parseJson } from "./json.ts";
import { Refusal } from "./refusal.ts";

const FORMAT = "sealtrail/network/v1";
const FILE_SIZE_BYTES_MAX = 1024 * 1024;
const LIST_SIZE_MAX = 256;
const NAME_CHARS_MAX = 128;
const PARTICIPANT_MAX = 2 ** 32 - 1;
const REQUIRED = ["format", "chainId", "genesisHash", "consortium", "registries", "witnesses"] as const;
const OPTIONAL = ["consortiumCodeHash", "codeRegistry", "noticeBoard", "validators", "signatures"] as const;

/** A contract and the Keccak-256 of its code, both hex. */
export interface Contract {
  readonly address: string;
  readonly codeHash: string;
}

/** Endpoints of one organisation; `participant` null: it is none. */
export interface WitnessGroup {
  readonly participant: number | null;
  readonly urls: readonly string[];
}

export interface NetworkSignature {
  readonly participant: number;
  readonly address: string;
  readonly signature: string;
}

/** The file as read; an optional member that it does not have is left out. */
export interface Network {
  readonly format: string;
  readonly chainId: number;
  readonly genesisHash: string;
  readonly consortium: string;
  readonly registries: readonly Contract[];
  readonly witnesses: Readonly<Record<string, WitnessGroup>>;
  readonly consortiumCodeHash?: string;
  readonly codeRegistry?: Contract;
  readonly noticeBoard?: Contract;
  readonly validators?: readonly string[];
  readonly signatures?: readonly NetworkSignature[];
}

function refuseAt(pointer: string, sentence: string): never {
  throw new Refusal("network_shape", `${pointer || "the document"} ${sentence}`, pointer);
}

function readPlainInteger(token: string): number {
  const value = /^(?:0|[1-9][0-9]*)$/.test(token) ? Number(token) : NaN;
  if (!Number.isSafeInteger(value)) throw new Refusal("network_json", token.slice(0, 40));
  return value;
}

function readDocument(bytes: Uint8Array): Json {
  if (bytes.length > FILE_SIZE_BYTES_MAX) throw new Refusal("network_json", "larger than 1 MiB");
  const text = decodeUtf8(bytes, "network_json");
  if (text.startsWith("\uFEFF")) throw new Refusal("network_json", "byte order mark");
  const rules = { readNumber: readPlainInteger, syntax: "network_json", tooDeep: "network_json" };
  try {
    return parseJson(text, { ...rules, duplicate: "network_json" });
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal("network_json", error.message); // a lone surrogate
    throw error;
  }
}

/** The members of an object that has exactly these; read one by its name. */
function members<Name extends string>(
  value: Json,
  pointer: string,
  names: readonly Name[],
  optional: readonly string[] = [],
): (name: Name) => Json {
  const given = object(value, pointer);
  for (const name of names) if (!given.has(name)) refuseAt(pointer, `has no member ${name}`);
  const known: readonly string[] = [...names, ...optional];
  for (const name of given.keys()) if (!known.includes(name)) refuseAt(pointer, "has an unknown member");
  return (name) => given.get(name) ?? null;
}

function object(value: Json, pointer: string): JsonObject {
  return value instanceof Map ? value : refuseAt(pointer, "must be an object");
}

function number(value: Json, pointer: string, maximum: number): number {
  const fits = typeof value === "number" && value >= 1 && value <= maximum;
  return fits ? value : refuseAt(pointer, `must be a whole number from 1 to ${maximum}`);
}

function hex(value: Json, pointer: string, sizeBytes: number): string {
  const fits = typeof value === "string" && value.length === 2 * sizeBytes && /^[0-9a-f]*$/.test(value);
  return fits ? value : refuseAt(pointer, `must be ${2 * sizeBytes} lower-case hex characters`);
}

function list(value: Json, pointer: string, sizeMax: number): Json[] {
  const fits = Array.isArray(value) && value.length >= 1 && value.length <= sizeMax;
  return fits ? value : refuseAt(pointer, "must be a list of at least one, and not of too many");
}

function contract(value: Json, pointer: string): Contract {
  const of = members(value, pointer, ["address", "codeHash"]);
  return {
    address: hex(of("address"), `${pointer}/address`, 20),
    codeHash: hex(of("codeHash"), `${pointer}/codeHash`, 32),
  };
}

function readRegistries(value: Json): Contract[] {
  const seen = new Set<string>();
  return list(value, "/registries", Infinity).map((one, index) => {
    const registry = contract(one, `/registries/${index}`);
    if (seen.has(registry.address)) refuseAt(`/registries/${index}/address`, "stands in the list twice");
    seen.add(registry.address);
    return registry;
  });
}

function readUrl(value: Json, pointer: string): string {
  if (typeof value !== "string" || !/^https?:\/\/[^/?#]/i.test(value)) return refuseUrl(pointer);
  try {
    new URL(value);
  } catch {
    return refuseUrl(pointer);
  }
  return value;
}

function refuseUrl(pointer: string): never {
  return refuseAt(pointer, "must be an http:// or https:// address");
}

function readWitnesses(value: Json): Record<string, WitnessGroup> {
  const groups = [...object(value, "/witnesses")].map(([organisation, one]): [string, WitnessGroup] => {
    const pointer = `/witnesses/${organisation.replace(/~/g, "~0").replace(/\//g, "~1")}`;
    const size = [...organisation].length;
    if (size < 1 || size > NAME_CHARS_MAX) refuseAt(pointer, "is no name of 1 to 128 characters");
    const of = members(one, pointer, ["participant", "urls"]);
    const stated = of("participant");
    const participant = stated === null ? null : number(stated, `${pointer}/participant`, PARTICIPANT_MAX);
    const urls = list(of("urls"), `${pointer}/urls`, Infinity);
    return [organisation, { participant, urls: urls.map((url, index) => readUrl(url, `${pointer}/urls/${index}`)) }];
  });
  return Object.fromEntries(groups);
}

function readValidators(value: Json): string[] {
  let last = "";
  return list(value, "/validators", LIST_SIZE_MAX).map((one, index) => {
    const address = hex(one, `/validators/${index}`, 20);
    if (address <= last) refuseAt(`/validators/${index}`, "is out of order");
    last = address;
    return address;
  });
}

function readSignatures(value: Json): NetworkSignature[] {
  let last = 0;
  return list(value, "/signatures", LIST_SIZE_MAX).map((one, index) => {
    const pointer = `/signatures/${index}`;
    const of = members(one, pointer, ["participant", "address", "signature"]);
    const participant = number(of("participant"), `${pointer}/participant`, PARTICIPANT_MAX);
    if (participant <= last) refuseAt(`${pointer}/participant`, "is out of order");
    last = participant;
    const address = hex(of("address"), `${pointer}/address`, 20);
    return { participant, address, signature: hex(of("signature"), `${pointer}/signature`, 65) };
  });
}

/**
 * Read a network file. Signatures are read, not checked: whose key signed only the Consortium says.
 *
 * @param bytes the file as it came, at most 1 MiB
 * @throws {Refusal} `network_json`, or `network_shape` with a `pointer`
 */
export function parseNetwork(bytes: Uint8Array): Network {
  const document = readDocument(bytes);
  const of = members<string>(document, "", REQUIRED, OPTIONAL);
  if (of("format") !== FORMAT) refuseAt("/format", `must be ${FORMAT}`);
  const given = object(document, "");
  const optional = <Name extends string, T>(name: Name, read: (value: Json) => T): { [K in Name]?: T } => {
    const value = given.get(name);
    return value === undefined ? {} : ({ [name]: read(value) } as { [K in Name]?: T });
  };
  return {
    format: FORMAT,
    chainId: number(of("chainId"), "/chainId", Number.MAX_SAFE_INTEGER),
    genesisHash: hex(of("genesisHash"), "/genesisHash", 32),
    consortium: hex(of("consortium"), "/consortium", 20),
    registries: readRegistries(of("registries")),
    witnesses: readWitnesses(of("witnesses")),
    ...optional("consortiumCodeHash", (value) => hex(value, "/consortiumCodeHash", 32)),
    ...optional("codeRegistry", (value) => contract(value, "/codeRegistry")),
    ...optional("noticeBoard", (value) => contract(value, "/noticeBoard")),
    ...optional("validators", readValidators),
    ...optional("signatures", readSignatures),
  };
}
