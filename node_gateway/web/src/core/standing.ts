/** Whether the participant was one, and whether the key that anchored was its own. */

import * as abi from "./abi.ts";
import { tipOf } from "./anchor.ts";
import { keccakOfText } from "./hashes.ts";
import { dateOf, type Inquiry } from "./inquiry.ts";
import { membersOf } from "./rpc.ts";

const ACTIVE = BigInt(1);
const PURPOSE_ANCHOR = 1;
const STATUS_WORDS = ["unknown", "active", "suspended", "removed"];
const ANCHORED = `0x${keccakOfText("Anchored(uint64,uint64,bytes32,uint64,bytes32,bytes32,address)")}`;
const HISTORY = abi.fields(abi.list(abi.fields(abi.number, abi.number)));
const KEY = abi.fields(
  abi.fields(abi.number, abi.number, abi.number, abi.number, abi.number, abi.number, abi.bool),
);

type Change = readonly [since: bigint, status: bigint];

function wordOf(change: Change | undefined): string {
  const status = change?.[1] ?? BigInt(0);
  return STATUS_WORDS[Number(status)] ?? String(status);
}

/** Status and key epochs of the participant, then and now. */
export async function askParticipant(inquiry: Inquiry): Promise<void> {
  const { checked, network } = inquiry;
  const { consortium, consortiumCodeHash: codeHash } = network;
  if (codeHash !== undefined) await inquiry.demand({ address: consortium, codeHash });
  const who = [checked.participant];
  const [changes] = await inquiry.view(consortium, "statusChangesOf(uint32)", who, HISTORY);
  const time = BigInt(checked.anchor.blockTime);
  const past = changes.filter(([since]) => since <= time);
  const [then, now] = [past[past.length - 1], changes[changes.length - 1]];
  if (then?.[1] !== ACTIVE) {
    inquiry.warn("participant_not_active_then", `the participant was ${wordOf(then)} when this was anchored`, then?.[0]);
  }
  if (now?.[1] !== ACTIVE) {
    const text = `the participant is ${wordOf(now)} since ${dateOf(now?.[0] ?? BigInt(0))}`;
    inquiry.warn(`participant_${wordOf(now)}`, text, now?.[0]);
  }
  const [epochs] = await inquiry.view(consortium, "epochChangesOf(uint32)", who, HISTORY);
  for (const [since, epoch] of epochs) {
    const text = `the others replaced the admin key by vote at ${dateOf(since)}: epoch ${epoch}`;
    if (epoch > BigInt(1) && since > time) inquiry.warn("key_epoch", text, since);
  }
}

/** The data of one log, if it is one that was asked for. */
function dataOf(log: unknown, asked: readonly string[], blockNumber: number): string {
  const { address, topics, data, blockNumber: number } = membersOf(log);
  const given = [address, ...(Array.isArray(topics) ? (topics as unknown[]) : [])].join().toLowerCase();
  if (given !== asked.join() || Number(number) !== blockNumber || typeof data !== "string") {
    throw new Error("a log that was not asked for");
  }
  return data.toLowerCase();
}

/** The keys that anchored, as logs of exactly this anchor name them. */
async function signersOf({ network, checked, registry, ask }: Inquiry): Promise<Set<string>> {
  const { anchor } = checked;
  const number = `0x${anchor.blockNumber.toString(16)}`;
  const topics = [ANCHORED, ...[anchor.stream, anchor.sequence].map((part) => `0x${abi.word(part)}`)];
  const found = new Set<string>();
  for (const one of registry === null ? network.registries.map(({ address }) => address) : [registry]) {
    const address = `0x${one}`;
    const tip = tipOf(anchor, { chainId: network.chainId, registry: address });
    const parts = [anchor.root, abi.word(anchor.size), anchor.previousTip, tip].join("");
    const logs = await ask("eth_getLogs", [{ address, fromBlock: number, toBlock: number, topics }]);
    if (!Array.isArray(logs)) throw new Error("no list of logs");
    for (const log of logs) {
      const data = dataOf(log, [address, ...topics], anchor.blockNumber);
      if (data.startsWith(`0x${parts}`)) found.add(`0x${data.slice(-40)}`);
    }
  }
  return found;
}

/** Whether the keys that anchored were the participant's, and what was said of them since. */
export async function askKey(inquiry: Inquiry): Promise<void> {
  const { network, checked } = inquiry;
  const signers = await signersOf(inquiry);
  if (!signers.size && inquiry.registry !== null) {
    inquiry.warn("warnings_unchecked", "the log of this anchor was not shown");
  }
  const time = checked.anchor.blockTime;
  for (const signer of signers) {
    const values = [signer, checked.participant, PURPOSE_ANCHOR, time];
    const signature = "keyValidAt(address,uint32,uint8,uint64)";
    const [isValid] = await inquiry.view(network.consortium, signature, values, abi.fields(abi.bool));
    const [key] = await inquiry.view(network.consortium, "key(address)", [signer], KEY);
    const [participant, , , , revokedAt, compromisedSince] = key;
    if (participant && compromisedSince && compromisedSince <= BigInt(time)) {
      const text = `the key that anchored this was reported compromised since ${dateOf(compromisedSince)}`;
      inquiry.warn("key_compromised", text, compromisedSince);
    } else if (!isValid) {
      inquiry.warn("key_not_valid_then", "the key that anchored this was not the participant's at that time");
    } else if (participant && revokedAt) {
      inquiry.warn("key_revoked", `the key that anchored this was revoked at ${dateOf(revokedAt)}`, revokedAt);
    }
  }
}
