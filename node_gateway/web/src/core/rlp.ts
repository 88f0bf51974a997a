/** RLP: how Ethereum writes headers, accounts and nodes of its tries. Read strictly: each value has one spelling. */

import { fromHex, joined, toHex } from "./bytes.ts";

const DEPTH_MAX = 8;

/** Bytes, or a list of such. */
export type Rlp = Uint8Array | readonly Rlp[];

function evenHex(digits: string): string {
  return digits.padStart(digits.length + (digits.length % 2), "0");
}

/** A number as RLP writes it: its bytes without leading zeros. */
export function numberBytes(digits: string): Uint8Array {
  return fromHex(evenHex(digits.replace(/^0+/, "")));
}

function prefixed(offset: number, payload: Uint8Array): Uint8Array {
  if (payload.length < 56) return joined([Uint8Array.of(offset + payload.length), payload]);
  const size = fromHex(evenHex(payload.length.toString(16)));
  return joined([Uint8Array.of(offset + 55 + size.length), size, payload]);
}

/** Whether it is a list. */
export function isList(item: Rlp | undefined): item is readonly Rlp[] {
  return Array.isArray(item);
}

export function encode(item: Rlp): Uint8Array {
  if (isList(item)) return prefixed(0xc0, joined(item.map(encode)));
  return item.length === 1 && (item[0] ?? 0) < 0x80 ? item : prefixed(0x80, item);
}

/** Read one item at a place; returns it and where it ends. */
function readItem(bytes: Uint8Array, at: number, depth: number): [Rlp, number] {
  const first = bytes[at];
  if (first === undefined || depth > DEPTH_MAX) throw new Error("no RLP");
  if (first < 0x80) return [bytes.subarray(at, at + 1), at + 1];
  const [start, end] = boundsOf(bytes, at, first);
  if (first < 0xc0) {
    const payload = bytes.subarray(start, end);
    if (payload.length === 1 && (payload[0] ?? 0) < 0x80) throw new Error("no RLP: a byte spelt long");
    return [payload, end];
  }
  const items: Rlp[] = [];
  for (let place = start; place < end; ) {
    const [item, next] = readItem(bytes.subarray(0, end), place, depth + 1);
    items.push(item);
    place = next;
  }
  return [items, end];
}

function boundsOf(bytes: Uint8Array, at: number, first: number): [number, number] {
  let size = first - (first >= 0xc0 ? 0xc0 : 0x80);
  let start = at + 1;
  if (size > 55) {
    const width = size - 55;
    start += width;
    if (width > 4 || start > bytes.length) throw new Error("no RLP");
    size = Number.parseInt(toHex(bytes.subarray(at + 1, start)), 16);
    if (size < 56 || bytes[at + 1] === 0) throw new Error("no RLP: a size spelt long");
  }
  if (start + size > bytes.length) throw new Error("no RLP");
  return [start, start + size];
}

/** @throws {Error} it is none, or something follows */
export function decode(bytes: Uint8Array): Rlp {
  const [item, end] = readItem(bytes, 0, 0);
  if (end !== bytes.length) throw new Error("no RLP: something follows");
  return item;
}
