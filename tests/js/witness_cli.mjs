/**
 * JSON lines for the tests: {"bundle": base64, "network", "quorum"} in; out comes what `verify` says
 * of it over real HTTP: {"verified"} with its result, {"refused": code} or {"cannot": code}.
 */
import { createInterface } from "node:readline";

import { CannotCheck, Refusal, verify } from "../../node_gateway/web/static/verify.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const { bundle, network, quorum } = JSON.parse(line);
  let answer;
  try {
    const { bundles, ...rest } = await verify(Buffer.from(bundle, "base64"), { network, quorum });
    answer = { verified: bundles.map(({ entry }) => entry), ...rest };
  } catch (error) {
    const { code, witnesses } = error;
    if (error instanceof Refusal) answer = { refused: code, witnesses };
    else if (error instanceof CannotCheck) answer = { cannot: code, witnesses };
    else throw error;
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
