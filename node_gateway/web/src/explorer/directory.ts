/** From events to who is in the network, with which keys, what was voted on and what was recalled: each with its history. */

import type { ChainEvent, Value } from "./chain_events.ts";
import type { Interval } from "./streams.ts";

export const [ACTIVE, SUSPENDED, REMOVED] = [1, 2, 3];
export const [ANCHOR, SIGN] = [1, 2];
const VOTER = 32;
/** Actions from here on (admit) need two thirds and the delay. */
const FIRST_HEAVY_ACTION = 4;

/** A value and the time from which on it holds. */
export interface Since<T> {
  readonly since: number;
  readonly value: T;
}

/** One line of a participant's history; `kind` names a text, `what` is a key, an address or a number. */
export interface Happening {
  readonly at: number;
  readonly block: number;
  readonly kind: string;
  readonly what: string;
}

/** Times are Unix seconds, 0: not set; addresses hex without 0x. */
export interface Key {
  readonly address: string;
  readonly participant: number;
  readonly purpose: number;
  readonly validFrom: number;
  readonly validUntil: number;
  readonly streams: readonly number[];
  readonly addedAt: number;
  revokedAt: number;
  compromisedSince: number;
}

export interface Participant {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  url: string;
  roles: number;
  readonly roleChanges: Since<number>[];
  readonly statuses: Since<number>[];
  readonly keys: Key[];
  readonly history: Happening[];
}

export interface Proposal {
  readonly id: number;
  readonly action: number;
  readonly proposer: number;
  readonly arguments: string;
  readonly digest: string;
  readonly evidence: string;
  readonly madeAt: number;
  readonly approvals: { readonly participant: number; readonly at: number; withdrawnAt: number }[];
  executableFrom: number;
  lapsesAt: number;
  /** executed, failed, vetoed, withdrawn; empty while it has not ended. */
  ended: string;
  endedAt: number;
  reason: string;
}

/** A grant of a prefix, as it was made. */
export interface Grant {
  readonly participant: number;
  readonly prefix: string;
}

export interface NoticeStep {
  readonly at: number;
  readonly by: number;
  /** 0: lifted. */
  readonly level: number;
  readonly byRegulator: boolean;
  readonly zh: string;
  readonly en: string;
  readonly uri: string;
}

export interface Notice {
  readonly id: number;
  readonly drill: boolean;
  readonly product: string;
  readonly lots: readonly string[];
  readonly hasList: boolean;
  readonly steps: NoticeStep[];
}

/** What the logs say, up to one block. */
export interface Directory {
  readonly participants: Map<number, Participant>;
  readonly keys: Map<string, Key>;
  readonly proposals: Map<number, Proposal>;
  readonly notices: Map<number, Notice>;
  readonly grants: Map<number, Grant>;
  /** Events that contradict those before them: a witness left one out, or made one up. */
  readonly oddities: string[];
}

type Fold = (to: Directory, at: number, fields: readonly Value[], event: ChainEvent) => void;

function known<T>(table: ReadonlyMap<number, T>, id: Value | undefined, what: string): T {
  const found = table.get(Number(id));
  if (found === undefined) throw new Error(`there is no ${what} ${String(id)}`);
  return found;
}

function note(one: Participant, at: number, event: ChainEvent, kind: string, what: Value = ""): void {
  one.history.push({ at, block: event.log.blockNumber, kind, what: String(what) });
}

const admitted: Fold = (to, at, [id, slug, name, url, roles, admin], event) => {
  const number = Number(id);
  if (to.participants.has(number)) throw new Error(`participant ${number} is admitted twice`);
  const one: Participant = {
    id: number,
    slug: String(slug),
    name: String(name),
    url: String(url),
    roles: Number(roles),
    roleChanges: [{ since: at, value: Number(roles) }],
    statuses: [{ since: at, value: ACTIVE ?? 1 }],
    keys: [],
    history: [],
  };
  to.participants.set(number, one);
  note(one, at, event, "admitted", admin);
};

const statusChanged: Fold = (to, at, [id, status], event) => {
  const one = known(to.participants, id, "participant");
  one.statuses.push({ since: at, value: Number(status) });
  note(one, at, event, `status${Number(status)}`);
};

const rolesChanged: Fold = (to, at, [id, roles], event) => {
  const one = known(to.participants, id, "participant");
  one.roles = Number(roles);
  one.roleChanges.push({ since: at, value: one.roles });
  note(one, at, event, "roles", roles);
};

const urlChanged: Fold = (to, at, [id, url], event) => {
  const one = known(to.participants, id, "participant");
  one.url = String(url);
  note(one, at, event, "url", url);
};

const adminReplaced: Fold = (to, at, [id, , key, epoch], event) => {
  const one = known(to.participants, id, "participant");
  const before = one.history.filter(({ kind }) => kind === "epoch").length + 1;
  note(one, at, event, Number(epoch) > before ? "epoch" : "admin", key);
};

const recoveryReplaced: Fold = (to, at, [id, , key], event) => note(known(to.participants, id, "participant"), at, event, "recovery", key);

const keyAdded: Fold = (to, at, [id, address, purpose, from, until, streams], event) => {
  const one = known(to.participants, id, "participant");
  if (to.keys.has(String(address))) throw new Error(`key 0x${String(address)} is added twice`);
  const key: Key = {
    address: String(address),
    participant: one.id,
    purpose: Number(purpose),
    validFrom: Number(from),
    validUntil: Number(until),
    streams: (streams as readonly Value[]).map(Number),
    addedAt: at,
    revokedAt: 0,
    compromisedSince: 0,
  };
  to.keys.set(key.address, key);
  one.keys.push(key);
  note(one, at, event, key.purpose === ANCHOR ? "key_anchor" : "key_sign", address);
};

const keyRevoked: Fold = (to, at, [id, address, compromised], event) => {
  const one = known(to.participants, id, "participant");
  const key = one.keys.find((other) => other.address === address);
  if (!key) throw new Error(`key 0x${String(address)} is none of participant ${one.id}`);
  key.revokedAt ||= at;
  key.compromisedSince = Number(compromised);
  note(one, at, event, key.compromisedSince ? "key_compromised" : "key_revoked", address);
};

const proposalMade: Fold = (to, at, [id, action, proposer, given, digest, evidence, lapsesAt]) => {
  to.proposals.set(Number(id), {
    id: Number(id),
    action: Number(action),
    proposer: Number(proposer),
    arguments: String(given),
    digest: String(digest),
    evidence: String(evidence),
    madeAt: at,
    approvals: [],
    executableFrom: 0,
    lapsesAt: Number(lapsesAt),
    ended: "",
    endedAt: 0,
    reason: "",
  });
};

const approved: Fold = (to, at, [id, participant]) => {
  known(to.proposals, id, "proposal").approvals.push({ participant: Number(participant), at, withdrawnAt: 0 });
};

const approvalWithdrawn: Fold = (to, at, [id, participant]) => {
  const one = known(to.proposals, id, "proposal");
  const approval = one.approvals.find((other) => other.participant === Number(participant) && !other.withdrawnAt);
  if (!approval) throw new Error(`participant ${String(participant)} takes back what it did not approve`);
  approval.withdrawnAt = at;
  if (one.approvals.every(({ withdrawnAt }) => withdrawnAt)) [one.ended, one.endedAt] = ["withdrawn", at];
};

const threshold: Fold = (to, _, [id, from, lapses]) => {
  Object.assign(known(to.proposals, id, "proposal"), { executableFrom: Number(from), lapsesAt: Number(lapses) });
};

function ends(how: string): Fold {
  return (to, at, [id, reason]) => {
    const one = known(to.proposals, id, "proposal");
    Object.assign(one, { ended: how, endedAt: at, reason: reason === undefined ? "" : String(reason) });
  };
}

function stepOf(at: number, by: Value | undefined, level: number, byRegulator: Value | undefined, wording: Value | undefined): NoticeStep {
  const [zh, en, uri] = (wording as readonly Value[]).map(String);
  return { at, by: Number(by), level, byRegulator: byRegulator === true, zh: zh ?? "", en: en ?? "", uri: uri ?? "" };
}

const published: Fold = (to, at, [id, by, level, drill, byRegulator, scope, wording]) => {
  const [product, lots, list] = scope as readonly Value[];
  to.notices.set(Number(id), {
    id: Number(id),
    drill: drill === true,
    product: String(product),
    lots: (lots as readonly Value[]).map(String),
    hasList: /[^0]/.test(String(list)),
    steps: [stepOf(at, by, Number(level), byRegulator, wording)],
  });
};

const escalated: Fold = (to, at, [id, by, level, byRegulator, wording]) => {
  known(to.notices, id, "notice").steps.push(stepOf(at, by, Number(level), byRegulator, wording));
};

const lifted: Fold = (to, at, [id, by, byRegulator, wording]) => {
  known(to.notices, id, "notice").steps.push(stepOf(at, by, 0, byRegulator, wording));
};

const granted: Fold = (to, _, [id, participant, prefix]) => {
  to.grants.set(Number(id), { participant: Number(participant), prefix: String(prefix) });
};

const FOLDS: Readonly<Record<string, Fold>> = {
  ParticipantAdmitted: admitted,
  StatusChanged: statusChanged,
  RolesChanged: rolesChanged,
  UrlChanged: urlChanged,
  AdminKeyReplaced: adminReplaced,
  RecoveryKeyReplaced: recoveryReplaced,
  KeyAdded: keyAdded,
  KeyRevoked: keyRevoked,
  ProposalMade: proposalMade,
  ProposalApproved: approved,
  ProposalApprovalWithdrawn: approvalWithdrawn,
  ProposalThreshold: threshold,
  ProposalExecuted: ends("executed"),
  ProposalFailed: ends("failed"),
  ProposalVetoed: ends("vetoed"),
  PrefixGranted: granted,
  NoticePublished: published,
  NoticeEscalated: escalated,
  NoticeLifted: lifted,
};

/**
 * Fold events, in the order of the chain. Who leaves one out or makes one up shows by what does not fit; that is
 * noted, and the rest goes on.
 *
 * @param timeOf Unix seconds of a block
 */
export function directoryOf(events: readonly ChainEvent[], timeOf: (block: number) => number): Directory {
  const made: Directory = { participants: new Map(), keys: new Map(), proposals: new Map(), notices: new Map(), grants: new Map(), oddities: [] };
  for (const event of events) {
    try {
      FOLDS[event.name]?.(made, timeOf(event.log.blockNumber), event.fields, event);
    } catch (error) {
      made.oddities.push(`block ${event.log.blockNumber}, ${event.name}: ${(error as Error).message}`);
    }
  }
  return made;
}

/** Whether a key was valid at a time, by what is known now of revocation and compromise. */
export function isValidAt(key: Key, time: number): boolean {
  const isWithin = key.validFrom <= time && (!key.validUntil || time < key.validUntil);
  return isWithin && !(key.revokedAt && time >= key.revokedAt) && !(key.compromisedSince && time >= key.compromisedSince);
}

export function statusOf({ statuses }: Participant): number {
  return statuses[statuses.length - 1]?.value ?? 0;
}

/** Times in which a participant could not anchor: suspended, or removed. */
export function excusedOf({ statuses }: Participant): Interval[] {
  const found: Interval[] = [];
  statuses.forEach(({ since, value }, place) => {
    if (value === SUSPENDED) found.push([since, statuses[place + 1]?.since ?? 0]);
    if (value === REMOVED) found.push([since, 0]);
  });
  return found;
}

function valueAt(history: readonly Since<number>[], time: number): number {
  return history.filter(({ since }) => since <= time).pop()?.value ?? 0;
}

function votersAt(directory: Directory, time: number): Participant[] {
  return [...directory.participants.values()].filter(
    (one) => valueAt(one.roleChanges, time) & VOTER && ![0, REMOVED].includes(valueAt(one.statuses, time)),
  );
}

/** Where a proposal stands at a time: how many approvals count, how many are needed, and what that makes it. */
export function standingOf(directory: Directory, one: Proposal, time: number): { given: number; needed: number; state: string } {
  const at = one.endedAt || Math.min(time, one.lapsesAt);
  const voters = votersAt(directory, at);
  const may = new Set(voters.filter(({ statuses }) => valueAt(statuses, at) === ACTIVE).map(({ id }) => id));
  const given = one.approvals.filter(({ participant, withdrawnAt }) => !withdrawnAt && may.has(participant)).length;
  const isHeavy = one.action >= FIRST_HEAVY_ACTION;
  const majority = Math.floor(voters.length / 2) + 1;
  const needed = isHeavy ? Math.max(majority, Math.ceil((2 * voters.length) / 3)) : majority;
  if (one.ended) return { given, needed, state: one.ended };
  if (time >= one.lapsesAt) return { given, needed, state: "lapsed" };
  if (given < needed || (isHeavy && !one.executableFrom)) return { given, needed, state: "open" };
  return { given, needed, state: isHeavy && time < one.executableFrom ? "waiting" : "ready" };
}
