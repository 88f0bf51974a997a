/** JSON-RPC to one witness over HTTP. */

const ANSWER_SIZE_BYTES_MAX = 8 * 1024 * 1024; // a block with the hashes of its transactions is the largest
const TIMEOUT_MS = 10_000;

/** One JSON-RPC call; injected, so that a page can show and limit what it asks. */
export type Ask = (url: string, method: string, params: readonly unknown[]) => Promise<unknown>;

/** The members of an answer; whatever is no object has none. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The text of an answer; whoever sends without end is cut off, not waited for. */
async function textOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) throw new Error("an answer without a body");
  const decoder = new TextDecoder();
  let [text, size] = ["", 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    size += value.length;
    if (size > ANSWER_SIZE_BYTES_MAX) {
      await reader.cancel();
      throw new Error("the answer is larger than 8 MiB");
    }
    text += decoder.decode(value, { stream: true });
  }
}

async function post(url: string, body: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    referrerPolicy: "no-referrer", // the address of a page may hold a code
    signal,
  });
  if (!response.ok) {
    const after = response.headers.get("retry-after");
    throw new Error(`HTTP status ${response.status}${after ? `; Retry-After: ${after}` : ""}`);
  }
  return JSON.parse(await textOf(response)) as unknown;
}

/** One JSON-RPC call over HTTP. */
export async function askOverHttp(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  try {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const { result, error } = membersOf(await post(url, body, controller.signal));
    if (error) throw new Error(String(membersOf(error)["message"]));
    if (result === undefined) throw new Error("no result");
    return result;
  } catch (error) {
    const text = controller.signal.aborted ? `no answer in ${TIMEOUT_MS / 1000} s` : messageOf(error);
    throw new Error(`${method}: ${text}`);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The same, but nothing is asked twice of one witness: the bundles of a set share most questions, and all
 * are about named blocks. What failed is asked again.
 */
export function askOnce(ask: Ask): Ask {
  const known = new Map<string, Promise<unknown>>();
  return (url, method, params) => {
    const question = JSON.stringify([url, method, params]);
    const answer = known.get(question) ?? ask(url, method, params);
    known.set(question, answer);
    answer.catch(() => known.delete(question));
    return answer;
  };
}
