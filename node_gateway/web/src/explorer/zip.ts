/** The one zip of some files: stored, in the order of their names, with one date; the bytes are those of `anchoring`. */

import { joined, toUtf8 } from "../core/bytes.ts";

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [VERSION, UNIX] = [20, 3];
/** 1 January 1980, the first day that a zip can name. */
const FIRST_DAY = 0x21;
const FILE_MODE = 0o100644;
const MEMBERS_MAX = 0xffff - 1;

/** A file of the zip: its name, ASCII, and what is in it. */
export type Member = readonly [name: string, data: Uint8Array];

function crcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte;
    for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
    return rest;
  });
}

const CRC = crcTable();

/** CRC-32 of some bytes (ISO-HDLC, as zip wants it). */
export function crc32(data: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of data) rest = (rest >>> 8) ^ (CRC[(rest ^ byte) & 255] ?? 0);
  return ~rest >>> 0;
}

/** Little-endian numbers of 2 or 4 bytes each. */
function packed(...numbers: readonly (readonly [size: 2 | 4, value: number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of numbers) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(view.buffer);
}

/** Make the zip. */
export function zipOf(members: readonly Member[]): Uint8Array {
  if (members.length > MEMBERS_MAX) throw new Error("too many files for one zip");
  const sorted = [...members].sort(([one], [other]) => (one < other ? -1 : 1));
  const [files, directory]: [Uint8Array[], Uint8Array[]] = [[], []];
  let at = 0;
  for (const [name, data] of sorted) {
    const known = toUtf8(name);
    const size = data.length;
    const shared = [[2, VERSION], [2, 0], [2, 0], [2, 0], [2, FIRST_DAY], [4, crc32(data)], [4, size], [4, size], [2, known.length], [2, 0]] as const;
    const local = joined([packed([4, LOCAL], ...shared), known, data]);
    const made = [2, (UNIX << 8) | VERSION] as const;
    const attributes = [[2, 0], [2, 0], [2, 0], [4, FILE_MODE * 0x10000], [4, at]] as const;
    directory.push(joined([packed([4, CENTRAL], made, ...shared, ...attributes), known]));
    files.push(local);
    at += local.length;
  }
  const listed = joined(directory);
  const count = sorted.length;
  const end = packed([4, END], [2, 0], [2, 0], [2, count], [2, count], [4, listed.length], [4, at], [2, 0]);
  return joined([...files, listed, end]);
}

/** JSON as Python writes it with sorted members and one to a line. */
export function encoded(value: unknown): Uint8Array {
  return toUtf8(`${JSON.stringify(sorted(value), null, 1)}\n`);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, one]) => [name, sorted(one)]));
}
