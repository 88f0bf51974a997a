/**
 * The viewer's own network file (`sealtrail/network/v1`): read strictly, or not at all.
 *
 * It is the root of trust, so nothing of it is repaired or guessed, and nothing of it ever comes from
 * a bundle or from an endpoint. Written from docs/reference/formats.md; the Python reader refuses the
 * same files at the same place.
 */

import { decodeUtf8, parseJson, Refusal } from "./verify_text.mjs";

const FORMAT = "sealtrail/network/v1";
const FILE_SIZE_BYTES_MAX = 1024 * 1024;
const LIST_SIZE_MAX = 256;
const NAME_CHARS_MAX = 128;
const PARTICIPANT_MAX = 2 ** 32 - 1;
const REQUIRED = ["format", "chainId", "genesisHash", "consortium", "registries", "witnesses"];
const OPTIONAL = ["consortiumCodeHash", "codeRegistry", "noticeBoard", "validators", "signatures"];

/** The file is refused; `pointer` is a JSON pointer to what is wrong. */
function refuseAt(pointer, sentence) {
  const refusal = new Refusal("network_shape", `${pointer || "the document"} ${sentence}`);
  throw Object.assign(refusal, { pointer });
}

function readPlainInteger(token) {
  const value = /^(?:0|[1-9][0-9]*)$/.test(token) ? Number(token) : NaN;
  if (!Number.isSafeInteger(value)) throw new Refusal("network_json", token.slice(0, 40));
  return value;
}

/** @returns {Map<string, any>} strict JSON without a byte order mark */
function readDocument(bytes) {
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

function members(value, pointer, names, optional = []) {
  if (!(value instanceof Map)) refuseAt(pointer, "must be an object");
  for (const name of names) if (!value.has(name)) refuseAt(pointer, `has no member ${name}`);
  for (const name of value.keys()) {
    if (!names.includes(name) && !optional.includes(name)) refuseAt(pointer, "has an unknown member");
  }
  return Object.fromEntries(value);
}

function number(value, pointer, maximum) {
  const fits = typeof value === "number" && value >= 1 && value <= maximum;
  return fits ? value : refuseAt(pointer, `must be a whole number from 1 to ${maximum}`);
}

function hex(value, pointer, sizeBytes) {
  const fits = typeof value === "string" && value.length === 2 * sizeBytes && /^[0-9a-f]*$/.test(value);
  return fits ? value : refuseAt(pointer, `must be ${2 * sizeBytes} lower-case hex characters`);
}

function list(value, pointer, sizeMax) {
  const fits = Array.isArray(value) && value.length >= 1 && value.length <= sizeMax;
  return fits ? value : refuseAt(pointer, "must be a list of at least one, and not of too many");
}

function contract(value, pointer) {
  const { address, codeHash } = members(value, pointer, ["address", "codeHash"]);
  return {
    address: hex(address, `${pointer}/address`, 20),
    codeHash: hex(codeHash, `${pointer}/codeHash`, 32),
  };
}

function readRegistries(value) {
  const seen = new Set();
  return list(value, "/registries", Infinity).map((one, index) => {
    const registry = contract(one, `/registries/${index}`);
    if (seen.has(registry.address)) refuseAt(`/registries/${index}/address`, "stands in the list twice");
    seen.add(registry.address);
    return registry;
  });
}

function isUrl(value) {
  if (typeof value !== "string" || !/^https?:\/\/[^/?#]/i.test(value)) return false;
  return URL.canParse(value);
}

function readWitnesses(value) {
  if (!(value instanceof Map)) refuseAt("/witnesses", "must be an object");
  const groups = [...value].map(([organisation, one]) => {
    const pointer = `/witnesses/${organisation.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const size = [...organisation].length;
    if (size < 1 || size > NAME_CHARS_MAX) refuseAt(pointer, "is no name of 1 to 128 characters");
    const { participant, urls } = members(one, pointer, ["participant", "urls"]);
    if (participant !== null) number(participant, `${pointer}/participant`, PARTICIPANT_MAX);
    list(urls, `${pointer}/urls`, Infinity).forEach((url, index) => {
      if (!isUrl(url)) refuseAt(`${pointer}/urls/${index}`, "must be an http:// or https:// address");
    });
    return [organisation, { participant, urls }];
  });
  return Object.fromEntries(groups);
}

function readValidators(value) {
  return list(value, "/validators", LIST_SIZE_MAX).map((one, index, all) => {
    const address = hex(one, `/validators/${index}`, 20);
    if (index && address <= all[index - 1]) refuseAt(`/validators/${index}`, "is out of order");
    return address;
  });
}

function readSignatures(value) {
  let last = 0;
  return list(value, "/signatures", LIST_SIZE_MAX).map((one, index) => {
    const pointer = `/signatures/${index}`;
    const { participant, address, signature } = members(one, pointer, ["participant", "address", "signature"]);
    number(participant, `${pointer}/participant`, PARTICIPANT_MAX);
    if (participant <= last) refuseAt(`${pointer}/participant`, "is out of order");
    last = participant;
    hex(address, `${pointer}/address`, 20);
    hex(signature, `${pointer}/signature`, 65);
    return { participant, address, signature };
  });
}

/**
 * Read a network file. Signatures are read, not checked: whose key signed only the Consortium says.
 *
 * @param {Uint8Array} bytes the file as it came, at most 1 MiB
 * @returns {object} the members of the file; an optional one that it does not have is left out
 * @throws {Refusal} `network_json`, or `network_shape` with a `pointer`
 */
export function parseNetwork(bytes) {
  const given = members(readDocument(bytes), "", REQUIRED, OPTIONAL);
  if (given.format !== FORMAT) refuseAt("/format", `must be ${FORMAT}`);
  const network = {
    format: FORMAT,
    chainId: number(given.chainId, "/chainId", Number.MAX_SAFE_INTEGER),
    genesisHash: hex(given.genesisHash, "/genesisHash", 32),
    consortium: hex(given.consortium, "/consortium", 20),
    registries: readRegistries(given.registries),
    witnesses: readWitnesses(given.witnesses),
  };
  const readers = {
    consortiumCodeHash: (value) => hex(value, "/consortiumCodeHash", 32),
    codeRegistry: (value) => contract(value, "/codeRegistry"),
    noticeBoard: (value) => contract(value, "/noticeBoard"),
    validators: readValidators,
    signatures: readSignatures,
  };
  for (const name of OPTIONAL) if (name in given) network[name] = readers[name](given[name]);
  return network;
}
