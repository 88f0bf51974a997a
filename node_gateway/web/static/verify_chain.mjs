/** What witnesses of several organisations, chosen by the VIEWER, say of a bundle that holds in itself. */

import { findingsOf, notesOf, unite } from "./verify_findings.mjs";
import { keccak256 } from "./verify_keccak.mjs";
import { callView, word } from "./verify_rpc.mjs";
import { BrokenProof, proveRecord } from "./verify_state.mjs";
import { Refusal, refuse } from "./verify_text.mjs";
import { fromHex, sha256 } from "./verify_trees.mjs";

const SLOT = /^0x[0-9a-fA-F]{64}$/;
const BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;
const STALE_S = 300;
/** Why a witness gives no answer of its own; beside these stand `verified` and the refusals. */
const FAULTS = ["witness_stale", "chain_unavailable", "chain_mismatch"];
const SET_ASIDE = [...FAULTS, "own_witness", "contradicts_itself"];

/** The witnesses could not settle it: neither verified nor refused. `witnesses` says who said what. */
export class CannotCheck extends Error {
  /** @param {string} code @param {object} [chain] what is known beside it */
  constructor(code, chain = {}) {
    super(code);
    this.name = "CannotCheck";
    this.code = code;
    this.outcome = code === "witness_disagreement" ? "disagreement" : "cannot_check";
    Object.assign(this, { witnesses: [], warnings: [], notes: [] }, chain);
  }
}

/** The goods are recalled, or whoever commissioned their codes had no right to: `code` says which. */
export class Flagged extends Error {
  /** @param {"not_authorised" | "recalled"} code @param {string} text @param {object} chain */
  constructor(code, text, chain) {
    super(`${code}: ${text}`);
    this.name = "Flagged";
    this.code = code;
    this.outcome = code;
    Object.assign(this, chain);
  }
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

/** Ask what `read` asks and note the answer; a witness that fails is no verdict. */
async function note(witness, read) {
  try {
    Object.assign(witness, await read(witness));
  } catch (error) {
    Object.assign(witness, { status: "chain_unavailable", detail: String(error?.message ?? error) });
  }
}

function ready(witnesses) {
  return witnesses.filter(({ status }) => status === "ready");
}

async function readHead(network, ask, { url }) {
  const [chainId, genesis, head] = await Promise.all([
    ask(url, "eth_chainId", []),
    ask(url, "eth_getBlockByNumber", ["0x0", false]),
    ask(url, "eth_getBlockByNumber", ["latest", false]),
  ]);
  const same = Number(chainId) === network.chainId && genesis?.hash === `0x${network.genesisHash}`;
  if (!same) return { status: "chain_mismatch" };
  const isBlock = [head?.number, head?.timestamp].every((number) => /^0x[0-9a-f]{1,13}$/.test(number));
  if (!isBlock || !SLOT.test(head.hash) || Number(genesis.number) !== 0) throw new Error("no block");
  return { status: "ready", head: Number(head.number), headTime: Number(head.timestamp), headHash: head.hash };
}

/** Ask every witness of the network file for its chain and its newest block. */
export async function meetWitnesses(network, ask) {
  const witnesses = Object.entries(network.witnesses).flatMap(([organisation, { participant, urls }]) =>
    urls.map((url) => ({ organisation, participant, url })),
  );
  await Promise.all(witnesses.map((witness) => note(witness, (one) => readHead(network, ask, one))));
  return witnesses;
}

/**
 * Settle those whose newest block is too old. What is new is what the second organisation from the
 * newest has (or the one that completes the quorum), so that nobody makes others stale by inventing a
 * block, and nobody moves the question to an old one.
 */
function leaveOutStale(witnesses, { anchor }, quorum) {
  const newest = new Map();
  for (const { organisation, headTime } of ready(witnesses)) {
    newest.set(organisation, Math.max(headTime, newest.get(organisation) ?? 0));
  }
  const times = [...newest.values()].sort((one, other) => other - one);
  const since = (times[Math.min(times.length, Math.max(quorum, 2)) - 1] ?? 0) - STALE_S;
  for (const witness of ready(witnesses)) {
    if (witness.head < anchor.blockNumber || witness.headTime < since) witness.status = "witness_stale";
  }
}

/** Bring the witnesses to the newest block that all of them know; null if they name different ones. */
async function agreeOnBlock(ask, witnesses) {
  const number = Math.min(...ready(witnesses).map(({ head }) => head));
  await Promise.all(
    ready(witnesses).map((witness) =>
      note(witness, async ({ url }) => {
        const block = await ask(url, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
        if (block === null) return { status: "witness_stale" }; // it had it a moment ago
        if (!SLOT.test(block?.hash) || Number(block.number) !== number) throw new Error("no such block");
        return { hash: block.hash.toLowerCase() };
      }),
    ),
  );
  const hashes = new Set(ready(witnesses).map(({ hash }) => hash));
  if (hashes.size <= 1) return { number, hash: [...hashes][0] };
  for (const witness of ready(witnesses)) witness.status = "witness_disagreement";
  return null;
}

/** @param {Map<string, string>} hashes of code that was seen before: hashing takes a tenth of a second */
async function codeHashOf({ codeHashes: hashes }, ask, address, at) {
  const code = await ask("eth_getCode", [address, at]);
  if (!BYTES.test(code)) throw new Error("no code");
  if (code === "0x") return null; // no contract
  if (!hashes.has(code)) hashes.set(code, keccak256(fromHex(code.slice(2))));
  return hashes.get(code);
}

/** What the listed registries hold, as one witness says and, if it can, proves. */
async function readHeld(asking, { url }, { anchor }, blockHash) {
  const at = { blockHash, requireCanonical: true };
  const ask = (method, params) => asking.ask(url, method, params);
  const held = [];
  for (const { address, codeHash } of asking.network.registries) {
    const registry = `0x${address}`;
    const found = { registry, codeHash: await codeHashOf(asking, ask, registry, at), slot: null };
    if (found.codeHash === codeHash) {
      const place = [anchor.stream, anchor.sequence];
      const [slot] = await callView(ask, { to: registry, at }, "records(uint64,uint64)", place, ["word"]);
      found.slot = `0x${slot}`;
    }
    held.push(found);
  }
  try {
    const proven = held.map(({ registry }) => proveRecord(ask, { registry, anchor, at }));
    return { status: "answered", held, proven: await Promise.all(proven) };
  } catch (error) {
    if (error instanceof BrokenProof) return { status: "contradicts_itself" };
    return { status: "answered", held, proven: null };
  }
}

/** Set aside whoever says otherwise than the block that it names holds: a proof is the same for all. */
function holdToProof(answering) {
  const truth = answering.find(({ proven }) => proven)?.proven;
  if (!truth) return;
  for (const witness of answering.filter(({ status }) => status === "answered")) {
    const isTrue = witness.held.every(
      ({ codeHash, slot }, place) =>
        codeHash === truth[place].codeHash && (slot === null || BigInt(slot) === BigInt(truth[place].slot)),
    );
    if (!isTrue) witness.status = "contradicts_itself";
  }
}

/** One witness's answer to one bundle; a refusal is its answer, not an error. */
async function judge(network, checked, held) {
  if (held.some(({ slot }) => slot === null)) return { status: "chain_mismatch" };
  const holding = held.filter(({ slot }) => BigInt(slot) !== 0n);
  if (holding.length === 0) return { status: "anchor_not_found" };
  if (holding.length > 1) return { status: "anchor_ambiguous" };
  const [{ registry, slot }] = holding;
  try {
    await checkRecord(checked, { chainId: network.chainId, registry, slot });
  } catch (error) {
    if (error instanceof Refusal) return { status: error.code };
    throw error;
  }
  return { status: "verified", registry: registry.slice(2) };
}

/** What the witnesses say of the anchor alone; who disagrees is never outvoted. */
function onAnchor(witnesses, quorum) {
  const counted = witnesses.filter(({ status }) => status !== "own_witness");
  const answers = witnesses.filter(({ status }) => !SET_ASIDE.includes(status));
  const organisations = [...new Set(answers.map(({ organisation }) => organisation))].sort();
  const codes = [...new Set(answers.map(({ status }) => status))];
  if (codes.length > 1 || codes[0] === "witness_disagreement") {
    return { outcome: "disagreement", code: "witness_disagreement", organisations: [] };
  }
  if (organisations.length >= quorum) {
    return { outcome: codes[0] === "verified" ? "verified" : "refused", code: codes[0], organisations };
  }
  const states = [...new Set(counted.map(({ status }) => status))];
  const code = states.length === 1 && FAULTS.includes(states[0]) ? states[0] : "quorum_not_met";
  return { outcome: "cannot_check", code, organisations };
}

/** Let what stands beside the anchor decide where it weighs more: not authorised, recalled. */
function weigh(anchored, warnings, told) {
  if (anchored.outcome === "refused") return anchored;
  const owns = new Set(told.map(([, found]) => found.owns));
  const first = (code) => warnings.find((warning) => warning.code === code);
  if (owns.has(false) && !owns.has(true)) {
    return { ...anchored, outcome: "not_authorised", code: "not_authorised", text: first("not_authorised").text };
  }
  if (first("recalled")) return { ...anchored, outcome: "recalled", code: "recalled", text: first("recalled").text };
  if (owns.has(false)) return { ...anchored, outcome: "disagreement", code: "witness_disagreement" };
  return anchored;
}

async function tell(asking, witnesses, checked) {
  // Whoever is on the chain and has no state of the agreed block knows that of its own newest one.
  const isHeard = ({ status, headHash }) =>
    !SET_ASIDE.includes(status) || (status === "chain_unavailable" && Boolean(headHash));
  const answered = witnesses.filter(isHeard);
  // A stale witness may show a recall that was lifted since: it is heard only if nobody else is.
  const telling = answered.length ? answered : witnesses.filter(({ status }) => status === "witness_stale");
  const tips = new Map();
  for (const { address } of asking.network.registries) {
    tips.set(address, await tipOf(checked.anchor, { chainId: asking.network.chainId, registry: `0x${address}` }));
  }
  return Promise.all(
    telling.map(async (witness) => [witness.organisation, await findingsOf(asking, witness, checked, tips)]),
  );
}

/** Warnings that are about the witnesses themselves, and about an outcome that another one covers. */
function besides(witnesses, anchored, verdict, toldBy) {
  const found = witnesses
    .filter(({ status }) => status === "contradicts_itself")
    .map(({ url }) => ["witness_contradicts_itself", `${url} says otherwise than its own block: it is set aside`]);
  if (anchored.outcome === "verified" && toldBy < verdict.quorum) {
    found.push(["warnings_unchecked", `only ${toldBy} organisations could tell of recalls and suspensions`]);
  }
  const isCovered = anchored.outcome !== "verified" && anchored.code !== verdict.code;
  if (isCovered) found.push([anchored.code, "this could not be settled either"]);
  return found.map(([code, text]) => ({ code, text, since: null, shownBy: [] }));
}

/**
 * Compare one checked bundle with what witnesses hold, all at one block hash.
 *
 * @param {object} checked from `checkBundle`; witnesses of its own participant do not count
 * @param {object[]} met from `meetWitnesses`; not changed
 * @param {object} asking `network`, `quorum`, `ask`, and `codeHashes`, a Map that is kept for a set
 * @returns {Promise<object>} `block` {number, hash}, `organisations` that agree, `witnesses` with what
 *   each said, `warnings` {code, text, since, shownBy}, `notes` on what could not be asked
 * @throws {Refusal} @throws {Flagged} @throws {CannotCheck}
 */
export async function askWitnesses(checked, met, asking) {
  const { network, quorum } = asking;
  const witnesses = met.map((witness) => ({ ...witness }));
  for (const witness of witnesses) {
    if (witness.participant === checked.participant) witness.status = "own_witness";
  }
  leaveOutStale(witnesses, checked, quorum);
  const block = await agreeOnBlock(asking.ask, witnesses);
  const answering = ready(witnesses);
  await Promise.all(
    answering.map((witness) => note(witness, (one) => readHeld(asking, one, checked, block.hash))),
  );
  holdToProof(answering);
  for (const witness of answering.filter(({ status }) => status === "answered")) {
    Object.assign(witness, await judge(network, checked, witness.held));
  }
  const told = await tell(asking, witnesses, checked);
  const united = unite(told);
  const anchored = onAnchor(witnesses, quorum);
  const verdict = weigh(anchored, united, told);
  const toldBy = new Set(told.map(([organisation]) => organisation)).size;
  const warnings = [...united, ...besides(witnesses, anchored, { ...verdict, quorum }, toldBy)];
  const shown = witnesses.map(({ held, hash, headHash, headTime, registry, proven, ...line }) => ({
    ...line,
    proven: Boolean(proven) && !SET_ASIDE.includes(line.status),
  }));
  const { organisations } = verdict;
  const chain = { block, organisations, witnesses: shown, warnings, notes: notesOf(checked, network) };
  if (verdict.outcome === "verified") return chain;
  if (verdict.outcome === "refused") {
    throw Object.assign(new Refusal(verdict.code, `say ${organisations.join(", ")}`), chain);
  }
  if (verdict.text) throw new Flagged(verdict.code, verdict.text, chain);
  throw new CannotCheck(verdict.code, chain);
}
