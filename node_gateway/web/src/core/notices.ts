/** Recalls: what the NoticeBoard says of the products whose codes a bundle discloses. */

import * as abi from "./abi.ts";
import type { CheckedBundle } from "./checked.ts";
import { dateOf, type Inquiry } from "./inquiry.ts";
import { productOfCode } from "./prefixes.ts";
import { messageOf } from "./rpc.ts";

const LOT_PATH = "$['ilmd']['cbvmda:lotNumber']";
/** Products of one bundle that are asked about; more are told of as unchecked. */
const PRODUCTS_MAX = 256;
/** Notices of one product that are read, newest first, so many at once. */
const [NOTICES_MAX, AT_ONCE] = [2048, 16];
const SCOPE = abi.fields(abi.text, abi.list(abi.text), abi.bytes32);
const NOTICE = abi.fields(
  abi.fields(abi.number, abi.bool, abi.bool, abi.number, abi.number, abi.number, SCOPE),
);

type Notice = ReturnType<typeof NOTICE.read>[0];
/** For each disclosed code of one product: the lots that the bundle states for it. */
type KnownLots = readonly ReadonlySet<string>[];

/** What a percent-encoded lot spells; as it stands, if it spells nothing. */
function plainOf(lot: string): string {
  try {
    return decodeURIComponent(lot);
  } catch {
    return lot;
  }
}

/** What two spellings of one lot have in common: neither case, nor width, nor outer spaces count. */
export function lotKey(lot: string): string {
  return lot.normalize("NFKC").trim().toUpperCase().toLowerCase();
}

/** The lots that a bundle states for a code: in the code itself, or in the event. */
function lotsOf(checked: CheckedBundle, code: string): Set<string> {
  const stated = checked.items.find(({ path }) => path === LOT_PATH)?.value;
  const parts = code.split("?")[0]?.split("/") ?? [];
  const lots = parts.filter((_, at) => parts[at - 1] === "10").map(plainOf);
  if (typeof stated === "string") lots.push(stated);
  return new Set(lots.map(lotKey));
}

function lotsByProduct(checked: CheckedBundle): Map<string, Set<string>[]> {
  const found = new Map<string, Set<string>[]>();
  for (const { code } of checked.codes) {
    const product = productOfCode(code);
    if (product === null) continue;
    const lots = found.get(product) ?? [];
    lots.push(lotsOf(checked, code));
    found.set(product, lots);
  }
  return found;
}

export async function askNotices(inquiry: Inquiry): Promise<void> {
  const { noticeBoard } = inquiry.network;
  const products = lotsByProduct(inquiry.checked);
  if (!noticeBoard || !products.size) return;
  await inquiry.demand(noticeBoard);
  if (products.size > PRODUCTS_MAX) inquiry.warn("warnings_unchecked", "recalls of some products were not checked");
  const sorted = [...products].sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [product, lots] of sorted.slice(0, PRODUCTS_MAX)) {
    const results = abi.fields(abi.list(abi.number));
    const [ids] = await inquiry.view(noticeBoard.address, "noticesOf(string)", [product], results);
    if (ids.length > NOTICES_MAX) inquiry.warn("warnings_unchecked", "only the newest notices were read");
    // Newest first, and each told as it comes: nobody hides a recall behind other notices.
    const newest = ids.slice(-NOTICES_MAX).reverse();
    for (let at = 0; at < newest.length && !inquiry.isLate; at += AT_ONCE) {
      const some = newest.slice(at, at + AT_ONCE);
      await Promise.all(some.map((id) => readNotice(inquiry, noticeBoard.address, id, product, lots)));
    }
  }
}

async function readNotice(inquiry: Inquiry, board: string, id: bigint, product: string, lots: KnownLots): Promise<void> {
  try {
    const [notice] = await inquiry.view(board, "notice(uint256)", [id], NOTICE);
    const [, , , , , liftedAt, [about]] = notice;
    if (about !== product) throw new Error("a notice of another product");
    if (!liftedAt) tell(inquiry, id, notice, lots);
  } catch (error) {
    inquiry.warn("warnings_unchecked", `a notice was not told: ${messageOf(error)}`);
  }
}

function tell(inquiry: Inquiry, id: bigint, notice: Notice, lots: KnownLots): void {
  const [level, isDrill, , , publishedAt, , [product, recalled, listed]] = notice;
  const what = `${product} (notice ${id}, level ${level}, since ${dateOf(publishedAt)})`;
  let [code, text] = ["recalled", `${what} is recalled`];
  if (recalled.length) {
    if (lots.some((known) => recalled.some((lot) => known.has(lotKey(lot))))) text = `the lot of ${text}`;
    else if (lots.every((known) => known.size)) return; // every lot is known, and none is recalled
    else [code, text] = ["recall_lots", `some lots of ${what} are recalled, compare: ${recalled.join(", ")}`];
  } else if (BigInt(`0x${listed}`)) {
    [code, text] = ["recall_list", `some codes of ${what} are recalled, by a list that is not public`];
  }
  if (isDrill) [code, text] = ["recall_drill", `a drill, no real recall: ${text}`];
  inquiry.warn(code, text, publishedAt, [product, `#${id}`, ...recalled].join(" · "));
}
