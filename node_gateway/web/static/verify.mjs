/**
 * Sealtrail verifier: checks proof bundles (`sealtrail/proof/v1`, `sealtrail/proofs/v1`).
 *
 * Small modules (text, items, trees, chain, state, findings, prefixes, RPC, Keccak, and this one), no dependency, no build step. They
 * need WebCrypto (`crypto.subtle`), so Node >= 20 or a browser in a secure context. They were written from
 * the format's text alone, not from the Python verifier, so that one mistake is unlikely to sit in both.
 *
 * What a pass proves: participant P stated this before block time T and it was not changed since.
 * Not that it is true, nor the only or latest statement, nor that its eventTime is right.
 *
 * What is checked: the text (strict UTF-8 and JSON), the shape, every disclosure byte for byte
 * (RFC 8785), that the disclosed items fit into one event and agree with `sealtrail:act`, the fields
 * tree, the codes tree, the batch tree (RFC 9162 shape), the anchor's tip and record, and against
 * witnesses that the VIEWER chose: chain id, genesis hash, one agreed block hash, the code of every
 * listed registry, and that exactly one of them holds that record; a witness that can prove what it
 * says (`eth_getProof`) is held to that, and so are the others. Then, at the newest block of each: status
 * and keys of the participant, the right to the codes it commissioned, recalls, successors of the
 * registries; what one of them shows is shown. Whatever a bundle says under `hints` is never used.
 * Outcomes and codes are those of the Python verifier.
 *
 * What is NOT checked: block seals (so several organisations are asked), how deep the anchor's block
 * lies (the result gives the witnesses' block beside it), and that trees are sorted (a full opening and
 * the audit of the public entry lists do that).
 */

import { askWitnesses, CannotCheck, checkRecord, Flagged, meetWitnesses } from "./verify_chain.mjs";
import { checkSet, openCodeItem, openFieldItem, readAct } from "./verify_items.mjs";
import { askOverHttp } from "./verify_rpc.mjs";
import { Refusal, refuse, shapeBundles } from "./verify_text.mjs";
import { checkNumbers, checkTrees } from "./verify_trees.mjs";

export { CannotCheck, checkRecord, Flagged, Refusal };

/** The worst outcome of several bundles is that of all: one refused bundle refuses the set. */
const WORST_FIRST = ["refused", "not_authorised", "recalled", "disagreement", "cannot_check"];

/**
 * Read the text of one bundle or of a set: text, shape, and the numbers of every bundle.
 *
 * @param {Uint8Array} bytes the file as it came, at most 8 MiB
 * @returns {object[]} at least one bundle, in the order of the file
 */
export function parseBundles(bytes) {
  const bundles = shapeBundles(bytes);
  bundles.forEach(checkNumbers);
  return bundles;
}

/**
 * Check everything of one bundle except the chain.
 *
 * @param {object} bundle from `parseBundles`
 * @returns {Promise<object>} `entry` (hex, computed), `participant`, `act`, `items` [{path, value}]
 *   (field and derived items), `codes` [{path, code}], `anchor` (not yet believed)
 */
export async function checkBundle(bundle) {
  const items = bundle.fields.disclosures.map(openFieldItem);
  const codes = bundle.codes.paths.map(openCodeItem);
  checkSet(items, codes);
  const act = readAct(items);
  return {
    entry: await checkTrees(bundle),
    participant: bundle.participant,
    act,
    items: items.map(({ path, value }) => ({ path, value })),
    codes: codes.map(({ path, value }) => ({ path, code: value })),
    anchor: bundle.anchor,
  };
}

/** Refuse a set in which one event counts twice for a code, of whatever list, or twice without any. */
export function checkSetOfBundles(checked) {
  const codesOf = new Map();
  for (const { entry, codes } of checked) {
    const seen = codesOf.get(entry);
    if (seen && (seen.size === 0 || codes.length === 0 || codes.some(({ code }) => seen.has(code)))) {
      refuse("entry_repeated", entry);
    }
    codesOf.set(entry, new Set([...(seen ?? []), ...codes.map(({ code }) => code)]));
  }
}

/**
 * Check a file against the chain as the viewer's own witnesses see it.
 *
 * Each bundle of a set is asked about apart: for it, the witnesses of its own participant do not
 * count, and the worst outcome is that of the set.
 *
 * @param {Uint8Array} bytes one bundle or a set; one refused bundle refuses all
 * @param {object} options
 * @param {object} options.network the VIEWER's own `sealtrail/network/v1` file as JSON, never anything
 *   out of a bundle
 * @param {number} [options.quorum] how many organisations must say the same, from 1
 * @param {(url: string, method: string, params: unknown[]) => Promise<any>} [options.ask] JSON-RPC
 * @returns {Promise<object>} `bundles` as from `checkBundle`, each with its `chain`: `block`
 *   {number, hash}, `organisations` that agree, `witnesses` with what each said, `warnings`, `notes`
 * @throws {Flagged} recalled, or commissioned by somebody who had no right to these codes
 * @throws {Refusal} it is not what was anchored; show nothing else of it
 * @throws {CannotCheck} the witnesses could not settle it; no verdict
 * @throws {RangeError} the quorum is below 1: then silence would verify
 */
export async function verify(bytes, { network, quorum = 2, ask = askOverHttp }) {
  if (!Number.isSafeInteger(quorum) || quorum < 1) throw new RangeError("a quorum counts from 1");
  const bundles = [];
  for (const bundle of parseBundles(bytes)) bundles.push(await checkBundle(bundle));
  checkSetOfBundles(bundles);
  const asking = { network, quorum, ask, codeHashes: new Map() };
  const met = await meetWitnesses(network, ask);
  const failures = [];
  for (const one of bundles) {
    try {
      one.chain = await askWitnesses(one, met, asking);
    } catch (error) {
      if (!WORST_FIRST.includes(error.outcome)) throw error;
      failures.push(error);
    }
  }
  const rank = ({ outcome }) => WORST_FIRST.indexOf(outcome);
  failures.sort((one, other) => rank(one) - rank(other)); // stable: the first of the worst
  if (failures.length) throw failures[0];
  return { bundles };
}

// Run as a program it would print nothing and end with 0, which looks like a pass.
if (typeof process !== 'undefined' && process.argv?.[1] && import.meta.url.endsWith(encodeURI(process.argv[1]))) {
  process.stderr.write('verify.mjs is a module: import { verify } from it.\nTry: python -m anchoring verify BUNDLE\n');
  process.exitCode = 2;
}
