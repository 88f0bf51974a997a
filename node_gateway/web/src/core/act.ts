/** What an event does, read from `sealtrail:act` alone. */

import type { Item } from "./items.ts";
import { refuse } from "./refusal.ts";

const NAMES = ["type", "action", "bizStep", "disposition"];

/** Bare CBV names or URIs; null where the event has none. */
export interface Act {
  readonly type: string;
  readonly action: string | null;
  readonly bizStep: string | null;
  readonly disposition: string | null;
  readonly errorDeclaration: boolean;
}

/** Read the act, and refuse any disclosed item that says otherwise. */
export function readAct(items: readonly Item[]): Act {
  const stated = items.find(({ path }) => path === "sealtrail:act")?.value;
  if (typeof stated !== "string") return refuse("act_missing");
  const tokens = stated.split(" ");
  const [type, action, bizStep, disposition, flag] = tokens;
  if (tokens.length !== 5 || tokens.includes("") || type === "-" || (flag !== "0" && flag !== "1")) refuse("act_form");
  for (const { steps, value } of items) {
    const place = NAMES.findIndex((name) => steps[0] === `'${name}'`);
    const wrong = steps.length !== 1 || tokens[place] === "-" || value !== tokens[place];
    if (place >= 0 && wrong) refuse("inconsistent", NAMES[place]);
    if (steps[0] === "'errorDeclaration'" && flag === "0") refuse("inconsistent", "errorDeclaration");
  }
  const bare = (token: string | undefined): string | null => (token === undefined || token === "-" ? null : token);
  return {
    type: type ?? refuse("act_form"),
    action: bare(action),
    bizStep: bare(bizStep),
    disposition: bare(disposition),
    errorDeclaration: flag === "1",
  };
}
