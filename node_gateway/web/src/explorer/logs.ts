/** Contract logs as a witness gives them: their shape is checked, nothing else is believed. */

import { membersOf } from "../core/rpc.ts";

const WORD = /^0x[0-9a-fA-F]{64}$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;
const NUMBER = /^0x[0-9a-fA-F]{1,13}$/;

/** One log; all hex is lower-case without 0x. */
export interface Log {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly tx: string;
  /** Place in its block. */
  readonly index: number;
}

function matching(value: unknown, pattern: RegExp): string {
  if (typeof value !== "string" || !pattern.test(value)) throw new Error("a log that is none");
  return value.toLowerCase();
}

/** Read one log of `eth_getLogs`. */
export function readLog(answer: unknown): Log {
  const log = membersOf(answer);
  const topics = log["topics"];
  if (!Array.isArray(topics) || log["removed"] === true) throw new Error("a log that is none");
  return {
    address: matching(log["address"], ADDRESS).slice(2),
    topics: topics.map((topic: unknown) => matching(topic, WORD).slice(2)),
    data: matching(log["data"], BYTES).slice(2),
    blockNumber: Number(matching(log["blockNumber"], NUMBER)),
    blockHash: matching(log["blockHash"], WORD).slice(2),
    tx: matching(log["transactionHash"], WORD).slice(2),
    index: Number(matching(log["logIndex"], NUMBER)),
  };
}

/** The order of the chain. */
export function byPlace(one: Log, other: Log): number {
  return one.blockNumber - other.blockNumber || one.index - other.index;
}

/** All of a log in one text: two witnesses say the same if and only if these are the same. */
export function textOf(log: Log): string {
  const { blockNumber, index, address, blockHash, tx, topics, data } = log;
  return [blockNumber, index, address, blockHash, tx, topics.join(), data].join(" ");
}
