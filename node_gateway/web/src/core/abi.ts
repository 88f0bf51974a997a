/** The coding of contract calls (Solidity ABI), as far as a verifier needs it. */

import { fromHex, toHex, toUtf8 } from "./bytes.ts";
import { keccakOfText } from "./hashes.ts";

const BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;
const WORD_LENGTH = 64; // hex digits
/** Offsets of a list may all name one place: a small result would become gigabytes. */
const NESTED_SIZE_BYTES_MAX = 32 * 1024;

/** What one witness is asked: a JSON-RPC method with its parameters. */
export type AskOne = (method: string, params: readonly unknown[]) => Promise<unknown>;

/** A block as `eth_call` takes it (EIP-1898). */
export interface AtBlock {
  readonly blockHash: string;
  readonly requireCanonical: true;
}

/** How a result of one type is read out of hex digits. */
export interface Abi<T> {
  /** Hex digits that it takes where it stands; of what has no fixed size, an offset stands there. */
  readonly width: number;
  readonly isDynamic: boolean;
  /** Whether a list in it holds what has no fixed size. */
  readonly isNested: boolean;
  readonly read: (data: string, at: number) => T;
}

/** A number as the 64 hex digits of one word. */
export function word(value: bigint | number | string): string {
  return BigInt(value).toString(16).padStart(WORD_LENGTH, "0");
}

function wordAt(data: string, at: number): string {
  const found = data.slice(at, at + WORD_LENGTH);
  if (found.length !== WORD_LENGTH) throw new Error("the result is too short");
  return found;
}

/** A size or an offset; what lies outside of the data is no size. */
function sizeAt(data: string, at: number): number {
  const size = BigInt(`0x${wordAt(data, at)}`);
  if (size > BigInt(data.length)) throw new Error("a size in the result is too large");
  return Number(size);
}

function numberAt(data: string, at: number, bits: number): bigint {
  const number = BigInt(`0x${wordAt(data, at)}`);
  if (number >> BigInt(bits)) throw new Error(`a number in the result has more than ${bits} bits`);
  return number;
}

function plain<T>(read: Abi<T>["read"]): Abi<T> {
  return { width: WORD_LENGTH, isDynamic: false, isNested: false, read };
}

export const number = plain((data, at) => numberAt(data, at, 256));
export const bool = plain((data, at) => numberAt(data, at, 1) === BigInt(1));
/** 40 hex digits. */
export const address = plain((data, at) => numberAt(data, at, 160).toString(16).padStart(40, "0"));
/** 64 hex digits. */
export const bytes32 = plain(wordAt);
export const text: Abi<string> = {
  width: WORD_LENGTH,
  isDynamic: true,
  isNested: false,
  read(data, at) {
    const size = sizeAt(data, at) * 2;
    const digits = data.slice(at + WORD_LENGTH, at + WORD_LENGTH + size);
    if (digits.length !== size) throw new Error("the result is too short");
    return new TextDecoder("utf-8", { fatal: true }).decode(fromHex(digits));
  },
};

/** Read values that stand one behind the other, from the place that their offsets count from. */
function sequence<T>(parts: readonly Abi<T>[], data: string, start: number): T[] {
  const headLength = parts.reduce((sum, { width }) => sum + width, 0);
  let at = start;
  return parts.map((part) => {
    const offset = part.isDynamic ? sizeAt(data, at) * 2 : at - start;
    if (part.isDynamic && offset < headLength) throw new Error("an offset in the result is none");
    at += part.width;
    return part.read(data, start + offset);
  });
}

/** A list of any length. */
export function list<T>(of: Abi<T>): Abi<T[]> {
  return {
    width: WORD_LENGTH,
    isDynamic: true,
    isNested: of.isDynamic || of.isNested,
    read: (data, at) => sequence(Array<Abi<T>>(sizeAt(data, at)).fill(of), data, at + WORD_LENGTH),
  };
}

/** A struct, and the results of a call. */
export function fields<T extends readonly unknown[]>(...parts: { [K in keyof T]: Abi<T[K]> }): Abi<T> {
  const all: readonly Abi<unknown>[] = parts;
  const isDynamic = all.some((part) => part.isDynamic);
  return {
    width: isDynamic ? WORD_LENGTH : all.reduce((sum, { width }) => sum + width, 0),
    isDynamic,
    isNested: all.some((part) => part.isNested),
    read: (data, at) => sequence(all, data, at) as unknown as T,
  };
}

/** Arguments are numbers, addresses (hex with 0x) or strings. */
function callData(signature: string, values: readonly (bigint | number | string)[]): string {
  const types = signature.slice(signature.indexOf("(") + 1, -1).split(",");
  let tail = "";
  const head = values.map((value, place) => {
    if (types[place] !== "string") return word(value);
    const bytes = toUtf8(String(value));
    const at = word(values.length * 32 + tail.length / 2);
    tail += word(bytes.length) + toHex(bytes).padEnd(Math.ceil(bytes.length / 32) * WORD_LENGTH, "0");
    return at;
  });
  return `0x${keccakOfText(signature).slice(0, 8)}${head.join("")}${tail}`;
}

/**
 * Call a view at a block.
 *
 * @param where contract (hex with 0x) and block
 * @param signature as in Solidity, `name(types)`
 * @param results `fields(...)` of what it returns
 */
export async function callView<T>(
  ask: AskOne,
  { to, at }: { readonly to: string; readonly at: AtBlock },
  signature: string,
  values: readonly (bigint | number | string)[],
  results: Abi<T>,
): Promise<T> {
  const result = await ask("eth_call", [{ to, data: callData(signature, values) }, at]);
  if (typeof result !== "string" || !BYTES.test(result) || result === "0x") throw new Error(`no result of ${signature}`);
  if (result.length > 2 * NESTED_SIZE_BYTES_MAX && results.isNested) {
    throw new Error(`the result of ${signature} is larger than these contracts allow`);
  }
  return results.read(result.slice(2), 0);
}
