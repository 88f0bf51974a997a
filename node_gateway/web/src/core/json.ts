/** Strict text: UTF-8 without repairs, RFC 8259 JSON without duplicate names and lone surrogates. */

import { refuse } from "./refusal.ts";

const LEVELS_MAX = 64;

/** A JSON value; objects are Maps, so that no name of a member means anything to the language. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = Map<string, Json>;

/** How a number is read, and by which code a defect is refused. */
export interface JsonRules {
  readonly readNumber: (token: string) => number;
  readonly syntax: string;
  readonly tooDeep: string;
  readonly duplicate: string;
}

class JsonReader {
  private at = 0;

  constructor(
    private readonly text: string,
    private readonly rules: JsonRules,
  ) {}

  readDocument(): Json {
    const value = this.readValue(0);
    this.skipSpace();
    if (this.at !== this.text.length) this.fail();
    return value;
  }

  private fail(): never {
    return refuse(this.rules.syntax, `at character ${this.at}`);
  }

  private skipSpace(): void {
    while (this.at < this.text.length && " \n\r\t".includes(this.text.charAt(this.at))) this.at += 1;
  }

  /** Step over `token` if it stands here. */
  private take(token: string): boolean {
    const found = this.text.startsWith(token, this.at);
    if (found) this.at += token.length;
    return found;
  }

  private readString(): string {
    const { text } = this;
    const start = this.at;
    if (!this.take('"')) this.fail();
    while (this.at < text.length && text[this.at] !== '"') this.at += text[this.at] === "\\" ? 2 : 1;
    if (!this.take('"')) this.fail();
    const string = this.literal(text.slice(start, this.at));
    if (/[\uD800-\uDFFF]/u.test(string)) refuse("lone_surrogate", `before character ${this.at}`);
    return string;
  }

  /** One string literal is all that is left to the language: no member names, no numbers. */
  private literal(token: string): string {
    try {
      return String(JSON.parse(token));
    } catch {
      return this.fail();
    }
  }

  /** Read what stands between two brackets, by `readOne` for each part. */
  private readParts(open: string, close: string, readOne: () => void): void {
    this.take(open);
    this.skipSpace();
    if (this.take(close)) return;
    do {
      this.skipSpace();
      readOne();
      this.skipSpace();
    } while (this.take(","));
    if (!this.take(close)) this.fail();
  }

  private readObject(level: number): JsonObject {
    const members: JsonObject = new Map();
    this.readParts("{", "}", () => {
      const name = this.readString();
      if (members.has(name)) refuse(this.rules.duplicate, `before character ${this.at}`);
      this.skipSpace();
      if (!this.take(":")) this.fail();
      members.set(name, this.readValue(level));
    });
    return members;
  }

  private readArray(level: number): Json[] {
    const elements: Json[] = [];
    this.readParts("[", "]", () => elements.push(this.readValue(level)));
    return elements;
  }

  private readScalar(): boolean | null | number {
    if (this.take("true")) return true;
    if (this.take("false")) return false;
    if (this.take("null")) return null;
    const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
    number.lastIndex = this.at;
    const token = number.exec(this.text)?.[0] ?? this.fail();
    this.at += token.length;
    return this.rules.readNumber(token);
  }

  /** @param level of what surrounds the value; the document's own containers are level 1 */
  private readValue(level: number): Json {
    this.skipSpace();
    const first = this.text.charAt(this.at);
    if (first === '"') return this.readString();
    if (first !== "{" && first !== "[") return this.readScalar();
    if (level >= LEVELS_MAX) refuse(this.rules.tooDeep);
    return first === "{" ? this.readObject(level + 1) : this.readArray(level + 1);
  }
}

/** Read one strict RFC 8259 text. */
export function parseJson(text: string, rules: JsonRules): Json {
  return new JsonReader(text, rules).readDocument();
}

/** Decode strictly; a byte order mark stays visible as U+FEFF. */
export function decodeUtf8(bytes: Uint8Array, code: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse(code);
  }
}
