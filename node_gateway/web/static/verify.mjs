// src/core/bytes.ts
var HEX_OF = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
var utf8 = new TextEncoder();
function toHex(bytes) {
  let hex2 = "";
  for (const byte of bytes) hex2 += HEX_OF[byte];
  return hex2;
}
function fromHex(hex2) {
  const bytes = new Uint8Array(hex2.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(hex2.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}
function toUtf8(text2) {
  return utf8.encode(text2);
}
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// node_modules/@noble/hashes/_u64.js
var U32_MASK64 = /* @__PURE__ */ (() => BigInt(2 ** 32 - 1))();
var _32n = /* @__PURE__ */ BigInt(32);
function fromBig(n, le = false) {
  if (le)
    return { h: Number(n & U32_MASK64), l: Number(n >> _32n & U32_MASK64) };
  return { h: Number(n >> _32n & U32_MASK64) | 0, l: Number(n & U32_MASK64) | 0 };
}
function split(lst, le = false) {
  const len = lst.length;
  let Ah = new Uint32Array(len);
  let Al = new Uint32Array(len);
  for (let i = 0; i < len; i++) {
    const { h, l } = fromBig(lst[i], le);
    [Ah[i], Al[i]] = [h, l];
  }
  return [Ah, Al];
}
var fromNumH = (n) => n / 2 ** 32 | 0;
var fromNumL = (n) => n >>> 0;
function setU64FromNum(view, byteOffset, n, isLE2) {
  const h = fromNumH(n);
  const l = fromNumL(n);
  view.setUint32(byteOffset, isLE2 ? l : h, isLE2);
  view.setUint32(byteOffset + 4, isLE2 ? h : l, isLE2);
}

// node_modules/@noble/hashes/utils.js
function isBytes(a) {
  return a instanceof Uint8Array || ArrayBuffer.isView(a) && a.constructor.name === "Uint8Array" && "BYTES_PER_ELEMENT" in a && a.BYTES_PER_ELEMENT === 1;
}
var atitle = (title) => title ? `"${title}" ` : "";
function anumber(n, title = "") {
  if (typeof n !== "number")
    throw new TypeError(atitle(title) + "expected number, got " + typeof n);
  if (!Number.isSafeInteger(n) || n < 0)
    throw new RangeError(atitle(title) + "expected integer >= 0, got " + n);
  return n;
}
function abool(value, title = "") {
  if (typeof value !== "boolean")
    throw new TypeError(atitle(title) + "expected boolean, got type=" + typeof value);
  return value;
}
function abytes(value, length, title = "") {
  if (isBytes(value) && (length === void 0 || value.length === length))
    return value;
  if (length !== void 0)
    anumber(length, "length");
  const bytes = isBytes(value);
  const ofLen = length !== void 0 ? ` of length ${length}` : "";
  const got = bytes ? `length=${value.length}` : `type=${typeof value}`;
  const message = atitle(title) + "expected Uint8Array" + ofLen + ", got " + got;
  if (!bytes)
    throw new TypeError(message);
  throw new RangeError(message);
}
var aobject = (value, label) => {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new TypeError((label === "object" ? "" : `"${label}" `) + "expected object, got type=" + typeof value);
};
var aopts = (value, label) => {
  aobject(value, label);
  const proto = Object.getPrototypeOf(value);
  if (proto !== Object.prototype && proto !== null)
    throw new TypeError(`"${label}" expected plain object`);
  if (Object.hasOwn(value, "__proto__"))
    throw new TypeError(`"${label}.__proto__" is not allowed`);
};
function aexists(instance, checkFinished = true) {
  if (instance.destroyed)
    throw new Error("hash was destroyed");
  if (checkFinished && instance.finished)
    throw new Error("digest() was already called");
}
function aoutput(out, instance) {
  abytes(out, void 0, "output");
  const min = instance.outputLen;
  if (!(out.length >= min)) {
    throw new RangeError('"output" expected length >= ' + min);
  }
}
function u32(arr) {
  return new Uint32Array(arr.buffer, arr.byteOffset, Math.floor(arr.byteLength / 4));
}
function clean(...arrays) {
  for (let i = 0; i < arrays.length; i++) {
    arrays[i].fill(0);
  }
}
function createView(arr) {
  return new DataView(arr.buffer, arr.byteOffset, arr.byteLength);
}
function rotr(word2, shift) {
  return word2 << 32 - shift | word2 >>> shift;
}
var isLE = /* @__PURE__ */ (() => new Uint8Array(new Uint32Array([287454020]).buffer)[0] === 68)();
function byteSwap(word2) {
  return word2 << 24 & 4278190080 | word2 << 8 & 16711680 | word2 >>> 8 & 65280 | word2 >>> 24 & 255;
}
function byteSwap32(arr) {
  for (let i = 0; i < arr.length; i++) {
    arr[i] = byteSwap(arr[i]);
  }
  return arr;
}
var swap32IfBE = isLE ? (u) => u : byteSwap32;
function checkOpts(defaults, opts, title = "opts") {
  aopts(defaults, "defaults");
  if (opts !== void 0)
    aopts(opts, title);
  const merged = Object.assign(/* @__PURE__ */ Object.create(null), defaults, opts);
  return merged;
}
function createHasher(hashCons, info = {}) {
  if (typeof hashCons !== "function")
    throw new TypeError('"hashCons" expected function, got type=' + typeof hashCons);
  info = checkOpts({}, info, "info");
  const hashC = (msg, opts) => hashCons(opts).update(msg).digest();
  const tmp = hashCons(void 0);
  hashC.outputLen = tmp.outputLen;
  hashC.blockLen = tmp.blockLen;
  hashC.canXOF = tmp.canXOF;
  hashC.create = (opts) => hashCons(opts);
  Object.assign(hashC, info);
  return Object.freeze(hashC);
}
var oidNist = (suffix) => ({
  // Current NIST hashAlgs suffixes used here fit in one DER subidentifier octet.
  // Larger suffix values would need base-128 OID encoding and a different length byte.
  oid: Uint8Array.from([6, 9, 96, 134, 72, 1, 101, 3, 4, 2, suffix])
});

// node_modules/@noble/hashes/_md.js
function Chi(a, b, c) {
  return a & b ^ ~a & c;
}
function Maj(a, b, c) {
  return a & b ^ a & c ^ b & c;
}
var HashMD = class {
  blockLen;
  outputLen;
  canXOF = false;
  padOffset;
  isLE;
  // For partial updates less than block size
  buffer;
  view;
  finished = false;
  length = 0;
  pos = 0;
  destroyed = false;
  constructor(blockLen, outputLen, padOffset, isLE2) {
    this.blockLen = blockLen;
    this.outputLen = outputLen;
    this.padOffset = padOffset;
    this.isLE = isLE2;
    this.buffer = new Uint8Array(blockLen);
    this.view = createView(this.buffer);
  }
  update(data) {
    aexists(this);
    abytes(data);
    const { view, buffer, blockLen } = this;
    const len = data.length;
    let processed = false;
    for (let pos = 0; pos < len; ) {
      const take = Math.min(blockLen - this.pos, len - pos);
      if (take === blockLen) {
        const dataView = createView(data);
        for (; blockLen <= len - pos; pos += blockLen)
          this.process(dataView, pos);
        processed = true;
        continue;
      }
      buffer.set(pos === 0 && take === len ? data : data.subarray(pos, pos + take), this.pos);
      this.pos += take;
      pos += take;
      if (this.pos === blockLen) {
        this.process(view, 0);
        this.pos = 0;
        processed = true;
      }
    }
    this.length += data.length;
    if (processed)
      this.roundClean();
    return this;
  }
  digestInto(out) {
    aexists(this);
    aoutput(out, this);
    this.finished = true;
    const { buffer, view, blockLen, isLE: isLE2 } = this;
    let { pos } = this;
    buffer[pos++] = 128;
    buffer.fill(0, pos);
    if (this.padOffset > blockLen - pos) {
      this.process(view, 0);
      buffer.fill(0);
    }
    setU64FromNum(view, blockLen - 8, this.length * 8, isLE2);
    this.process(view, 0);
    this.roundClean();
    const oview = out === buffer ? view : createView(out);
    const len = this.outputLen;
    const outLen = len / 4;
    const state = this.get();
    if (len % 4 || outLen > state.length)
      throw new Error("invalid outputLen");
    for (let i = 0; i < outLen; i++)
      oview.setUint32(4 * i, state[i], isLE2);
  }
  digest() {
    const { buffer, outputLen } = this;
    this.digestInto(buffer);
    const res = buffer.slice(0, outputLen);
    this.destroy();
    return res;
  }
  _cloneIntoMeta(to) {
    const { buffer, length, finished, destroyed, pos } = this;
    to.destroyed = destroyed;
    to.finished = finished;
    to.length = length;
    to.pos = pos;
    if (pos)
      to.buffer.set(buffer);
    return to;
  }
  clone() {
    return this._cloneInto();
  }
};
var SHA256_IV = /* @__PURE__ */ Uint32Array.from([
  1779033703,
  3144134277,
  1013904242,
  2773480762,
  1359893119,
  2600822924,
  528734635,
  1541459225
]);

// node_modules/@noble/hashes/sha2.js
var SHA256_K = /* @__PURE__ */ Uint32Array.from([
  1116352408,
  1899447441,
  3049323471,
  3921009573,
  961987163,
  1508970993,
  2453635748,
  2870763221,
  3624381080,
  310598401,
  607225278,
  1426881987,
  1925078388,
  2162078206,
  2614888103,
  3248222580,
  3835390401,
  4022224774,
  264347078,
  604807628,
  770255983,
  1249150122,
  1555081692,
  1996064986,
  2554220882,
  2821834349,
  2952996808,
  3210313671,
  3336571891,
  3584528711,
  113926993,
  338241895,
  666307205,
  773529912,
  1294757372,
  1396182291,
  1695183700,
  1986661051,
  2177026350,
  2456956037,
  2730485921,
  2820302411,
  3259730800,
  3345764771,
  3516065817,
  3600352804,
  4094571909,
  275423344,
  430227734,
  506948616,
  659060556,
  883997877,
  958139571,
  1322822218,
  1537002063,
  1747873779,
  1955562222,
  2024104815,
  2227730452,
  2361852424,
  2428436474,
  2756734187,
  3204031479,
  3329325298
]);
var SHA256_W = /* @__PURE__ */ new Uint32Array(64);
var SHA2_32B = class extends HashMD {
  // We cannot use array here since array allows indexing by variable
  // which means optimizer/compiler cannot use registers.
  // Numeric initializers matter: starting the fields as `undefined` changes
  // V8's field representation and makes sha256 3x slower (measured).
  A = 0;
  B = 0;
  C = 0;
  D = 0;
  E = 0;
  F = 0;
  G = 0;
  H = 0;
  constructor(outputLen, IV) {
    super(64, outputLen, 8, false);
    this.A = IV[0] | 0;
    this.B = IV[1] | 0;
    this.C = IV[2] | 0;
    this.D = IV[3] | 0;
    this.E = IV[4] | 0;
    this.F = IV[5] | 0;
    this.G = IV[6] | 0;
    this.H = IV[7] | 0;
  }
  get() {
    const { A, B: B2, C, D, E, F, G: G2, H } = this;
    return [A, B2, C, D, E, F, G2, H];
  }
  // prettier-ignore
  set(A, B2, C, D, E, F, G2, H) {
    this.A = A | 0;
    this.B = B2 | 0;
    this.C = C | 0;
    this.D = D | 0;
    this.E = E | 0;
    this.F = F | 0;
    this.G = G2 | 0;
    this.H = H | 0;
  }
  _cloneInto(to) {
    (to ||= new this.constructor()).set(...this.get());
    return this._cloneIntoMeta(to);
  }
  process(view, offset) {
    for (let i = 0; i < 16; i++, offset += 4)
      SHA256_W[i] = view.getUint32(offset, false);
    for (let i = 16; i < 64; i++) {
      const W15 = SHA256_W[i - 15];
      const W2 = SHA256_W[i - 2];
      const s0 = rotr(W15, 7) ^ rotr(W15, 18) ^ W15 >>> 3;
      const s1 = rotr(W2, 17) ^ rotr(W2, 19) ^ W2 >>> 10;
      SHA256_W[i] = s1 + SHA256_W[i - 7] + s0 + SHA256_W[i - 16] | 0;
    }
    let { A, B: B2, C, D, E, F, G: G2, H } = this;
    for (let i = 0; i < 64; i++) {
      const sigma1 = rotr(E, 6) ^ rotr(E, 11) ^ rotr(E, 25);
      const T1 = H + sigma1 + Chi(E, F, G2) + SHA256_K[i] + SHA256_W[i] | 0;
      const sigma0 = rotr(A, 2) ^ rotr(A, 13) ^ rotr(A, 22);
      const T2 = sigma0 + Maj(A, B2, C) | 0;
      H = G2;
      G2 = F;
      F = E;
      E = D + T1 | 0;
      D = C;
      C = B2;
      B2 = A;
      A = T1 + T2 | 0;
    }
    A = A + this.A | 0;
    B2 = B2 + this.B | 0;
    C = C + this.C | 0;
    D = D + this.D | 0;
    E = E + this.E | 0;
    F = F + this.F | 0;
    G2 = G2 + this.G | 0;
    H = H + this.H | 0;
    this.set(A, B2, C, D, E, F, G2, H);
  }
  roundClean() {
    clean(SHA256_W);
  }
  destroy() {
    this.destroyed = true;
    this.set(0, 0, 0, 0, 0, 0, 0, 0);
    clean(this.buffer);
  }
};
var _SHA256 = class extends SHA2_32B {
  constructor() {
    super(32, SHA256_IV);
  }
};
var sha256 = /* @__PURE__ */ createHasher(
  () => new _SHA256(),
  /* @__PURE__ */ oidNist(1)
);

// node_modules/@noble/hashes/sha3.js
var _0n = BigInt(0);
var _1n = BigInt(1);
var _2n = BigInt(2);
var _7n = BigInt(7);
var _256n = BigInt(256);
var _0x71n = BigInt(113);
var SHA3_PI = [];
var SHA3_ROTL = [];
var _SHA3_IOTA = [];
for (let round = 0, R = _1n, x = 1, y = 0; round < 24; round++) {
  [x, y] = [y, (2 * x + 3 * y) % 5];
  SHA3_PI.push(2 * (5 * y + x));
  SHA3_ROTL.push((round + 1) * (round + 2) / 2 % 64);
  let t = _0n;
  for (let j = 0; j < 7; j++) {
    R = (R << _1n ^ (R >> _7n) * _0x71n) % _256n;
    if (R & _2n)
      t ^= _1n << (_1n << BigInt(j)) - _1n;
  }
  _SHA3_IOTA.push(t);
}
var IOTAS = split(_SHA3_IOTA, true);
var SHA3_IOTA_H = IOTAS[0];
var SHA3_IOTA_L = IOTAS[1];
var rotlSH = (h, l, s) => h << s | l >>> 32 - s;
var rotlSL = (h, l, s) => l << s | h >>> 32 - s;
var rotlBH = (h, l, s) => l << s - 32 | h >>> 64 - s;
var rotlBL = (h, l, s) => h << s - 32 | l >>> 64 - s;
var rotlH = (h, l, s) => s > 32 ? rotlBH(h, l, s) : rotlSH(h, l, s);
var rotlL = (h, l, s) => s > 32 ? rotlBL(h, l, s) : rotlSL(h, l, s);
var B = new Uint32Array(5 * 2);
function keccakP(s, rounds = 24) {
  if (!(s instanceof Uint32Array))
    throw new TypeError('"s" expected Uint32Array(50), got type=' + typeof s);
  if (s.length !== 50)
    throw new RangeError('"s" expected Uint32Array(50), got length=' + s.length);
  anumber(rounds, "rounds");
  if (rounds < 1 || rounds > 24)
    throw new Error('"rounds" expected integer 1..24');
  for (let round = 24 - rounds; round < 24; round++) {
    for (let x = 0; x < 10; x++)
      B[x] = s[x] ^ s[x + 10] ^ s[x + 20] ^ s[x + 30] ^ s[x + 40];
    for (let x = 0; x < 10; x += 2) {
      const idx1 = (x + 8) % 10;
      const idx0 = (x + 2) % 10;
      const B0 = B[idx0];
      const B1 = B[idx0 + 1];
      const Th = rotlH(B0, B1, 1) ^ B[idx1];
      const Tl = rotlL(B0, B1, 1) ^ B[idx1 + 1];
      for (let y = 0; y < 50; y += 10) {
        s[x + y] ^= Th;
        s[x + y + 1] ^= Tl;
      }
    }
    let curH = s[2];
    let curL = s[3];
    for (let t = 0; t < 24; t++) {
      const shift = SHA3_ROTL[t];
      const Th = rotlH(curH, curL, shift);
      const Tl = rotlL(curH, curL, shift);
      const PI = SHA3_PI[t];
      curH = s[PI];
      curL = s[PI + 1];
      s[PI] = Th;
      s[PI + 1] = Tl;
    }
    for (let y = 0; y < 50; y += 10) {
      const b0 = s[y], b1 = s[y + 1], b2 = s[y + 2], b3 = s[y + 3];
      s[y] ^= ~s[y + 2] & s[y + 4];
      s[y + 1] ^= ~s[y + 3] & s[y + 5];
      s[y + 2] ^= ~s[y + 4] & s[y + 6];
      s[y + 3] ^= ~s[y + 5] & s[y + 7];
      s[y + 4] ^= ~s[y + 6] & s[y + 8];
      s[y + 5] ^= ~s[y + 7] & s[y + 9];
      s[y + 6] ^= ~s[y + 8] & b0;
      s[y + 7] ^= ~s[y + 9] & b1;
      s[y + 8] ^= ~b0 & b2;
      s[y + 9] ^= ~b1 & b3;
    }
    s[0] ^= SHA3_IOTA_H[round];
    s[1] ^= SHA3_IOTA_L[round];
  }
  clean(B);
}
var Keccak = class _Keccak {
  state;
  pos = 0;
  posOut = 0;
  finished = false;
  state32;
  destroyed = false;
  blockLen;
  suffix;
  outputLen;
  canXOF;
  enableXOF = false;
  rounds;
  // NOTE: we accept arguments in bytes instead of bits here.
  constructor(blockLen, suffix, outputLen, enableXOF = false, rounds = 24) {
    anumber(blockLen, "blockLen");
    anumber(suffix, "suffix");
    anumber(rounds, "rounds");
    abool(enableXOF, "enableXOF");
    this.blockLen = blockLen;
    this.suffix = suffix;
    this.outputLen = outputLen;
    this.enableXOF = enableXOF;
    this.canXOF = enableXOF;
    this.rounds = rounds;
    anumber(outputLen, "outputLen");
    if (!(0 < blockLen && blockLen < 200))
      throw new Error('"blockLen" must be 1..199');
    this.state = new Uint8Array(200);
    this.state32 = u32(this.state);
  }
  clone() {
    return this._cloneInto();
  }
  keccak() {
    swap32IfBE(this.state32);
    keccakP(this.state32, this.rounds);
    swap32IfBE(this.state32);
    this.posOut = 0;
    this.pos = 0;
  }
  update(data) {
    aexists(this);
    abytes(data);
    const { blockLen, state, state32 } = this;
    const len = data.length;
    const canUseU32 = blockLen % 4 === 0 && data.byteOffset % 4 === 0;
    const blockLen32 = blockLen / 4;
    const data32 = canUseU32 && len >= blockLen ? u32(data) : void 0;
    for (let pos = 0; pos < len; ) {
      if (data32 !== void 0 && this.pos === 0 && pos % 4 === 0 && len - pos >= blockLen) {
        for (let i = 0, o = pos / 4; i < blockLen32; i++)
          state32[i] ^= data32[o + i];
        pos += blockLen;
        this.pos = blockLen;
        this.keccak();
        continue;
      }
      const take = Math.min(blockLen - this.pos, len - pos);
      for (let i = 0; i < take; i++)
        state[this.pos++] ^= data[pos++];
      if (this.pos === blockLen)
        this.keccak();
    }
    return this;
  }
  finish() {
    if (this.finished)
      return;
    this.finished = true;
    const { state, suffix, pos, blockLen } = this;
    state[pos] ^= suffix;
    if ((suffix & 128) !== 0 && pos === blockLen - 1)
      this.keccak();
    state[blockLen - 1] ^= 128;
    this.keccak();
  }
  writeInto(out) {
    aexists(this, false);
    abytes(out);
    this.finish();
    const bufferOut = this.state;
    const { blockLen } = this;
    for (let pos = 0, len = out.length; pos < len; ) {
      if (this.posOut >= blockLen)
        this.keccak();
      const take = Math.min(blockLen - this.posOut, len - pos);
      out.set(bufferOut.subarray(this.posOut, this.posOut + take), pos);
      this.posOut += take;
      pos += take;
    }
    return out;
  }
  xofInto(out) {
    if (!this.enableXOF)
      throw new Error("XOF is not enabled");
    return this.writeInto(out);
  }
  xof(bytes) {
    anumber(bytes);
    return this.xofInto(new Uint8Array(bytes));
  }
  digestInto(out) {
    aoutput(out, this);
    if (this.finished)
      throw new Error("digest() was already called");
    this.writeInto(out.length === this.outputLen ? out : out.subarray(0, this.outputLen));
    this.destroy();
  }
  digest() {
    const out = new Uint8Array(this.outputLen);
    this.digestInto(out);
    return out;
  }
  destroy() {
    this.destroyed = true;
    clean(this.state);
  }
  _cloneInto(to) {
    const { blockLen, suffix, outputLen, rounds, enableXOF } = this;
    to ||= new _Keccak(blockLen, suffix, outputLen, enableXOF, rounds);
    to.blockLen = blockLen;
    to.state32.set(this.state32);
    to.pos = this.pos;
    to.posOut = this.posOut;
    to.finished = this.finished;
    to.rounds = rounds;
    to.suffix = suffix;
    to.outputLen = outputLen;
    to.enableXOF = enableXOF;
    to.canXOF = this.canXOF;
    to.destroyed = this.destroyed;
    return to;
  }
};
var genKeccak = (suffix, blockLen, outputLen, info = {}) => createHasher(() => new Keccak(blockLen, suffix, outputLen), info);
var keccak_256 = /* @__PURE__ */ genKeccak(1, 136, 32);

// src/core/hashes.ts
function sha2562(hex2) {
  return toHex(sha256(fromHex(hex2)));
}
function sha256OfText(text2) {
  return toHex(sha256(toUtf8(text2)));
}
function keccak256(bytes) {
  return toHex(keccak_256(bytes));
}
function keccakOfText(text2) {
  return keccak256(toUtf8(text2));
}

// src/core/abi.ts
var BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;
var WORD_LENGTH = 64;
var NESTED_SIZE_BYTES_MAX = 32 * 1024;
function word(value) {
  return BigInt(value).toString(16).padStart(WORD_LENGTH, "0");
}
function wordAt(data, at) {
  const found = data.slice(at, at + WORD_LENGTH);
  if (found.length !== WORD_LENGTH) throw new Error("the result is too short");
  return found;
}
function sizeAt(data, at) {
  const size = BigInt(`0x${wordAt(data, at)}`);
  if (size > BigInt(data.length)) throw new Error("a size in the result is too large");
  return Number(size);
}
function numberAt(data, at, bits) {
  const number3 = BigInt(`0x${wordAt(data, at)}`);
  if (number3 >> BigInt(bits)) throw new Error(`a number in the result has more than ${bits} bits`);
  return number3;
}
function plain(read) {
  return { width: WORD_LENGTH, isDynamic: false, isNested: false, read };
}
var number = plain((data, at) => numberAt(data, at, 256));
var bool = plain((data, at) => numberAt(data, at, 1) === BigInt(1));
var address = plain((data, at) => numberAt(data, at, 160).toString(16).padStart(40, "0"));
var bytes32 = plain(wordAt);
var text = {
  width: WORD_LENGTH,
  isDynamic: true,
  isNested: false,
  read(data, at) {
    const size = sizeAt(data, at) * 2;
    const digits = data.slice(at + WORD_LENGTH, at + WORD_LENGTH + size);
    if (digits.length !== size) throw new Error("the result is too short");
    return new TextDecoder("utf-8", { fatal: true }).decode(fromHex(digits));
  }
};
function sequence(parts, data, start) {
  const headLength = parts.reduce((sum, { width }) => sum + width, 0);
  let at = start;
  return parts.map((part) => {
    const offset = part.isDynamic ? sizeAt(data, at) * 2 : at - start;
    if (part.isDynamic && offset < headLength) throw new Error("an offset in the result is none");
    at += part.width;
    return part.read(data, start + offset);
  });
}
function list(of) {
  return {
    width: WORD_LENGTH,
    isDynamic: true,
    isNested: of.isDynamic || of.isNested,
    read: (data, at) => sequence(Array(sizeAt(data, at)).fill(of), data, at + WORD_LENGTH)
  };
}
function fields(...parts) {
  const all = parts;
  const isDynamic = all.some((part) => part.isDynamic);
  return {
    width: isDynamic ? WORD_LENGTH : all.reduce((sum, { width }) => sum + width, 0),
    isDynamic,
    isNested: all.some((part) => part.isNested),
    read: (data, at) => sequence(all, data, at)
  };
}
function callData(signature, values) {
  const types = signature.slice(signature.indexOf("(") + 1, -1).split(",");
  let tail = "";
  const head = values.map((value, place) => {
    if (types[place] !== "string") return word(value);
    const bytes = toUtf8(String(value));
    const at = word(values.length * 32 + tail.length / 2);
    tail += word(bytes.length) + toHex(bytes).padEnd(Math.ceil(bytes.length / 32) * WORD_LENGTH, "0");
    return at;
  });
  return `0x${keccakOfText(signature).slice(0, 8)}${head.join("")}${tail}`;
}
async function callView(ask, { to, at }, signature, values, results) {
  const result = await ask("eth_call", [{ to, data: callData(signature, values) }, at]);
  if (typeof result !== "string" || !BYTES.test(result) || result === "0x") throw new Error(`no result of ${signature}`);
  if (result.length > 2 * NESTED_SIZE_BYTES_MAX && results.isNested) {
    throw new Error(`the result of ${signature} is larger than these contracts allow`);
  }
  return results.read(result.slice(2), 0);
}

// src/core/refusal.ts
var Refusal = class extends Error {
  /**
   * @param code stable
   * @param detail for people
   * @param pointer JSON pointer to what is wrong, where the document is a network file
   */
  constructor(code, detail = "", pointer = null) {
    super(detail ? `${code}: ${detail}` : code);
    this.code = code;
    this.pointer = pointer;
    this.outcome = "refused";
    this.name = "Refusal";
  }
};
function refuse(code, detail) {
  throw new Refusal(code, detail);
}

// src/core/anchor.ts
function tipOf(anchor, { chainId, registry }) {
  const place = [chainId, registry, anchor.stream, anchor.sequence].map(word).join("");
  return sha2562(place + anchor.root + word(anchor.size) + anchor.previousTip);
}
function recordOf(tip, blockNumber, blockTime) {
  return sha2562(tip + word(blockNumber) + word(blockTime));
}
function checkRecord({ anchor }, { slot, ...place }) {
  if (slot === null || BigInt(slot) === BigInt(0)) return refuse("anchor_not_found");
  const record = recordOf(tipOf(anchor, place), anchor.blockNumber, anchor.blockTime);
  if (BigInt(slot) !== BigInt(`0x${record}`)) refuse("record_mismatch");
}

// src/core/warnings.ts
function unite(told) {
  const shown = /* @__PURE__ */ new Map();
  for (const { organisation, warnings } of told) {
    for (const warning of warnings) {
      const name = JSON.stringify(warning);
      const one = shown.get(name) ?? { warning, shownBy: /* @__PURE__ */ new Set() };
      one.shownBy.add(organisation);
      shown.set(name, one);
    }
  }
  const sorted = [...shown].sort(([one], [other]) => one < other ? -1 : 1);
  return sorted.map(([, { warning, shownBy }]) => ({ ...warning, shownBy: [...shownBy].sort() }));
}

// src/core/rlp.ts
var DEPTH_MAX = 8;
function evenHex(digits) {
  return digits.padStart(digits.length + digits.length % 2, "0");
}
function numberBytes(digits) {
  return fromHex(evenHex(digits.replace(/^0+/, "")));
}
function prefixed(offset, payload) {
  if (payload.length < 56) return joined([Uint8Array.of(offset + payload.length), payload]);
  const size = fromHex(evenHex(payload.length.toString(16)));
  return joined([Uint8Array.of(offset + 55 + size.length), size, payload]);
}
function isList(item) {
  return Array.isArray(item);
}
function encode(item) {
  if (isList(item)) return prefixed(192, joined(item.map(encode)));
  return item.length === 1 && (item[0] ?? 0) < 128 ? item : prefixed(128, item);
}
function readItem(bytes, at, depth) {
  const first = bytes[at];
  if (first === void 0 || depth > DEPTH_MAX) throw new Error("no RLP");
  if (first < 128) return [bytes.subarray(at, at + 1), at + 1];
  const [start, end] = boundsOf(bytes, at, first);
  if (first < 192) {
    const payload = bytes.subarray(start, end);
    if (payload.length === 1 && (payload[0] ?? 0) < 128) throw new Error("no RLP: a byte spelt long");
    return [payload, end];
  }
  const items = [];
  for (let place = start; place < end; ) {
    const [item, next] = readItem(bytes.subarray(0, end), place, depth + 1);
    items.push(item);
    place = next;
  }
  return [items, end];
}
function boundsOf(bytes, at, first) {
  let size = first - (first >= 192 ? 192 : 128);
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
function decode(bytes) {
  const [item, end] = readItem(bytes, 0, 0);
  if (end !== bytes.length) throw new Error("no RLP: something follows");
  return item;
}

// src/core/rpc.ts
var ANSWER_SIZE_BYTES_MAX = 8 * 1024 * 1024;
var TIMEOUT_MS = 1e4;
function membersOf(value) {
  return typeof value === "object" && value !== null ? value : {};
}
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
async function textOf(response) {
  const reader = response.body?.getReader();
  if (!reader) throw new Error("an answer without a body");
  const decoder = new TextDecoder();
  let [text2, size] = ["", 0];
  for (; ; ) {
    const { done, value } = await reader.read();
    if (done) return text2 + decoder.decode();
    size += value.length;
    if (size > ANSWER_SIZE_BYTES_MAX) {
      await reader.cancel();
      throw new Error("the answer is larger than 8 MiB");
    }
    text2 += decoder.decode(value, { stream: true });
  }
}
async function post(url, body, signal) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    referrerPolicy: "no-referrer",
    // the address of a page may hold a code
    signal
  });
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  return JSON.parse(await textOf(response));
}
async function askOverHttp(url, method, params) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  try {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const { result, error } = membersOf(await post(url, body, controller.signal));
    if (error) throw new Error(String(membersOf(error)["message"]));
    if (result === void 0) throw new Error("no result");
    return result;
  } catch (error) {
    const text2 = controller.signal.aborted ? `no answer in ${TIMEOUT_MS / 1e3} s` : messageOf(error);
    throw new Error(`${method}: ${text2}`);
  } finally {
    clearTimeout(timer);
  }
}

// src/core/secp256k1.ts
var big = (hex2) => BigInt(`0x${hex2}`);
var [ZERO, ONE, TWO, THREE, FOUR, SEVEN, EIGHT] = [0, 1, 2, 3, 4, 7, 8].map(BigInt);
var P = big("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f");
var N = big("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
var SEAL_SIZE = 65;
var INFINITY = { x: ONE, y: ONE, z: ZERO };
var G = {
  x: big("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
  y: big("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"),
  z: ONE
};
function modulo(value, modulus) {
  const rest = value % modulus;
  return rest < ZERO ? rest + modulus : rest;
}
function power(base, exponent) {
  let [result, square] = [ONE, base];
  for (let left = exponent; left > ZERO; left >>= ONE) {
    if (left & ONE) result = result * square % P;
    square = square * square % P;
  }
  return result;
}
function inverse(value, modulus) {
  let [low, high] = [modulo(value, modulus), modulus];
  let [inner, outer] = [ONE, ZERO];
  while (low > ONE) {
    const quotient = high / low;
    [low, high] = [high - low * quotient, low];
    [inner, outer] = [outer - inner * quotient, inner];
  }
  return modulo(inner, modulus);
}
function doubled({ x, y, z }) {
  if (z === ZERO) return INFINITY;
  const yy = y * y % P;
  const slope = THREE * x * x % P;
  const across = FOUR * x * yy % P;
  const newX = modulo(slope * slope - TWO * across, P);
  return { x: newX, y: modulo(slope * (across - newX) - EIGHT * yy * yy, P), z: TWO * y * z % P };
}
function added(one, other) {
  if (one.z === ZERO) return other;
  if (other.z === ZERO) return one;
  const [oneZz, otherZz] = [one.z * one.z % P, other.z * other.z % P];
  const [u, v] = [one.x * otherZz % P, other.x * oneZz % P];
  const [s, t] = [one.y * otherZz * other.z % P, other.y * oneZz * one.z % P];
  if (u === v) return s === t ? doubled(one) : INFINITY;
  const run = modulo(v - u, P);
  const rise = modulo(t - s, P);
  const square = run * run % P;
  const cube = square * run % P;
  const across = u * square % P;
  const x = modulo(rise * rise - cube - TWO * across, P);
  return { x, y: modulo(rise * (across - x) - s * cube, P), z: run * one.z * other.z % P };
}
function combined(a, b, point) {
  const sums = [INFINITY, G, point, added(G, point)];
  const [bitsOfA, bitsOfB] = [a, b].map((scalar) => scalar.toString(2).padStart(256, "0"));
  let sum = INFINITY;
  for (let bit = 0; bit < 256; bit += 1) {
    const which = (bitsOfA[bit] === "1" ? 1 : 0) + (bitsOfB[bit] === "1" ? 2 : 0);
    sum = added(doubled(sum), sums[which] ?? INFINITY);
  }
  return sum;
}
function signerOf(digest, seal) {
  const v = seal[64];
  if (seal.length !== SEAL_SIZE || v === void 0 || v > 1) return null;
  const [r, s] = [big(toHex(seal.subarray(0, 32))), big(toHex(seal.subarray(32, 64)))];
  if (r === ZERO || s === ZERO || r >= N || s >= N) return null;
  const square = (r * r * r + SEVEN) % P;
  const root = power(square, (P + ONE) / FOUR);
  if (root * root % P !== square) return null;
  const y = Number(root & ONE) === v ? root : P - root;
  const ofR = inverse(r, N);
  const key = combined(modulo(-big(digest) * ofR, N), modulo(s * ofR, N), { x: r, y, z: ONE });
  if (key.z === ZERO) return null;
  const ofZ = inverse(key.z, P);
  const ofZz = ofZ * ofZ % P;
  const affine = [key.x * ofZz, key.y * ofZz * ofZ].map((part) => (part % P).toString(16).padStart(64, "0"));
  return keccak256(fromHex(affine.join(""))).slice(-40);
}

// src/core/headers.ts
var FIXED = [
  ["parentHash", 32],
  ["sha3Uncles", 32],
  ["miner", 20],
  ["stateRoot", 32],
  ["transactionsRoot", 32],
  ["receiptsRoot", 32],
  ["logsBloom", 256],
  ["difficulty", null],
  ["number", null],
  ["gasLimit", null],
  ["gasUsed", null],
  ["timestamp", null],
  ["extraData", 0],
  ["mixHash", 32],
  ["nonce", 8]
];
var LATER = [
  ["baseFeePerGas", null],
  ["withdrawalsRoot", 32],
  ["blobGasUsed", null],
  ["excessBlobGas", null],
  ["parentBeaconBlockRoot", 32],
  ["requestsHash", 32]
];
var [STATE_ROOT, NUMBER, EXTRA_DATA] = [3, 8, 12];
var EXTRA_SIZE_BYTES_MAX = 64 * 1024;
var [VANITY_SIZE, SEAL_SIZE2] = [32, 65];
var SEALS_MAX = 256;
var NOTHING = new Uint8Array();
function memberOf(block, [name, size]) {
  const text2 = block[name];
  if (typeof text2 !== "string" || !/^0x[0-9a-fA-F]*$/.test(text2)) throw new Error(`no ${name}`);
  const digits = text2.slice(2);
  if (size === null && digits.length > 0 && digits.length <= 64) return numberBytes(digits);
  const tooLong = size === 0 && digits.length > 2 * EXTRA_SIZE_BYTES_MAX;
  if (size === null || digits.length % 2 || tooLong || size && digits.length !== 2 * size) throw new Error(`no ${name}`);
  return fromHex(digits);
}
function qbftExtra(data) {
  let parts;
  try {
    parts = decode(data);
  } catch {
    return null;
  }
  if (!isList(parts) || parts.map(isList).join() !== "false,true,true,false,true") return null;
  const [vanity, , , round, seals] = parts;
  if (vanity?.length !== VANITY_SIZE || round === void 0 || !isList(seals)) return null;
  const usual = seals.filter((seal) => !isList(seal) && seal.length === SEAL_SIZE2);
  return usual.length === seals.length ? { head: parts.slice(0, 3), round, seals: usual } : null;
}
function hashWith(members3, extra) {
  return keccak256(encode(members3.map((member, place) => place === EXTRA_DATA ? encode(extra) : member)));
}
function checkHeader(answer, hash2) {
  const block = membersOf(answer);
  const members3 = FIXED.map((member) => memberOf(block, member));
  for (const member of LATER) {
    if (block[member[0]] === void 0 || block[member[0]] === null) break;
    members3.push(memberOf(block, member));
  }
  const part = (place) => members3[place] ?? NOTHING;
  const wanted = hash2.slice(2).toLowerCase();
  const stateRoot = toHex(part(STATE_ROOT));
  if (keccak256(encode(members3)) === wanted) return { stateRoot, digest: "", seals: [] };
  const extra = part(NUMBER).length ? qbftExtra(part(EXTRA_DATA)) : null;
  if (extra === null || hashWith(members3, [...extra.head, NOTHING, []]) !== wanted) {
    throw new Error("the header does not give the block hash");
  }
  return { stateRoot, digest: hashWith(members3, [...extra.head, extra.round, []]), seals: extra.seals };
}
function sealsOf({ digest, seals }, validators) {
  const signers = new Set(seals.slice(0, SEALS_MAX).map((seal) => signerOf(digest, seal)));
  const count = validators.filter((validator) => signers.has(validator)).length;
  const isEnough = validators.length > 0 && count >= Math.ceil(2 * validators.length / 3);
  return { count, validators: validators.length, isEnough };
}

// src/core/inquiry.ts
var BYTES2 = /^0x(?:[0-9a-fA-F]{2})*$/;
async function codeHashOf(seen, ask, address2, at) {
  const code = await ask("eth_getCode", [address2, at]);
  if (typeof code !== "string" || !BYTES2.test(code)) throw new Error("no code");
  if (code === "0x") return null;
  const known = seen.get(code) ?? keccak256(fromHex(code.slice(2)));
  seen.set(code, known);
  return known;
}
function dateOf(time) {
  const date = new Date(Number(time) * 1e3);
  return Number.isNaN(date.getTime()) ? `second ${time}` : `${date.toISOString().slice(0, 19)}Z`;
}
var Inquiry = class {
  /** @param registry that holds the anchor as this witness says, hex; null if it does not say so */
  constructor(network, ask, checked, registry, at, codeHashes) {
    this.network = network;
    this.ask = ask;
    this.checked = checked;
    this.registry = registry;
    this.at = at;
    this.codeHashes = codeHashes;
    this.warnings = [];
    /** Whether all prefixes were the participant's own; null as long as that is not known. */
    this.owns = null;
    /** Set when the answer came too late to be waited for: nothing more is asked then. */
    this.isLate = false;
  }
  warn(code, text2, since = 0) {
    this.warnings.push({ code, text: text2, since: Number(since) || null });
  }
  view(address2, signature, values, results) {
    return callView(this.ask, { to: `0x${address2}`, at: this.at }, signature, values, results);
  }
  /** Refuse to believe a contract whose code is not that of the network file. */
  async demand({ address: address2, codeHash }) {
    const found = await codeHashOf(this.codeHashes, this.ask, `0x${address2}`, this.at);
    if (found !== codeHash) throw new Error("other code than in the network file");
  }
};

// src/core/state.ts
var NODES_MAX = 64;
var NODE_SIZE_BYTES_MAX = 2048;
var NOTHING2 = new Uint8Array();
var EMPTY_ROOT = keccak256(Uint8Array.of(128));
var NO_CODE = keccak256(NOTHING2);
var ZERO2 = word(0);
var BrokenProof = class extends Error {
};
function nibblesOf(bytes) {
  const nibbles = [];
  for (const byte of bytes) nibbles.push(byte >> 4, byte & 15);
  return nibbles;
}
function readNodes(proof) {
  if (!Array.isArray(proof) || proof.length > NODES_MAX) throw new Error("no list of nodes");
  return new Map(
    proof.map((text2) => {
      const usual = typeof text2 === "string" && /^0x(?:[0-9a-fA-F]{2})+$/.test(text2);
      if (!usual || text2.length > 2 * NODE_SIZE_BYTES_MAX + 2) throw new Error("a node is none");
      const bytes = fromHex(text2.slice(2));
      return [keccak256(bytes), decode(bytes)];
    })
  );
}
function bytesOf(item) {
  if (item === void 0 || isList(item)) throw new BrokenProof("a value is a list");
  return item;
}
function valueIn(root, key, proof) {
  const nodes = readNodes(proof);
  if (root === EMPTY_ROOT) return NOTHING2;
  const path = nibblesOf(fromHex(keccak256(key)));
  let reference = fromHex(root);
  for (let at = 0; ; ) {
    const node = isList(reference) ? reference : nodes.get(toHex(bytesOf(reference)));
    if (!isList(node)) throw new BrokenProof("a node is missing, or is another one's");
    if (node.length === 17) {
      const nibble = path[at];
      if (nibble === void 0) return bytesOf(node[16]);
      reference = node[nibble];
      at += 1;
    } else if (node.length === 2 && !isList(node[0])) {
      const nibbles = nibblesOf(bytesOf(node[0]));
      const flag = nibbles[0] ?? 0;
      const own = nibbles.slice(flag & 1 ? 1 : 2);
      const follows = own.every((nibble, place) => nibble === path[at + place]);
      at += own.length;
      if (!follows) return NOTHING2;
      if (flag & 2) return at === path.length ? bytesOf(node[1]) : NOTHING2;
      reference = node[1];
    } else {
      throw new BrokenProof("a node is no node of a trie");
    }
    if (!isList(reference) && bytesOf(reference).length === 0) return NOTHING2;
  }
}
function recordSlot({ stream, sequence: sequence2 }) {
  return keccak256(fromHex(word(sequence2) + keccak256(fromHex(word(stream) + ZERO2))));
}
function proofOfSlot(answer, key) {
  const listed = membersOf(answer)["storageProof"];
  if (!Array.isArray(listed)) throw new Error("the answer proves no slot");
  for (const one of listed) {
    const { key: named, proof } = membersOf(one);
    if (typeof named === "string" && /^0x[0-9a-f]{1,64}$/i.test(named) && BigInt(named) === BigInt(`0x${key}`)) return proof;
  }
  throw new Error("the answer proves no such slot");
}
async function proveRecord(ask, { registry, anchor, at }) {
  const { stateRoot } = checkHeader(await ask("eth_getBlockByHash", [at.blockHash, false]), at.blockHash);
  const key = recordSlot(anchor);
  const answer = await ask("eth_getProof", [registry, [`0x${key}`], at]);
  const account = valueIn(stateRoot, fromHex(registry.slice(2)), membersOf(answer)["accountProof"]);
  if (account.length === 0) return { codeHash: null, slot: `0x${ZERO2}` };
  const parts = decode(account);
  const [storage, code] = isList(parts) && parts.length === 4 ? parts.slice(2).map((part) => toHex(bytesOf(part))) : [];
  if (storage?.length !== 64 || code?.length !== 64) throw new BrokenProof("the account's node is no account");
  const codeHash = code === NO_CODE ? null : code;
  if (storage === EMPTY_ROOT) return { codeHash, slot: `0x${ZERO2}` };
  const value = valueIn(storage, fromHex(key), proofOfSlot(answer, key));
  const number3 = value.length ? bytesOf(decode(value)) : value;
  if (number3.length > 32) throw new BrokenProof("the slot's node is no value");
  return { codeHash, slot: `0x${toHex(number3).padStart(64, "0")}` };
}

// src/core/witnesses.ts
var SLOT = /^0x[0-9a-fA-F]{64}$/;
var BLOCK_NUMBER = /^0x[0-9a-f]{1,13}$/;
var STALE_S = 300;
var NO_ANSWER = ["witness_stale", "chain_unavailable", "chain_mismatch"];
var CONTRADICTS = "contradicts_itself";
var UNSEALED = "block_not_sealed";
var DISAGREES = "witness_disagreement";
var NOT_COUNTED = [...NO_ANSWER, "own_witness", CONTRADICTS, UNSEALED];
var Witness = class _Witness {
  constructor(organisation, participant, url) {
    this.organisation = organisation;
    this.participant = participant;
    this.url = url;
    this.status = "ready";
    this.detail = "";
    this.head = null;
    /** The hash that it names for the block that all are asked about. */
    this.named = null;
    this.held = [];
    this.proven = null;
    /** The registry that holds the anchor, hex. */
    this.registry = null;
  }
  /** The same, as met: each bundle of a set is asked about apart. */
  fresh() {
    const copy = new _Witness(this.organisation, this.participant, this.url);
    return Object.assign(copy, { status: this.status, detail: this.detail, head: this.head });
  }
  settle(status, detail = "") {
    [this.status, this.detail] = [status, detail];
  }
  /** Whether it said something of the anchor: that it holds it, that it does not, or of another history. */
  get hasAnswered() {
    return !NOT_COUNTED.includes(this.status);
  }
  /** Whether it is on the chain, but did not answer about the block that was agreed on. */
  get isWithoutState() {
    return this.status === "chain_unavailable" && this.head !== null;
  }
};
function ready(witnesses) {
  return witnesses.filter(({ status }) => status === "ready");
}
async function each(witnesses, read) {
  await Promise.all(
    witnesses.map(async (one) => {
      try {
        await read(one);
      } catch (error) {
        one.settle("chain_unavailable", messageOf(error));
      }
    })
  );
}
async function meetOne(one, network, ask) {
  const [chainId, first, newest] = await Promise.all([
    ask(one.url, "eth_chainId", []),
    ask(one.url, "eth_getBlockByNumber", ["0x0", false]),
    ask(one.url, "eth_getBlockByNumber", ["latest", false])
  ]);
  const genesis = membersOf(first);
  if (Number(chainId) !== network.chainId || genesis["hash"] !== `0x${network.genesisHash}`) {
    one.settle("chain_mismatch");
    return;
  }
  const { number: number3, timestamp, hash: hash2 } = membersOf(newest);
  const isBlock = [number3, timestamp].every((value) => typeof value === "string" && BLOCK_NUMBER.test(value));
  const isHash = typeof hash2 === "string" && SLOT.test(hash2);
  if (!isBlock || !isHash || Number(genesis["number"]) !== 0) throw new Error("no block");
  one.head = { number: Number(number3), time: Number(timestamp), hash: hash2 };
}
async function meetWitnesses(network, ask) {
  const witnesses = [];
  for (const [organisation, { participant, urls }] of Object.entries(network.witnesses)) {
    witnesses.push(...urls.map((url) => new Witness(organisation, participant, url)));
  }
  await each(witnesses, (one) => meetOne(one, network, ask));
  return witnesses;
}
function leaveOutStale(witnesses, blockNumber, quorum) {
  const newest = /* @__PURE__ */ new Map();
  for (const { organisation, head } of ready(witnesses)) {
    newest.set(organisation, Math.max(head?.time ?? 0, newest.get(organisation) ?? 0));
  }
  const times = [...newest.values()].sort((one, other) => other - one);
  const since = (times[Math.min(times.length, Math.max(quorum, 2)) - 1] ?? 0) - STALE_S;
  for (const one of ready(witnesses)) {
    if (one.head && (one.head.number < blockNumber || one.head.time < since)) one.settle("witness_stale");
  }
}
function askOne(asking, { url }) {
  return (method, params) => asking.ask(url, method, params);
}
async function headerOf(asking, one, hash2) {
  try {
    return checkHeader(await askOne(asking, one)("eth_getBlockByHash", [hash2, false]), hash2);
  } catch {
    return null;
  }
}
async function sealsBy(asking, witnesses, hash2) {
  const { validators } = asking.network;
  if (!validators) return null;
  const headers = await Promise.all(witnesses.map((one) => headerOf(asking, one, hash2)));
  let best = null;
  const seen = /* @__PURE__ */ new Set();
  for (const header of headers) {
    const name = header ? [header.digest, ...header.seals].join(" ") : "";
    if (!header || seen.has(name)) continue;
    seen.add(name);
    const seals = sealsOf(header, validators);
    if (best === null || seals.count > best.count) best = seals;
  }
  return best;
}
async function nameBlock(asking, one, number3) {
  const answer = await askOne(asking, one)("eth_getBlockByNumber", [`0x${number3.toString(16)}`, false]);
  if (answer === null) {
    one.settle("witness_stale");
    return;
  }
  const { hash: hash2, number: given } = membersOf(answer);
  if (typeof hash2 !== "string" || !SLOT.test(hash2) || Number(given) !== number3) throw new Error("no such block");
  one.named = hash2.toLowerCase();
}
async function agreeOnBlock(asking, witnesses) {
  const number3 = Math.min(...ready(witnesses).map(({ head }) => head?.number ?? 0));
  await each(ready(witnesses), (one) => nameBlock(asking, one, number3));
  const found = ready(witnesses);
  let hashes = [...new Set(found.map(({ named }) => named ?? ""))];
  if (hashes.length > 1) {
    const naming = (hash3) => found.filter(({ named }) => named === hash3);
    const seals = await Promise.all(hashes.map((hash3) => sealsBy(asking, naming(hash3), hash3)));
    const sealed = hashes.filter((_, place) => seals[place]?.isEnough);
    hashes = sealed.length === 1 ? sealed : [];
    for (const one of found) {
      if (hashes[0] !== one.named) one.settle(hashes.length ? UNSEALED : DISAGREES);
    }
  }
  const [hash2] = hashes;
  return hash2 === void 0 ? null : { number: number3, hash: hash2 };
}
async function readHeld(asking, one, { anchor }, blockHash) {
  const at = { blockHash, requireCanonical: true };
  const ask = askOne(asking, one);
  const held = [];
  for (const { address: address2, codeHash: wanted } of asking.network.registries) {
    const registry = `0x${address2}`;
    const codeHash = await codeHashOf(asking.codeHashes, ask, registry, at);
    let slot = null;
    if (codeHash === wanted) {
      const place = [anchor.stream, anchor.sequence];
      const [word2] = await callView(ask, { to: registry, at }, "records(uint64,uint64)", place, fields(bytes32));
      slot = `0x${word2}`;
    }
    held.push({ registry, codeHash, slot });
  }
  one.held = held;
  one.settle("answered");
  try {
    one.proven = await Promise.all(held.map(({ registry }) => proveRecord(ask, { registry, anchor, at })));
  } catch (error) {
    if (error instanceof BrokenProof) one.settle(CONTRADICTS);
  }
}
function holdToProof(answering) {
  const truth = answering.find(({ proven }) => proven)?.proven;
  if (!truth) return;
  for (const one of answering.filter(({ status }) => status === "answered")) {
    const isTrue = one.held.every(({ codeHash, slot }, place) => {
      const proven = truth[place];
      if (proven === void 0 || codeHash !== proven.codeHash) return false;
      return slot === null || BigInt(slot) === BigInt(proven.slot);
    });
    if (!isTrue) one.settle(CONTRADICTS);
  }
}
function judge(network, checked, one) {
  if (one.held.some(({ slot }) => slot === null)) return one.settle("chain_mismatch");
  const holding = one.held.filter(({ slot }) => slot !== null && BigInt(slot) !== BigInt(0));
  const [held] = holding;
  if (!held) return one.settle("anchor_not_found");
  if (holding.length > 1) return one.settle("anchor_ambiguous");
  try {
    checkRecord(checked, { chainId: network.chainId, registry: held.registry, slot: held.slot });
  } catch (error) {
    if (error instanceof Refusal) return one.settle(error.code);
    throw error;
  }
  one.registry = held.registry.slice(2);
  return one.settle("verified");
}
async function askAboutAnchor(asking, witnesses, checked, block) {
  const answering = ready(witnesses);
  await each(answering, (one) => readHeld(asking, one, checked, block.hash));
  holdToProof(answering);
  for (const one of answering) if (one.status === "answered") judge(asking.network, checked, one);
}

// src/core/chain_verdict.ts
var WORST_FIRST = [
  "refused",
  "not_authorised",
  "recalled",
  "disagreement",
  "cannot_check",
  "verified"
];
function onAnchor(witnesses, quorum) {
  const answers = witnesses.filter((one) => one.hasAnswered);
  const organisations = [...new Set(answers.map(({ organisation }) => organisation))].sort();
  const codes = [...new Set(answers.map(({ status }) => status))];
  const [code = ""] = codes;
  if (codes.length > 1 || code === DISAGREES) {
    const text3 = "the witnesses contradict each other";
    return { outcome: "disagreement", code: DISAGREES, text: text3, organisations: [] };
  }
  if (organisations.length >= quorum) {
    const text3 = `say ${organisations.join(", ")}`;
    return { outcome: code === "verified" ? "verified" : "refused", code, text: text3, organisations };
  }
  const states = new Set(witnesses.map(({ status }) => status));
  states.delete("own_witness");
  const [state = ""] = states;
  const why = states.size === 1 && NO_ANSWER.includes(state) ? state : "quorum_not_met";
  const text2 = `${organisations.length} of the ${quorum} organisations needed answered`;
  return { outcome: "cannot_check", code: why, text: text2, organisations };
}
function weigh(anchored, warnings, told) {
  if (anchored.outcome === "refused") return anchored;
  const owns = new Set(told.map((one) => one.owns));
  const textOf2 = (code) => warnings.find((one) => one.code === code)?.text;
  const [foreign, recall] = [textOf2("not_authorised"), textOf2("recalled")];
  if (owns.has(false) && !owns.has(true) && foreign !== void 0) {
    return { ...anchored, outcome: "not_authorised", code: "not_authorised", text: foreign };
  }
  if (recall !== void 0) return { ...anchored, outcome: "recalled", code: "recalled", text: recall };
  if (owns.has(false)) {
    const text2 = "the witnesses contradict each other on who may commission these codes";
    return { ...anchored, outcome: "disagreement", code: DISAGREES, text: text2 };
  }
  return anchored;
}
function besides(witnesses, anchored, verdict, untold) {
  const found = [];
  for (const { status, url } of witnesses) {
    if (status === CONTRADICTS) {
      found.push([`witness_${CONTRADICTS}`, `${url} says otherwise than its own block: it is set aside`]);
    } else if (status === UNSEALED) {
      found.push([`witness_${UNSEALED}`, `${url} names a block that is not sealed: it is set aside`]);
    }
  }
  if (anchored.outcome === "verified" && untold) found.push(["warnings_unchecked", untold]);
  if (anchored.outcome !== "verified" && anchored.code !== verdict.code) found.push([anchored.code, anchored.text]);
  return found.map(([code, text2]) => ({ code, text: text2, since: null, shownBy: [] }));
}
function lineOf(one) {
  const { organisation, participant, url, status, detail, head } = one;
  const proven = Boolean(one.proven) && one.hasAnswered;
  return { organisation, participant, url, status, detail, proven, head: head?.number ?? null };
}
function verdictOf(witnesses, told, beside, { quorum, sealsSuffice }) {
  const isProven = witnesses.some((one) => one.proven && one.hasAnswered);
  const isSealed = sealsSuffice && isProven && Boolean(beside.seals?.isEnough);
  const anchored = onAnchor(witnesses, isSealed ? 1 : quorum);
  const united = unite(told);
  const verdict = weigh(anchored, united, told);
  const tellers = new Set(told.map(({ organisation }) => organisation)).size;
  const untold = `only ${tellers} of ${quorum} organisations could tell of recalls and suspensions`;
  return {
    ...verdict,
    ...beside,
    witnesses: witnesses.map(lineOf),
    warnings: [...united, ...besides(witnesses, anchored, verdict, tellers < quorum ? untold : "")]
  };
}

// src/core/act.ts
var NAMES = ["type", "action", "bizStep", "disposition"];
function readAct(items) {
  const stated = items.find(({ path }) => path === "sealtrail:act")?.value;
  if (typeof stated !== "string") return refuse("act_missing");
  const tokens = stated.split(" ");
  const [type, action, bizStep, disposition, flag] = tokens;
  if (tokens.length !== 5 || tokens.includes("") || type === "-" || flag !== "0" && flag !== "1") refuse("act_form");
  for (const { steps, value } of items) {
    const place = NAMES.findIndex((name) => steps[0] === `'${name}'`);
    const wrong = steps.length !== 1 || tokens[place] === "-" || value !== tokens[place];
    if (place >= 0 && wrong) refuse("inconsistent", NAMES[place]);
    if (steps[0] === "'errorDeclaration'" && flag === "0") refuse("inconsistent", "errorDeclaration");
  }
  const bare = (token) => token === void 0 || token === "-" ? null : token;
  return {
    type: type ?? refuse("act_form"),
    action: bare(action),
    bizStep: bare(bizStep),
    disposition: bare(disposition),
    errorDeclaration: flag === "1"
  };
}

// src/core/json.ts
var LEVELS_MAX = 64;
var JsonReader = class {
  constructor(text2, rules) {
    this.text = text2;
    this.rules = rules;
    this.at = 0;
  }
  readDocument() {
    const value = this.readValue(0);
    this.skipSpace();
    if (this.at !== this.text.length) this.fail();
    return value;
  }
  fail() {
    return refuse(this.rules.syntax, `at character ${this.at}`);
  }
  skipSpace() {
    while (this.at < this.text.length && " \n\r	".includes(this.text.charAt(this.at))) this.at += 1;
  }
  /** Step over `token` if it stands here. */
  take(token) {
    const found = this.text.startsWith(token, this.at);
    if (found) this.at += token.length;
    return found;
  }
  readString() {
    const { text: text2 } = this;
    const start = this.at;
    if (!this.take('"')) this.fail();
    while (this.at < text2.length && text2[this.at] !== '"') this.at += text2[this.at] === "\\" ? 2 : 1;
    if (!this.take('"')) this.fail();
    const string2 = this.literal(text2.slice(start, this.at));
    if (/[\uD800-\uDFFF]/u.test(string2)) refuse("lone_surrogate", `before character ${this.at}`);
    return string2;
  }
  /** One string literal is all that is left to the language: no member names, no numbers. */
  literal(token) {
    try {
      return String(JSON.parse(token));
    } catch {
      return this.fail();
    }
  }
  /** Read what stands between two brackets, by `readOne` for each part. */
  readParts(open, close, readOne) {
    this.take(open);
    this.skipSpace();
    if (this.take(close)) return;
    do {
      this.skipSpace();
      readOne();
      this.skipSpace();
    } while (this.take(","));
    if (!this.take(close)) this.fail();
  }
  readObject(level) {
    const members3 = /* @__PURE__ */ new Map();
    this.readParts("{", "}", () => {
      const name = this.readString();
      if (members3.has(name)) refuse(this.rules.duplicate, `before character ${this.at}`);
      this.skipSpace();
      if (!this.take(":")) this.fail();
      members3.set(name, this.readValue(level));
    });
    return members3;
  }
  readArray(level) {
    const elements = [];
    this.readParts("[", "]", () => elements.push(this.readValue(level)));
    return elements;
  }
  readScalar() {
    if (this.take("true")) return true;
    if (this.take("false")) return false;
    if (this.take("null")) return null;
    const number3 = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
    number3.lastIndex = this.at;
    const token = number3.exec(this.text)?.[0] ?? this.fail();
    this.at += token.length;
    return this.rules.readNumber(token);
  }
  /** @param level of what surrounds the value; the document's own containers are level 1 */
  readValue(level) {
    this.skipSpace();
    const first = this.text.charAt(this.at);
    if (first === '"') return this.readString();
    if (first !== "{" && first !== "[") return this.readScalar();
    if (level >= LEVELS_MAX) refuse(this.rules.tooDeep);
    return first === "{" ? this.readObject(level + 1) : this.readArray(level + 1);
  }
};
function parseJson(text2, rules) {
  return new JsonReader(text2, rules).readDocument();
}
function decodeUtf8(bytes, code) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse(code);
  }
}

// src/core/bundle.ts
var BUNDLE_SIZE_BYTES_MAX = 8 * 1024 * 1024;
var ANCHOR_NUMBERS = ["stream", "sequence", "size", "blockNumber", "blockTime"];
function readPlainInteger(token) {
  const value = /^(?:0|[1-9][0-9]*)$/.test(token) ? Number(token) : NaN;
  return Number.isSafeInteger(value) ? value : refuse("number_form", token.slice(0, 40));
}
function members(value, names, optional = []) {
  if (!(value instanceof Map)) return refuse("bundle_shape", `no object with ${names.join()}`);
  for (const name of names) if (!value.has(name)) refuse("bundle_shape", `${name} is missing`);
  const known = [...names, ...optional];
  for (const name of value.keys()) if (!known.includes(name)) refuse("bundle_shape", "unknown member");
  return (name) => value.get(name) ?? null;
}
function integer(value) {
  return typeof value === "number" ? value : refuse("bundle_shape", "not a number");
}
function string(value) {
  return typeof value === "string" ? value : refuse("bundle_shape", "not a string");
}
function list2(value, readOne) {
  return Array.isArray(value) ? value.map(readOne) : refuse("bundle_shape", "not an array");
}
function hash(value) {
  const text2 = string(value);
  return /^[0-9a-f]{64}$/.test(text2) ? text2 : refuse("hash_form");
}
function readFormat(document) {
  if (!(document instanceof Map)) return refuse("bundle_shape", "not an object");
  return string(document.get("format") ?? null);
}
function shapeAnchor(value) {
  const of = members(value, [...ANCHOR_NUMBERS, "root", "previousTip"]);
  return {
    stream: integer(of("stream")),
    sequence: integer(of("sequence")),
    size: integer(of("size")),
    blockNumber: integer(of("blockNumber")),
    blockTime: integer(of("blockTime")),
    root: hash(of("root")),
    previousTip: hash(of("previousTip"))
  };
}
function shapeCodePath(value) {
  const of = members(value, ["disclosure", "index", "siblings"]);
  return { disclosure: string(of("disclosure")), index: integer(of("index")), siblings: list2(of("siblings"), hash) };
}
function shapeBundle(document) {
  if (readFormat(document) !== "sealtrail/proof/v1") refuse("format_unknown");
  const top = members(document, ["format", "participant", "fields", "codes", "event", "anchor"], ["hints"]);
  const hints = document instanceof Map && document.has("hints") ? document.get("hints") : /* @__PURE__ */ new Map();
  if (!(hints instanceof Map)) refuse("bundle_shape", "hints");
  const fields2 = members(top("fields"), ["size", "indices", "disclosures", "siblings"]);
  const codes = members(top("codes"), ["root", "paths"]);
  const event = members(top("event"), ["index", "siblings"]);
  const anchor = shapeAnchor(top("anchor"));
  const bundle = {
    participant: integer(top("participant")),
    fields: {
      size: integer(fields2("size")),
      indices: list2(fields2("indices"), integer),
      disclosures: list2(fields2("disclosures"), string),
      siblings: list2(fields2("siblings"), hash)
    },
    codes: { root: hash(codes("root")), paths: list2(codes("paths"), shapeCodePath) },
    event: { index: integer(event("index")), siblings: list2(event("siblings"), hash) },
    anchor
  };
  if (bundle.fields.indices.length !== bundle.fields.disclosures.length) {
    refuse("bundle_shape", "indices and disclosures differ in length");
  }
  return bundle;
}
function shapeBundles(bytes) {
  if (bytes.length > BUNDLE_SIZE_BYTES_MAX) refuse("bundle_too_large");
  const text2 = decodeUtf8(bytes, "not_utf8");
  if (text2.startsWith("\uFEFF")) refuse("bom");
  const document = parseJson(text2, {
    readNumber: readPlainInteger,
    syntax: "not_json",
    tooDeep: "too_deep",
    duplicate: "duplicate_member"
  });
  if (readFormat(document) !== "sealtrail/proofs/v1") return [shapeBundle(document)];
  const bundles = list2(members(document, ["format", "bundles"])("bundles"), shapeBundle);
  return bundles.length ? bundles : refuse("bundle_shape", "bundles is empty");
}

// src/core/items.ts
var DISCLOSURE_CHARS_MAX = 16384;
var CODE_LISTS = ["epcList", "childEPCs", "inputEPCList", "outputEPCList"].map((name) => `'${name}'`);
var ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
var SEXTETS = new Map(Array.from(ALPHABET, (character, value) => [character, value]));
function decodeBase64url(text2) {
  if (text2.length % 4 === 1) refuse("disclosure_encoding", "length");
  const bytes = new Uint8Array(Math.floor(text2.length * 3 / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text2) {
    const value = SEXTETS.get(character);
    if (value === void 0) return refuse("disclosure_encoding", "alphabet");
    held = held << 6 | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  if (held !== 0) refuse("disclosure_encoding", "trailing bits");
  return bytes;
}
function readItemNumber(token) {
  const value = Number(token);
  const integral = !/[.eE]/.test(token);
  if (!Number.isFinite(value) && !integral) refuse("disclosure_json", "not a finite number");
  if ((integral || Number.isInteger(value)) && !Number.isSafeInteger(value)) refuse("number_range");
  return value;
}
function emptied(value) {
  if (value instanceof Map) return value.size ? refuse("disclosure_shape") : {};
  if (Array.isArray(value)) return value.length ? refuse("disclosure_shape") : [];
  return value;
}
function openDisclosure(disclosure) {
  if (disclosure.length > DISCLOSURE_CHARS_MAX) refuse("disclosure_too_long");
  const text2 = decodeUtf8(decodeBase64url(disclosure), "disclosure_not_utf8");
  if (text2.startsWith("\uFEFF")) refuse("disclosure_not_utf8", "byte order mark");
  const item = parseJson(text2, {
    readNumber: readItemNumber,
    syntax: "disclosure_json",
    tooDeep: "disclosure_shape",
    // three scalars or empty containers never nest that deep
    duplicate: "disclosure_shape"
    // a container that is not empty is refused anyway
  });
  if (!Array.isArray(item) || item.length !== 3) return refuse("disclosure_shape");
  const [salt, path, stated] = item;
  if (typeof salt !== "string" || typeof path !== "string" || stated === void 0) return refuse("disclosure_shape");
  const value = emptied(stated);
  if (!/^[A-Za-z0-9_-]{21}[AQgw]$/.test(salt)) refuse("salt_form");
  if (JSON.stringify([salt, path, value]) !== text2) refuse("disclosure_not_canonical");
  return { disclosure, path, value, steps: splitPath(path) };
}
function splitPath(path) {
  if (/^sealtrail:[a-z][a-z0-9-]*$/.test(path)) return [];
  const escape = /\\(?:[bfnrt'\\]|u00(?:0[0-7bef]|1[0-9a-f]))/.source;
  const segment = new RegExp(`\\[(\\*|0|[1-9][0-9]{0,15}|'(?:[^\\u0000-\\u001f'\\\\]|${escape})*')\\]`, "y");
  const steps = [];
  segment.lastIndex = 1;
  for (let at = 1; at < path.length; at = segment.lastIndex) {
    const step = segment.exec(path)?.[1];
    steps.push(step ?? refuse("path_form"));
  }
  if (!path.startsWith("$") || !steps[0]?.startsWith("'")) refuse("path_form");
  if (steps.includes("*") && !(steps.length === 2 && steps[1] === "*")) refuse("path_form");
  if (steps.some((step) => step.startsWith("'sealtrail:"))) refuse("reserved_name");
  return steps;
}
function isBelowCodeList({ steps }) {
  return steps[0] !== void 0 && CODE_LISTS.includes(steps[0]);
}
function openFieldItem(disclosure) {
  const item = openDisclosure(disclosure);
  const { steps, value } = item;
  if (steps.length === 0 && typeof value !== "string") refuse("item_kind", "derived value");
  if (steps[1] === "*") refuse("item_kind", "a code item among the fields");
  if (isBelowCodeList(item) && !(steps.length === 1 && Array.isArray(value))) {
    refuse("item_kind", "below a code list");
  }
  return item;
}
function openCodeItem(disclosure) {
  const item = openDisclosure(disclosure);
  const { value } = item;
  const listed = isBelowCodeList(item) && item.steps[1] === "*";
  if (!listed || typeof value !== "string") return refuse("item_kind", "not a code");
  return { ...item, value };
}
function checkSet(items, codes) {
  refuseTwice(items.map(({ path }) => path), "duplicate_path");
  refuseTwice(codes.map(({ path, value }) => JSON.stringify([path, value])), "duplicate_code");
  refuseTwice([...items, ...codes].map(({ disclosure }) => disclosure), "duplicate_entry");
  checkFit(new Map([...items, ...codes].map(({ path, steps }) => [path, steps])));
}
function refuseTwice(texts, code) {
  if (new Set(texts).size !== texts.length) refuse(code);
}
function checkFit(stepsOf) {
  const fields2 = [...stepsOf].filter(([, steps]) => steps.length > 0);
  fields2.sort(([one], [other]) => one < other ? -1 : 1);
  let upper = [];
  for (const [rank, [, lower]] of fields2.entries()) {
    const level = upper.findIndex((step, place) => step !== lower[place]);
    if (rank > 0 && level < 0) refuse("path_prefix");
    if (rank > 0 && upper[level]?.startsWith("'") !== lower[level]?.startsWith("'")) refuse("path_conflict");
    upper = lower;
  }
}

// src/core/trees.ts
var CODES_DEPTH = 20;
var FIELDS_SIZE_MIN = 16;
var FIELDS_SIZE_MAX = 65536;
var ZERO_HASH = "0".repeat(64);
function checkOrder(indices, size) {
  let last = -1;
  for (const index of indices) {
    if (index <= last) refuse("index_order");
    if (index >= size) refuse("index_range");
    last = index;
  }
}
function checkNumbers({ participant, fields: fields2, codes, event, anchor }) {
  if (participant < 1 || participant > 2 ** 32 - 1) refuse("anchor_values", "participant");
  if (anchor.sequence < 1 || anchor.size < 1) refuse("anchor_values", "sequence or size is zero");
  if (anchor.sequence === 1 !== (anchor.previousTip === ZERO_HASH)) {
    refuse("anchor_values", "previousTip is zero exactly for sequence 1");
  }
  if (participant !== Math.floor(anchor.stream / 2 ** 16)) refuse("participant_stream_mismatch");
  const { size } = fields2;
  if (size < FIELDS_SIZE_MIN || size > FIELDS_SIZE_MAX || (size & size - 1) !== 0) refuse("fields_size");
  checkOrder(fields2.indices, size);
  checkOrder(codes.paths.map(({ index }) => index), 2 ** CODES_DEPTH);
  checkOrder([event.index], anchor.size);
}
function leafOf(entry) {
  return sha2562(`00${entry}`);
}
function leafOfDisclosure(disclosure) {
  return leafOf(sha256OfText(disclosure));
}
function rootFromMultiproof(leaves, siblings, size) {
  let nodes = leaves;
  let used = 0;
  for (let width = size; width > 1; width /= 2) {
    const parents = [];
    for (let rank = 0; rank < nodes.length; rank += 1) {
      const { index, hash: hash2 } = nodes[rank];
      const next = nodes[rank + 1];
      const paired = index % 2 === 0 && next?.index === index + 1;
      const partner = paired ? next?.hash : siblings[used++];
      if (partner === void 0) return refuse("proof_shape", "too few siblings of the fields tree");
      parents.push({ index: Math.floor(index / 2), hash: sha2562(index % 2 ? partner + hash2 : hash2 + partner) });
      if (paired) rank += 1;
    }
    nodes = parents;
  }
  if (used !== siblings.length) refuse("proof_shape", "too many siblings of the fields tree");
  return nodes[0]?.hash ?? refuse("proof_shape", "no leaf of the fields tree");
}
function sidesOf(index, size) {
  const sides = [];
  let [node, last] = [index, size - 1];
  while (last > 0) {
    if (node % 2 === 1) sides.push(true);
    else if (node < last) sides.push(false);
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return sides;
}
function rootFromPath(leaf, siblings, index, size) {
  const sides = sidesOf(index, size);
  if (sides.length !== siblings.length) refuse("proof_shape", `${sides.length} siblings belong here`);
  return siblings.reduce((node, sibling, level) => sha2562(sides[level] ? sibling + node : node + sibling), leaf);
}
function codesRootOf({ disclosure, index, siblings }) {
  return rootFromPath(leafOfDisclosure(disclosure), siblings, index, 2 ** CODES_DEPTH);
}
function checkTrees({ participant, fields: fields2, codes, event, anchor }) {
  const leaves = fields2.disclosures.map((disclosure, rank) => ({
    index: fields2.indices[rank] ?? refuse("bundle_shape"),
    hash: leafOfDisclosure(disclosure)
  }));
  const fieldsRoot = rootFromMultiproof(leaves, fields2.siblings, fields2.size);
  const codesRoots = codes.paths.map(codesRootOf);
  if (codesRoots.some((root2) => root2 !== codes.root)) refuse("codes_root_mismatch");
  const lines = ["sealtrail/event/v1", participant, fields2.size, fieldsRoot, codes.root];
  const entry = sha256OfText(`${lines.join("\n")}
`);
  const root = rootFromPath(leafOf(entry), event.siblings, event.index, anchor.size);
  if (root !== anchor.root) refuse("root_mismatch");
  return entry;
}

// src/core/checked.ts
function parseBundles(bytes) {
  const bundles = shapeBundles(bytes);
  bundles.forEach(checkNumbers);
  return bundles;
}
function checkBundle(bundle) {
  const items = bundle.fields.disclosures.map(openFieldItem);
  const codes = bundle.codes.paths.map(({ disclosure }) => openCodeItem(disclosure));
  checkSet(items, codes);
  const act = readAct(items);
  return {
    entry: checkTrees(bundle),
    participant: bundle.participant,
    act,
    items: items.map(({ path, value }) => ({ path, value })),
    codes: codes.map(({ path, value }) => ({ path, code: value })),
    anchor: bundle.anchor
  };
}
function checkSetOfBundles(checked) {
  const codesOf = /* @__PURE__ */ new Map();
  for (const { entry, codes } of checked) {
    const seen = codesOf.get(entry);
    if (seen && (seen.size === 0 || codes.length === 0 || codes.some(({ code }) => seen.has(code)))) {
      refuse("entry_repeated", entry);
    }
    codesOf.set(entry, /* @__PURE__ */ new Set([...seen ?? [], ...codes.map(({ code }) => code)]));
  }
}
function checkFile(bytes) {
  const checked = parseBundles(bytes).map(checkBundle);
  checkSetOfBundles(checked);
  return checked;
}

// src/core/network.ts
var FORMAT = "sealtrail/network/v1";
var FILE_SIZE_BYTES_MAX = 1024 * 1024;
var LIST_SIZE_MAX = 256;
var NAME_CHARS_MAX = 128;
var PARTICIPANT_MAX = 2 ** 32 - 1;
var REQUIRED = ["format", "chainId", "genesisHash", "consortium", "registries", "witnesses"];
var OPTIONAL = ["consortiumCodeHash", "codeRegistry", "noticeBoard", "validators", "signatures"];
function refuseAt(pointer, sentence) {
  throw new Refusal("network_shape", `${pointer || "the document"} ${sentence}`, pointer);
}
function readPlainInteger2(token) {
  const value = /^(?:0|[1-9][0-9]*)$/.test(token) ? Number(token) : NaN;
  if (!Number.isSafeInteger(value)) throw new Refusal("network_json", token.slice(0, 40));
  return value;
}
function readDocument(bytes) {
  if (bytes.length > FILE_SIZE_BYTES_MAX) throw new Refusal("network_json", "larger than 1 MiB");
  const text2 = decodeUtf8(bytes, "network_json");
  if (text2.startsWith("\uFEFF")) throw new Refusal("network_json", "byte order mark");
  const rules = { readNumber: readPlainInteger2, syntax: "network_json", tooDeep: "network_json" };
  try {
    return parseJson(text2, { ...rules, duplicate: "network_json" });
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal("network_json", error.message);
    throw error;
  }
}
function members2(value, pointer, names, optional = []) {
  const given = object(value, pointer);
  for (const name of names) if (!given.has(name)) refuseAt(pointer, `has no member ${name}`);
  const known = [...names, ...optional];
  for (const name of given.keys()) if (!known.includes(name)) refuseAt(pointer, "has an unknown member");
  return (name) => given.get(name) ?? null;
}
function object(value, pointer) {
  return value instanceof Map ? value : refuseAt(pointer, "must be an object");
}
function number2(value, pointer, maximum) {
  const fits = typeof value === "number" && value >= 1 && value <= maximum;
  return fits ? value : refuseAt(pointer, `must be a whole number from 1 to ${maximum}`);
}
function hex(value, pointer, sizeBytes) {
  const fits = typeof value === "string" && value.length === 2 * sizeBytes && /^[0-9a-f]*$/.test(value);
  return fits ? value : refuseAt(pointer, `must be ${2 * sizeBytes} lower-case hex characters`);
}
function list3(value, pointer, sizeMax) {
  const fits = Array.isArray(value) && value.length >= 1 && value.length <= sizeMax;
  return fits ? value : refuseAt(pointer, "must be a list of at least one, and not of too many");
}
function contract(value, pointer) {
  const of = members2(value, pointer, ["address", "codeHash"]);
  return {
    address: hex(of("address"), `${pointer}/address`, 20),
    codeHash: hex(of("codeHash"), `${pointer}/codeHash`, 32)
  };
}
function readRegistries(value) {
  const seen = /* @__PURE__ */ new Set();
  return list3(value, "/registries", Infinity).map((one, index) => {
    const registry = contract(one, `/registries/${index}`);
    if (seen.has(registry.address)) refuseAt(`/registries/${index}/address`, "stands in the list twice");
    seen.add(registry.address);
    return registry;
  });
}
function readUrl(value, pointer) {
  if (typeof value !== "string" || !/^https?:\/\/[^/?#]/i.test(value)) return refuseUrl(pointer);
  try {
    new URL(value);
  } catch {
    return refuseUrl(pointer);
  }
  return value;
}
function refuseUrl(pointer) {
  return refuseAt(pointer, "must be an http:// or https:// address");
}
function readWitnesses(value) {
  const groups = [...object(value, "/witnesses")].map(([organisation, one]) => {
    const pointer = `/witnesses/${organisation.replace(/~/g, "~0").replace(/\//g, "~1")}`;
    const size = [...organisation].length;
    if (size < 1 || size > NAME_CHARS_MAX) refuseAt(pointer, "is no name of 1 to 128 characters");
    const of = members2(one, pointer, ["participant", "urls"]);
    const stated = of("participant");
    const participant = stated === null ? null : number2(stated, `${pointer}/participant`, PARTICIPANT_MAX);
    const urls = list3(of("urls"), `${pointer}/urls`, Infinity);
    return [organisation, { participant, urls: urls.map((url, index) => readUrl(url, `${pointer}/urls/${index}`)) }];
  });
  return Object.fromEntries(groups);
}
function readValidators(value) {
  let last = "";
  return list3(value, "/validators", LIST_SIZE_MAX).map((one, index) => {
    const address2 = hex(one, `/validators/${index}`, 20);
    if (address2 <= last) refuseAt(`/validators/${index}`, "is out of order");
    last = address2;
    return address2;
  });
}
function readSignatures(value) {
  let last = 0;
  return list3(value, "/signatures", LIST_SIZE_MAX).map((one, index) => {
    const pointer = `/signatures/${index}`;
    const of = members2(one, pointer, ["participant", "address", "signature"]);
    const participant = number2(of("participant"), `${pointer}/participant`, PARTICIPANT_MAX);
    if (participant <= last) refuseAt(`${pointer}/participant`, "is out of order");
    last = participant;
    const address2 = hex(of("address"), `${pointer}/address`, 20);
    return { participant, address: address2, signature: hex(of("signature"), `${pointer}/signature`, 65) };
  });
}
function parseNetwork(bytes) {
  const document = readDocument(bytes);
  const of = members2(document, "", REQUIRED, OPTIONAL);
  if (of("format") !== FORMAT) refuseAt("/format", `must be ${FORMAT}`);
  const given = object(document, "");
  const optional = (name, read) => {
    const value = given.get(name);
    return value === void 0 ? {} : { [name]: read(value) };
  };
  return {
    format: FORMAT,
    chainId: number2(of("chainId"), "/chainId", Number.MAX_SAFE_INTEGER),
    genesisHash: hex(of("genesisHash"), "/genesisHash", 32),
    consortium: hex(of("consortium"), "/consortium", 20),
    registries: readRegistries(of("registries")),
    witnesses: readWitnesses(of("witnesses")),
    ...optional("consortiumCodeHash", (value) => hex(value, "/consortiumCodeHash", 32)),
    ...optional("codeRegistry", (value) => contract(value, "/codeRegistry")),
    ...optional("noticeBoard", (value) => contract(value, "/noticeBoard")),
    ...optional("validators", readValidators),
    ...optional("signatures", readSignatures)
  };
}

// src/core/prefixes.ts
var DRUG_CODE = /^urn:x-cn-drug:([0-9]{7})[0-9]{13}$/;
var KEY = /^https:\/\/id\.gs1\.org\/([0-9]{2,4})\/([^/?#]+)[^?#]*$/;
var [DIGITS_MIN, DIGITS_MAX] = [4, 12];
var OFFSETS = new Map([
  ...["00", "01", "8003", "8006"].map((key) => [key, 1]),
  ...["253", "255", "401", "402", "414", "415", "417", "8004", "8010", "8013", "8017", "8018"].map(
    (key) => [key, 0]
  )
]);
var PRODUCT_KEYS = ["01", "8006"];
function prefixOfCode(code) {
  const drug = DRUG_CODE.exec(code)?.[1];
  if (drug !== void 0) return `cn:${drug}`;
  const [, key = "", value = ""] = KEY.exec(code) ?? [];
  const offset = OFFSETS.get(key);
  if (offset === void 0) return null;
  const digits = /^[0-9]*/.exec(value.slice(offset).slice(0, DIGITS_MAX))?.[0] ?? "";
  return digits.length >= DIGITS_MIN ? `gs1:${digits}` : null;
}
function productOfCode(code) {
  const key = KEY.exec(code)?.[1];
  if (key !== void 0 && !PRODUCT_KEYS.includes(key)) return null;
  const prefix = prefixOfCode(code);
  const isWhole = prefix !== null && (prefix.startsWith("cn:") || prefix.length === 4 + DIGITS_MAX);
  return isWhole ? prefix : null;
}

// src/core/notices.ts
var LOT_PATH = "$['ilmd']['cbvmda:lotNumber']";
var PRODUCTS_MAX = 256;
var [NOTICES_MAX, AT_ONCE] = [2048, 16];
var SCOPE = fields(text, list(text), bytes32);
var NOTICE = fields(
  fields(number, bool, bool, number, number, number, SCOPE)
);
function plainOf(lot) {
  try {
    return decodeURIComponent(lot);
  } catch {
    return lot;
  }
}
function lotKey(lot) {
  return lot.normalize("NFKC").trim().toUpperCase().toLowerCase();
}
function lotsOf(checked, code) {
  const stated = checked.items.find(({ path }) => path === LOT_PATH)?.value;
  const parts = code.split("?")[0]?.split("/") ?? [];
  const lots = parts.filter((_, at) => parts[at - 1] === "10").map(plainOf);
  if (typeof stated === "string") lots.push(stated);
  return new Set(lots.map(lotKey));
}
function lotsByProduct(checked) {
  const found = /* @__PURE__ */ new Map();
  for (const { code } of checked.codes) {
    const product = productOfCode(code);
    if (product === null) continue;
    const lots = found.get(product) ?? [];
    lots.push(lotsOf(checked, code));
    found.set(product, lots);
  }
  return found;
}
async function askNotices(inquiry) {
  const { noticeBoard } = inquiry.network;
  const products = lotsByProduct(inquiry.checked);
  if (!noticeBoard || !products.size) return;
  await inquiry.demand(noticeBoard);
  if (products.size > PRODUCTS_MAX) inquiry.warn("warnings_unchecked", "recalls of some products were not checked");
  const sorted = [...products].sort(([one], [other]) => one < other ? -1 : 1);
  for (const [product, lots] of sorted.slice(0, PRODUCTS_MAX)) {
    const results = fields(list(number));
    const [ids] = await inquiry.view(noticeBoard.address, "noticesOf(string)", [product], results);
    if (ids.length > NOTICES_MAX) inquiry.warn("warnings_unchecked", "only the newest notices were read");
    const newest = ids.slice(-NOTICES_MAX).reverse();
    for (let at = 0; at < newest.length && !inquiry.isLate; at += AT_ONCE) {
      const some = newest.slice(at, at + AT_ONCE);
      await Promise.all(some.map((id) => readNotice(inquiry, noticeBoard.address, id, product, lots)));
    }
  }
}
async function readNotice(inquiry, board, id, product, lots) {
  try {
    const [notice] = await inquiry.view(board, "notice(uint256)", [id], NOTICE);
    const [, , , , , liftedAt, [about]] = notice;
    if (about !== product) throw new Error("a notice of another product");
    if (!liftedAt) tell(inquiry, id, notice, lots);
  } catch (error) {
    inquiry.warn("warnings_unchecked", `a notice was not told: ${messageOf(error)}`);
  }
}
function tell(inquiry, id, notice, lots) {
  const [level, isDrill, , , publishedAt, , [product, recalled, listed]] = notice;
  const what = `${product} (notice ${id}, level ${level}, since ${dateOf(publishedAt)})`;
  let [code, text2] = ["recalled", `${what} is recalled`];
  if (recalled.length) {
    if (lots.some((known) => recalled.some((lot) => known.has(lotKey(lot))))) text2 = `the lot of ${text2}`;
    else if (lots.every((known) => known.size)) return;
    else [code, text2] = ["recall_lots", `some lots of ${what} are recalled, compare: ${recalled.join(", ")}`];
  } else if (BigInt(`0x${listed}`)) {
    [code, text2] = ["recall_list", `some codes of ${what} are recalled, by a list that is not public`];
  }
  if (isDrill) [code, text2] = ["recall_drill", `a drill, no real recall: ${text2}`];
  inquiry.warn(code, text2, publishedAt);
}

// src/core/rights.ts
var PREFIXES_MAX = 256;
function commissioned({ act, codes }) {
  let path = "";
  if (act.type === "TransformationEvent") path = "$['outputEPCList'][*]";
  const adds = act.action === "ADD" || act.bizStep === "commissioning";
  if (act.type === "ObjectEvent" && adds) path = "$['epcList'][*]";
  return [...new Set(codes.filter((one) => one.path === path).map(({ code }) => code))];
}
async function askPrefixes(inquiry) {
  const { checked, network } = inquiry;
  const codes = commissioned(checked);
  if (!network.codeRegistry || !codes.length) return;
  await inquiry.demand(network.codeRegistry);
  const named = codes.map(prefixOfCode);
  const prefixes = [...new Set(named)].filter((prefix) => prefix !== null).sort();
  if (named.includes(null) || prefixes.length > PREFIXES_MAX) {
    inquiry.warn("prefixes_unchecked", "not every code stands under a prefix that was checked");
  }
  const { participant, anchor } = checked;
  for (const prefix of prefixes.slice(0, PREFIXES_MAX)) {
    const place = [prefix, anchor.blockTime];
    const results = fields(number, number);
    const [, owner] = await inquiry.view(network.codeRegistry.address, "ownerAt(string,uint64)", place, results);
    if (owner === BigInt(participant)) continue;
    const whose = owner ? `participant ${owner} did` : "nobody did";
    const text2 = `participant ${participant} did not own the prefix ${prefix} when this was anchored; ${whose}`;
    inquiry.warn("not_authorised", text2, anchor.blockTime);
    inquiry.owns = false;
  }
  if (prefixes.length) inquiry.owns ??= true;
}
async function askSuccessors(inquiry) {
  const listed = inquiry.network.registries.map(({ address: address2 }) => address2);
  for (const address2 of listed) {
    const [successor] = await inquiry.view(address2, "successor()", [], fields(address));
    if (!BigInt(`0x${successor}`) || listed.includes(successor)) continue;
    const text2 = `0x${address2} was stopped in favour of 0x${successor}, which your network file does not list`;
    inquiry.warn("successor_unknown", text2);
  }
}

// src/core/standing.ts
var ACTIVE = BigInt(1);
var PURPOSE_ANCHOR = 1;
var STATUS_WORDS = ["unknown", "active", "suspended", "removed"];
var ANCHORED = `0x${keccakOfText("Anchored(uint64,uint64,bytes32,uint64,bytes32,bytes32,address)")}`;
var HISTORY = fields(list(fields(number, number)));
var KEY2 = fields(
  fields(number, number, number, number, number, number, bool)
);
function wordOf(change) {
  const status = change?.[1] ?? BigInt(0);
  return STATUS_WORDS[Number(status)] ?? String(status);
}
async function askParticipant(inquiry) {
  const { checked, network } = inquiry;
  const { consortium, consortiumCodeHash: codeHash } = network;
  if (codeHash !== void 0) await inquiry.demand({ address: consortium, codeHash });
  const who = [checked.participant];
  const [changes] = await inquiry.view(consortium, "statusChangesOf(uint32)", who, HISTORY);
  const time = BigInt(checked.anchor.blockTime);
  const past = changes.filter(([since]) => since <= time);
  const [then, now] = [past[past.length - 1], changes[changes.length - 1]];
  if (then?.[1] !== ACTIVE) {
    inquiry.warn("participant_not_active_then", `the participant was ${wordOf(then)} when this was anchored`, then?.[0]);
  }
  if (now?.[1] !== ACTIVE) {
    const text2 = `the participant is ${wordOf(now)} since ${dateOf(now?.[0] ?? BigInt(0))}`;
    inquiry.warn(`participant_${wordOf(now)}`, text2, now?.[0]);
  }
  const [epochs] = await inquiry.view(consortium, "epochChangesOf(uint32)", who, HISTORY);
  for (const [since, epoch] of epochs) {
    const text2 = `the others replaced the admin key by vote at ${dateOf(since)}: epoch ${epoch}`;
    if (epoch > BigInt(1) && since > time) inquiry.warn("key_epoch", text2, since);
  }
}
function dataOf(log, asked, blockNumber) {
  const { address: address2, topics, data, blockNumber: number3 } = membersOf(log);
  const given = [address2, ...Array.isArray(topics) ? topics : []].join().toLowerCase();
  if (given !== asked.join() || Number(number3) !== blockNumber || typeof data !== "string") {
    throw new Error("a log that was not asked for");
  }
  return data.toLowerCase();
}
async function signersOf({ network, checked, registry, ask }) {
  const { anchor } = checked;
  const number3 = `0x${anchor.blockNumber.toString(16)}`;
  const topics = [ANCHORED, ...[anchor.stream, anchor.sequence].map((part) => `0x${word(part)}`)];
  const found = /* @__PURE__ */ new Set();
  for (const one of registry === null ? network.registries.map(({ address: address2 }) => address2) : [registry]) {
    const address2 = `0x${one}`;
    const tip = tipOf(anchor, { chainId: network.chainId, registry: address2 });
    const parts = [anchor.root, word(anchor.size), anchor.previousTip, tip].join("");
    const logs = await ask("eth_getLogs", [{ address: address2, fromBlock: number3, toBlock: number3, topics }]);
    if (!Array.isArray(logs)) throw new Error("no list of logs");
    for (const log of logs) {
      const data = dataOf(log, [address2, ...topics], anchor.blockNumber);
      if (data.startsWith(`0x${parts}`)) found.add(`0x${data.slice(-40)}`);
    }
  }
  return found;
}
async function askKey(inquiry) {
  const { network, checked } = inquiry;
  const signers = await signersOf(inquiry);
  if (!signers.size && inquiry.registry !== null) {
    inquiry.warn("warnings_unchecked", "the log of this anchor was not shown");
  }
  const time = checked.anchor.blockTime;
  for (const signer of signers) {
    const values = [signer, checked.participant, PURPOSE_ANCHOR, time];
    const signature = "keyValidAt(address,uint32,uint8,uint64)";
    const [isValid] = await inquiry.view(network.consortium, signature, values, fields(bool));
    const [key] = await inquiry.view(network.consortium, "key(address)", [signer], KEY2);
    const [participant, , , , revokedAt, compromisedSince] = key;
    if (participant && compromisedSince && compromisedSince <= BigInt(time)) {
      const text2 = `the key that anchored this was reported compromised since ${dateOf(compromisedSince)}`;
      inquiry.warn("key_compromised", text2, compromisedSince);
    } else if (!isValid) {
      inquiry.warn("key_not_valid_then", "the key that anchored this was not the participant's at that time");
    } else if (participant && revokedAt) {
      inquiry.warn("key_revoked", `the key that anchored this was revoked at ${dateOf(revokedAt)}`, revokedAt);
    }
  }
}

// src/core/findings.ts
var TIMEOUT_MS2 = 6e4;
function notesOf(checked, network) {
  const notes = [];
  if (!network.codeRegistry && commissioned(checked).length) notes.push("prefixes_unchecked");
  if (!network.noticeBoard && checked.codes.length) notes.push("notices_unchecked");
  return notes.map((code) => ({ code, text: "the network file names no contract for it", since: null }));
}
async function findingsOf(inquiry, { organisation, url }) {
  let isOver = () => void 0;
  const late = new Promise((resolve) => isOver = resolve);
  const timer = setTimeout(() => {
    inquiry.isLate = true;
    isOver();
  }, TIMEOUT_MS2);
  const failures = [];
  const timely = async (step) => {
    try {
      await Promise.race([step, late]);
      if (inquiry.isLate) throw new Error("it took too long");
    } catch (error) {
      failures.push(messageOf(error));
    }
  };
  const steps = [askParticipant(inquiry), askKey(inquiry), askPrefixes(inquiry), askNotices(inquiry), askSuccessors(inquiry)];
  await Promise.all(steps.map(timely));
  clearTimeout(timer);
  for (const failure of failures) inquiry.warn("warnings_unchecked", `${url} did not tell all: ${failure}`);
  return { organisation, warnings: [...inquiry.warnings], owns: inquiry.owns };
}

// src/core/verify.ts
var QUORUM_DEFAULT = 2;
async function tell2(asking, witnesses, checked) {
  const isHeard = (one) => one.hasAnswered || one.status === UNSEALED || one.isWithoutState;
  const heard = witnesses.filter(isHeard);
  const telling = heard.length ? heard : witnesses.filter(({ status }) => status === "witness_stale");
  return Promise.all(
    telling.map((one) => {
      const at = { blockHash: one.head?.hash ?? "", requireCanonical: true };
      const ask = (method, params) => asking.ask(one.url, method, params);
      return findingsOf(new Inquiry(asking.network, ask, checked, one.registry, at, asking.codeHashes), one);
    })
  );
}
async function verifyOne(asking, met, checked) {
  const witnesses = met.map((one) => one.fresh());
  for (const one of witnesses) if (one.participant === checked.participant) one.settle("own_witness");
  leaveOutStale(witnesses, checked.anchor.blockNumber, asking.quorum);
  const block = ready(witnesses).length ? await agreeOnBlock(asking, witnesses) : null;
  const answering = ready(witnesses);
  let seals = null;
  if (block) {
    await askAboutAnchor(asking, witnesses, checked, block);
    seals = await sealsBy(asking, answering, block.hash);
  }
  const told = await tell2(asking, witnesses, checked);
  return verdictOf(witnesses, told, { block, seals, notes: notesOf(checked, asking.network) }, asking);
}
function refused(error) {
  if (!(error instanceof Refusal)) throw error;
  return { outcome: "refused", code: error.code, text: error.message, bundles: [] };
}
async function verify(bytes, options) {
  const { network, quorum = QUORUM_DEFAULT, sealsSuffice = false, ask = askOverHttp } = options;
  if (!Number.isSafeInteger(quorum) || quorum < 1) throw new RangeError("a quorum counts from 1");
  let all;
  try {
    all = checkFile(bytes);
  } catch (error) {
    return refused(error);
  }
  const asking = { network, quorum, sealsSuffice, ask, codeHashes: /* @__PURE__ */ new Map() };
  const met = await meetWitnesses(network, ask);
  const bundles = [];
  for (const checked of all) bundles.push({ checked, chain: await verifyOne(asking, met, checked) });
  const rank = ({ chain }) => WORST_FIRST.indexOf(chain.outcome);
  const worst = bundles.reduce((one, other) => rank(other) < rank(one) ? other : one);
  const { outcome, code, text: text2 } = worst.chain;
  return { outcome, code, text: text2, bundles };
}
export {
  QUORUM_DEFAULT,
  Refusal,
  WORST_FIRST,
  askOverHttp,
  checkBundle,
  checkFile,
  checkHeader,
  checkRecord,
  checkSetOfBundles,
  keccak256,
  parseBundles,
  parseNetwork,
  prefixOfCode,
  productOfCode,
  recordOf,
  rootFromPath,
  sealsOf,
  sha2562 as sha256,
  sha256OfText,
  signerOf,
  tipOf,
  verify
};

if (typeof process !== "undefined" && process.argv?.[1] && import.meta.url.endsWith(encodeURI(process.argv[1]))) {
  process.stderr.write("verify.mjs is a module: import { verify } from it.\nTry: python -m anchoring verify BUNDLE\n");
  process.exitCode = 2;
}

