/** What the parts of the page share: its words, what was read, and what the viewer chose. */

import type { Network } from "../core/network.ts";
import type { Ask } from "../core/rpc.ts";
import { Places } from "../panel/places.ts";
import type { Child, Values, Words } from "./elements.ts";
import type { Plan } from "./report.ts";
import type { Leaf } from "./sampling.ts";
import type { View } from "./view.ts";

const [MINUTE_S, HOUR_S, DAY_S] = [60, 3600, 86_400];

/** A witness that can be chosen. */
export interface Place {
  readonly organisation: string;
  readonly participant: number | null;
  readonly url: string;
  readonly relay: boolean;
  isChosen: boolean;
  readonly isMine: boolean;
}

/** What the page came with: `<script type="application/json" id="facts">`. */
export interface Facts {
  readonly network: Network;
  readonly witnesses: readonly Omit<Place, "isChosen" | "isMine">[];
  readonly language: string;
  /** By language: the plain report is written in both. */
  readonly words: Readonly<Record<string, Words>>;
}

/** A plan with what it drew. */
export interface Drawn extends Plan {
  readonly drawn: ReadonlyMap<number, readonly Leaf[]>;
  /** Witnesses that name another hash of the seed block. */
  readonly others: readonly string[];
}

export class Context {
  network: Network;
  places: Place[];
  view: View | null = null;
  plan: Drawn | null = null;
  /** The proof that was dropped last. */
  proof: Uint8Array | null = null;
  /** Ends what is being read. */
  stop: AbortController | null = null;

  /** Those that this browser keeps, for every page of this gateway: the viewer added them here or there. */
  private readonly kept: Places;

  constructor(
    readonly facts: Facts,
    readonly ask: Ask,
  ) {
    this.network = facts.network;
    this.kept = new Places(facts.witnesses);
    const asked = this.kept.chosen;
    const left = facts.witnesses.filter(({ url }) => !asked.some((one) => one.url === url));
    const offered = left.map((one): Place => ({ ...one, isMine: false, isChosen: false }));
    this.places = [...offered, ...asked.map((one): Place => ({ ...one, isMine: one.isMine === true, isChosen: true }))];
  }

  /** Add a witness, and keep it; another address of an organisation that is there is no other organisation. */
  add(organisation: string, url: URL): void {
    this.kept.add(organisation, url);
    const added = this.kept.chosen.find((one) => one.url === url.href);
    if (added) this.places = [...this.places.filter((one) => one.url !== url.href), { ...added, isChosen: true, isMine: true }];
  }

  remove(place: Place): void {
    this.kept.remove(place.url);
    this.places = this.places.filter((one) => one !== place);
  }

  get chosen(): Place[] {
    return this.places.filter(({ isChosen }) => isChosen);
  }

  /** A text of this page. */
  say(key: string, values: Values = {}, language = this.facts.language): string {
    const words = this.facts.words[language] ?? {};
    return (words[`explorer.${key}`] ?? words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  }

  knows(key: string): boolean {
    const words = this.facts.words[this.facts.language] ?? {};
    return key in words || `explorer.${key}` in words;
  }

  /** Name and number of a participant. */
  who(id: number): string {
    const name = this.view?.directory.participants.get(id)?.name;
    return name ? `${name} (#${id})` : `#${id}`;
  }

  /** How long something takes, in the largest unit that says it well. */
  duration(seconds: number, language = this.facts.language): string {
    const unit = seconds >= 2 * DAY_S ? DAY_S : seconds >= 2 * HOUR_S ? HOUR_S : seconds >= 2 * MINUTE_S ? MINUTE_S : 1;
    const name = { [DAY_S]: "days", [HOUR_S]: "hours", [MINUTE_S]: "minutes", 1: "seconds" }[unit] ?? "seconds";
    return this.say(`unit.${name}`, { count: Math.round(seconds / unit) }, language);
  }
}

/** One tab: its name in the address, and what it shows. */
export interface Tab {
  readonly name: string;
  /** Whether it shows something before anything was read. */
  readonly isAlways?: boolean;
  readonly show: (context: Context) => Child;
}

/** A network with these witnesses and no others; two participants of one name are two organisations. */
export function networkWith(network: Network, places: readonly Place[]): Network {
  const witnesses: Record<string, { participant: number | null; urls: string[] }> = {};
  for (const { organisation, participant, url } of places) {
    const name = participant === null ? organisation : `${organisation} #${participant}`;
    const group = (witnesses[name] ??= { participant, urls: [] });
    group.urls.push(url);
  }
  return { ...network, witnesses };
}
