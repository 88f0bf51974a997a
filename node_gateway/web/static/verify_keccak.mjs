/**
 * Keccak-256 as Ethereum uses it (the padding of before FIPS 202); WebCrypto does not have it.
 *
 * A lane of 64 bits is a pair of 32-bit numbers, low half first: BigInt would be twenty times slower.
 */

const RATE_BYTES = 136;
const ROUNDS = 24;

/** From the shift register of FIPS 202 section 3.2.5, so that no table of 24 words can be mistyped. */
function roundConstants() {
  const constants = [];
  let state = 1;
  for (let round = 0; round < ROUNDS; round += 1) {
    const constant = [0, 0];
    for (let bit = 0; bit < 7; bit += 1) {
      const place = 2 ** bit - 1;
      if (state & 1) constant[place >> 5] |= 1 << (place & 31);
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
    steps.push([x + 5 * y, ((step * (step + 1)) / 2) % 64]);
  }
  return steps;
}

const CONSTANTS = roundConstants();
const WALK = laneWalk();

/** The half of a turned lane that begins at the upper end of `first`, for a turn of 0 to 31 bits. */
function turned(first, second, count) {
  return count ? (first << count) | (second >>> (32 - count)) : first;
}

/** Step theta: every lane takes the parity of two columns. */
function theta(lanes, parity) {
  for (let at = 0; at < 10; at += 1) {
    parity[at] = lanes[at] ^ lanes[at + 10] ^ lanes[at + 20] ^ lanes[at + 30] ^ lanes[at + 40];
  }
  for (let x = 0; x < 5; x += 1) {
    const [left, right] = [2 * ((x + 4) % 5), 2 * ((x + 1) % 5)];
    const low = parity[left] ^ turned(parity[right], parity[right + 1], 1);
    const high = parity[left + 1] ^ turned(parity[right + 1], parity[right], 1);
    for (let at = 2 * x; at < 50; at += 10) {
      lanes[at] ^= low;
      lanes[at + 1] ^= high;
    }
  }
}

function rhoAndPi(lanes) {
  let [low, high] = [lanes[2], lanes[3]];
  for (let step = 0; step < WALK.length; step += 1) {
    const at = 2 * WALK[step][0];
    const bits = WALK[step][1];
    const [first, second] = bits < 32 ? [low, high] : [high, low];
    [low, high] = [lanes[at], lanes[at + 1]];
    lanes[at] = turned(first, second, bits & 31);
    lanes[at + 1] = turned(second, first, bits & 31);
  }
}

function chi(lanes, row) {
  for (let start = 0; start < 50; start += 10) {
    for (let at = 0; at < 10; at += 1) row[at] = lanes[start + at];
    for (let at = 0; at < 10; at += 1) {
      lanes[start + at] = row[at] ^ (~row[(at + 2) % 10] & row[(at + 4) % 10]);
    }
  }
}

/** A message padded to whole blocks. */
function padded(bytes) {
  const whole = new Uint8Array((Math.floor(bytes.length / RATE_BYTES) + 1) * RATE_BYTES);
  whole.set(bytes);
  whole[bytes.length] ^= 0x01;
  whole[whole.length - 1] ^= 0x80;
  return whole;
}

/**
 * @param {Uint8Array} bytes
 * @returns {string} 64 lower-case hex digits
 */
export function keccak256(bytes) {
  const whole = new DataView(padded(bytes).buffer);
  const [lanes, parity, row] = [new Int32Array(50), new Int32Array(10), new Int32Array(10)];
  for (let start = 0; start < whole.byteLength; start += RATE_BYTES) {
    for (let at = 0; at < RATE_BYTES / 4; at += 1) lanes[at] ^= whole.getInt32(start + 4 * at, true);
    for (const [low, high] of CONSTANTS) {
      theta(lanes, parity);
      rhoAndPi(lanes);
      chi(lanes, row);
      lanes[0] ^= low;
      lanes[1] ^= high;
    }
  }
  const digest = new DataView(new ArrayBuffer(32));
  for (let at = 0; at < 8; at += 1) digest.setInt32(4 * at, lanes[at], true);
  return Array.from(new Uint8Array(digest.buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
