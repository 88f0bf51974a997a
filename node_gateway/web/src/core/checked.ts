/** Everything of a bundle that can be checked without the chain. */

import { type Act, readAct } from "./act.ts";
import { type Anchor, type Bundle, shapeBundles } from "./bundle.ts";
import { checkSet, type ItemValue, openCodeItem, openFieldItem } from "./items.ts";
import { refuse } from "./refusal.ts";
import { checkNumbers, checkTrees } from "./trees.ts";

/** A bundle that holds in itself; its anchor is not believed yet. */
export interface CheckedBundle {
  /** Event entry, hex, computed. */
  readonly entry: string;
  readonly participant: number;
  readonly act: Act;
  /** Field and derived items. */
  readonly items: readonly { readonly path: string; readonly value: ItemValue }[];
  readonly codes: readonly { readonly path: string; readonly code: string }[];
  readonly anchor: Anchor;
}

/**
 * Read the text of one bundle or of a set: text, shape, and the numbers of every bundle.
 *
 * @param bytes the file as it came, at most 8 MiB
 * @returns at least one bundle, in the order of the file
 * @throws {Refusal}
 */
export function parseBundles(bytes: Uint8Array): Bundle[] {
  const bundles = shapeBundles(bytes);
  bundles.forEach(checkNumbers);
  return bundles;
}

/**
 * Check everything of one bundle except the chain.
 *
 * @throws {Refusal}
 */
export function checkBundle(bundle: Bundle): CheckedBundle {
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
    anchor: bundle.anchor,
  };
}

/**
 * Refuse a set in which one event counts twice for a code, of whatever list, or twice without any.
 *
 * @throws {Refusal} `entry_repeated`
 */
export function checkSetOfBundles(checked: readonly CheckedBundle[]): void {
  const codesOf = new Map<string, ReadonlySet<string>>();
  for (const { entry, codes } of checked) {
    const seen = codesOf.get(entry);
    if (seen && (seen.size === 0 || codes.length === 0 || codes.some(({ code }) => seen.has(code)))) {
      refuse("entry_repeated", entry);
    }
    codesOf.set(entry, new Set([...(seen ?? []), ...codes.map(({ code }) => code)]));
  }
}

/**
 * Check a file except for the chain.
 *
 * @throws {Refusal} one refused bundle refuses all
 */
export function checkFile(bytes: Uint8Array): CheckedBundle[] {
  const checked = parseBundles(bytes).map(checkBundle);
  checkSetOfBundles(checked);
  return checked;
}
