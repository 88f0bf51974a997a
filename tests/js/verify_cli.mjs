/**
 * JSON lines for the tests: {"bundle": base64, "chainId", "registry", "slot": hex or null} in,
 * {"verified": true, "entry", "entries"} or {"verified": false, "code"} out, in the same order.
 *
 * A set of bundles has anchors of its own: `slots` {"<stream>/<sequence>": hex} goes before `slot`.
 */
import { createInterface } from "node:readline";

import { checkFile, checkRecord, Refusal } from "../../node_gateway/web/static/verify.mjs";

function with0x(hex) {
  return hex === null || hex === undefined || hex.startsWith("0x") ? (hex ?? null) : `0x${hex}`;
}

function judge({ bundle, chainId, registry, slot = null, slots = {} }) {
  const checked = checkFile(Buffer.from(bundle, "base64"));
  for (const one of checked) {
    const held = slots[`${one.anchor.stream}/${one.anchor.sequence}`] ?? slot;
    checkRecord(one, { chainId, registry: with0x(registry), slot: with0x(held) });
  }
  return { verified: true, entry: checked[0].entry, entries: checked.map(({ entry }) => entry), checked };
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = judge(JSON.parse(line));
  } catch (error) {
    // Anything but a refusal is a fault of the verifier, which must never look like one.
    answer = { verified: false, code: error instanceof Refusal ? error.code : `fault: ${error.stack}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
