/** The words of a page: flat catalogues with `{placeholders}`, the same that its templates use. */

export type Words = Readonly<Record<string, string>>;
export type Values = Readonly<Record<string, string | number>>;

let spoken: Words = {};

/** From here on the page speaks with these. */
export function speak(words: Words): void {
  spoken = words;
}

/** Whether there is a text for a key. */
export function knows(key: string): boolean {
  return key in spoken;
}

/** A text with its placeholders filled in; a key that is missing shows itself. */
export function say(key: string, values: Values = {}): string {
  return (spoken[key] || key).replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** What an event did, in words if there are any. */
export function stepOf({ bizStep, type }: { readonly bizStep: string | null; readonly type: string }): string {
  const key = `result.step.${bizStep}`;
  return knows(key) ? say(key) : bizStep || type;
}
