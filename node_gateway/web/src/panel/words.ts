/** The words of a page: flat catalogues with `{placeholders}`, the same that its templates use. */

export type Words = Readonly<Record<string, string>>;

/** A text with its placeholders filled in; a key that is missing shows itself. */
export function say(words: Words, key: string, values: Readonly<Record<string, string | number>> = {}): string {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
