/** Making elements and texts of this page; texts are always texts, never markup. */

export type Child = Node | string | number | null | undefined | false;
export type Words = Readonly<Record<string, string>>;
export type Values = Readonly<Record<string, string | number>>;
type Attributes = Readonly<Record<string, string | boolean>>;

/** Make an element; an attribute that is true has no value, one that is false is left out. */
export function el<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== false) made.setAttribute(key, value === true ? "" : value);
  fill(made, ...children);
  return made;
}

/** Replace what is in an element. */
export function fill(parent: Node, ...children: readonly Child[]): void {
  parent.textContent = "";
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === "") continue;
    parent.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** A button that does something here. */
export function button(text: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = el("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

/** A field with its label before it. */
export function labelled(text: string, field: HTMLElement): HTMLElement {
  return el("label", {}, el("span", {}, text), field);
}

/** Take the first file that is dropped on an element. */
export function onDrop(zone: HTMLElement, take: (given: Blob | undefined) => void): void {
  zone.addEventListener("dragover", (event) => event.preventDefault());
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer?.files[0]);
  });
}

/** A hash or an address: shortened by the style, whole when it is copied. */
export function hash(text: string): HTMLElement {
  return el("code", { class: "hash", title: text }, text);
}

/** A sign with its word: colour is never alone. */
export function mark(isGood: boolean, text: string): HTMLElement {
  return el("span", { class: isGood ? "said good" : "said bad" }, el("span", { "aria-hidden": "true" }, isGood ? "✓ " : "✗ "), text);
}

/** A table that is a list of cards where there is little room. */
export function table(caption: string, heads: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  const head = el("tr", { role: "row" }, ...heads.map((text) => el("th", { scope: "col", role: "columnheader" }, text)));
  const body = rows.map((cells) =>
    el("tr", { role: "row" }, ...cells.map((cell, place) => el("td", { role: "cell", "data-head": heads[place] ?? "" }, cell))),
  );
  return el(
    "table",
    { role: "table" },
    el("caption", { class: "unseen" }, caption),
    el("thead", { role: "rowgroup" }, head),
    el("tbody", { role: "rowgroup" }, ...body),
  );
}

/** A time of the chain, the same for all who look. */
export function timeText(time: number): string {
  return `${new Date(time * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Give a file to whoever looks; it comes from this page, from nowhere else. */
export function give(name: string, data: Uint8Array | string, type: string): void {
  const blob = new Blob([data as BlobPart], { type });
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  document.body.appendChild(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
