/**
 * JSON lines for the tests: {"bundle": base64, "network", "quorum"} in; out comes what `verify` says
 * of it over real HTTP: {"verified": entries} with the first bundle's chain, {"refused": code} or
 * {"cannot": code} or {"flagged": code}; always with `outcome`.
 */
import { createInterface } from "node:readline";

import { CannotCheck, Flagged, Refusal, verify } from "../../node_gateway/web/static/verify.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const { bundle, network, quorum } = JSON.parse(line);
  let answer;
  try {
    const { bundles } = await verify(Buffer.from(bundle, "base64"), { network, quorum });
    const [{ chain }] = bundles;
    answer = { outcome: "verified", verified: bundles.map(({ entry }) => entry), ...chain };
  } catch (error) {
    const { outcome, code, witnesses, warnings, notes } = error;
    const beside = { outcome, witnesses, warnings, notes };
    if (error instanceof Refusal) answer = { ...beside, refused: code };
    else if (error instanceof CannotCheck) answer = { ...beside, cannot: code };
    else if (error instanceof Flagged) answer = { ...beside, flagged: code };
    else throw error;
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
