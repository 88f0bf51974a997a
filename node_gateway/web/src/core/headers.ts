/**
 * Block headers as an endpoint gives them: recomputed, never believed; and who sealed them.
 *
 * A Besu QBFT block's hash leaves out the round and the commit seals of `extraData`; each seal signs the
 * header with the round and without any seal.
 */

import { fromHex, toHex } from "./bytes.ts";
import { keccak256 } from "./hashes.ts";
import { decode, encode, isList, numberBytes, type Rlp } from "./rlp.ts";
import { membersOf } from "./rpc.ts";
import { signerOf } from "./secp256k1.ts";

type Member = readonly [name: string, size: number | null];

/** Members of a header in its order: size in bytes; 0 for any, null for a number. */
const FIXED: readonly Member[] = [
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
const LATER: readonly Member[] = [
  ["baseFeePerGas", null],
  ["withdrawalsRoot", 32],
  ["blobGasUsed", null],
  ["excessBlobGas", null],
  ["parentBeaconBlockRoot", 32],
  ["requestsHash", 32],
];
const [STATE_ROOT, NUMBER, EXTRA_DATA] = [3, 8, 12];
const EXTRA_SIZE_BYTES_MAX = 64 * 1024;
const [VANITY_SIZE, SEAL_SIZE] = [32, 65];
/** As many as a network file names validators; whoever shows a header may add any number of seals. */
const SEALS_MAX = 256;
const NOTHING = new Uint8Array();

/** A header whose hash was recomputed. */
export interface Header {
  /** Hex. */
  readonly stateRoot: string;
  /** What the seals sign, hex, and the seals; none if the block is none of QBFT. */
  readonly digest: string;
  readonly seals: readonly Uint8Array[];
}

/** Who sealed the block at which the witnesses were asked. */
export interface Seals {
  /** Validators of the network file among those who sealed. */
  readonly count: number;
  readonly validators: number;
  /** Whether these are two thirds of them, rounded up. */
  readonly isEnough: boolean;
}

function memberOf(block: Readonly<Record<string, unknown>>, [name, size]: Member): Uint8Array {
  const text = block[name];
  if (typeof text !== "string" || !/^0x[0-9a-fA-F]*$/.test(text)) throw new Error(`no ${name}`);
  const digits = text.slice(2);
  if (size === null && digits.length > 0 && digits.length <= 64) return numberBytes(digits);
  const tooLong = size === 0 && digits.length > 2 * EXTRA_SIZE_BYTES_MAX;
  if (size === null || digits.length % 2 || tooLong || (size && digits.length !== 2 * size)) throw new Error(`no ${name}`);
  return fromHex(digits);
}

interface QbftExtra {
  /** Vanity, validators and vote. */
  readonly head: readonly Rlp[];
  readonly round: Rlp;
  readonly seals: readonly Uint8Array[];
}

/** QBFT's extraData: vanity, validators, vote, round, seals; null if it is none. */
function qbftExtra(data: Uint8Array): QbftExtra | null {
  let parts: Rlp;
  try {
    parts = decode(data);
  } catch {
    return null;
  }
  if (!isList(parts) || parts.map(isList).join() !== "false,true,true,false,true") return null;
  const [vanity, , , round, seals] = parts;
  if (vanity?.length !== VANITY_SIZE || round === undefined || !isList(seals)) return null;
  const usual = seals.filter((seal): seal is Uint8Array => !isList(seal) && seal.length === SEAL_SIZE);
  return usual.length === seals.length ? { head: parts.slice(0, 3), round, seals: usual } : null;
}

/** Keccak-256 of a header with another extraData. */
function hashWith(members: readonly Uint8Array[], extra: readonly Rlp[]): string {
  return keccak256(encode(members.map((member, place) => (place === EXTRA_DATA ? encode(extra) : member))));
}

/**
 * Recompute the hash of a header.
 *
 * @param answer as `eth_getBlockByHash` gives it
 * @param hash that its members must give, hex with 0x
 * @throws {Error} a member is missing, or the members give another hash
 */
export function checkHeader(answer: unknown, hash: string): Header {
  const block = membersOf(answer);
  const members = FIXED.map((member) => memberOf(block, member));
  for (const member of LATER) {
    if (block[member[0]] === undefined || block[member[0]] === null) break;
    members.push(memberOf(block, member));
  }
  const part = (place: number): Uint8Array => members[place] ?? NOTHING;
  const wanted = hash.slice(2).toLowerCase();
  const stateRoot = toHex(part(STATE_ROOT));
  if (keccak256(encode(members)) === wanted) return { stateRoot, digest: "", seals: [] };
  // Of a block 0 the genesis file's extraData counts whole.
  const extra = part(NUMBER).length ? qbftExtra(part(EXTRA_DATA)) : null;
  if (extra === null || hashWith(members, [...extra.head, NOTHING, []]) !== wanted) {
    throw new Error("the header does not give the block hash");
  }
  return { stateRoot, digest: hashWith(members, [...extra.head, extra.round, []]), seals: extra.seals };
}

/** How many of the known validators sealed a header; a seal that gives no key seals nothing. */
export function sealsOf({ digest, seals }: Header, validators: readonly string[]): Seals {
  const signers = new Set(seals.slice(0, SEALS_MAX).map((seal) => signerOf(digest, seal)));
  const count = validators.filter((validator) => signers.has(validator)).length;
  const isEnough = validators.length > 0 && count >= Math.ceil((2 * validators.length) / 3);
  return { count, validators: validators.length, isEnough };
}
