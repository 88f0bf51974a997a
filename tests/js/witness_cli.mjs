/**
 * JSON lines for the tests: {"bundle": base64, "network", "quorum"} in; out comes what `verify` says
 * of it over real HTTP: {"verified": entries} with the first bundle's chain, {"refused": code} or
 * {"cannot": code}; always with `outcome`.
 */
import { createInterface } from "node:readline";

import { CannotCheck, Refusal, verify } from "../../node_gateway/web/static/verify.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const { bundle, network, quorum } = JSON.parse(line);
  let answer;
  try {
    const { bundles } = await verify(Buffer.from(bundle, "base64"), { network, quorum });
    const [{ chain }] = bundles;
    answer = { outcome: "verified", verified: bundles.map(({ entry }) => entry), ...chain };
  } catch (error) {
    const { outcome, code, witnesses } = error;
    if (error instanceof Refusal) answer = { outcome, refused: code, witnesses };
    else if (error instanceof CannotCheck) answer = { outcome, cannot: code, witnesses };
    else throw error;
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
