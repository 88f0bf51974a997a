/** Reading the logs of several witnesses up to one block, and comparing what each of them says. */

import { codeHashOf } from "../core/inquiry.ts";
import { checkHeader } from "../core/headers.ts";
import type { Network } from "../core/network.ts";
import { type Ask, membersOf, messageOf } from "../core/rpc.ts";
import { leaveOutStale, meetWitnesses, ready, type Witness } from "../core/witnesses.ts";
import { type ChainEvent, contractsOf, readEvent, TOPICS } from "./chain_events.ts";
import { byPlace, type Log, readLog, textOf } from "./logs.ts";
import { Cancelled, isBusy, patient, type Watch } from "./patience.ts";

/** As many as a relay passes on at once. */
const RANGE_BLOCKS = 10_000;
const ADDRESSES_MAX = 16;
/** Of a long chain the anchors of so many blocks are read at once; earlier ones when the viewer asks. */
export const RECENT_BLOCKS = 200_000;
const HEADERS_AT_ONCE = 6;
/** Differences that are listed; a witness of another history has thousands. */
const DIFFERENCES_MAX = 200;

/** Members of a header, as evidence holds them. */
const HEADER_MEMBERS = [
  ...["parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"],
  ...["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"],
  ...["baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash"],
];

/** A header whose members give its hash; hex without 0x. */
export interface Header {
  readonly number: number;
  readonly hash: string;
  readonly time: number;
  readonly members: Readonly<Record<string, unknown>>;
}

/** What one witness said. `status` is `read`, or why there is nothing of it. */
export interface Said {
  readonly organisation: string;
  readonly participant: number | null;
  readonly url: string;
  status: string;
  detail: string;
  readonly head: number | null;
  /** Hash of the agreed block as this witness names it, hex. */
  blockHash: string;
  logs: readonly Log[];
}

/** One log that not all show: who does, and who does not. */
export interface Difference {
  readonly log: Log;
  readonly name: string;
  readonly shownBy: readonly string[];
  readonly notBy: readonly string[];
}

/** Everything that was read, up to `block`. */
export interface Reading {
  readonly network: Network;
  readonly said: readonly Said[];
  readonly block: number;
  /** First block whose anchors were read; everything else was read from block 0 on. */
  readonly from: number;
  /** The first of them, in the order of the chain. */
  readonly differences: readonly Difference[];
  /** How many there are. */
  readonly differing: number;
}

/**
 * What was read so far: a reading that was stopped, or that is to begin earlier, goes on from there. Logs are kept by
 * the hash of the block up to which all are read, for that commits to everything before it.
 */
export class Memory {
  /** The block up to which all are read. */
  block: number | null = null;
  private readonly logs = new Map<string, readonly Log[]>();

  async recall(key: readonly unknown[], read: () => Promise<readonly Log[]>): Promise<readonly Log[]> {
    const name = JSON.stringify(key);
    const found = this.logs.get(name) ?? (await read());
    this.logs.set(name, found);
    return found;
  }
}

function hexOf(number: number): string {
  return `0x${number.toString(16)}`;
}

/** Logs of a range; one that is refused is halved. */
async function logsOf(ask: Ask, url: string, filter: object, first: number, last: number): Promise<Log[]> {
  try {
    const answer = await ask(url, "eth_getLogs", [{ ...filter, fromBlock: hexOf(first), toBlock: hexOf(last) }]);
    if (!Array.isArray(answer)) throw new Error("no list of logs");
    const logs = answer.map(readLog);
    if (logs.some(({ blockNumber }) => blockNumber < first || blockNumber > last)) throw new Error("a log that was not asked for");
    return logs;
  } catch (error) {
    if (error instanceof Cancelled || isBusy(error) || first === last || !/HTTP|too|limit|range|large|more than/i.test(messageOf(error))) throw error;
  }
  const middle = Math.floor((first + last) / 2);
  return [...(await logsOf(ask, url, filter, first, middle)), ...(await logsOf(ask, url, filter, middle + 1, last))];
}

interface Task {
  readonly network: Network;
  readonly ask: Ask;
  readonly watch: Watch;
  readonly memory: Memory;
  readonly block: number;
  readonly from: number;
}

/** Blocks that one witness is asked about, told as they are done. */
async function readLogs({ network, ask, memory, block, from }: Task, { url, blockHash }: Said, done: (blocks: number) => void): Promise<Log[]> {
  const contracts = contractsOf(network);
  const isRegistry = (address: string): boolean => contracts.get(address) === "registry";
  const found: Log[] = [];
  for (let first = 0; first <= block; first += RANGE_BLOCKS) {
    const last = Math.min(block, first + RANGE_BLOCKS - 1);
    const addresses = [...contracts.keys()].filter((one) => last >= from || !isRegistry(one)).map((one) => `0x${one}`);
    for (let at = 0; at < addresses.length; at += ADDRESSES_MAX) {
      const filter = { address: addresses.slice(at, at + ADDRESSES_MAX), topics: [TOPICS] };
      const logs = await memory.recall([url, blockHash, filter.address, first, last], () => logsOf(ask, url, filter, first, last));
      for (const log of logs) if (!isRegistry(log.address) || log.blockNumber >= from) found.push(log);
    }
    done(last - first + 1);
  }
  return found.sort(byPlace);
}

/** Refuse a witness that has other code than the network file at one of the contracts. */
async function checkCode({ network, ask }: Task, url: string, blockHash: string): Promise<string> {
  const { consortium, consortiumCodeHash, codeRegistry, noticeBoard, registries } = network;
  const first = consortiumCodeHash === undefined ? [] : [{ address: consortium, codeHash: consortiumCodeHash }];
  const at = { blockHash: `0x${blockHash}`, requireCanonical: true } as const;
  for (const one of [...first, codeRegistry, noticeBoard, ...registries]) {
    if (!one) continue;
    const found = await codeHashOf(new Map(), (method, params) => ask(url, method, params), `0x${one.address}`, at);
    if (found !== one.codeHash) return one.address;
  }
  return "";
}

async function readOne(task: Task, one: Said, done: (blocks: number) => void): Promise<void> {
  try {
    const answer = membersOf(await task.ask(one.url, "eth_getBlockByNumber", [hexOf(task.block), false]));
    const hash = answer["hash"];
    if (typeof hash !== "string" || !/^0x[0-9a-fA-F]{64}$/.test(hash)) throw new Error("no such block");
    one.blockHash = hash.slice(2).toLowerCase();
    const other = await checkCode(task, one.url, one.blockHash);
    if (other) {
      [one.status, one.detail] = ["other_code", `0x${other}`];
      return;
    }
    one.logs = await readLogs(task, one, done);
    one.status = "read";
  } catch (error) {
    if (error instanceof Cancelled) throw error;
    [one.status, one.detail] = ["chain_unavailable", messageOf(error)];
  }
}

/** Every log that some of those who answered show and others do not: the first ones, and how many. */
export function compare(said: readonly Said[], nameOf: (log: Log) => string): Pick<Reading, "differences" | "differing"> {
  const answered = said.filter(({ status }) => status === "read");
  const shown = new Map<string, { log: Log; by: Set<string> }>();
  for (const { url, logs } of answered) {
    for (const log of logs) {
      const text = textOf(log);
      const known = shown.get(text) ?? { log, by: new Set<string>() };
      known.by.add(url);
      shown.set(text, known);
    }
  }
  const differing = [...shown.values()].filter(({ by }) => by.size < answered.length).sort((one, other) => byPlace(one.log, other.log));
  const differences = differing.slice(0, DIFFERENCES_MAX).map(({ log, by }) => ({
    log,
    name: nameOf(log),
    shownBy: answered.filter(({ url }) => by.has(url)).map(({ url }) => url),
    notBy: answered.filter(({ url }) => !by.has(url)).map(({ url }) => url),
  }));
  return { differences, differing: differing.length };
}

function nameIn(network: Network): (log: Log) => string {
  const contracts = contractsOf(network);
  return (log) => {
    try {
      return readEvent(contracts, log)?.name ?? "?";
    } catch {
      return "?";
    }
  };
}

function saidBy({ organisation, participant, url, status, detail, head }: Witness): Said {
  return { organisation, participant, url, status, detail, head: head?.number ?? null, blockHash: "", logs: [] };
}

/**
 * Ask all witnesses of the network for their logs, up to the newest block that all of them know.
 *
 * @param from the first block whose anchors are read; null: all, or those of the newest 200,000 blocks if there are more
 * @param memory what was read before: up to its block all are read again
 */
export async function readNetwork(network: Network, from: number | null, asking: Ask, watch: Watch, memory = new Memory()): Promise<Reading> {
  const ask = patient(asking, watch);
  const met = await meetWitnesses(network, ask);
  if (watch.signal.aborted) throw new Cancelled(); // for whom it met it is only another error
  leaveOutStale(met, memory.block ?? 0, 1);
  const heads = ready(met).map(({ head }) => head?.number ?? 0);
  const block = heads.length ? (memory.block ?? Math.min(...heads)) : 0;
  if (heads.length) memory.block = block;
  const task = { network, ask, watch, memory, block, from: Math.min(block, from ?? Math.max(0, block - RECENT_BLOCKS)) };
  const said = met.map(saidBy);
  const answering = said.filter(({ status }) => status === "ready");
  let blocks = 0;
  const total = answering.length * (block + 1);
  const done = (more: number): void => watch.tell("logs", (blocks += more), total);
  done(0);
  await Promise.all(answering.map((one) => readOne(task, one, done)));
  return { network, said, block, from: task.from, ...compare(said, nameIn(network)) };
}

/** Read one header and hold its members to the hash that the logs name. */
export async function readHeader(ask: Ask, url: string, number: number, hash: string): Promise<Header> {
  const answer = membersOf(await ask(url, "eth_getBlockByHash", [`0x${hash}`, false]));
  checkHeader(answer, `0x${hash}`);
  const members: Record<string, unknown> = {};
  for (const name of HEADER_MEMBERS) if (answer[name] !== undefined && answer[name] !== null) members[name] = answer[name];
  if (Number(members["number"]) !== number) throw new Error(`block ${number} is another one`);
  return { number, hash, time: Number(members["timestamp"]), members };
}

/**
 * Read the headers of some blocks from one witness. Their times are proven: the hash of each, which the logs of
 * every witness name, is recomputed from its members.
 */
export async function readHeaders(
  blocks: ReadonlyMap<number, string>,
  url: string,
  ask: Ask,
  watch: Watch,
  known: Map<number, Header>,
): Promise<void> {
  const missing = [...blocks].filter(([number, hash]) => known.get(number)?.hash !== hash);
  for (let at = 0; at < missing.length; at += HEADERS_AT_ONCE) {
    watch.tell("headers", at, missing.length);
    const some = missing.slice(at, at + HEADERS_AT_ONCE);
    for (const header of await Promise.all(some.map(([number, hash]) => readHeader(ask, url, number, hash)))) known.set(header.number, header);
  }
}

/** The events of one witness's logs. */
export function eventsOf({ network }: Reading, { logs }: Said): ChainEvent[] {
  const contracts = contractsOf(network);
  return logs.map((log) => readEvent(contracts, log)).filter((event): event is ChainEvent => event !== null);
}
