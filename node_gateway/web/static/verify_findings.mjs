/**
 * What a witness tells beside the anchor: status, keys, rights to codes, recalls, successors.
 *
 * Every witness is asked at its own newest block, so that none can hide what is new behind an old one;
 * what any of them shows is shown.
 */

import { keccak256 } from "./verify_keccak.mjs";
import { prefixOfCode, productOfCode } from "./verify_prefixes.mjs";
import { callView, keccakOfText, word } from "./verify_rpc.mjs";
import { fromHex } from "./verify_trees.mjs";

const ACTIVE = 1n;
const PURPOSE_ANCHOR = 1;
const STATUS_WORDS = ["unknown", "active", "suspended", "removed"];
const LOT_PATH = "$['ilmd']['cbvmda:lotNumber']";
/** Prefixes and products of one bundle that are asked about. */
const ASKED_MAX = 256;
/** Notices of one product that are read, newest first, so many at once. */
const [NOTICES_MAX, AT_ONCE] = [2048, 16];
/** A witness that answers each of a thousand questions late must not hold up the verdict. */
const STEP_TIMEOUT_MS = 60_000;
const ANCHORED = `0x${keccakOfText("Anchored(uint64,uint64,bytes32,uint64,bytes32,bytes32,address)")}`;
const KEY = { fields: [...Array(6).fill("number"), "bool"] };
const SCOPE = { fields: ["text", { list: "text" }, "word"] };
const NOTICE = { fields: ["number", "bool", "bool", "number", "number", "number", SCOPE] };
const HISTORY = [{ list: { fields: ["number", "number"] } }];

function dateOf(time) {
  const date = new Date(Number(time) * 1000);
  return Number.isNaN(date.getTime()) ? `second ${time}` : `${date.toISOString().slice(0, 19)}Z`;
}

/** The disclosed codes that the event brings into being. */
function commissioned({ act, codes }) {
  let path = null;
  if (act.type === "TransformationEvent") path = "$['outputEPCList'][*]";
  const adds = act.action === "ADD" || act.bizStep === "commissioning";
  if (act.type === "ObjectEvent" && adds) path = "$['epcList'][*]";
  return [...new Set(codes.filter((one) => one.path === path).map(({ code }) => code))];
}

/** What a percent-encoded lot spells; as it stands, if it spells nothing. */
function plainOf(lot) {
  try {
    return decodeURIComponent(lot);
  } catch {
    return lot;
  }
}

/** What two spellings of one lot have in common: neither case, nor width, nor outer spaces count. */
function lotKey(lot) {
  return lot.normalize("NFKC").trim().toUpperCase().toLowerCase();
}

/** The lots that a bundle states for a code: in the code itself, or in the event. */
function lotsOf(checked, code) {
  const stated = checked.items.find(({ path }) => path === LOT_PATH)?.value;
  const parts = code.split("?")[0].split("/");
  const own = parts.flatMap((lot, at) => (parts[at - 1] === "10" ? [plainOf(lot)] : []));
  return new Set((typeof stated === "string" ? [...own, stated] : own).map(lotKey));
}

/** What cannot be asked, because the network file names no contract for it; says nothing against a bundle. */
export function notesOf(checked, network) {
  const notes = [];
  if (!network.codeRegistry && commissioned(checked).length) notes.push("prefixes_unchecked");
  if (!network.noticeBoard && checked.codes.length) notes.push("notices_unchecked");
  return notes.map((code) => ({ code, text: "the network file names no contract for it", since: null }));
}

/** One witness and one bundle; `warn` collects what it shows. */
class Asking {
  constructor(asking, witness, checked) {
    Object.assign(this, { network: asking.network, codeHashes: asking.codeHashes, witness, checked });
    this.ask = (method, params) => asking.ask(witness.url, method, params);
    this.at = { blockHash: witness.headHash, requireCanonical: true };
    this.warnings = [];
    this.owns = null;
    this.isLate = false;
  }

  warn(code, text, since = 0) {
    this.warnings.push({ code, text, since: Number(since) || null });
  }

  view(address, signature, values, types) {
    return callView(this.ask, { to: `0x${address}`, at: this.at }, signature, values, types);
  }

  /** Refuse to believe a contract whose code is not that of the network file. */
  async demand({ address, codeHash }) {
    const code = await this.ask("eth_getCode", [`0x${address}`, this.at]);
    if (!this.codeHashes.has(code)) this.codeHashes.set(code, keccak256(fromHex(code.slice(2))));
    if (this.codeHashes.get(code) !== codeHash) throw new Error("other code than in the network file");
  }

  async participant() {
    const { consortium, consortiumCodeHash } = this.network;
    if (consortiumCodeHash) await this.demand({ address: consortium, codeHash: consortiumCodeHash });
    const who = [this.checked.participant];
    const [changes] = await this.view(consortium, "statusChangesOf(uint32)", who, HISTORY);
    const time = BigInt(this.checked.anchor.blockTime);
    const [then, now] = [changes.filter(([since]) => since <= time).at(-1), changes.at(-1)];
    const wordOf = (change) => STATUS_WORDS[change?.[1] ?? 0] ?? String(change[1]);
    if (then?.[1] !== ACTIVE) {
      const text = `the participant was ${wordOf(then)} when this was anchored`;
      this.warn("participant_not_active_then", text, then?.[0]);
    }
    if (now?.[1] !== ACTIVE) {
      const text = `the participant is ${wordOf(now)} since ${dateOf(now?.[0] ?? 0)}`;
      this.warn(`participant_${wordOf(now)}`, text, now?.[0]);
    }
    const [epochs] = await this.view(consortium, "epochChangesOf(uint32)", who, HISTORY);
    for (const [since, epoch] of epochs) {
      const text = `the others replaced the admin key by vote at ${dateOf(since)}: epoch ${epoch}`;
      if (epoch > 1n && since > time) this.warn("key_epoch", text, since);
    }
  }

  /** The keys that anchored, as logs of exactly this anchor name them. */
  async signers(tips) {
    const { anchor } = this.checked;
    const number = `0x${anchor.blockNumber.toString(16)}`;
    const place = [word(anchor.stream), word(anchor.sequence)].map((digits) => `0x${digits}`);
    const found = new Set();
    for (const [registry, tip] of tips) {
      const address = `0x${registry}`;
      const filter = { address, fromBlock: number, toBlock: number, topics: [ANCHORED, ...place] };
      const parts = [anchor.root, word(anchor.size), anchor.previousTip, tip].join("");
      for (const log of await this.ask("eth_getLogs", [filter])) {
        const asked = [log.address, ...log.topics].join().toLowerCase() === [address, ANCHORED, ...place].join();
        if (!asked || Number(log.blockNumber) !== anchor.blockNumber) throw new Error("a log that was not asked for");
        const data = log.data.toLowerCase();
        if (data.startsWith(`0x${parts}`)) found.add(`0x${data.slice(-40)}`);
      }
    }
    return found;
  }

  async key(tips) {
    const { network, checked, witness } = this;
    const registry = witness.registry;
    const signers = await this.signers(registry ? [[registry, tips.get(registry)]] : tips);
    if (!signers.size && registry) this.warn("warnings_unchecked", "the log of this anchor was not shown");
    const time = checked.anchor.blockTime;
    for (const signer of signers) {
      const arguments_ = [signer, checked.participant, PURPOSE_ANCHOR, time];
      const signature = "keyValidAt(address,uint32,uint8,uint64)";
      const [isValid] = await this.view(network.consortium, signature, arguments_, ["bool"]);
      const [key] = await this.view(network.consortium, "key(address)", [signer], [KEY]);
      const [participant, , , , revokedAt, compromisedSince] = key;
      const isKnown = participant !== 0n;
      if (isKnown && compromisedSince && compromisedSince <= BigInt(time)) {
        const text = `the key that anchored this was reported compromised since ${dateOf(compromisedSince)}`;
        this.warn("key_compromised", text, compromisedSince);
      } else if (!isValid) {
        this.warn("key_not_valid_then", "the key that anchored this was not the participant's at that time");
      } else if (isKnown && revokedAt) {
        this.warn("key_revoked", `the key that anchored this was revoked at ${dateOf(revokedAt)}`, revokedAt);
      }
    }
  }

  async prefixes() {
    const { codeRegistry } = this.network;
    const codes = commissioned(this.checked);
    if (!codeRegistry || !codes.length) return;
    await this.demand(codeRegistry);
    const named = codes.map(prefixOfCode);
    const prefixes = [...new Set(named)].filter((prefix) => prefix !== null).sort();
    const isAll = !named.includes(null) && prefixes.length <= ASKED_MAX;
    if (!isAll) this.warn("prefixes_unchecked", "not every code stands under a prefix that was checked");
    const { participant, anchor } = this.checked;
    for (const prefix of prefixes.slice(0, ASKED_MAX)) {
      const place = [prefix, anchor.blockTime];
      const [, owner] = await this.view(codeRegistry.address, "ownerAt(string,uint64)", place, ["number", "number"]);
      if (owner === BigInt(participant)) continue;
      const whose = owner ? `participant ${owner} did` : "nobody did";
      const text = `participant ${participant} did not own the prefix ${prefix} when this was anchored; ${whose}`;
      this.warn("not_authorised", text, anchor.blockTime);
      this.owns = false;
    }
    if (prefixes.length) this.owns ??= true;
  }

  async notices() {
    const { noticeBoard } = this.network;
    const codes = new Map();
    for (const { code } of this.checked.codes) {
      const product = productOfCode(code);
      if (product === null) continue;
      if (!codes.has(product)) codes.set(product, []);
      codes.get(product).push(code);
    }
    if (!noticeBoard || !codes.size) return;
    await this.demand(noticeBoard);
    if (codes.size > ASKED_MAX) this.warn("warnings_unchecked", "recalls of some products were not checked");
    for (const product of [...codes.keys()].sort().slice(0, ASKED_MAX)) {
      const lots = codes.get(product).map((code) => lotsOf(this.checked, code));
      const [ids] = await this.view(noticeBoard.address, "noticesOf(string)", [product], [{ list: "number" }]);
      if (ids.length > NOTICES_MAX) this.warn("warnings_unchecked", "only the newest notices were read");
      // Newest first, and each told as it comes: nobody hides a recall behind other notices.
      const newest = ids.slice(-NOTICES_MAX).reverse();
      for (let at = 0; at < newest.length && !this.isLate; at += AT_ONCE) {
        await Promise.all(newest.slice(at, at + AT_ONCE).map((id) => this.readNotice(id, product, lots)));
      }
    }
  }

  async readNotice(id, product, lots) {
    try {
      const [notice] = await this.view(this.network.noticeBoard.address, "notice(uint256)", [id], [NOTICE]);
      if (notice[6][0] !== product) throw new Error("a notice of another product");
      if (!notice[5]) this.notice(id, notice, lots);
    } catch (error) {
      this.warn("warnings_unchecked", `a notice was not told: ${error.message}`);
    }
  }

  notice(id, [level, isDrill, , , publishedAt, , [product, recalled, list]], lots) {
    const what = `${product} (notice ${id}, level ${level}, since ${dateOf(publishedAt)})`;
    let [code, text] = ["recalled", `${what} is recalled`];
    if (recalled.length) {
      if (lots.some((known) => recalled.some((lot) => known.has(lotKey(lot))))) text = `the lot of ${text}`;
      else if (lots.every((known) => known.size)) return; // every lot is known, and none is recalled
      else [code, text] = ["recall_lots", `some lots of ${what} are recalled, compare: ${recalled.join(", ")}`];
    } else if (BigInt(`0x${list}`)) {
      [code, text] = ["recall_list", `some codes of ${what} are recalled, by a list that is not public`];
    }
    if (isDrill) [code, text] = ["recall_drill", `a drill, no real recall: ${text}`];
    this.warn(code, text, publishedAt);
  }

  async successors() {
    const listed = this.network.registries.map(({ address }) => address);
    for (const address of listed) {
      const [successor] = await this.view(address, "successor()", [], ["address"]);
      if (!BigInt(`0x${successor}`) || listed.includes(successor)) continue;
      const text = `0x${address} was stopped in favour of 0x${successor}, which your network file does not list`;
      this.warn("successor_unknown", text);
    }
  }
}

/**
 * Ask one witness for everything that a viewer must see beside the result.
 *
 * @param {object} asking `network`, `ask`, `codeHashes`
 * @param {object} witness with `headHash` and the `registry` (hex) that holds the anchor, if it says so
 * @param {Map<string, string>} tips of the anchor by registry, hex
 * @returns {Promise<{warnings: object[], owns: boolean | null}>} `owns` null: not asked
 */
export async function findingsOf(asking, witness, checked, tips) {
  const one = new Asking(asking, witness, checked);
  const steps = [one.participant(), one.key(tips), one.prefixes(), one.notices(), one.successors()];
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      one.isLate = true;
      reject(new Error("it took too long"));
    }, STEP_TIMEOUT_MS);
  });
  const timely = steps.map((step) => Promise.race([step, late]));
  for (const { reason } of await Promise.allSettled(timely)) {
    if (reason) one.warn("warnings_unchecked", `${witness.url} did not tell all: ${reason.message}`);
  }
  clearTimeout(timer);
  return { warnings: [...one.warnings], owns: one.owns };
}

/** What anybody shows, each once with the organisations that show it. */
export function unite(told) {
  const shown = new Map();
  for (const [organisation, { warnings }] of told) {
    for (const warning of warnings) {
      const name = JSON.stringify(warning);
      const one = shown.get(name) ?? { ...warning, shownBy: [] };
      if (!one.shownBy.includes(organisation)) one.shownBy.push(organisation);
      shown.set(name, one);
    }
  }
  const names = [...shown.keys()].sort();
  return names.map((name) => ({ ...shown.get(name), shownBy: shown.get(name).shownBy.sort() }));
}
