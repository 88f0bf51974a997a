/** Making and finding elements, typed; texts are always texts, never markup. */

export type Child = Node | string | null | undefined | false;
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
    if (child) parent.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  }
}

/** A button that does something and sends nothing. */
export function button(text: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = el("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

export function byId(id: string): HTMLElement | null {
  return document.getElementById(id);
}

/** What a page says to its scripts in `<script type="application/json" id="...">`. */
export function dataOf(id: string): unknown {
  return JSON.parse(byId(id)?.textContent ?? "null") as unknown;
}

/** Give a file to whoever looks; it comes from this page, from nowhere else. */
export function save(name: string, value: unknown): void {
  const blob = new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: "application/json" });
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  document.body.appendChild(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Copy a text; over plain HTTP there is only the old way. */
export function copy(text: string): void {
  const field = el("textarea", { class: "unseen", "aria-hidden": "true" });
  field.value = text;
  document.body.appendChild(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
