/** One witness, asked at its own newest block about one bundle, so that none can hide what is new. */

import { type Abi, type AskOne, type AtBlock, callView } from "./abi.ts";
import type { CheckedBundle } from "./checked.ts";
import { fromHex } from "./bytes.ts";
import { keccak256 } from "./hashes.ts";
import type { Contract, Network } from "./network.ts";
import type { Warning } from "./warnings.ts";

const BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;

/** Hashes of code that was seen before: hashing it takes a phone a tenth of a second. */
export type CodeHashes = Map<string, string>;

/**
 * The hash of a contract's code at a block, hex; null without a contract.
 *
 * @param address hex with 0x
 */
export async function codeHashOf(
  seen: CodeHashes,
  ask: AskOne,
  address: string,
  at: AtBlock,
): Promise<string | null> {
  const code = await ask("eth_getCode", [address, at]);
  if (typeof code !== "string" || !BYTES.test(code)) throw new Error("no code");
  if (code === "0x") return null;
  const known = seen.get(code) ?? keccak256(fromHex(code.slice(2)));
  seen.set(code, known);
  return known;
}

/** A time of the chain as people write it. */
export function dateOf(time: bigint): string {
  const date = new Date(Number(time) * 1000);
  return Number.isNaN(date.getTime()) ? `second ${time}` : `${date.toISOString().slice(0, 19)}Z`;
}

/** What is asked of whom, and what it shows. */
export class Inquiry {
  readonly warnings: Warning[] = [];
  /** Whether all prefixes were the participant's own; null as long as that is not known. */
  owns: boolean | null = null;
  /** Set when the answer came too late to be waited for: nothing more is asked then. */
  isLate = false;

  /** @param registry that holds the anchor as this witness says, hex; null if it does not say so */
  constructor(
    readonly network: Network,
    readonly ask: AskOne,
    readonly checked: CheckedBundle,
    readonly registry: string | null,
    private readonly at: AtBlock,
    private readonly codeHashes: CodeHashes,
  ) {}

  warn(code: string, text: string, since: bigint | number = 0, about?: string): void {
    this.warnings.push({ code, text, since: Number(since) || null, ...(about && { about }) });
  }

  view<T>(address: string, signature: string, values: readonly (bigint | number | string)[], results: Abi<T>): Promise<T> {
    return callView(this.ask, { to: `0x${address}`, at: this.at }, signature, values, results);
  }

  /** Refuse to believe a contract whose code is not that of the network file. */
  async demand({ address, codeHash }: Contract): Promise<void> {
    const found = await codeHashOf(this.codeHashes, this.ask, `0x${address}`, this.at);
    if (found !== codeHash) throw new Error("other code than in the network file");
  }
}
