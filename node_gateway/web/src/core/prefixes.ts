/** Prefixes of canonical codes as the CodeRegistry writes them: `gs1:` and 4 to 12 digits, `cn:` and 7. */

const DRUG_CODE = /^urn:x-cn-drug:([0-9]{7})[0-9]{13}$/;
const KEY = /^https:\/\/id\.gs1\.org\/([0-9]{2,4})\/([^/?#]+)[^?#]*$/;
const [DIGITS_MIN, DIGITS_MAX] = [4, 12];
/** Where the company prefix begins: behind an indicator or extension digit, or the filling zero of a GRAI. */
const OFFSETS = new Map<string, number>([
  ...["00", "01", "8003", "8006"].map((key): [string, number] => [key, 1]),
  ...["253", "255", "401", "402", "414", "415", "417", "8004", "8010", "8013", "8017", "8018"].map(
    (key): [string, number] => [key, 0],
  ),
]);
const PRODUCT_KEYS = ["01", "8006"];

/** The longest prefix a code falls under; null if nobody can be granted it. */
export function prefixOfCode(code: string): string | null {
  const drug = DRUG_CODE.exec(code)?.[1];
  if (drug !== undefined) return `cn:${drug}`;
  const [, key = "", value = ""] = KEY.exec(code) ?? [];
  const offset = OFFSETS.get(key);
  if (offset === undefined) return null;
  const digits = /^[0-9]*/.exec(value.slice(offset).slice(0, DIGITS_MAX))?.[0] ?? "";
  return digits.length >= DIGITS_MIN ? `gs1:${digits}` : null;
}

/** The product as notices name it; null if the code is no product's. */
export function productOfCode(code: string): string | null {
  const key = KEY.exec(code)?.[1];
  if (key !== undefined && !PRODUCT_KEYS.includes(key)) return null;
  const prefix = prefixOfCode(code);
  const isWhole = prefix !== null && (prefix.startsWith("cn:") || prefix.length === 4 + DIGITS_MAX);
  return isWhole ? prefix : null;
}
