/** Which leaves an auditor asks for: drawn by a block hash, as `anchoring.challenges` draws them. */

import { word } from "../core/abi.ts";
import { toHex, toUtf8 } from "../core/bytes.ts";
import { sha256 } from "../core/hashes.ts";

/** Most leaves that are drawn from one stream, and that one challenge names. */
export const [DRAWN_MAX, LEAVES_MAX] = [10_000, 64];
const LABEL = toHex(toUtf8("sealtrail/challenge/v1\n"));
/** Significant digits of Python's decimal numbers, so that both count alike. */
const DIGITS = 28;
const [ZERO, ONE, TWO, TEN] = [BigInt(0), BigInt(1), BigInt(2), BigInt(10)];
const FIXED = TEN ** BigInt(60);

/** A place in an anchored batch, from 0. */
export interface Leaf {
  readonly stream: number;
  readonly sequence: number;
  readonly index: number;
}

/** `units / 10 ** scale`, at least 0. */
interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/** Read a decimal number such as `0.04`; null if it is none above 0 and below 1 (or 1, where allowed). */
export function readShare(text: string, isOneAllowed = false): Decimal | null {
  const [, whole = "", part = ""] = /^([01]?)(?:\.([0-9]{1,12}))?$/.exec(text.trim()) ?? [];
  const scale = part.length;
  const units = BigInt(`${whole}${part}` || "0");
  const one = TEN ** BigInt(scale);
  return units > ZERO && (units < one || (isOneAllowed && units === one)) ? { units, scale } : null;
}

/** Keep 28 digits, half to even. */
function rounded({ units, scale }: Decimal): Decimal {
  const surplus = units.toString().length - DIGITS;
  if (surplus <= 0) return { units, scale };
  const unit = TEN ** BigInt(surplus);
  let kept = units / unit;
  const twice = (units % unit) * TWO;
  if (twice > unit || (twice === unit && kept % TWO === ONE)) kept += ONE;
  return rounded({ units: kept, scale: scale - surplus });
}

function isAbove(one: Decimal, other: Decimal): boolean {
  const scale = Math.max(one.scale, other.scale);
  return one.units * TEN ** BigInt(scale - one.scale) > other.units * TEN ** BigInt(scale - other.scale);
}

function restOf({ units, scale }: Decimal): Decimal {
  return { units: TEN ** BigInt(scale) - units, scale };
}

/**
 * How many leaves find, with `confidence`, at least one of a bad `share`: the smallest n with
 * (1 - share)^n <= 1 - confidence. Drawing without putting back needs no more. Null: more than `DRAWN_MAX`.
 */
export function leavesNeeded(share: Decimal, confidence: Decimal): number | null {
  const [good, missable] = [restOf(share), restOf(confidence)];
  let missed: Decimal = { units: ONE, scale: 0 };
  for (let count = 0; count <= DRAWN_MAX; count += 1) {
    if (!isAbove(missed, missable)) return count;
    missed = rounded({ units: missed.units * good.units, scale: missed.scale + good.scale });
  }
  return null;
}

/** How many of `total` leaves are bad at least, if a share of them is: at least one. */
export function badOf(share: Decimal, total: number): number {
  const of = share.units * BigInt(total);
  const unit = TEN ** BigInt(share.scale);
  return Number((of + unit - ONE) / unit);
}

/** The chance to draw none of `bad` among `total` in `count` draws, without putting back: of 10^60. */
function missChance(total: number, bad: number, count: number): bigint {
  let chance = FIXED;
  for (let drawn = 0; drawn < count && chance > ZERO; drawn += 1) {
    chance = (chance * BigInt(Math.max(0, total - bad - drawn))) / BigInt(total - drawn);
  }
  return chance;
}

/** The chance to find one at least, hypergeometric, in per cent with three decimals, rounded down. */
export function chanceText(total: number, bad: number, count: number): string {
  if (total < 1) return "0.000";
  const found = FIXED - missChance(total, bad, Math.min(count, total));
  const thousandths = Number((found * BigInt(100_000)) / FIXED);
  return `${Math.floor(thousandths / 1000)}.${String(thousandths % 1000).padStart(3, "0")}`;
}

/** The smallest number of draws without putting back that is enough: never more than `leavesNeeded`. */
export function leavesNeededOf(total: number, bad: number, confidence: Decimal): number {
  const allowed = (restOf(confidence).units * FIXED) / TEN ** BigInt(confidence.scale);
  let chance = FIXED;
  for (let drawn = 0; drawn < total; drawn += 1) {
    if (chance <= allowed) return drawn;
    chance = (chance * BigInt(Math.max(0, total - bad - drawn))) / BigInt(total - drawn);
  }
  return total;
}

/** The last anchor whose leaves begin at or before a place. */
function anchorAt(ends: readonly number[], place: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (place < (ends[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Draw leaves of one stream. Draw number k is SHA-256 of `sealtrail/challenge/v1\n`, the seed block's hash, the
 * stream and k (8 bytes each), modulo the number of all leaves; a place that was drawn before is passed over.
 *
 * @param seed hash of the block that decides, hex
 * @param sizes (sequence, size) of every anchor in a block before the seed's, ascending
 */
export function draw(seed: string, stream: number, sizes: readonly (readonly [number, number])[], count: number): Leaf[] {
  let total = 0;
  const ends = sizes.map(([, size]) => (total += size));
  const wanted = Math.min(count, total, DRAWN_MAX);
  const drawn = new Map<number, Leaf>();
  const start = LABEL + seed + word(stream).slice(48);
  for (let counter = 0; drawn.size < wanted; counter += 1) {
    const place = Number(BigInt(`0x${sha256(start + word(counter).slice(48))}`) % BigInt(total));
    if (drawn.has(place)) continue;
    const at = anchorAt(ends, place);
    const [sequence, size] = sizes[at] ?? [0, 0];
    drawn.set(place, { stream, sequence, index: place - ((ends[at] ?? 0) - size) });
  }
  return [...drawn.values()];
}

/** The challenges of some leaves (`sealtrail/challenge/v1`), as many as are needed. */
export function challengesOf(seed: { readonly number: number; readonly hash: string }, leaves: readonly Leaf[]): unknown[] {
  const made: unknown[] = [];
  for (let at = 0; at < leaves.length; at += LEAVES_MAX) {
    const block = { blockNumber: seed.number, blockHash: seed.hash };
    made.push({ format: "sealtrail/challenge/v1", seed: block, leaves: leaves.slice(at, at + LEAVES_MAX) });
  }
  return made;
}
