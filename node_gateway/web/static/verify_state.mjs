/**
 * What a block hash commits to: its header, recomputed, and what `eth_getProof` (EIP-1186) shows under
 * the state root in it. Nothing that an endpoint says beside the bytes of the nodes is used.
 *
 * A Besu QBFT block's hash leaves out the round and the commit seals of `extraData`.
 */

import { keccak256 } from "./verify_keccak.mjs";
import { word } from "./verify_rpc.mjs";
import { fromHex } from "./verify_trees.mjs";

/** Members of a header in its order: [name, size in bytes; 0 for any, null for a number]. */
const FIXED = [
  ["parentHash", 32],
  ["sha3Uncles", 32],
  ["miner", 20],
  ["stateRoot", 32],
  ["transactionsRoot", 32],
  ["receiptsRoot", 32],
  ["logsBloom", 256],
  ["difficulty", null],
  ["number", null],
  ["gasLimit", null],
  ["gasUsed", null],
  ["timestamp", null],
  ["extraData", 0],
  ["mixHash", 32],
  ["nonce", 8],
];
/** Members that forks added, London to Prague, each only behind all before it. */
const LATER = [
  ["baseFeePerGas", null],
  ["withdrawalsRoot", 32],
  ["blobGasUsed", null],
  ["excessBlobGas", null],
  ["parentBeaconBlockRoot", 32],
  ["requestsHash", 32],
];
const EXTRA_DATA = 12;
const EXTRA_SIZE_BYTES_MAX = 64 * 1024;
const NODES_MAX = 64;
const NODE_SIZE_BYTES_MAX = 2048;
const DEPTH_MAX = 8;
const EMPTY_ROOT = keccak256(Uint8Array.of(0x80));
const NO_CODE = keccak256(new Uint8Array());
const ZERO = word(0);

/** The witness shows a proof, and it does not hold: no honest node does that. */
export class BrokenProof extends Error {}

function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function lengthBytes(length) {
  const digits = length.toString(16);
  return fromHex(digits.padStart(digits.length + (digits.length % 2), "0"));
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function prefixed(offset, payload) {
  if (payload.length < 56) return joined([Uint8Array.of(offset + payload.length), payload]);
  const size = lengthBytes(payload.length);
  return joined([Uint8Array.of(offset + 55 + size.length), size, payload]);
}

/** RLP of bytes, or of a list of such. */
function encode(item) {
  if (Array.isArray(item)) return prefixed(0xc0, joined(item.map(encode)));
  return item.length === 1 && item[0] < 0x80 ? item : prefixed(0x80, item);
}

/** Read one RLP item at a place; returns it and where it ends. */
function readItem(bytes, at, depth) {
  const first = bytes[at];
  if (first === undefined || depth > DEPTH_MAX) throw new Error("no RLP");
  if (first < 0x80) return [bytes.subarray(at, at + 1), at + 1];
  const isList = first >= 0xc0;
  let size = first - (isList ? 0xc0 : 0x80);
  let start = at + 1;
  if (size > 55) {
    const width = size - 55;
    start += width;
    if (width > 4 || start > bytes.length) throw new Error("no RLP");
    size = Number(BigInt(`0x${hexOf(bytes.subarray(at + 1, start))}`));
  }
  const end = start + size;
  if (end > bytes.length) throw new Error("no RLP");
  if (!isList) return [bytes.subarray(start, end), end];
  const items = [];
  for (let place = start; place < end; ) {
    const [item, next] = readItem(bytes.subarray(0, end), place, depth + 1);
    items.push(item);
    place = next;
  }
  return [items, end];
}

function decode(bytes) {
  const [item, end] = readItem(bytes, 0, 0);
  if (end !== bytes.length) throw new Error("no RLP: something follows");
  return item;
}

function memberOf(block, [name, size]) {
  const text = block[name];
  if (typeof text !== "string" || !/^0x[0-9a-fA-F]*$/.test(text)) throw new Error(`no ${name}`);
  let digits = text.slice(2);
  if (size === null) {
    digits = digits.replace(/^0+/, "");
    return fromHex(digits.padStart(digits.length + (digits.length % 2), "0"));
  }
  const tooLong = size === 0 && digits.length > 2 * EXTRA_SIZE_BYTES_MAX;
  if (digits.length % 2 || tooLong || (size && digits.length !== 2 * size)) throw new Error(`no ${name}`);
  return fromHex(digits);
}

/** The header's extraData without round and seals, null if it is none of QBFT. */
function withoutSeals(extra) {
  try {
    const parts = decode(extra);
    const shape = Array.isArray(parts) && parts.map(Array.isArray).join();
    if (shape !== "false,true,true,false,true" || parts[0].length !== 32) return null;
    return encode([...parts.slice(0, 3), new Uint8Array(), []]);
  } catch {
    return null;
  }
}

/**
 * @param {object} block as JSON-RPC gives it
 * @param {string} hash that its members must give, hex with 0x
 * @returns {string} the state root, hex
 */
export function stateRootOf(block, hash) {
  const members = FIXED.map((member) => memberOf(block, member));
  for (const member of LATER) {
    if (block[member[0]] === undefined || block[member[0]] === null) break;
    members.push(memberOf(block, member));
  }
  const wanted = hash.slice(2).toLowerCase();
  const stripped = members[8].length ? withoutSeals(members[EXTRA_DATA]) : null;
  const holds =
    keccak256(encode(members)) === wanted ||
    (stripped !== null && keccak256(encode(members.with(EXTRA_DATA, stripped))) === wanted);
  if (!holds) throw new Error("the header does not give the block hash");
  return hexOf(members[3]);
}

function nibblesOf(bytes) {
  return Array.from(bytes).flatMap((byte) => [byte >> 4, byte & 15]);
}

/** The value at a key of a trie, from the nodes of a proof; empty if it proves that there is none. */
function valueIn(root, key, proof) {
  if (!Array.isArray(proof) || proof.length > NODES_MAX) throw new Error("no list of nodes");
  const nodes = new Map();
  for (const text of proof) {
    const usual = typeof text === "string" && /^0x(?:[0-9a-fA-F]{2})+$/.test(text);
    if (!usual || text.length > 2 * NODE_SIZE_BYTES_MAX + 2) throw new Error("a node is none");
    const bytes = fromHex(text.slice(2));
    nodes.set(keccak256(bytes), decode(bytes));
  }
  if (root === EMPTY_ROOT) return new Uint8Array();
  const path = nibblesOf(fromHex(keccak256(key)));
  let reference = fromHex(root);
  for (let at = 0; ; ) {
    const node = Array.isArray(reference) ? reference : nodes.get(hexOf(reference));
    if (!Array.isArray(node)) throw new BrokenProof("a node is missing, or is another one's");
    if (node.length === 17) {
      if (at === path.length) return node[16];
      reference = node[path[at]];
      at += 1;
    } else if (node.length === 2 && !Array.isArray(node[0])) {
      const nibbles = nibblesOf(node[0]);
      const own = nibbles.slice(nibbles[0] & 1 ? 1 : 2);
      const follows = own.every((nibble, place) => nibble === path[at + place]);
      at += own.length;
      if (!follows) return new Uint8Array();
      if (nibbles[0] & 2) return at === path.length ? node[1] : new Uint8Array();
      reference = node[1];
    } else {
      throw new BrokenProof("a node is no node of a trie");
    }
    if (!Array.isArray(reference) && reference.length === 0) return reference;
  }
}

/** @returns {string} the slot of `records` in the registry: a nested mapping at slot 0; hex */
function recordSlot({ stream, sequence }) {
  return keccak256(fromHex(word(sequence) + keccak256(fromHex(word(stream) + ZERO))));
}

/**
 * Have one witness prove a record and the registry's code under a block hash.
 *
 * @param {(method: string, params: unknown[]) => Promise<any>} ask one witness
 * @param {{registry: string, anchor: object, at: object}} what address (hex with 0x), place, block
 * @returns {Promise<{codeHash: string | null, slot: string}>} hex; the slot with 0x
 * @throws {BrokenProof} it shows a proof, and that does not hold; any other error is no proof
 */
export async function proveRecord(ask, { registry, anchor, at }) {
  const block = await ask("eth_getBlockByHash", [at.blockHash, false]);
  const root = stateRootOf(block ?? {}, at.blockHash);
  const key = recordSlot(anchor);
  const answer = await ask("eth_getProof", [registry, [`0x${key}`], at]);
  const account = valueIn(root, fromHex(registry.slice(2)), answer?.accountProof);
  if (account.length === 0) return { codeHash: null, slot: `0x${ZERO}` };
  const fields = decode(account); // its hash is the trie's: whoever made it, not this witness
  if (fields.length !== 4 || fields[2].length !== 32 || fields[3].length !== 32) {
    throw new BrokenProof("the account's node is no account");
  }
  const [storage, code] = [hexOf(fields[2]), hexOf(fields[3])];
  const codeHash = code === NO_CODE ? null : code;
  if (storage === EMPTY_ROOT) return { codeHash, slot: `0x${ZERO}` };
  const listed = (answer.storageProof ?? []).find((one) => /^0x[0-9a-f]+$/i.test(one.key) && BigInt(one.key) === BigInt(`0x${key}`));
  if (!listed) throw new Error("the answer proves no such slot");
  const value = valueIn(storage, fromHex(key), listed.proof);
  const number = value.length ? decode(value) : value;
  if (Array.isArray(number) || number.length > 32) throw new BrokenProof("the slot's node is no value");
  return { codeHash, slot: `0x${hexOf(number).padStart(64, "0")}` };
}
