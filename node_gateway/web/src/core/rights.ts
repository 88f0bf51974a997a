/** Whether the participant might bring its codes into being, and whether a registry was succeeded. */

import * as abi from "./abi.ts";
import type { CheckedBundle } from "./checked.ts";
import type { Inquiry } from "./inquiry.ts";
import { prefixOfCode } from "./prefixes.ts";

/** Prefixes of one bundle that are asked about; more are told of as unchecked. */
const PREFIXES_MAX = 256;

/** The disclosed codes that the event brings into being. */
export function commissioned({ act, codes }: CheckedBundle): string[] {
  let path = "";
  if (act.type === "TransformationEvent") path = "$['outputEPCList'][*]";
  const adds = act.action === "ADD" || act.bizStep === "commissioning";
  if (act.type === "ObjectEvent" && adds) path = "$['epcList'][*]";
  return [...new Set(codes.filter((one) => one.path === path).map(({ code }) => code))];
}

/** Whether the prefixes of the codes that it commissioned were its own when this was anchored. */
export async function askPrefixes(inquiry: Inquiry): Promise<void> {
  const { checked, network } = inquiry;
  const codes = commissioned(checked);
  if (!network.codeRegistry || !codes.length) return;
  await inquiry.demand(network.codeRegistry);
  const named = codes.map(prefixOfCode);
  const prefixes = [...new Set(named)].filter((prefix): prefix is string => prefix !== null).sort();
  if (named.includes(null) || prefixes.length > PREFIXES_MAX) {
    inquiry.warn("prefixes_unchecked", "not every code stands under a prefix that was checked");
  }
  const { participant, anchor } = checked;
  for (const prefix of prefixes.slice(0, PREFIXES_MAX)) {
    const place = [prefix, anchor.blockTime];
    const results = abi.fields(abi.number, abi.number);
    const [, owner] = await inquiry.view(network.codeRegistry.address, "ownerAt(string,uint64)", place, results);
    if (owner === BigInt(participant)) continue;
    const whose = owner ? `participant ${owner} did` : "nobody did";
    const text = `participant ${participant} did not own the prefix ${prefix} when this was anchored; ${whose}`;
    inquiry.warn("not_authorised", text, anchor.blockTime);
    inquiry.owns = false;
  }
  if (prefixes.length) inquiry.owns ??= true;
}

/** Registries that were stopped in favour of one that the viewer does not know. */
export async function askSuccessors(inquiry: Inquiry): Promise<void> {
  const listed = inquiry.network.registries.map(({ address }) => address);
  for (const address of listed) {
    const [successor] = await inquiry.view(address, "successor()", [], abi.fields(abi.address));
    if (!BigInt(`0x${successor}`) || listed.includes(successor)) continue;
    const text = `0x${address} was stopped in favour of 0x${successor}, which your network file does not list`;
    inquiry.warn("successor_unknown", text);
  }
}
