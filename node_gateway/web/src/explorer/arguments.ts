/** What a proposal would do, read out of its arguments. Source: contracts/src/interfaces/IConsortiumGovernance.sol. */

import * as abi from "../core/abi.ts";
import { fromHex } from "../core/bytes.ts";
import { keccak256 } from "../core/hashes.ts";
import type { Network } from "../core/network.ts";
import type { Value } from "./chain_events.ts";
import type { Proposal } from "./directory.ts";

/** How a value is meant, so that it can be put into words. */
export type Meaning =
  | "participant" | "roles" | "yes_no" | "text" | "address" | "recovery" | "code_registry" | "registry" | "grant"
  | "from" | "until" | "until_now" | "keys";

/** One argument: `name` names a text of the page. */
export interface Argument {
  readonly name: string;
  readonly meaning: Meaning;
  readonly value: Value;
}

const WORD_LENGTH = 64; // hex digits

type Declared = readonly [name: string, meaning: Meaning, type: abi.Abi<Value>];

const { number, address, bool, text } = abi;
const KEYS = abi.list(abi.fields(address, number, number, number, abi.list(number)));
const ABOUT: Declared = ["participant", "participant", number];
/** A newcomer is always active: its status says nothing. */
const NEWCOMER: readonly (readonly [string, Meaning] | null)[] = [
  ["slug", "text"], ["name", "text"], ["url", "text"], ["roles", "roles"], null, ["admin", "address"], ["recovery", "address"],
];

const ACTIONS: readonly (readonly Declared[])[] = [
  [ABOUT],
  [ABOUT],
  [["code_registry", "code_registry", address], ["prefix", "text", text], ABOUT, ["from", "from", number], ["until", "until", number]],
  [ABOUT, ["roles", "roles", number]],
  [["newcomer", "text", abi.fields(text, text, text, number, number, address, address)], ["keys", "keys", KEYS]],
  [ABOUT],
  [ABOUT, ["voter", "yes_no", bool]],
  [ABOUT, ["admin", "address", address], ["recovery", "recovery", address]],
  [["code_registry", "code_registry", address], ["grant", "grant", number], ["until", "until_now", number]],
  [["registry", "registry", address], ["successor", "address", address]],
];

/** What voters approve, hex: keccak256(abi.encode(chain, consortium, id, action, arguments, evidence)). */
export function digestOf(
  { id, action, arguments: given, evidence }: Pick<Proposal, "id" | "action" | "arguments" | "evidence">,
  { chainId, consortium }: Pick<Network, "chainId" | "consortium">,
): string {
  const head = [abi.word(chainId), consortium.padStart(WORD_LENGTH, "0"), abi.word(id), abi.word(action), abi.word(6 * 32), evidence];
  const tail = [abi.word(given.length / 2), given.padEnd(Math.ceil(given.length / WORD_LENGTH) * WORD_LENGTH, "0")];
  return keccak256(fromHex([...head, ...tail].join("")));
}

/**
 * The arguments of an action.
 *
 * @param given hex digits
 * @returns null: the action is not known here, or these are not its arguments
 */
export function argumentsOf(action: number, given: string): Argument[] | null {
  const declared = ACTIONS[action];
  if (!declared || given.length % WORD_LENGTH) return null;
  try {
    const values = (abi.fields(...declared.map(([, , type]) => type)) as abi.Abi<readonly Value[]>).read(given, 0);
    return declared.flatMap(([name, meaning], place): Argument[] => {
      const value = values[place] as Value;
      if (name !== "newcomer") return [{ name, meaning, value }];
      return NEWCOMER.flatMap((one, at) => (one ? [{ name: one[0], meaning: one[1], value: (value as readonly Value[])[at] as Value }] : []));
    });
  } catch {
    return null;
  }
}
