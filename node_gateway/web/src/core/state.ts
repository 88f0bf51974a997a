/** What `eth_getProof` (EIP-1186) shows under the state root of a header: only the bytes of its nodes are used. */

import { type AskOne, type AtBlock, word } from "./abi.ts";
import { fromHex, toHex } from "./bytes.ts";
import { keccak256 } from "./hashes.ts";
import { checkHeader } from "./headers.ts";
import { decode, isList, type Rlp } from "./rlp.ts";
import { membersOf } from "./rpc.ts";

const NODES_MAX = 64;
const NODE_SIZE_BYTES_MAX = 2048;
const NOTHING = new Uint8Array();
const EMPTY_ROOT = keccak256(Uint8Array.of(0x80));
const NO_CODE = keccak256(NOTHING);
const ZERO = word(0);

/** The witness shows a proof, and it does not hold: no honest node does that. */
export class BrokenProof extends Error {}

/** What an account holds: hash of its code (hex, null without code) and one slot (hex with 0x). */
export interface ProvenRecord {
  readonly codeHash: string | null;
  readonly slot: string;
}

function nibblesOf(bytes: Uint8Array): number[] {
  const nibbles: number[] = [];
  for (const byte of bytes) nibbles.push(byte >> 4, byte & 15);
  return nibbles;
}

function readNodes(proof: unknown): Map<string, Rlp> {
  if (!Array.isArray(proof) || proof.length > NODES_MAX) throw new Error("no list of nodes");
  return new Map(
    proof.map((text: unknown): [string, Rlp] => {
      const usual = typeof text === "string" && /^0x(?:[0-9a-fA-F]{2})+$/.test(text);
      if (!usual || text.length > 2 * NODE_SIZE_BYTES_MAX + 2) throw new Error("a node is none");
      const bytes = fromHex(text.slice(2));
      return [keccak256(bytes), decode(bytes)];
    }),
  );
}

function bytesOf(item: Rlp | undefined): Uint8Array {
  if (item === undefined || isList(item)) throw new BrokenProof("a value is a list");
  return item as Uint8Array;
}

/** The value at a key of a trie, from the nodes of a proof; empty if it proves that there is none. */
function valueIn(root: string, key: Uint8Array, proof: unknown): Uint8Array {
  const nodes = readNodes(proof);
  if (root === EMPTY_ROOT) return NOTHING;
  const path = nibblesOf(fromHex(keccak256(key)));
  let reference: Rlp | undefined = fromHex(root);
  for (let at = 0; ; ) {
    const node: Rlp | undefined = isList(reference) ? reference : nodes.get(toHex(bytesOf(reference)));
    if (!isList(node)) throw new BrokenProof("a node is missing, or is another one's");
    if (node.length === 17) {
      const nibble = path[at];
      if (nibble === undefined) return bytesOf(node[16]);
      reference = node[nibble];
      at += 1;
    } else if (node.length === 2 && !isList(node[0])) {
      const nibbles = nibblesOf(bytesOf(node[0]));
      const flag = nibbles[0] ?? 0;
      const own = nibbles.slice(flag & 1 ? 1 : 2);
      const follows = own.every((nibble, place) => nibble === path[at + place]);
      at += own.length;
      if (!follows) return NOTHING;
      if (flag & 2) return at === path.length ? bytesOf(node[1]) : NOTHING;
      reference = node[1];
    } else {
      throw new BrokenProof("a node is no node of a trie");
    }
    if (!isList(reference) && bytesOf(reference).length === 0) return NOTHING;
  }
}

/** The slot of `records` in the registry: a nested mapping at slot 0; hex. */
function recordSlot({ stream, sequence }: { readonly stream: number; readonly sequence: number }): string {
  return keccak256(fromHex(word(sequence) + keccak256(fromHex(word(stream) + ZERO))));
}

function proofOfSlot(answer: unknown, key: string): unknown {
  const listed = membersOf(answer)["storageProof"];
  if (!Array.isArray(listed)) throw new Error("the answer proves no slot");
  for (const one of listed) {
    const { key: named, proof } = membersOf(one);
    if (typeof named === "string" && /^0x[0-9a-f]{1,64}$/i.test(named) && BigInt(named) === BigInt(`0x${key}`)) return proof;
  }
  throw new Error("the answer proves no such slot");
}

/**
 * Have one witness prove a record and the registry's code under a block hash.
 *
 * @param what the registry's address (hex with 0x), the place of the record, the block
 * @throws {BrokenProof} it shows a proof, and that does not hold; any other error is no proof
 */
export async function proveRecord(
  ask: AskOne,
  { registry, anchor, at }: {
    readonly registry: string;
    readonly anchor: { readonly stream: number; readonly sequence: number };
    readonly at: AtBlock;
  },
): Promise<ProvenRecord> {
  const { stateRoot } = checkHeader(await ask("eth_getBlockByHash", [at.blockHash, false]), at.blockHash);
  const key = recordSlot(anchor);
  const answer = await ask("eth_getProof", [registry, [`0x${key}`], at]);
  const account = valueIn(stateRoot, fromHex(registry.slice(2)), membersOf(answer)["accountProof"]);
  if (account.length === 0) return { codeHash: null, slot: `0x${ZERO}` };
  const parts = decode(account); // its hash is the trie's: whoever made it, not this witness
  const [storage, code] = isList(parts) && parts.length === 4 ? parts.slice(2).map((part) => toHex(bytesOf(part))) : [];
  if (storage?.length !== 64 || code?.length !== 64) throw new BrokenProof("the account's node is no account");
  const codeHash = code === NO_CODE ? null : code;
  if (storage === EMPTY_ROOT) return { codeHash, slot: `0x${ZERO}` };
  const value = valueIn(storage, fromHex(key), proofOfSlot(answer, key));
  const number = value.length ? bytesOf(decode(value)) : value;
  if (number.length > 32) throw new BrokenProof("the slot's node is no value");
  return { codeHash, slot: `0x${toHex(number).padStart(64, "0")}` };
}
