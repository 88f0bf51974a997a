/** The way of a bundle's entry to its root, and which of its siblings are not the tree's. */

import { parseBundles } from "../core/checked.ts";
import type { Bundle } from "../core/bundle.ts";
import { sha256 } from "../core/hashes.ts";
import { membersOf } from "../core/rpc.ts";
import { entryOf, leafOf, type Level, levelsOf, rootOfEntries } from "../core/trees.ts";

const LIST_ENTRIES_MAX = 2 ** 20;

/** One bundle of a file, recomputed here; `why` says where that ended. */
export interface Path {
  readonly bundle: Bundle;
  readonly entry: string;
  readonly levels: readonly Level[];
  readonly why: string;
}

/** Recompute every bundle of a file up to the root that its path gives; that root may not be the sealed one. */
export function pathsOf(bytes: Uint8Array): Path[] {
  return parseBundles(bytes).map((bundle) => {
    try {
      const entry = entryOf(bundle);
      return { bundle, entry, levels: levelsOf(leafOf(entry), bundle.event.siblings, bundle.event.index, bundle.anchor.size), why: "" };
    } catch (error) {
      return { bundle, entry: "", levels: [], why: (error as Error).message };
    }
  });
}

/** A public entry list as a gateway gives it; it must give the anchored root. */
export function readList(answer: unknown, { root, size }: { readonly root: string; readonly size: number }): string[] {
  const listed = membersOf(answer)["entries"];
  const isList = Array.isArray(listed) && listed.length <= LIST_ENTRIES_MAX && listed.every((one) => typeof one === "string" && /^[0-9a-f]{64}$/.test(one));
  if (!isList) throw new Error("list_form");
  const entries = listed as string[];
  if (entries.length !== size || rootOfEntries(entries) !== root) throw new Error("list_root");
  return entries;
}

/** The siblings that belong to a place, from the whole list. */
export function siblingsIn(entries: readonly string[], index: number): string[] {
  const found: string[] = [];
  let [nodes, at] = [entries.map(leafOf), index];
  while (nodes.length > 1) {
    const sibling = nodes[at ^ 1];
    if (sibling !== undefined) found.push(sibling);
    const parents: string[] = [];
    for (let place = 0; place < nodes.length; place += 2) {
      const [left = "", right] = nodes.slice(place, place + 2);
      parents.push(right === undefined ? left : sha256(left + right));
    }
    [nodes, at] = [parents, at >> 1];
  }
  return found;
}

/** Places of siblings in a path that are not those of the list, and whether the entry stands where the path says. */
export function wrongIn({ bundle, entry }: Path, entries: readonly string[]): { readonly siblings: Set<number>; readonly isEntryThere: boolean } {
  const right = siblingsIn(entries, bundle.event.index);
  const siblings = new Set(bundle.event.siblings.map((_, place) => place).filter((place) => bundle.event.siblings[place] !== right[place]));
  return { siblings, isEntryThere: entries[bundle.event.index] === entry };
}
