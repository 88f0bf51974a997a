/**
 * JSON lines for the tests: {"bundle": base64, "network", "quorum", "sealsSuffice"?} in; out comes what
 * `verify` says of it over real HTTP: `outcome` and `code`, the entries, and the chain of the worst
 * bundle, or of the first, and `again`: questions that one witness answered and was asked again.
 */
import { createInterface } from "node:readline";

import { askOverHttp, verify } from "../../node_gateway/web/static/verify.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const { bundle, ...options } = JSON.parse(line);
  const [answered, again] = [new Set(), []];
  const ask = async (...question) => {
    const name = JSON.stringify(question);
    if (answered.has(name)) again.push(name);
    const answer = await askOverHttp(...question);
    answered.add(name);
    return answer;
  };
  const { outcome, code, bundles } = await verify(Buffer.from(bundle, "base64"), { ...options, ask });
  const worst = bundles.find(({ chain }) => chain.outcome === outcome) ?? bundles[0];
  const answer = { ...worst?.chain, outcome, code, again };
  if (outcome === "verified") answer.verified = bundles.map(({ checked }) => checked.entry);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
