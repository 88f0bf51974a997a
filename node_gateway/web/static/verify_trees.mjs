/** The trees of a bundle and the order of its numbers: from disclosures up to the anchored root. */

import { refuse } from "./verify_text.mjs";

const CODES_DEPTH = 20;
const FIELDS_SIZE_MIN = 16;
const FIELDS_SIZE_MAX = 65_536;
const ZERO_HASH = "0".repeat(64);

function checkOrder(indices, size) {
  indices.forEach((index, rank) => {
    if (rank > 0 && index <= indices[rank - 1]) refuse("index_order");
    if (index >= size) refuse("index_range");
  });
}

/** What the numbers of a bundle must satisfy before anything is hashed. */
export function checkNumbers({ participant, fields, codes, event, anchor }) {
  if (participant < 1 || participant > 2 ** 32 - 1) refuse("anchor_values", "participant");
  if (anchor.sequence < 1 || anchor.size < 1) refuse("anchor_values", "sequence or size is zero");
  if ((anchor.sequence === 1) !== (anchor.previousTip === ZERO_HASH)) {
    refuse("anchor_values", "previousTip is zero exactly for sequence 1");
  }
  if (participant !== Math.floor(anchor.stream / 2 ** 16)) refuse("participant_stream_mismatch");
  const { size } = fields;
  if (size < FIELDS_SIZE_MIN || size > FIELDS_SIZE_MAX || (size & (size - 1)) !== 0) refuse("fields_size");
  checkOrder(fields.indices, size);
  checkOrder(codes.paths.map(({ index }) => index), 2 ** CODES_DEPTH);
  checkOrder([event.index], anchor.size);
}

const utf8 = new TextEncoder();
const HEX_OF = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function toHex(bytes) {
  let hex = "";
  for (const byte of bytes) hex += HEX_OF[byte];
  return hex;
}

/** The bytes that `hex` spells. */
export function fromHex(hex) {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

async function sha256OfBytes(bytes) {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** SHA-256 of the bytes that `hex` spells; hashes are lower-case hex throughout. */
export async function sha256(hex) {
  return sha256OfBytes(fromHex(hex));
}

async function sha256OfText(text) {
  return sha256OfBytes(utf8.encode(text));
}

async function leafOf(entry) {
  return sha256(`00${entry}`);
}

async function leafOfDisclosure(disclosure) {
  return leafOf(await sha256OfText(disclosure));
}

/** Root of a power-of-two tree from some leaves; a partner that is not at hand is read from `siblings`. */
async function rootFromMultiproof(indices, leaves, siblings, size) {
  let nodes = indices.map((index, rank) => [index, leaves[rank]]);
  let used = 0;
  for (let width = size; width > 1; width /= 2) {
    const parents = [];
    for (let rank = 0; rank < nodes.length; rank += 1) {
      const [index, node] = nodes[rank];
      const paired = index % 2 === 0 && nodes[rank + 1]?.[0] === index + 1;
      const partner = paired ? nodes[rank + 1][1] : siblings[used++];
      if (partner === undefined) refuse("proof_shape", "too few siblings of the fields tree");
      parents.push([Math.floor(index / 2), index % 2 ? partner + node : node + partner]);
      if (paired) rank += 1;
    }
    // A level at once: one after the other, 65,536 leaves would take a phone minutes.
    nodes = await Promise.all(parents.map(async ([index, pair]) => [index, await sha256(pair)]));
  }
  if (used !== siblings.length) refuse("proof_shape", "too many siblings of the fields tree");
  return nodes[0][1];
}

/** For each level that has a sibling: true if it stands on the left (RFC 9162 section 2.1.3.2). */
function sidesOf(index, size) {
  const sides = [];
  let [node, last] = [index, size - 1]; // no bit operators: they stop at 32 bits
  while (last > 0) {
    if (node % 2 === 1) sides.push(true);
    else if (node < last) sides.push(false); // an odd last node is promoted without a sibling
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return sides;
}

async function rootFromPath(leaf, siblings, index, size) {
  const sides = sidesOf(index, size);
  if (sides.length !== siblings.length) refuse("proof_shape", `${sides.length} siblings belong here`);
  let node = leaf;
  for (const [level, left] of sides.entries()) {
    node = await sha256(left ? siblings[level] + node : node + siblings[level]);
  }
  return node;
}

async function codesRootOf({ disclosure, index, siblings }) {
  const leaf = await leafOfDisclosure(disclosure);
  return rootFromPath(leaf, siblings, index, 2 ** CODES_DEPTH); // a full tree: always 20 siblings
}

/** Recompute every root; returns the event entry in hex. */
export async function checkTrees({ participant, fields, codes, event, anchor }) {
  const leaves = await Promise.all(fields.disclosures.map(leafOfDisclosure));
  const fieldsRoot = await rootFromMultiproof(fields.indices, leaves, fields.siblings, fields.size);
  const codesRoots = await Promise.all(codes.paths.map(codesRootOf));
  if (codesRoots.some((root) => root !== codes.root)) refuse("codes_root_mismatch");
  const lines = ["sealtrail/event/v1", participant, fields.size, fieldsRoot, codes.root];
  const entry = await sha256OfText(`${lines.join("\n")}\n`);
  const root = await rootFromPath(await leafOf(entry), event.siblings, event.index, anchor.size);
  if (root !== anchor.root) refuse("root_mismatch");
  return entry;
}
