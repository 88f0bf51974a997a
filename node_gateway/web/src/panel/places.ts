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

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // a browser may keep nothing
  }
}

function store(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // then it holds for this visit
  }
}

/** An address that can be asked; null if it is none. */
export function addressOf(text: string): string | null {
  const trimmed = text.trim();
  if (!/^https?:\/\/[^/?#\s]/i.test(trimmed)) return null;
  try {
    return new URL(trimmed).href;
  } catch {
    return null;
  }
}

function originOf(url: string): string {
  return new URL(url).origin;
}

function readMine(): Place[] {
  try {
    const found = JSON.parse(stored(STORED) ?? "[]") as readonly Partial<Place>[];
    return found.slice(0, PLACES_MAX).map(({ organisation, url, relay }) => {
      const address = addressOf(String(url));
      if (address === null) throw new Error("no address");
      return { organisation: String(organisation), participant: null, url: address, relay: relay === true, isMine: true };
    });
  } catch {
    return [];
  }
}

/** The witnesses of a page and of its viewer. */
export class Places {
  private mine = readMine();
  private isOnlyMine = stored(ONLY_MINE) === "yes";

  constructor(private offered: readonly Place[]) {}

  get hasMine(): boolean {
    return this.mine.length > 0;
  }

  get onlyMine(): boolean {
    return this.isOnlyMine && this.hasMine;
  }

  set onlyMine(value: boolean) {
    this.isOnlyMine = value;
    store(ONLY_MINE, value ? "yes" : "no");
  }

  offer(offered: readonly Place[]): void {
    this.offered = offered;
  }

  /** Those that are asked. Whoever adds another address of an organisation that is there does not add an organisation. */
  get chosen(): Place[] {
    const mine = this.mine.map((one) => {
      const known = this.offered.find(({ url }) => originOf(url) === originOf(one.url));
      return known ? { ...known, url: one.url, isMine: true } : one;
    });
    const taken = mine.map(({ url }) => url);
    return [...(this.onlyMine ? [] : this.offered.filter(({ url }) => !taken.includes(url))), ...mine];
  }

  add(organisation: string, url: string): void {
    const name = organisation.trim().slice(0, 128) || new URL(url).host;
    const relay = url.endsWith("/chain/rpc");
    this.keep([...this.mine.filter((one) => one.url !== url), { organisation: name, participant: null, url, relay, isMine: true }]);
  }

  remove(url: string): void {
    this.keep(this.mine.filter((one) => one.url !== url));
  }

  private keep(mine: Place[]): void {
    this.mine = mine.slice(-PLACES_MAX);
    store(STORED, JSON.stringify(this.mine.map(({ organisation, url, relay }) => ({ organisation, url, relay }))));
  }
}

/** The organisations whose word counts: that of whoever states something never does. */
export function organisationsOf(places: readonly Place[], own: number | null): string[] {
  return [...new Set(places.filter(({ participant }) => participant === null || participant !== own).map(nameOf))];
}

/** How many of them must agree: more than half, and at least two. */
export function quorumOf(places: readonly Place[], own: number | null): number {
  return Math.max(2, Math.floor(organisationsOf(places, own).length / 2) + 1);
}

/** Two participants of one name are two organisations. */
function nameOf({ organisation, participant }: Place): string {
  return participant === null ? organisation : `${organisation} #${participant}`;
}

/** The name without what tells two of them apart. */
export function bareName(organisation: string): string {
  return organisation.replace(/ #[0-9]+$/, "");
}

/** A network with these witnesses and no others. */
export function networkWith(network: Network, places: readonly Place[]): Network {
  const witnesses: Record<string, { participant: number | null; urls: string[] }> = {};
  for (const place of places) {
    const group = (witnesses[nameOf(place)] ??= { participant: place.participant, urls: [] });
    group.urls.push(place.url);
  }
  return { ...network, witnesses };
}
