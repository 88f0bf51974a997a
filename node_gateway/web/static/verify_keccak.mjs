/** Keccak-256 as Ethereum uses it (the padding of before FIPS 202); WebCrypto does not have it. */

const RATE_BYTES = 136;
const ROUNDS = 24;
const WORD = (1n << 64n) - 1n;

/** From the shift register of FIPS 202 section 3.2.5, so that no table of 24 words can be mistyped. */
function roundConstants() {
  const constants = [];
  let state = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    let constant = 0n;
    for (let bit = 0; bit < 7; bit += 1) {
      if (state & 1) constant |= 1n << BigInt(2 ** bit - 1);
      state = state & 0x80 ? (state << 1) ^ 0x171 : state << 1;
    }
    constants.push(constant);
  }
  return constants;
}

/** Steps rho and pi as one walk: for each lane in turn where it moves, and by how many bits it turns. */
function laneWalk() {
  const steps = [];
  let [x, y] = [1, 0];
  for (let step = 1; step <= 24; step += 1) {
    [x, y] = [y, (2 * x + 3 * y) % 5];
    steps.push([x + 5 * y, BigInt(((step * (step + 1)) / 2) % 64)]);
  }
  return steps;
}

const CONSTANTS = roundConstants();
const WALK = laneWalk();

function rotated(lane, count) {
  return ((lane << count) | (lane >> (64n - count))) & WORD;
}

function permute(lanes) {
  for (const constant of CONSTANTS) {
    const parity = [0, 1, 2, 3, 4].map(
      (x) => lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20],
    );
    for (let at = 0; at < 25; at += 1) {
      lanes[at] ^= parity[(at + 4) % 5] ^ rotated(parity[(at + 1) % 5], 1n);
    }
    let moved = lanes[1];
    for (const [at, count] of WALK) [lanes[at], moved] = [rotated(moved, count), lanes[at]];
    for (let row = 0; row < 25; row += 5) {
      const old = lanes.slice(row, row + 5);
      for (let x = 0; x < 5; x += 1) {
        lanes[row + x] = old[x] ^ (~old[(x + 1) % 5] & WORD & old[(x + 2) % 5]);
      }
    }
    lanes[0] ^= constant;
  }
}

/**
 * @param {Uint8Array} bytes
 * @returns {string} Keccak-256, 64 lower-case hex characters
 */
export function keccak256(bytes) {
  const padded = new Uint8Array((Math.floor(bytes.length / RATE_BYTES) + 1) * RATE_BYTES);
  padded.set(bytes);
  padded[bytes.length] |= 0x01;
  padded[padded.length - 1] |= 0x80;
  const words = new DataView(padded.buffer);
  const lanes = Array(25).fill(0n);
  for (let at = 0; at < padded.length; at += RATE_BYTES) {
    for (let lane = 0; lane < RATE_BYTES / 8; lane += 1) {
      lanes[lane] ^= words.getBigUint64(at + 8 * lane, true);
    }
    permute(lanes);
  }
  const digest = new DataView(new ArrayBuffer(32));
  for (let lane = 0; lane < 4; lane += 1) digest.setBigUint64(8 * lane, lanes[lane], true);
  let hex = "";
  for (let at = 0; at < 32; at += 1) hex += digest.getUint8(at).toString(16).padStart(2, "0");
  return hex;
}
