/**
 * Who signed: the address behind an ECDSA signature on secp256k1 (SEC 1, section 4.1.6).
 *
 * Only what is public goes in, so nothing here must take the same time for all values. Points are in
 * Jacobian coordinates; z = 0 is the point at infinity.
 */

import { fromHex, toHex } from "./bytes.ts";
import { keccak256 } from "./hashes.ts";

const big = (hex: string): bigint => BigInt(`0x${hex}`);
const [ZERO, ONE, TWO, THREE, FOUR, SEVEN, EIGHT] = [0, 1, 2, 3, 4, 7, 8].map(BigInt) as [
  bigint, bigint, bigint, bigint, bigint, bigint, bigint,
];
const P = big("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
const N = big("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
const SEAL_SIZE = 65;

interface Point {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

const INFINITY: Point = { x: ONE, y: ONE, z: ZERO };
const G: Point = {
  x: big("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
  y: big("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"),
  z: ONE,
};

function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < ZERO ? rest + modulus : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let [result, square] = [ONE, base];
  for (let left = exponent; left > ZERO; left >>= ONE) {
    if (left & ONE) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

/** By Euclid; `value` is not 0 modulo the prime. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [low, high] = [modulo(value, modulus), modulus];
  let [inner, outer] = [ONE, ZERO];
  while (low > ONE) {
    const quotient = high / low;
    [low, high] = [high - low * quotient, low];
    [inner, outer] = [outer - inner * quotient, inner];
  }
  return modulo(inner, modulus);
}

function doubled({ x, y, z }: Point): Point {
  if (z === ZERO) return INFINITY; // y is never 0: the order of the group is odd
  const yy = (y * y) % P;
  const slope = (THREE * x * x) % P;
  const across = (FOUR * x * yy) % P;
  const newX = modulo(slope * slope - TWO * across, P);
  return { x: newX, y: modulo(slope * (across - newX) - EIGHT * yy * yy, P), z: (TWO * y * z) % P };
}

function added(one: Point, other: Point): Point {
  if (one.z === ZERO) return other;
  if (other.z === ZERO) return one;
  const [oneZz, otherZz] = [(one.z * one.z) % P, (other.z * other.z) % P];
  const [u, v] = [(one.x * otherZz) % P, (other.x * oneZz) % P];
  const [s, t] = [(one.y * otherZz * other.z) % P, (other.y * oneZz * one.z) % P];
  if (u === v) return s === t ? doubled(one) : INFINITY;
  const run = modulo(v - u, P);
  const rise = modulo(t - s, P);
  const square = (run * run) % P;
  const cube = (square * run) % P;
  const across = (u * square) % P;
  const x = modulo(rise * rise - cube - TWO * across, P);
  return { x, y: modulo(rise * (across - x) - s * cube, P), z: (run * one.z * other.z) % P };
}

/** a * G + b * point, both scalars bit by bit together. */
function combined(a: bigint, b: bigint, point: Point): Point {
  const sums = [INFINITY, G, point, added(G, point)];
  const [bitsOfA, bitsOfB] = [a, b].map((scalar) => scalar.toString(2).padStart(256, "0")) as [string, string];
  let sum = INFINITY;
  for (let bit = 0; bit < 256; bit += 1) {
    const which = (bitsOfA[bit] === "1" ? 1 : 0) + (bitsOfB[bit] === "1" ? 2 : 0);
    sum = added(doubled(sum), sums[which] ?? INFINITY);
  }
  return sum;
}

/**
 * Recover the address that signed a digest.
 *
 * @param digest 32 bytes, hex
 * @param seal r, s and v (0 or 1), 65 bytes
 * @returns 40 hex digits; null if no key makes such a signature
 */
export function signerOf(digest: string, seal: Uint8Array): string | null {
  const v = seal[64];
  if (seal.length !== SEAL_SIZE || v === undefined || v > 1) return null;
  const [r, s] = [big(toHex(seal.subarray(0, 32))), big(toHex(seal.subarray(32, 64)))];
  if (r === ZERO || s === ZERO || r >= N || s >= N) return null;
  const square = (r * r * r + SEVEN) % P;
  const root = power(square, (P + ONE) / FOUR);
  if ((root * root) % P !== square) return null; // no point has this x
  const y = Number(root & ONE) === v ? root : P - root;
  const ofR = inverse(r, N);
  const key = combined(modulo(-big(digest) * ofR, N), modulo(s * ofR, N), { x: r, y, z: ONE });
  if (key.z === ZERO) return null;
  const ofZ = inverse(key.z, P);
  const ofZz = (ofZ * ofZ) % P;
  const affine = [key.x * ofZz, key.y * ofZz * ofZ].map((part) => (part % P).toString(16).padStart(64, "0"));
  return keccak256(fromHex(affine.join(""))).slice(-40);
}
