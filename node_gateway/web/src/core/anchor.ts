/** The anchor record: what the one slot per (stream, sequence) must hold. */

import type { Anchor } from "./bundle.ts";
import { word } from "./abi.ts";
import { sha256 } from "./hashes.ts";
import { refuse } from "./refusal.ts";

/** A registry on a chain; `registry` is an address, hex with 0x. */
export interface Place {
  readonly chainId: number;
  readonly registry: string;
}

/** The tip: SHA-256(abi.encode(chain id, registry, anchor parts)), hex. */
export function tipOf(anchor: Anchor, { chainId, registry }: Place): string {
  const place = [chainId, registry, anchor.stream, anchor.sequence].map(word).join("");
  return sha256(place + anchor.root + word(anchor.size) + anchor.previousTip);
}

/** The record: SHA-256(abi.encode(tip, block number, block time in s)), hex. */
export function recordOf(tip: string, blockNumber: number, blockTime: number): string {
  return sha256(tip + word(blockNumber) + word(blockTime));
}

/**
 * Compare an anchor with the slot that a registry holds for its (stream, sequence).
 *
 * @param seen the slot is hex with 0x; null is no slot
 */
export function checkRecord(
  { anchor }: { readonly anchor: Anchor },
  { slot, ...place }: Place & { readonly slot: string | null },
): void {
  if (slot === null || BigInt(slot) === BigInt(0)) return refuse("anchor_not_found");
  const record = recordOf(tipOf(anchor, place), anchor.blockNumber, anchor.blockTime);
  if (BigInt(slot) !== BigInt(`0x${record}`)) refuse("record_mismatch");
}
