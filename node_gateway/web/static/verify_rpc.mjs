/** JSON-RPC to one witness, and the coding of contract calls (Solidity ABI) as far as a verifier needs it. */

import { keccak256 } from "./verify_keccak.mjs";
import { fromHex } from "./verify_trees.mjs";

const BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;
const WORD_LENGTH = 64; // hex digits
const ANSWER_SIZE_BYTES_MAX = 8 * 1024 * 1024; // a block with the hashes of its transactions is the largest
const TIMEOUT_MS = 10_000;
/** Offsets of a list may all name one place: a small result would become gigabytes. */
const NESTED_SIZE_BYTES_MAX = 32 * 1024;

/** The text of an answer; whoever sends without end is cut off, not waited for. */
async function textOf(response) {
  const parts = [];
  let size = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > ANSWER_SIZE_BYTES_MAX) {
      await reader.cancel();
      throw new Error("the answer is larger than 8 MiB");
    }
    parts.push(value);
  }
  return new Blob(parts).text();
}

/** One JSON-RPC call over HTTP. Injected as `ask`, so that a page can show and limit what it asks. */
export async function askOverHttp(url, method, params) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    credentials: "omit",
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`${method}: HTTP status ${response.status}`);
  const { result, error } = JSON.parse(await textOf(response));
  if (error || result === undefined) throw new Error(`${method}: ${error?.message ?? "no result"}`);
  return result;
}

/** @returns {string} a number as the 64 hex digits of one word */
export function word(value) {
  return BigInt(value).toString(16).padStart(WORD_LENGTH, "0");
}

/** @returns {string} Keccak-256 of a text, hex: selectors and topics are made of it */
export function keccakOfText(text) {
  return keccak256(new TextEncoder().encode(text));
}

/** Encode a call whose arguments are numbers, addresses (hex with 0x) or strings. */
function callData(signature, values) {
  const isText = signature.slice(signature.indexOf("(") + 1, -1).split(",").map((type) => type === "string");
  let tail = "";
  const head = values.map((value, place) => {
    if (!isText[place]) return word(value);
    const bytes = new TextEncoder().encode(value);
    const at = word(values.length * 32 + tail.length / 2);
    const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    tail += word(bytes.length) + digits.padEnd(Math.ceil(bytes.length / 32) * WORD_LENGTH, "0");
    return at;
  });
  return `0x${keccakOfText(signature).slice(0, 8)}${head.join("")}${tail}`;
}

/** Types of results: these and "word", "text", {list: type} or {fields: [types]}. */
const LIMITS = { number: 2n ** 256n, address: 2n ** 160n - 1n, bool: 1n };

function isDynamic(type) {
  return type === "text" || Boolean(type.list) || Boolean(type.fields?.some(isDynamic));
}

function isNested(type) {
  return Boolean((type.list && isDynamic(type.list)) || type.fields?.some(isNested));
}

function widthOf(type) {
  if (isDynamic(type) || !type.fields) return WORD_LENGTH;
  return type.fields.reduce((sum, field) => sum + widthOf(field), 0);
}

function wordAt(data, at) {
  const found = data.slice(at, at + WORD_LENGTH);
  if (found.length !== WORD_LENGTH) throw new Error("the result is too short");
  return found;
}

/** A size or an offset; what lies outside of the data is no size. */
function sizeAt(data, at) {
  const size = BigInt(`0x${wordAt(data, at)}`);
  if (size > BigInt(data.length)) throw new Error("a size in the result is too large");
  return Number(size);
}

function fieldsAt(types, data, start) {
  const headLength = types.reduce((sum, type) => sum + widthOf(type), 0);
  let at = start;
  return types.map((type) => {
    const offset = isDynamic(type) ? sizeAt(data, at) * 2 : at - start;
    if (isDynamic(type) && offset < headLength) throw new Error("an offset in the result is none");
    at += widthOf(type);
    return valueAt(type, data, start + offset);
  });
}

function valueAt(type, data, at) {
  if (type.fields) return fieldsAt(type.fields, data, at);
  if (type.list) {
    const count = sizeAt(data, at);
    return fieldsAt(Array(count).fill(type.list), data, at + WORD_LENGTH);
  }
  if (type === "text") {
    const size = sizeAt(data, at) * 2;
    const digits = data.slice(at + WORD_LENGTH, at + WORD_LENGTH + size);
    if (digits.length !== size) throw new Error("the result is too short");
    return new TextDecoder("utf-8", { fatal: true }).decode(fromHex(digits));
  }
  const found = wordAt(data, at);
  if (type === "word") return found;
  const number = BigInt(`0x${found}`);
  if (number > LIMITS[type]) throw new Error(`a ${type} in the result is none`);
  if (type === "address") return found.slice(-40);
  return type === "bool" ? number === 1n : number;
}

/**
 * Call a view at a block.
 *
 * @param {(method: string, params: unknown[]) => Promise<any>} ask one witness
 * @param {{to: string, at: object}} where address (hex with 0x) and block
 * @param {string} signature as in Solidity, `name(types)`
 * @param {unknown[]} values
 * @param {Array<string | object>} types of the results
 */
export async function callView(ask, { to, at }, signature, values, types) {
  const result = await ask("eth_call", [{ to, data: callData(signature, values) }, at]);
  if (!BYTES.test(result) || result === "0x") throw new Error(`no result of ${signature}`);
  if (result.length > 2 * NESTED_SIZE_BYTES_MAX && types.some(isNested)) {
    throw new Error(`the result of ${signature} is larger than these contracts allow`);
  }
  return fieldsAt(types, result.slice(2), 0);
}
