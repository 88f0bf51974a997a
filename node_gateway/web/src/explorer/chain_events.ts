/** What the logs of the contracts say: which events there are, and what stands in them. */

import * as abi from "../core/abi.ts";
import { fromHex } from "../core/bytes.ts";
import { keccakOfText } from "../core/hashes.ts";
import type { Network } from "../core/network.ts";
import type { Log } from "./logs.ts";

/** More than the contracts let anybody write; offsets of a list may all name one place. */
const DATA_SIZE_BYTES_MAX = 32 * 1024;

export type Source = "consortium" | "codes" | "notices" | "registry";
export type Value = bigint | string | boolean | readonly Value[];

/** A log with its fields: the indexed ones first, both in the order of the declaration. */
export interface ChainEvent {
  readonly name: string;
  readonly source: Source;
  readonly fields: readonly Value[];
  readonly log: Log;
}

/** Bytes as hex digits; strings are bytes too, for nothing keeps a participant from writing bad UTF-8. */
const bytes: abi.Abi<string> = {
  ...abi.text,
  read(data, at) {
    const size = Number(abi.number.read(data, at)) * 2;
    const digits = data.slice(at + 64, at + 64 + size);
    if (digits.length !== size) throw new Error("the log is too short");
    return digits;
  },
};
const text: abi.Abi<string> = { ...bytes, read: (data, at) => new TextDecoder().decode(fromHex(bytes.read(data, at))) };
const wording = abi.fields(text, text, text, abi.bytes32);
const scope = abi.fields(text, abi.list(text), abi.bytes32);

const PLAIN: Readonly<Record<string, abi.Abi<Value>>> = {
  string: text,
  bytes,
  bool: abi.bool,
  address: abi.address,
  bytes32: abi.bytes32,
  "uint64[]": abi.list(abi.number),
  "(string,string,string,bytes32)": wording,
  "(string,string[],bytes32)": scope,
};
const WORDING = "(string,string,string,bytes32)";

/** Source, signature, number of indexed fields. Source: contracts/src/interfaces. */
const DECLARED: readonly (readonly [Source, string, string, string])[] = [
  ["consortium", "ParticipantAdmitted", "uint32", "string|string|string|uint32|address|address"],
  ["consortium", "StatusChanged", "uint32", "uint8"],
  ["consortium", "RolesChanged", "uint32", "uint32"],
  ["consortium", "UrlChanged", "uint32", "string"],
  ["consortium", "AdminKeyReplaced", "uint32|address|address", "uint32"],
  ["consortium", "RecoveryKeyReplaced", "uint32|address|address", ""],
  ["consortium", "KeyAdded", "uint32|address", "uint8|uint64|uint64|uint64[]"],
  ["consortium", "KeyRevoked", "uint32|address", "uint64"],
  ["consortium", "ProposalMade", "uint256|uint8|uint32", "bytes|bytes32|bytes32|uint64"],
  ["consortium", "ProposalApproved", "uint256|uint32", ""],
  ["consortium", "ProposalApprovalWithdrawn", "uint256|uint32", ""],
  ["consortium", "ProposalThreshold", "uint256", "uint64|uint64"],
  ["consortium", "ProposalExecuted", "uint256", ""],
  ["consortium", "ProposalFailed", "uint256", "bytes"],
  ["consortium", "ProposalVetoed", "uint256|address", ""],
  ["codes", "PrefixGranted", "uint256|uint32", "string|uint64|uint64"],
  ["codes", "PrefixEnded", "uint256", "uint64"],
  ["codes", "PrefixHandedOver", "uint256|uint256|uint32", ""],
  ["notices", "NoticePublished", "uint256|uint32", `uint8|bool|bool|(string,string[],bytes32)|${WORDING}`],
  ["notices", "NoticeEscalated", "uint256|uint32", `uint8|bool|${WORDING}`],
  ["notices", "NoticeLifted", "uint256|uint32", `bool|${WORDING}`],
  ["registry", "SuccessorNamed", "address", ""],
  ["registry", "Anchored", "uint64|uint64", "bytes32|uint64|bytes32|bytes32|address"],
];

interface Declared {
  readonly source: Source;
  readonly name: string;
  readonly indexed: readonly abi.Abi<Value>[];
  readonly plain: abi.Abi<readonly Value[]>;
}

function typesOf(list: string): string[] {
  return list ? list.split("|") : [];
}

function abiOf(type: string): abi.Abi<Value> {
  return PLAIN[type] ?? abi.number;
}

function declared(): Map<string, Declared> {
  return new Map(
    DECLARED.map(([source, name, indexed, plain]) => {
      const topic = keccakOfText(`${name}(${[...typesOf(indexed), ...typesOf(plain)].join()})`);
      const fields = abi.fields(...typesOf(plain).map(abiOf)) as abi.Abi<readonly Value[]>;
      return [`${source} ${topic}`, { source, name, indexed: typesOf(indexed).map(abiOf), plain: fields }];
    }),
  );
}

const BY_TOPIC = declared();

/** Topic 0 of every event that is read, hex with 0x. */
export const TOPICS: readonly string[] = [...BY_TOPIC.keys()].map((key) => `0x${key.split(" ")[1] ?? ""}`);

/** The contracts of a network by address, hex. */
export function contractsOf(network: Network): Map<string, Source> {
  const found = new Map<string, Source>([[network.consortium, "consortium"]]);
  if (network.codeRegistry) found.set(network.codeRegistry.address, "codes");
  if (network.noticeBoard) found.set(network.noticeBoard.address, "notices");
  for (const { address } of network.registries) found.set(address, "registry");
  return found;
}

/** What a log says; null if it is of no concern, an error if it does not decode as what it is named. */
export function readEvent(contracts: ReadonlyMap<string, Source>, log: Log): ChainEvent | null {
  const source = contracts.get(log.address);
  const known = source && BY_TOPIC.get(`${source} ${log.topics[0] ?? ""}`);
  if (!known) return null;
  const { name, indexed, plain } = known;
  const isUsual = log.topics.length === 1 + indexed.length && log.data.length <= 2 * DATA_SIZE_BYTES_MAX;
  if (!isUsual && name !== "ProposalMade") throw new Error(`a log that is no ${name}`);
  const first = indexed.map((one, place) => one.read(log.topics[1 + place] ?? "", 0));
  return { name, source: known.source, fields: [...first, ...plain.read(log.data, 0)], log };
}
