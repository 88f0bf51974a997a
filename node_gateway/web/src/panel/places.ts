/** Which witnesses are asked: those that a page offers, and those that the viewer added. */

import type { Network } from "../core/index.ts";

const STORED = "sealtrail.witnesses";
const ONLY_MINE = "sealtrail.witnesses.only";
const PLACES_MAX = 32;

/** One chain endpoint of one organisation; `participant` null: it is none, or nobody knows which. */
export interface Place {
  readonly organisation: string;
  readonly participant: number | null;
  readonly url: string;
  /** Passes questions on to an endpoint of its organisation. */
  readonly relay: boolean;
  /** Added by the viewer. */
  readonly isMine?: boolean;
}

function stored(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) || "null") as unknown;
  } catch {
    return null; // a browser may keep nothing, and anybody may write there
  }
}

function store(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // then it holds for this visit
  }
}

/** An address that can be asked; null if it is none. */
export function addressOf(text: string): URL | null {
  try {
    const url = new URL(text.trim());
    return /^https?:$/.test(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

function placeOf(organisation: string, url: URL): Place {
  const relay = url.pathname === "/chain/rpc";
  return { organisation: organisation.trim().slice(0, 128) || url.host, participant: null, url: url.href, relay, isMine: true };
}

function readMine(): Place[] {
  const found = stored(STORED);
  const mine: Place[] = [];
  for (const one of Array.isArray(found) ? (found as Partial<Place>[]) : []) {
    const url = addressOf(String(one && one.url));
    if (url) mine.push(placeOf(String(one.organisation), url));
  }
  return mine.slice(0, PLACES_MAX);
}

/** The witnesses of a page and of its viewer. */
export class Places {
  mine = readMine();
  private isOnlyMine = stored(ONLY_MINE) === true;

  constructor(public offered: readonly Place[]) {}

  get onlyMine(): boolean {
    return this.isOnlyMine && this.mine.length > 0;
  }

  set onlyMine(value: boolean) {
    this.isOnlyMine = value;
    store(ONLY_MINE, value);
  }

  /** Those that are asked. Another address of an organisation that is there is no other organisation. */
  get chosen(): Place[] {
    const mine = this.mine.map((one) => {
      const origin = new URL(one.url).origin;
      const known = this.offered.find(({ url }) => new URL(url).origin === origin);
      return known ? { ...known, url: one.url, isMine: true } : one;
    });
    const rest = this.offered.filter((one) => !mine.some(({ url }) => url === one.url));
    return this.onlyMine ? mine : [...rest, ...mine];
  }

  add(organisation: string, url: URL): void {
    this.remove(url.href);
    this.keep([...this.mine, placeOf(organisation, url)].slice(-PLACES_MAX));
  }

  remove(url: string): void {
    this.keep(this.mine.filter((one) => one.url !== url));
  }

  private keep(mine: Place[]): void {
    this.mine = mine;
    store(STORED, mine.map(({ organisation, url }) => ({ organisation, url })));
  }
}

/** Two participants of one name are two organisations. */
function nameOf({ organisation, participant }: Place): string {
  return participant ? `${organisation} #${participant}` : organisation;
}

/** The name without what tells two of them apart. */
export function bareName(organisation: string): string {
  return organisation.replace(/ #\d+$/, "");
}

/** How many organisations are asked whose word counts: that of whoever states something never does. */
export function countOf(places: readonly Place[], own: number | null): number {
  return new Set(places.filter(({ participant }) => !participant || participant !== own).map(nameOf)).size;
}

/** How many of them must agree: more than half, and at least two. */
export function quorumOf(places: readonly Place[], own: number | null): number {
  return Math.max(2, Math.floor(countOf(places, own) / 2) + 1);
}

/** A network with these witnesses and no others. */
export function networkWith(network: Network, places: readonly Place[]): Network {
  const witnesses: Record<string, { participant: number | null; urls: string[] }> = {};
  for (const place of places) {
    const name = nameOf(place);
    const group = witnesses[name] || { participant: place.participant, urls: [] };
    group.urls.push(place.url);
    witnesses[name] = group;
  }
  return { ...network, witnesses };
}
