/** How a document is refused: by a code that is the same in every verifier of this project. */

/** The document is not what it says; nothing of it may be shown. */
export class Refusal extends Error {
  readonly outcome = "refused";

  /**
   * @param code stable
   * @param detail for people
   * @param pointer JSON pointer to what is wrong, where the document is a network file
   */
  constructor(
    readonly code: string,
    detail = "",
    readonly pointer: string | null = null,
  ) {
    super(detail ? `${code}: ${detail}` : code);
    this.name = "Refusal";
  }
}

/** Refuse with a stable code; the detail is for people. */
export function refuse(code: string, detail?: string): never {
  throw new Refusal(code, detail);
}
