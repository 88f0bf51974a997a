/** What one witness shows, worked out: anchors, streams, the directory, and what is wrong with them. */

import * as abi from "../core/abi.ts";
import type { Ask } from "../core/rpc.ts";
import { type Directory, directoryOf, excusedOf, isValidAt } from "./directory.ts";
import { Cancelled, patient, type Watch } from "./patience.ts";
import { eventsOf, type Header, readHeader, readHeaders, type Reading, type Said } from "./reading.ts";
import { anchorOf, type Interval, longWaits, type Moment, type SeenAnchor, type Stream, streamsOf, type Wait } from "./streams.ts";

/** Time without a block from which on the chain counts as halted. */
const BLOCK_GAP_S = 60;
const HALT_HEADERS_MAX = 200;
const HEAD = abi.fields(abi.number, abi.bytes32);

/** Why the key of an anchor is none. */
export type KeyFault = "key_unknown" | "key_invalid";

/** A stream with what is wrong with it. */
export interface StreamView extends Stream {
  readonly waits: readonly Wait[];
  readonly keyFaults: ReadonlyMap<number, KeyFault>;
  /** What the registry itself says is the newest anchor; null if it could not be asked. */
  readonly end: { readonly sequence: number; readonly tip: string } | null;
  readonly isEndRight: boolean;
}

/** All that is shown, as one witness has it. */
export interface View {
  readonly reading: Reading;
  readonly of: Said;
  readonly head: Header;
  /** Ascending by place in the chain. */
  readonly anchors: readonly SeenAnchor[];
  readonly streams: readonly StreamView[];
  readonly directory: Directory;
  readonly headers: Map<number, Header>;
  readonly ask: Ask;
}

/** The times between two blocks in which the chain made none for long. */
async function haltsBetween(view: Pick<View, "ask" | "of">, first: Moment, last: Moment): Promise<Interval[]> {
  const found: Interval[] = [];
  const waiting: [Moment, Moment][] = [[first, last]];
  for (let read = 0; waiting.length; ) {
    const [earlier, later] = waiting.pop() as [Moment, Moment];
    if (later[1] - earlier[1] <= BLOCK_GAP_S) continue;
    if (later[0] - earlier[0] <= 1) {
      found.push([earlier[1], later[1]]);
      continue;
    }
    if (read >= HALT_HEADERS_MAX) continue;
    read += 1;
    const number = Math.floor((earlier[0] + later[0]) / 2);
    const answer = (await view.ask(view.of.url, "eth_getBlockByNumber", [`0x${number.toString(16)}`, false])) as { timestamp?: unknown } | null;
    const middle: Moment = [number, Number(answer?.timestamp)];
    if (Number.isSafeInteger(middle[1])) waiting.push([earlier, middle], [middle, later]);
  }
  return found;
}

async function waitsOf(stream: Stream, excused: readonly Interval[], view: Pick<View, "ask" | "of" | "head">): Promise<Wait[]> {
  const moments = stream.anchors.map(({ sequence, time }): Moment => [sequence, time]);
  const blocks = [...stream.anchors.map(({ blockNumber, time }): Moment => [blockNumber, time]), [view.head.number, view.head.time] as Moment];
  const found: Wait[] = [];
  for (const wait of longWaits(moments, stream.usual, view.head.time, excused)) {
    const at = wait.isOver ? moments.findIndex(([sequence]) => sequence === wait.sequence) : moments.length;
    const [before, after] = [blocks[at - 1], blocks[at]];
    const halts = before && after ? await haltsBetween(view, before, after) : [];
    const again = longWaits(moments, stream.usual, view.head.time, [...excused, ...halts]);
    found.push(...again.filter(({ sequence }) => sequence === wait.sequence));
  }
  return found;
}

function keyFaultsOf({ anchors, participant }: Stream, { keys }: Directory): Map<number, KeyFault> {
  const found = new Map<number, KeyFault>();
  for (const { sequence, signer, time, stream } of anchors) {
    const key = keys.get(signer);
    const isTheirs = key?.participant === participant;
    const isFor = key?.purpose === 1 && (!key.streams.length || key.streams.includes(stream));
    if (!key || !isTheirs) found.set(sequence, "key_unknown");
    else if (!isFor || !isValidAt(key, time)) found.set(sequence, "key_invalid");
  }
  return found;
}

async function endOf(stream: Stream, { reading, of, ask }: Pick<View, "reading" | "of" | "ask">): Promise<StreamView["end"]> {
  const [registry] = reading.network.registries;
  if (!registry) return null;
  try {
    const at = { blockHash: `0x${of.blockHash}`, requireCanonical: true } as const;
    const where = { to: `0x${registry.address}`, at };
    const [sequence, tip] = await abi.callView((method, params) => ask(of.url, method, params), where, "head(uint64)", [stream.stream], HEAD);
    return { sequence: Number(sequence), tip };
  } catch {
    return null; // it answers for logs and not for its state
  }
}

async function streamView(stream: Stream, view: Omit<View, "streams">): Promise<StreamView> {
  const participant = view.directory.participants.get(stream.participant);
  const end = await endOf(stream, view);
  const last = stream.anchors[stream.anchors.length - 1];
  return {
    ...stream,
    waits: await waitsOf(stream, participant ? excusedOf(participant) : [], view),
    keyFaults: keyFaultsOf(stream, view.directory),
    end,
    isEndRight: end === null || (end.sequence === last?.sequence && end.tip === last.computedTip),
  };
}

/** Work out what one witness shows. Headers are kept in `headers`, for this visit. */
export async function viewOf(reading: Reading, of: Said, asking: Ask, watch: Watch, headers: Map<number, Header>): Promise<View> {
  const ask = patient(asking, watch);
  const head = await readHeader(ask, of.url, reading.block, of.blockHash);
  const events = eventsOf(reading, of);
  await readHeaders(new Map(events.map(({ log }) => [log.blockNumber, log.blockHash])), of.url, ask, watch, headers);
  headers.set(head.number, head);
  const timeOf = (block: number): number => headers.get(block)?.time ?? 0;
  const { chainId } = reading.network;
  const anchors = events.filter(({ name }) => name === "Anchored").map((event) => anchorOf(event, chainId, timeOf(event.log.blockNumber)));
  const view = { reading, of, head, anchors, directory: directoryOf(events, timeOf), headers, ask };
  const streams: StreamView[] = [];
  const found = streamsOf(anchors, reading.from === 0);
  for (const stream of found) {
    watch.tell("streams", streams.length, found.length);
    streams.push(await streamView(stream, view));
    if (watch.signal.aborted) throw new Cancelled();
  }
  return { ...view, ask: asking, streams }; // what is asked later is stopped apart
}

/** The witness whose word is shown first: of those who say what most say; else who shows most, for hiding is easier. */
export function mostSay(reading: Reading): Said | undefined {
  const answered = reading.said.filter(({ status }) => status === "read");
  const same = (one: Said, other: Said): boolean => one.blockHash === other.blockHash && one.logs.length === other.logs.length;
  const support = (one: Said): number => answered.filter((other) => same(one, other)).length;
  return [...answered].sort((one, other) => support(other) - support(one) || other.logs.length - one.logs.length)[0];
}
