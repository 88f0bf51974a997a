/** Checking a file of bundles against the chain as the viewer's own witnesses see it. */

import { type ChainVerdict, type Outcome, verdictOf, WORST_FIRST } from "./chain_verdict.ts";
import { type CheckedBundle, checkFile } from "./checked.ts";
import { findingsOf, notesOf } from "./findings.ts";
import { Inquiry } from "./inquiry.ts";
import type { Network } from "./network.ts";
import { Refusal } from "./refusal.ts";
import { type Ask, askOnce, askOverHttp } from "./rpc.ts";
import type { Told } from "./warnings.ts";
import * as asked from "./witnesses.ts";

export const QUORUM_DEFAULT = 2;
/** Bundles that are asked about at once: a relay limits what one address may ask. */
const AT_ONCE = 4;

export interface VerifyOptions {
  /** The VIEWER's own file, never anything out of a bundle. */
  readonly network: Network;
  /** How many organisations must say the same, from 1. */
  readonly quorum?: number;
  /**
   * Take one witness for the anchor itself, if it proves the record under a block that enough of the
   * network file's validators sealed. Recalls can still be withheld by a lone witness: a warning says so.
   */
  readonly sealsSuffice?: boolean;
  readonly ask?: Ask;
}

/** One bundle and what the witnesses say of it. Of what is refused nothing but `chain` may be shown. */
export interface Verified {
  readonly checked: CheckedBundle;
  readonly chain: ChainVerdict;
}

/** What a file came to: the worst of its bundles. */
export interface Verification {
  readonly outcome: Outcome;
  /** Stable; the same as that of the Python verifier. */
  readonly code: string;
  readonly text: string;
  /** In the order of the file; none if the file itself is refused. */
  readonly bundles: readonly Verified[];
}

async function tell(asking: asked.Asking, witnesses: readonly asked.Witness[], checked: CheckedBundle): Promise<Told[]> {
  // Another history and an unsealed block are no answer of the chain, but may show a recall.
  const isHeard = (one: asked.Witness): boolean =>
    one.hasAnswered || one.status === asked.UNSEALED || one.isWithoutState;
  const heard = witnesses.filter(isHeard);
  // A stale witness may show a recall that was lifted since: it is heard only if nobody else is.
  const telling = heard.length ? heard : witnesses.filter(({ status }) => status === "witness_stale");
  return Promise.all(
    telling.map((one) => {
      const at = { blockHash: one.head?.hash ?? "", requireCanonical: true } as const;
      const ask = (method: string, params: readonly unknown[]): Promise<unknown> => asking.ask(one.url, method, params);
      return findingsOf(new Inquiry(asking.network, ask, checked, one.registry, at, asking.codeHashes), one);
    }),
  );
}

async function verifyOne(asking: asked.Asking, met: readonly asked.Witness[], checked: CheckedBundle): Promise<ChainVerdict> {
  const witnesses = met.map((one) => one.fresh());
  for (const one of witnesses) if (one.participant === checked.participant) one.settle("own_witness");
  asked.leaveOutStale(witnesses, checked.anchor.blockNumber, asking.quorum);
  const block = asked.ready(witnesses).length ? await asked.agreeOnBlock(asking, witnesses) : null;
  const answering = asked.ready(witnesses);
  let seals = null;
  if (block) {
    await asked.askAboutAnchor(asking, witnesses, checked, block);
    seals = await asked.sealsBy(asking, answering, block.hash);
  }
  const told = await tell(asking, witnesses, checked);
  return verdictOf(witnesses, told, { block, seals, notes: notesOf(checked, asking.network) }, asking);
}

function refused(error: unknown): Verification {
  if (!(error instanceof Refusal)) throw error;
  return { outcome: "refused", code: error.code, text: error.message, bundles: [] };
}

/**
 * Check a file against the chain as the viewer's own witnesses see it.
 *
 * Each bundle of a set is asked about apart: for it, the witnesses of its own participant do not
 * count, and the worst outcome is that of the set.
 *
 * @param bytes one bundle or a set, as it came
 * @throws {RangeError} the quorum is below 1: then silence would verify
 */
export async function verify(bytes: Uint8Array, options: VerifyOptions): Promise<Verification> {
  const { network, quorum = QUORUM_DEFAULT, sealsSuffice = false, ask = askOverHttp } = options;
  if (!Number.isSafeInteger(quorum) || quorum < 1) throw new RangeError("a quorum counts from 1");
  let all: CheckedBundle[];
  try {
    all = checkFile(bytes);
  } catch (error) {
    return refused(error);
  }
  const asking = { network, quorum, sealsSuffice, ask: askOnce(ask), codeHashes: new Map<string, string>() };
  const met = await asked.meetWitnesses(network, ask);
  const bundles: Verified[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE);
    const verdicts = some.map(async (checked) => ({ checked, chain: await verifyOne(asking, met, checked) }));
    bundles.push(...(await Promise.all(verdicts)));
  }
  const rank = ({ chain }: Verified): number => WORST_FIRST.indexOf(chain.outcome);
  const worst = bundles.reduce((one, other) => (rank(other) < rank(one) ? other : one));
  const { outcome, code, text } = worst.chain;
  return { outcome, code, text, bundles };
}
