/** What can be known of a code from its form alone. Never that it is valid: only who issued it knows that. */

export type Kind = "empty" | "count" | "whole" | "long" | "first" | "letters" | "gtin" | "wrong" | "case" | "pack" | "product" | "link" | "address" | "other";

export interface Reading {
  readonly kind: Kind;
  readonly count: number;
  /** Number of the group, from 1, that holds what does not fit; 0 if there is none. */
  readonly group: number;
}

export const CODE_LENGTH = 20;
const GROUP = 4;
const SEPARATORS = /[\s\-\u2010-\u2014\u2212\ufe63\uff0d]+/g;
const GTIN_LENGTHS = [8, 12, 13, 14];
const SSCC_LENGTH = 18;

/** Symbology identifiers (ISO/IEC 15424) that the gateway reads, too; what stands behind another one is anything. */
const SYMBOLOGY = /^\](?:C[01]|d[12]|Q[13]|J[01]|e0|E(?:0(?=\d{13}$)|4(?=\d{8}$)))\x1d?/i; // a scanner under caps lock sends ]D2

/** Full-width characters as ordinary ones. */
export function narrow(text: string): string {
  return text.replace(/[\uff01-\uff5e]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0xfee0)).replace(/\u3000/g, " ");
}

/** A typed number without what parts its groups. */
export function plain(text: string): string {
  return narrow(text).replace(SEPARATORS, "");
}

/** Digits in groups of four. */
export function grouped(digits: string): string {
  return digits.replace(/\d{4}(?=\d)/g, "$& ");
}

/** Whether the last digit is the GS1 check digit of those before it (General Specifications 7.9). */
export function checks(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) sum += Number(digits[digits.length - 1 - at]) * (at % 2 ? 3 : 1);
  return sum % 10 === 0;
}

function found(kind: Kind, count = 0, group = 0): Reading {
  return { kind, count, group };
}

function ofDigits(digits: string): Reading {
  const count = digits.length;
  if (count === CODE_LENGTH && digits.startsWith("00")) return found(checks(digits.slice(2)) ? "case" : "wrong", count);
  if (count === CODE_LENGTH) return digits.startsWith("8") ? found("whole", count) : found("first", count, 1);
  // What will become 20 digits passes through these lengths too; those begin with 8, and may fit by chance.
  if (count === SSCC_LENGTH && checks(digits) && !digits.startsWith("8")) return found("case", count);
  if (GTIN_LENGTHS.includes(count) && checks(digits) && !digits.startsWith("8")) return found("gtin", count);
  return found(count > CODE_LENGTH ? "long" : "count", count);
}

function ofKeys(gtin: string, hasSerial: boolean): Reading {
  if (!checks(gtin)) return found("wrong");
  return found(hasSerial ? "pack" : "product");
}

/** Whether a serial number (AI 21) is among elements; where a separator got lost, whether one may be. */
function hasSerial(elements: string): boolean {
  let rest = elements;
  while (rest && !rest.startsWith("21")) {
    const fixed = /^(1[1-35-7]\d{6}|20\d\d|3[1-6]\d\d\d{6})\x1d?/.exec(rest);
    const end = rest.indexOf("\x1d");
    if (!fixed && end < 0) return rest.includes("21", 3);
    rest = fixed ? rest.slice(fixed[0].length) : rest.slice(end + 1);
  }
  return Boolean(rest);
}

/** Of a Digital Link, or of a page about a code, on whatever host. */
function ofAddress(text: string): Reading {
  const path = text.replace(/^[a-z]+:\/\/[^/]*/i, "").split("#")[0] || "";
  const keys = /\/01\/(\d{8,14})(\/[^?]*)?/.exec(path);
  if (keys) return checks(keys[1] || "") ? found("link") : found("wrong");
  return found(/\/c\/8\d{19}(?!\d)/.test(path) || /\/(00|414|8003|8004)\/\w/.test(path) ? "link" : "address");
}

/** What somebody typed, pasted or scanned. */
export function read(text: string): Reading {
  const narrowed = narrow(text).trim();
  if (/^https?:\/\//i.test(narrowed)) return ofAddress(narrowed);
  const bare = plain(narrowed.replace(SYMBOLOGY, "").replace(/^[\x1d^]/, ""));
  const bracketed = /\(01\)\s*(\d{14})/.exec(narrowed);
  if (bracketed) return ofKeys(bracketed[1] || "", /\(21\)\s*\S/.test(narrowed));
  if (/^00\d{18}$/.test(bare)) return ofDigits(bare);
  const elements = /^01(\d{14})(.*)$/.exec(bare);
  if (elements && (elements[2] || /^\]/.test(narrowed))) return ofKeys(elements[1] || "", hasSerial(elements[2] || ""));
  if (/^urn:/i.test(narrowed)) return found(/sgtin:|x-cn-drug:/i.test(narrowed) ? "pack" : "other");
  if (!bare) return found("empty");
  if (/^\d+$/.test(bare)) return ofDigits(bare);
  const letter = bare.search(/\D/);
  const digits = bare.replace(/\D/g, "").length;
  const isNearly = bare.length <= CODE_LENGTH && bare.startsWith("8") && /^\w+$/.test(bare) && digits >= bare.length - 2;
  return isNearly ? found("letters", digits, Math.floor(letter / GROUP) + 1) : found("other");
}

/** Of what several symbols hold, the one that names a pack; else whatever helps to say what was read. */
export function best(texts: readonly string[]): { text: string; kind: Kind } | null {
  const worth: readonly Kind[] = ["whole", "pack", "link", "other", "case", "product", "gtin", "address"];
  const all = texts.map((text) => ({ text, kind: read(text).kind }));
  const rank = ({ kind }: { kind: Kind }): number => (worth.indexOf(kind) + worth.length + 1) % (worth.length + 1);
  return all.sort((one, other) => rank(one) - rank(other))[0] || null;
}
