/**
 * Sealtrail verifier: checks proof bundles (`sealtrail/proof/v1`, `sealtrail/proofs/v1`).
 *
 * Four small modules (text, items, trees, and this one), no dependency, no build step. They need
 * WebCrypto (`crypto.subtle`), so Node >= 20 or a browser in a secure context. They were written from
 * the format's text alone, not from the Python verifier, so that one mistake is unlikely to sit in both.
 *
 * What a pass proves: participant P stated this before block time T and it was not changed since.
 * Not that it is true, nor the only or latest statement, nor that its eventTime is right.
 *
 * What is checked: the text (strict UTF-8 and JSON), the shape, every disclosure byte for byte
 * (RFC 8785), that the disclosed items fit into one event and agree with `sealtrail:act`, the fields
 * tree, the codes tree, the batch tree (RFC 9162 shape), the anchor's tip and record, and against
 * witnesses that the VIEWER chose: chain id, genesis hash, one agreed block hash, and that exactly
 * one listed registry holds that record. Whatever a bundle says under `hints` is never used.
 *
 * What is NOT checked: the registry's code hash (Keccak is not part of WebCrypto; the Python
 * verifier does it), keys and status of the participant, recall notices, block seals and state
 * proofs (a witness is believed; that is why several organisations are asked), how deep the anchor's
 * block lies (the result gives the witnesses' block beside it), and that trees are sorted (a full
 * opening and the audit of the public entry lists do that).
 */

import { checkSet, openCodeItem, openFieldItem, readAct } from "./verify_items.mjs";
import { Refusal, refuse, shapeBundles } from "./verify_text.mjs";
import { checkNumbers, checkTrees, sha256 } from "./verify_trees.mjs";

export { Refusal };

const RECORDS_SELECTOR = "0x4a639d5d"; // records(uint64,uint64)
const SLOT = /^0x[0-9a-fA-F]{64}$/;

/** The witnesses could not settle it: neither verified nor refused. `witnesses` says who said what. */
export class CannotCheck extends Error {
  /** @param {string} code @param {object[]} [witnesses] */
  constructor(code, witnesses = []) {
    super(code);
    this.name = "CannotCheck";
    this.code = code;
    this.witnesses = witnesses;
  }
}

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

function word(value) {
  return BigInt(value).toString(16).padStart(64, "0");
}

/** @returns {Promise<string>} the tip: SHA-256(abi.encode(chain id, registry, anchor parts)), hex */
export async function tipOf(anchor, { chainId, registry }) {
  const place = [chainId, registry, anchor.stream, anchor.sequence].map(word).join("");
  return sha256(place + anchor.root + word(anchor.size) + anchor.previousTip);
}

/** @returns {Promise<string>} the record: SHA-256(abi.encode(tip, block number, block time in s)), hex */
export async function recordOf(tip, blockNumber, blockTime) {
  return sha256(tip + word(blockNumber) + word(blockTime));
}

/**
 * Compare the anchor with the slot a registry holds for its (stream, sequence).
 *
 * @param {object} checked from `checkBundle`
 * @param {{chainId: number, registry: string, slot: string | null}} chain hex with 0x; null is no slot
 */
export async function checkRecord({ anchor }, { chainId, registry, slot }) {
  if (slot === null || BigInt(slot) === 0n) refuse("anchor_not_found");
  const tip = await tipOf(anchor, { chainId, registry });
  const record = await recordOf(tip, anchor.blockNumber, anchor.blockTime);
  if (BigInt(slot) !== BigInt(`0x${record}`)) refuse("record_mismatch");
}

/** One JSON-RPC call over HTTP. Injected as `ask`, so that a page can show and limit what it asks. */
async function askOverHttp(url, method, params) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    credentials: "omit",
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
  });
  const { result, error } = await response.json();
  if (error || result === undefined) throw new Error(`${method}: ${error?.message ?? "no result"}`);
  return result;
}

async function readHead(network, ask, { url }) {
  const [chainId, genesis, head] = await Promise.all([
    ask(url, "eth_chainId", []),
    ask(url, "eth_getBlockByNumber", ["0x0", false]),
    ask(url, "eth_getBlockByNumber", ["latest", false]),
  ]);
  const same = Number(chainId) === network.chainId && genesis?.hash === `0x${network.genesisHash}`;
  if (!same) return { status: "chain_mismatch" };
  if (!/^0x[0-9a-f]{1,13}$/.test(head?.number)) throw new Error("no number of the latest block");
  return { status: "ready", head: Number(head.number) };
}

/** Check each bundle on one witness at one block hash; a refusal is its answer, not an error. */
async function askWitness(network, ask, { url }, checked, blockHash) {
  const at = { blockHash, requireCanonical: true };
  for (const one of checked) {
    const data = RECORDS_SELECTOR + word(one.anchor.stream) + word(one.anchor.sequence);
    const registries = network.registries.map(({ address }) => `0x${address}`);
    const slots = await Promise.all(registries.map((to) => ask(url, "eth_call", [{ to, data }, at])));
    if (slots.some((slot) => !SLOT.test(slot))) return "chain_mismatch"; // no contract
    const holding = slots.flatMap((slot, place) => (BigInt(slot) === 0n ? [] : [place]));
    if (holding.length === 0) return "anchor_not_found";
    if (holding.length > 1) return "anchor_ambiguous";
    const [place] = holding;
    try {
      await checkRecord(one, { chainId: network.chainId, registry: registries[place], slot: slots[place] });
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      throw error;
    }
  }
  return "verified";
}

/** Ask what `read` asks and note the answer; a witness that fails is no verdict. */
async function note(witness, read) {
  try {
    Object.assign(witness, await read(witness));
  } catch (error) {
    Object.assign(witness, { status: "witness_unavailable", detail: String(error?.message ?? error) });
  }
}

function ready(witnesses) {
  return witnesses.filter(({ status }) => status === "ready");
}

/** Bring the witnesses to one block that all of them know; returns it with its hash. */
async function agreeOnBlock(network, ask, witnesses, blockNumberMin) {
  await Promise.all(witnesses.map((witness) => note(witness, (one) => readHead(network, ask, one))));
  for (const witness of ready(witnesses)) {
    if (witness.head < blockNumberMin) witness.status = "witness_stale"; // it cannot know the anchor yet
  }
  const number = Math.min(...ready(witnesses).map(({ head }) => head));
  await Promise.all(
    ready(witnesses).map((witness) =>
      note(witness, async ({ url }) => {
        const { hash } = await ask(url, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
        if (!SLOT.test(hash)) throw new Error("no block hash");
        return { hash };
      }),
    ),
  );
  const hashes = new Set(ready(witnesses).map(({ hash }) => hash));
  if (hashes.size > 1) throw new CannotCheck("witnesses_disagree", witnesses);
  return { number, hash: [...hashes][0] };
}

/** One verdict of at least `quorum` organisations, or none: who disagrees is never outvoted. */
function settle(witnesses, quorum) {
  const faults = ["chain_mismatch", "witness_stale", "witness_unavailable"];
  const answers = witnesses.filter(({ status }) => !faults.includes(status));
  if (answers.length === 0) {
    const fault = faults.find((code) => witnesses.some(({ status }) => status === code));
    throw new CannotCheck(fault ?? "quorum_missing", witnesses);
  }
  const verdicts = new Set(answers.map(({ status }) => status));
  if (verdicts.size > 1) throw new CannotCheck("witnesses_disagree", witnesses);
  const organisations = [...new Set(answers.map(({ organisation }) => organisation))];
  if (organisations.length < quorum) throw new CannotCheck("quorum_missing", witnesses);
  if (answers[0].status === "verified") return organisations;
  throw Object.assign(new Refusal(answers[0].status, `say ${organisations.join(", ")}`), { witnesses });
}

/**
 * Check a file against the chain as the viewer's own witnesses see it.
 *
 * @param {Uint8Array} bytes one bundle or a set; one refused bundle refuses all
 * @param {object} options
 * @param {object} options.network the VIEWER's own `sealtrail/network/v1` file as JSON, never anything
 *   out of a bundle; witnesses of a participant that is being verified do not count
 * @param {number} [options.quorum] how many organisations must say the same
 * @param {(url: string, method: string, params: unknown[]) => Promise<any>} [options.ask] JSON-RPC
 * @returns {Promise<object>} `bundles` (as from `checkBundle`), `block` {number, hash},
 *   `organisations` that agree, `witnesses` with what each said
 * @throws {Refusal} it is not what was anchored; show nothing else of it
 * @throws {CannotCheck} the witnesses could not settle it; no verdict
 */
export async function verify(bytes, { network, quorum = 2, ask = askOverHttp }) {
  const bundles = [];
  for (const bundle of parseBundles(bytes)) bundles.push(await checkBundle(bundle));
  checkSetOfBundles(bundles);
  const judged = new Set(bundles.map(({ participant }) => participant));
  const witnesses = Object.entries(network.witnesses)
    .filter(([, { participant }]) => !judged.has(participant))
    .flatMap(([organisation, { urls }]) => urls.map((url) => ({ organisation, url })));
  const blockNumberMin = Math.max(...bundles.map(({ anchor }) => anchor.blockNumber));
  const block = await agreeOnBlock(network, ask, witnesses, blockNumberMin);
  await Promise.all(
    ready(witnesses).map((witness) =>
      note(witness, async (one) => ({ status: await askWitness(network, ask, one, bundles, block.hash) })),
    ),
  );
  const organisations = settle(witnesses, quorum);
  return { bundles, block, organisations, witnesses };
}
