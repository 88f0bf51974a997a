/** Asking witnesses that are busy: as late as they ask for, and no longer than the viewer likes. */

import { type Ask, messageOf } from "../core/rpc.ts";

const BUSY_TRIES = 8;
const [FIRST_WAIT_S, WAIT_S_MAX] = [1, 30];
/** Whoever asks for more has not answered. */
const RETRY_AFTER_S_MAX = 120;

/** The viewer stopped the reading. */
export class Cancelled extends Error {}

/** What goes on, for whoever waits; `signal` ends it. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly tell: (step: string, done: number, total: number) => void;
}

/** Whether a witness answered that it is busy; with what it asked for, if it did. */
function busyOf(error: unknown): { readonly after: string } | null {
  const found = /HTTP status (?:429|503)(?:; Retry-After: (.*))?$/.exec(messageOf(error));
  return found && { after: found[1] ?? "" };
}

export function isBusy(error: unknown): boolean {
  return busyOf(error) !== null;
}

/**
 * How long to wait before a witness is asked again, in seconds; null: it is not asked again.
 *
 * @param after as `Retry-After` says, seconds or a date (RFC 9110, section 10.2.3); empty: twice as long each time
 */
export function waitOf(after: string, tried: number, now = Date.now()): number | null {
  if (tried >= BUSY_TRIES) return null;
  const seconds = /^\d+$/.test(after) ? Number(after) : (Date.parse(after) - now) / 1000;
  if (Number.isNaN(seconds)) return Math.min(WAIT_S_MAX, FIRST_WAIT_S * 2 ** tried);
  return seconds > RETRY_AFTER_S_MAX ? null : Math.max(FIRST_WAIT_S, Math.ceil(seconds));
}

/** What `act` gives, unless the viewer stops first: a witness that hangs holds nobody. */
export function unlessStopped<T>(act: Promise<T>, { signal }: Watch): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new Cancelled());
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
    act.then(resolve, reject).then(() => signal.removeEventListener("abort", stop));
  });
}

function pause(seconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, seconds * 1000));
}

/** Ask again what a busy witness refuses; give up when the viewer does. */
export function patient(ask: Ask, watch: Watch, wait = pause): Ask {
  return async (url, method, params) => {
    for (let tried = 0; ; tried += 1) {
      if (watch.signal.aborted) throw new Cancelled();
      try {
        return await unlessStopped(ask(url, method, params), watch);
      } catch (error) {
        const busy = busyOf(error);
        const seconds = busy && waitOf(busy.after, tried);
        if (seconds === null) throw error;
        watch.tell("busy", seconds, 0);
        await unlessStopped(wait(seconds), watch);
      }
    }
  };
}
