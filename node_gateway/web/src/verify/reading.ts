/** What a viewer gives: a proof, the PDF that holds it, or a network file. */

import { checkFile, type CheckedBundle, type Network, parseNetwork, Refusal } from "../core/index.ts";
import type { Place } from "../panel/places.ts";
import { attachedProof, isPdf } from "./pdf.ts";

const SIZE_BYTES_MAX = 32 * 1024 * 1024;

/** A proof as it was given; `refusal` is why it does not hold in itself, empty if it does. */
export interface Proof {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly checked: readonly CheckedBundle[];
  readonly refusal: string;
}

export type Given = { readonly proof: Proof } | { readonly network: Network; readonly suggested: readonly Place[] };

function formatOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  return /"format"\s*:\s*"(sealtrail\/network\/v1)"/.exec(text)?.[1] ?? "";
}

/** The witnesses that a network file names: suggestions, until the viewer says yes. */
export function suggestedBy({ witnesses }: Network): Place[] {
  const found: Place[] = [];
  for (const [organisation, { participant, urls }] of Object.entries(witnesses)) {
    for (const url of urls) found.push({ organisation, participant, url, relay: /\/chain\/rpc$/.test(url) });
  }
  return found;
}

/** Read what was given; nothing of it is asked for anywhere. */
export async function read(name: string, given: Uint8Array): Promise<Given> {
  if (given.length > SIZE_BYTES_MAX) throw new Refusal("too_large");
  const bytes = isPdf(given) ? await attachedProof(given) : given;
  if (formatOf(bytes)) {
    const network = parseNetwork(bytes);
    return { network, suggested: suggestedBy(network) };
  }
  try {
    return { proof: { name, bytes, checked: checkFile(bytes), refusal: "" } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === "not_json" || error.code === "not_utf8") throw error; // that is no proof at all
    return { proof: { name, bytes, checked: [], refusal: error.code } };
  }
}
