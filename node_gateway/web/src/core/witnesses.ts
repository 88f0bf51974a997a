/** Asking witnesses of several organisations, all at one block hash, and holding them to what they prove. */

import { bytes32, callView, fields, type AskOne } from "./abi.ts";
import { checkRecord } from "./anchor.ts";
import type { CheckedBundle } from "./checked.ts";
import { checkHeader, type Header, type Seals, sealsOf } from "./headers.ts";
import { type CodeHashes, codeHashOf } from "./inquiry.ts";
import type { Network } from "./network.ts";
import { Refusal } from "./refusal.ts";
import { type Ask, membersOf, messageOf } from "./rpc.ts";
import { BrokenProof, type ProvenRecord, proveRecord } from "./state.ts";

const SLOT = /^0x[0-9a-fA-F]{64}$/;
const QUANTITY = /^0x[0-9a-f]{1,13}$/i;
/** A head that is so much older than those of enough others is stale. */
const STALE_S = 300;

/** Why a witness gives no answer of its own; beside these stand `verified` and the refusals. */
export const NO_ANSWER = ["witness_stale", "chain_unavailable", "chain_mismatch"];
export const CONTRADICTS = "contradicts_itself";
export const UNSEALED = "block_not_sealed";
export const DISAGREES = "witness_disagreement";
const NOT_COUNTED = [...NO_ANSWER, "own_witness", CONTRADICTS, UNSEALED];

/** A block of the chain; the hash is hex with 0x. */
export interface Block {
  readonly number: number;
  readonly hash: string;
}

/** The newest block that a witness names. */
export interface Head extends Block {
  /** Unix seconds. */
  readonly time: number;
}

/** What a listed registry holds, as a witness says: no slot where other code is. */
interface Held {
  readonly registry: string;
  readonly codeHash: string | null;
  readonly slot: string | null;
}

/** What stays the same for all bundles of one file. */
export interface Asking {
  readonly network: Network;
  /** How many organisations must say the same, from 1. */
  readonly quorum: number;
  /** Whether one witness is enough that proves the record under a block sealed by enough validators. */
  readonly sealsSuffice: boolean;
  readonly ask: Ask;
  readonly codeHashes: CodeHashes;
}

/** One endpoint on its way through the questions; `status` "ready" until it is known what becomes of it. */
export class Witness {
  status = "ready";
  detail = "";
  head: Head | null = null;
  /** The hash that it names for the block that all are asked about. */
  named: string | null = null;
  held: readonly Held[] = [];
  proven: readonly ProvenRecord[] | null = null;
  /** The registry that holds the anchor, hex. */
  registry: string | null = null;

  constructor(
    readonly organisation: string,
    readonly participant: number | null,
    readonly url: string,
  ) {}

  /** The same, as met: each bundle of a set is asked about apart. */
  fresh(): Witness {
    const copy = new Witness(this.organisation, this.participant, this.url);
    return Object.assign(copy, { status: this.status, detail: this.detail, head: this.head });
  }

  settle(status: string, detail = ""): void {
    [this.status, this.detail] = [status, detail];
  }

  /** Whether it said something of the anchor: that it holds it, that it does not, or of another history. */
  get hasAnswered(): boolean {
    return !NOT_COUNTED.includes(this.status);
  }

  /** Whether it is on the chain, but did not answer about the block that was agreed on. */
  get isWithoutState(): boolean {
    return this.status === "chain_unavailable" && this.head !== null;
  }
}

export function ready(witnesses: readonly Witness[]): Witness[] {
  return witnesses.filter(({ status }) => status === "ready");
}

/** Ask what `read` asks; a witness that fails gives no verdict. */
async function each(witnesses: readonly Witness[], read: (one: Witness) => Promise<void>): Promise<void> {
  await Promise.all(
    witnesses.map(async (one) => {
      try {
        await read(one);
      } catch (error) {
        one.settle("chain_unavailable", messageOf(error));
      }
    }),
  );
}

/** What a witness gives in hex; whatever else the language would take for a number is none. */
function hexOf(value: unknown, form: RegExp): string {
  if (typeof value === "string" && form.test(value)) return value.toLowerCase();
  throw new Error("no such block");
}

/** A block as a witness gives it. */
function blockOf(answer: unknown): Head {
  const { number, timestamp, hash } = membersOf(answer);
  return { number: Number(hexOf(number, QUANTITY)), time: Number(hexOf(timestamp, QUANTITY)), hash: hexOf(hash, SLOT) };
}

async function meetOne(one: Witness, network: Network, ask: Ask): Promise<void> {
  const [chainId, first, newest] = await Promise.all([
    ask(one.url, "eth_chainId", []),
    ask(one.url, "eth_getBlockByNumber", ["0x0", false]),
    ask(one.url, "eth_getBlockByNumber", ["latest", false]),
  ]);
  const { number, hash } = blockOf(first);
  if (number) throw new Error("no such block");
  if (Number(hexOf(chainId, QUANTITY)) !== network.chainId || hash !== `0x${network.genesisHash}`) one.settle("chain_mismatch");
  else one.head = blockOf(newest);
}

/** Ask every witness of the network file for its chain and its newest block. */
export async function meetWitnesses(network: Network, ask: Ask): Promise<Witness[]> {
  const witnesses: Witness[] = [];
  for (const [organisation, { participant, urls }] of Object.entries(network.witnesses)) {
    witnesses.push(...urls.map((url) => new Witness(organisation, participant, url)));
  }
  await each(witnesses, (one) => meetOne(one, network, ask));
  return witnesses;
}

/**
 * Settle those whose newest block is too old. What is new is what the second organisation from the
 * newest has (or the one that completes the quorum), so that nobody makes others stale by inventing a
 * block, and nobody moves the question to an old one.
 */
export function leaveOutStale(witnesses: readonly Witness[], blockNumber: number, quorum: number): void {
  const newest = new Map<string, number>();
  for (const { organisation, head } of ready(witnesses)) {
    newest.set(organisation, Math.max(head?.time ?? 0, newest.get(organisation) ?? 0));
  }
  const times = [...newest.values()].sort((one, other) => other - one);
  const since = (times[Math.min(times.length, Math.max(quorum, 2)) - 1] ?? 0) - STALE_S;
  for (const one of ready(witnesses)) {
    if (one.head && (one.head.number < blockNumber || one.head.time < since)) one.settle("witness_stale");
  }
}

function askOne(asking: Asking, { url }: Witness): AskOne {
  return (method, params) => asking.ask(url, method, params);
}

async function headerOf(asking: Asking, one: Witness, hash: string): Promise<Header | null> {
  try {
    return checkHeader(await askOne(asking, one)("eth_getBlockByHash", [hash, false]), hash);
  } catch {
    return null;
  }
}

/** Who sealed a block, as the best of several witnesses shows: seals are signatures. */
export async function sealsBy(asking: Asking, witnesses: readonly Witness[], hash: string): Promise<Seals | null> {
  const { validators } = asking.network;
  if (!validators) return null;
  const headers = await Promise.all(witnesses.map((one) => headerOf(asking, one, hash)));
  let best: Seals | null = null;
  const seen = new Set<string>(); // recovering a key takes some milliseconds: the same seals only once
  for (const header of headers) {
    const name = header ? [header.digest, ...header.seals].join(" ") : "";
    if (!header || seen.has(name)) continue;
    seen.add(name);
    const seals = sealsOf(header, validators);
    if (best === null || seals.count > best.count) best = seals;
  }
  return best;
}

async function nameBlock(asking: Asking, one: Witness, number: number): Promise<void> {
  const answer = await askOne(asking, one)("eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
  if (answer === null) {
    one.settle("witness_stale"); // it had it a moment ago
    return;
  }
  const block = blockOf(answer);
  if (block.number !== number) throw new Error("no such block");
  one.named = block.hash;
}

/**
 * Bring the witnesses to the newest block that all of them know. Of several histories the one that
 * enough known validators sealed is the chain's; if none or more are, they disagree.
 */
export async function agreeOnBlock(asking: Asking, witnesses: readonly Witness[]): Promise<Block | null> {
  const number = Math.min(...ready(witnesses).map(({ head }) => head?.number ?? 0));
  await each(ready(witnesses), (one) => nameBlock(asking, one, number));
  const found = ready(witnesses);
  let hashes = [...new Set(found.map(({ named }) => named ?? ""))];
  if (hashes.length > 1) {
    const naming = (hash: string): Witness[] => found.filter(({ named }) => named === hash);
    const seals = await Promise.all(hashes.map((hash) => sealsBy(asking, naming(hash), hash)));
    const sealed = hashes.filter((_, place) => seals[place]?.isEnough);
    hashes = sealed.length === 1 ? sealed : [];
    for (const one of found) {
      if (hashes[0] !== one.named) one.settle(hashes.length ? UNSEALED : DISAGREES);
    }
  }
  const [hash] = hashes;
  return hash === undefined ? null : { number, hash };
}

/** What the listed registries hold, as one witness says and, if it can, proves. */
async function readHeld(asking: Asking, one: Witness, { anchor }: CheckedBundle, blockHash: string): Promise<void> {
  const at = { blockHash, requireCanonical: true } as const;
  const ask = askOne(asking, one);
  const held: Held[] = [];
  for (const { address, codeHash: wanted } of asking.network.registries) {
    const registry = `0x${address}`;
    const codeHash = await codeHashOf(asking.codeHashes, ask, registry, at);
    let slot: string | null = null;
    if (codeHash === wanted) {
      const place = [anchor.stream, anchor.sequence];
      const [word] = await callView(ask, { to: registry, at }, "records(uint64,uint64)", place, fields(bytes32));
      slot = `0x${word}`;
    }
    held.push({ registry, codeHash, slot });
  }
  one.held = held;
  one.settle("answered");
  try {
    one.proven = await Promise.all(held.map(({ registry }) => proveRecord(ask, { registry, anchor, at })));
  } catch (error) {
    if (error instanceof BrokenProof) one.settle(CONTRADICTS);
  }
}

/** Set aside whoever says otherwise than the block that it names holds: a proof is the same for all. */
function holdToProof(answering: readonly Witness[]): void {
  const truth = answering.find(({ proven }) => proven)?.proven;
  if (!truth) return;
  for (const one of answering.filter(({ status }) => status === "answered")) {
    const isTrue = one.held.every(({ codeHash, slot }, place) => {
      const proven = truth[place];
      if (proven === undefined || codeHash !== proven.codeHash) return false;
      return slot === null || BigInt(slot) === BigInt(proven.slot);
    });
    if (!isTrue) one.settle(CONTRADICTS);
  }
}

/** One witness's answer to one bundle; a refusal is its answer, not an error. */
function judge(network: Network, checked: CheckedBundle, one: Witness): void {
  if (one.held.some(({ slot }) => slot === null)) return one.settle("chain_mismatch");
  const holding = one.held.filter(({ slot }) => slot !== null && BigInt(slot) !== BigInt(0));
  const [held] = holding;
  if (!held) return one.settle("anchor_not_found");
  if (holding.length > 1) return one.settle("anchor_ambiguous");
  try {
    checkRecord(checked, { chainId: network.chainId, registry: held.registry, slot: held.slot });
  } catch (error) {
    if (error instanceof Refusal) return one.settle(error.code);
    throw error;
  }
  one.registry = held.registry.slice(2);
  return one.settle("verified");
}

/** Ask those that are left what they hold at a block, and hold them to what they prove. */
export async function askAboutAnchor(
  asking: Asking,
  witnesses: readonly Witness[],
  checked: CheckedBundle,
  block: Block,
): Promise<void> {
  const answering = ready(witnesses);
  await each(answering, (one) => readHeld(asking, one, checked, block.hash));
  holdToProof(answering);
  for (const one of answering) if (one.status === "answered") judge(asking.network, checked, one);
}
