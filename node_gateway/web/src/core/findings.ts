/** What one witness tells beside the anchor: status, keys, rights to codes, recalls, successors. */

import type { CheckedBundle } from "./checked.ts";
import type { Inquiry } from "./inquiry.ts";
import type { Network } from "./network.ts";
import { askNotices } from "./notices.ts";
import { askPrefixes, askSuccessors, commissioned } from "./rights.ts";
import { messageOf } from "./rpc.ts";
import { askKey, askParticipant } from "./standing.ts";
import type { Told, Warning } from "./warnings.ts";

/** A witness that answers each of a thousand questions late must not hold up the verdict. */
const TIMEOUT_MS = 60_000;

/** What cannot be asked, because the network file names no contract for it; says nothing against a bundle. */
export function notesOf(checked: CheckedBundle, network: Network): Warning[] {
  const notes: string[] = [];
  if (!network.codeRegistry && commissioned(checked).length) notes.push("prefixes_unchecked");
  if (!network.noticeBoard && checked.codes.length) notes.push("notices_unchecked");
  return notes.map((code) => ({ code, text: "the network file names no contract for it", since: null }));
}

/**
 * Ask one witness for everything that a viewer must see beside the result. Never rejects: what could not
 * be asked is a warning.
 */
export async function findingsOf(
  inquiry: Inquiry,
  { organisation, url }: { readonly organisation: string; readonly url: string },
): Promise<Told> {
  let isOver = (): void => undefined;
  const late = new Promise<void>((resolve) => (isOver = resolve));
  const timer = setTimeout(() => {
    inquiry.isLate = true;
    isOver();
  }, TIMEOUT_MS);
  const failures: string[] = [];
  const timely = async (step: Promise<unknown>): Promise<void> => {
    try {
      await Promise.race([step, late]);
      if (inquiry.isLate) throw new Error("it took too long");
    } catch (error) {
      failures.push(messageOf(error));
    }
  };
  const steps = [askParticipant(inquiry), askKey(inquiry), askPrefixes(inquiry), askNotices(inquiry), askSuccessors(inquiry)];
  await Promise.all(steps.map(timely));
  clearTimeout(timer);
  for (const failure of failures) inquiry.warn("warnings_unchecked", `${url} did not tell all: ${failure}`);
  return { organisation, warnings: [...inquiry.warnings], owns: inquiry.owns };
}
