/**
 * The proof that is attached to a PDF.
 *
 * No reader of PDF: it looks for streams whose dictionary says `/EmbeddedFile`, raw or deflated, and
 * takes nothing else from the document. What it finds is checked like every other file.
 *
 * Source: ISO 32000-2, 7.11.4 (embedded file streams), 7.4.4 (FlateDecode).
 */

import { Refusal } from "../core/index.ts";

const SIZE_BYTES_MAX = 8 * 1024 * 1024;
const STREAMS_MAX = 10_000;

export function isPdf(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 5)) === "%PDF-";
}

/** One character for each byte. */
function textOf(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000) parts.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  return parts.join("");
}

async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  if (typeof DecompressionStream === "undefined") throw new Refusal("pdf_old");
  const reader = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  const parts: Uint8Array[] = [];
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    size += value.length;
    if (size > SIZE_BYTES_MAX) throw new Refusal("too_large");
  }
  return new Uint8Array(await new Blob(parts.map((part) => part.slice())).arrayBuffer());
}

/** Where the bytes of a stream end: where it says so, or before its closing word. */
function endOf(text: string, dictionary: string, start: number): number {
  const [, length, reference] = /\/Length\s+(\d+)(\s+\d+\s+R)?/.exec(dictionary) ?? [];
  const stated = start + Number(length);
  if (length !== undefined && !reference && /^\s*endstream/.test(text.slice(stated, stated + 12))) return stated;
  const end = text.indexOf("endstream", start);
  if (end < 0) throw new Refusal("pdf_form");
  return /\r\n$/.test(text.slice(end - 2, end)) ? end - 2 : end - 1;
}

async function opened(dictionary: string, bytes: Uint8Array): Promise<Uint8Array> {
  const [, filters = ""] = /\/Filter\s*(\[[^\]]*\]|\/\w+)/.exec(dictionary) ?? [];
  const names = filters.match(/\w+/g) ?? [];
  if (!names.length) return bytes;
  if (names.length > 1 || names[0] !== "FlateDecode" || /\/DecodeParms/.test(dictionary)) throw new Refusal("pdf_form");
  try {
    return await inflate(bytes);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("pdf_form");
  }
}

/**
 * The one attachment of a PDF that is a proof.
 *
 * @throws {Refusal} `pdf_none`, `pdf_several`, `pdf_form` (packed otherwise), `pdf_old` (this browser
 *   cannot inflate), `too_large`
 */
export async function attachedProof(bytes: Uint8Array): Promise<Uint8Array> {
  const text = textOf(bytes);
  const streams = /\bstream\r?\n/g;
  const proofs = new Map<string, Uint8Array>();
  for (let count = 0, found = streams.exec(text); found && count < STREAMS_MAX; found = streams.exec(text), count += 1) {
    const dictionary = text.slice(text.lastIndexOf("obj", found.index), found.index);
    if (!/\/EmbeddedFile\b/.test(dictionary)) continue;
    const start = found.index + found[0].length;
    const end = endOf(text, dictionary, start);
    const attached = await opened(dictionary, bytes.subarray(start, end));
    const said = textOf(attached);
    if (/"sealtrail\/proofs?\/v1"/.test(said)) proofs.set(said, attached);
    streams.lastIndex = end;
  }
  if (proofs.size > 1) throw new Refusal("pdf_several");
  for (const proof of proofs.values()) return proof;
  throw new Refusal("pdf_none");
}
