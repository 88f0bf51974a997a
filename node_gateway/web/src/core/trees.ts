/** The trees of a bundle and the order of its numbers: from disclosures up to the anchored root. */

import type { Bundle, CodePath } from "./bundle.ts";
import { sha256, sha256OfText } from "./hashes.ts";
import { refuse } from "./refusal.ts";

const CODES_DEPTH = 20;
const FIELDS_SIZE_MIN = 16;
const FIELDS_SIZE_MAX = 65_536;
const ZERO_HASH = "0".repeat(64);

function checkOrder(indices: readonly number[], size: number): void {
  let last = -1;
  for (const index of indices) {
    if (index <= last) refuse("index_order");
    if (index >= size) refuse("index_range");
    last = index;
  }
}

/** What the numbers of a bundle must satisfy before anything is hashed. */
export function checkNumbers({ participant, fields, codes, event, anchor }: Bundle): void {
  if (participant < 1 || participant > 2 ** 32 - 1) refuse("anchor_values", "participant");
  if (anchor.sequence < 1 || anchor.size < 1) refuse("anchor_values", "sequence or size");
  if ((anchor.sequence === 1) !== (anchor.previousTip === ZERO_HASH)) {
    refuse("anchor_values", "previousTip");
  }
  if (participant !== Math.floor(anchor.stream / 2 ** 16)) refuse("participant_stream_mismatch");
  const { size } = fields;
  if (size < FIELDS_SIZE_MIN || size > FIELDS_SIZE_MAX || (size & (size - 1)) !== 0) refuse("fields_size");
  checkOrder(fields.indices, size);
  checkOrder(codes.paths.map(({ index }) => index), 2 ** CODES_DEPTH);
  checkOrder([event.index], anchor.size);
}

/** The leaf over an entry, both hex. */
export function leafOf(entry: string): string {
  return sha256(`00${entry}`);
}

function leafOfDisclosure(disclosure: string): string {
  return leafOf(sha256OfText(disclosure));
}

interface Node {
  readonly index: number;
  readonly hash: string;
}

/** Root of a power-of-two tree from some leaves; a partner that is not at hand is read from `siblings`. */
function rootFromMultiproof(leaves: readonly Node[], siblings: readonly string[], size: number): string {
  let nodes = leaves;
  let used = 0;
  for (let width = size; width > 1; width /= 2) {
    const parents: Node[] = [];
    for (let rank = 0; rank < nodes.length; rank += 1) {
      const { index, hash } = nodes[rank] as Node;
      const next = nodes[rank + 1];
      const paired = index % 2 === 0 && next?.index === index + 1;
      const partner = paired ? next?.hash : siblings[used++];
      if (partner === undefined) return refuse("proof_shape", "too few siblings");
      parents.push({ index: Math.floor(index / 2), hash: sha256(index % 2 ? partner + hash : hash + partner) });
      if (paired) rank += 1;
    }
    nodes = parents;
  }
  if (used !== siblings.length) refuse("proof_shape", "too many siblings");
  return nodes[0]?.hash ?? refuse("proof_shape", "no leaf");
}

/**
 * Root of a batch over all its entries, as a public entry list gives them.
 *
 * @param entries hex, at least one; strictly ascending is what an honest list is, and is not checked here
 */
export function rootOfEntries(entries: readonly string[]): string {
  let nodes = entries.map(leafOf);
  while (nodes.length > 1) {
    const parents: string[] = [];
    for (let at = 0; at < nodes.length; at += 2) {
      const [left = "", right] = nodes.slice(at, at + 2);
      parents.push(right === undefined ? left : sha256(left + right)); // an odd last node is promoted
    }
    nodes = parents;
  }
  return nodes[0] ?? refuse("batch_entries", "no entry");
}

/** For each level that has a sibling: true if it stands on the left (RFC 9162 section 2.1.3.2). */
function sidesOf(index: number, size: number): boolean[] {
  const sides: boolean[] = [];
  let [node, last] = [index, size - 1]; // no bit operators: they stop at 32 bits
  while (last > 0) {
    if (node % 2 === 1) sides.push(true);
    else if (node < last) sides.push(false); // an odd last node is promoted without a sibling
    [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
  }
  return sides;
}

/** One step of a path: a node, what it is combined with, and on which side that stands; null at the root. */
export interface Level {
  readonly node: string;
  readonly sibling: string | null;
  readonly isLeft: boolean;
}

/**
 * The way from a leaf to the root that a path implies, leaf first; the caller compares the root with the anchor.
 *
 * @param size from the anchor, never from elsewhere: one path can fit two sizes
 */
export function levelsOf(leaf: string, siblings: readonly string[], index: number, size: number): Level[] {
  const sides = sidesOf(index, size);
  if (sides.length !== siblings.length) refuse("proof_shape", `${sides.length} siblings belong here`);
  let node = leaf;
  const levels = siblings.map((sibling, level): Level => {
    const isLeft = sides[level] === true;
    const below = { node, sibling, isLeft };
    node = sha256(isLeft ? sibling + node : node + sibling);
    return below;
  });
  return [...levels, { node, sibling: null, isLeft: false }];
}

/** The root that a path implies; as `levelsOf`. */
export function rootFromPath(leaf: string, siblings: readonly string[], index: number, size: number): string {
  const levels = levelsOf(leaf, siblings, index, size);
  return levels[levels.length - 1]?.node ?? leaf;
}

function codesRootOf({ disclosure, index, siblings }: CodePath): string {
  return rootFromPath(leafOfDisclosure(disclosure), siblings, index, 2 ** CODES_DEPTH); // a full tree: always 20
}

/** The event entry that a bundle's disclosures and paths give, hex; whether it is anchored is not looked at. */
export function entryOf({ participant, fields, codes }: Bundle): string {
  const leaves = fields.disclosures.map((disclosure, rank) => ({
    index: fields.indices[rank] ?? refuse("bundle_shape"),
    hash: leafOfDisclosure(disclosure),
  }));
  const fieldsRoot = rootFromMultiproof(leaves, fields.siblings, fields.size);
  const codesRoots = codes.paths.map(codesRootOf);
  if (codesRoots.some((root) => root !== codes.root)) refuse("codes_root_mismatch");
  const lines = ["sealtrail/event/v1", participant, fields.size, fieldsRoot, codes.root];
  return sha256OfText(`${lines.join("\n")}\n`);
}

/** Recompute every root; returns the event entry in hex. */
export function checkTrees(bundle: Bundle): string {
  const { event, anchor } = bundle;
  const entry = entryOf(bundle);
  const root = rootFromPath(leafOf(entry), event.siblings, event.index, anchor.size);
  if (root !== anchor.root) refuse("root_mismatch");
  return entry;
}
