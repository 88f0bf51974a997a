/** JSON lines for the tests: a network file in base64 in; out comes the file as read, or the refusal. */

import { createInterface } from "node:readline";

import { parseNetwork } from "../../node_gateway/web/static/verify.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { network: parseNetwork(Buffer.from(JSON.parse(line), "base64")) };
  } catch (error) {
    if (error.name !== "Refusal") throw error;
    answer = { code: error.code, pointer: error.pointer ?? null };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
