/** What witnesses of several organisations, chosen by the VIEWER, say of a bundle that holds in itself. */

import { keccak256 } from "./verify_keccak.mjs";
import { Refusal, refuse } from "./verify_text.mjs";
import { fromHex, sha256 } from "./verify_trees.mjs";

const RECORDS_SELECTOR = "0x4a639d5d"; // records(uint64,uint64)
const SLOT = /^0x[0-9a-fA-F]{64}$/;
const BYTES = /^0x(?:[0-9a-fA-F]{2})*$/;
const ANSWER_SIZE_BYTES_MAX = 8 * 1024 * 1024; // a block with the hashes of its transactions is the largest
const TIMEOUT_MS = 10_000;
/** Why a witness gives no answer of its own; beside these stand `verified` and the refusals. */
const FAULTS = ["witness_stale", "chain_unavailable", "chain_mismatch"];

/** The witnesses could not settle it: neither verified nor refused. `witnesses` says who said what. */
export class CannotCheck extends Error {
  /** @param {string} code @param {object[]} [witnesses] */
  constructor(code, witnesses = []) {
    super(code);
    this.name = "CannotCheck";
    this.code = code;
    this.outcome = code === "witness_disagreement" ? "disagreement" : "cannot_check";
    this.witnesses = witnesses;
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

/** The text of an answer; whoever sends without end is cut off, not waited for. */
async function textOf(response) {
  const parts = [];
  let size = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > ANSWER_SIZE_BYTES_MAX) {
      await reader.cancel();
      throw new Error("the answer is larger than 8 MiB");
    }
    parts.push(value);
  }
  return new Blob(parts).text();
}

/** One JSON-RPC call over HTTP. Injected as `ask`, so that a page can show and limit what it asks. */
export async function askOverHttp(url, method, params) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    credentials: "omit",
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`${method}: HTTP status ${response.status}`);
  const { result, error } = JSON.parse(await textOf(response));
  if (error || result === undefined) throw new Error(`${method}: ${error?.message ?? "no result"}`);
  return result;
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
  if (!/^0x[0-9a-f]{1,13}$/.test(head?.number)) throw new Error("no number of the latest block");
  return { status: "ready", head: Number(head.number) };
}

/** Ask every witness of the network file for its chain and its newest block. */
export async function meetWitnesses(network, ask) {
  const witnesses = Object.entries(network.witnesses).flatMap(([organisation, { participant, urls }]) =>
    urls.map((url) => ({ organisation, participant, url })),
  );
  await Promise.all(witnesses.map((witness) => note(witness, (one) => readHead(network, ask, one))));
  return witnesses;
}

/** Bring the witnesses to the newest block that all of them know; returns it with its hash. */
async function agreeOnBlock(ask, witnesses) {
  const number = Math.min(...ready(witnesses).map(({ head }) => head));
  await Promise.all(
    ready(witnesses).map((witness) =>
      note(witness, async ({ url }) => {
        const block = await ask(url, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false]);
        if (block === null) return { status: "witness_stale" }; // it had it a moment ago
        if (!SLOT.test(block?.hash)) throw new Error("no block hash");
        return { hash: block.hash.toLowerCase() };
      }),
    ),
  );
  const hashes = new Set(ready(witnesses).map(({ hash }) => hash));
  if (hashes.size > 1) {
    for (const witness of ready(witnesses)) witness.status = "witness_disagreement";
    throw new CannotCheck("witness_disagreement", witnesses);
  }
  return { number, hash: [...hashes][0] };
}

/** @param {Map<string, string>} hashes of code that was seen before: hashing takes a tenth of a second */
async function hasAgreedCode({ ask, codeHashes: hashes }, url, { address, codeHash }, at) {
  const code = await ask(url, "eth_getCode", [`0x${address}`, at]);
  if (!BYTES.test(code)) throw new Error("no code");
  if (code === "0x") return false; // no contract
  if (!hashes.has(code)) hashes.set(code, keccak256(fromHex(code.slice(2))));
  return hashes.get(code) === codeHash;
}

/** What one witness says of one bundle at one block hash; a refusal is its answer, not an error. */
async function askWitness(asking, { url }, checked, blockHash) {
  const { network, ask } = asking;
  const at = { blockHash, requireCanonical: true };
  const agreed = await Promise.all(network.registries.map((one) => hasAgreedCode(asking, url, one, at)));
  if (agreed.includes(false)) return "chain_mismatch";
  const data = RECORDS_SELECTOR + word(checked.anchor.stream) + word(checked.anchor.sequence);
  const registries = network.registries.map(({ address }) => `0x${address}`);
  const slots = await Promise.all(registries.map((to) => ask(url, "eth_call", [{ to, data }, at])));
  if (!slots.every((slot) => SLOT.test(slot))) throw new Error("no record");
  const holding = slots.flatMap((slot, place) => (BigInt(slot) === 0n ? [] : [place]));
  if (holding.length === 0) return "anchor_not_found";
  if (holding.length > 1) return "anchor_ambiguous";
  const [place] = holding;
  try {
    await checkRecord(checked, {
      chainId: network.chainId,
      registry: registries[place],
      slot: slots[place],
    });
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return "verified";
}

/** One answer of at least `quorum` organisations, or none: who disagrees is never outvoted. */
function settle(witnesses, quorum) {
  const counted = witnesses.filter(({ status }) => status !== "own_witness");
  const answers = counted.filter(({ status }) => !FAULTS.includes(status));
  const verdicts = new Set(answers.map(({ status }) => status));
  if (verdicts.size > 1) throw new CannotCheck("witness_disagreement", witnesses);
  const organisations = [...new Set(answers.map(({ organisation }) => organisation))].sort();
  if (organisations.length < quorum) {
    const states = [...new Set(counted.map(({ status }) => status))];
    const alike = states.length === 1 && FAULTS.includes(states[0]);
    throw new CannotCheck(alike ? states[0] : "quorum_not_met", witnesses);
  }
  if (answers[0].status === "verified") return organisations;
  throw Object.assign(new Refusal(answers[0].status, `say ${organisations.join(", ")}`), { witnesses });
}

/**
 * Compare one checked bundle with what witnesses hold, all at one block hash.
 *
 * @param {object} checked from `checkBundle`; witnesses of its own participant do not count
 * @param {object[]} met from `meetWitnesses`; not changed
 * @param {object} asking `network`, `quorum`, `ask`, and `codeHashes`, a Map that is kept for a set
 * @returns {Promise<object>} `block` {number, hash}, `organisations` that agree, `witnesses`
 * @throws {Refusal} @throws {CannotCheck}
 */
export async function askWitnesses(checked, met, asking) {
  const witnesses = met.map((witness) => ({ ...witness }));
  for (const witness of witnesses) {
    if (witness.participant === checked.participant) witness.status = "own_witness";
    else if (witness.head < checked.anchor.blockNumber) witness.status = "witness_stale";
  }
  const block = await agreeOnBlock(asking.ask, witnesses);
  await Promise.all(
    ready(witnesses).map((witness) =>
      note(witness, async (one) => ({
        status: await askWitness(asking, one, checked, block.hash),
      })),
    ),
  );
  return { block, organisations: settle(witnesses, asking.quorum), witnesses };
}
