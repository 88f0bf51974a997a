/**
 * The two hash functions, on hex text.
 *
 * SHA-256 is not taken from WebCrypto: on plain HTTP there is none, one way of computing is easier to
 * trust than two, and for the short messages of a tree a call of it costs as much as the hash (measured:
 * equal in Chromium, four times slower in Node).
 *
 * The classes are taken, not the functions around them: those need `Object.hasOwn`, which phones do not
 * have whose browsers are of before 2021.
 */

import { _SHA256 as Sha256 } from "@noble/hashes/sha2.js";
import { Keccak } from "@noble/hashes/sha3.js";

import { fromHex, toHex, toUtf8 } from "./bytes.ts";

/** Bytes of a block and of a hash of Keccak-256, and its padding of before FIPS 202. */
const [KECCAK_BLOCK, KECCAK_SIZE, KECCAK_PADDING] = [136, 32, 1];

function sha256OfBytes(bytes: Uint8Array): Uint8Array {
  return new Sha256().update(bytes).digest();
}

/** SHA-256 of the bytes that `hex` spells. */
export function sha256(hex: string): string {
  return toHex(sha256OfBytes(fromHex(hex)));
}

/** SHA-256 of a text's UTF-8. */
export function sha256OfText(text: string): string {
  return toHex(sha256OfBytes(toUtf8(text)));
}

/** Keccak-256 as Ethereum uses it (the padding of before FIPS 202). */
export function keccak256(bytes: Uint8Array): string {
  return toHex(new Keccak(KECCAK_BLOCK, KECCAK_PADDING, KECCAK_SIZE).update(bytes).digest());
}

/** Keccak-256 of a text: selectors and topics are made of it. */
export function keccakOfText(text: string): string {
  return keccak256(toUtf8(text));
}
