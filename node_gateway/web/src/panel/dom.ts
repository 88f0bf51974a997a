/** Making and finding elements, typed; texts are always texts, never markup. */

export type Child = Node | string | null | undefined | false | 0;
type Tags = HTMLElementTagNameMap;
type NameOf<Spec extends string> = Spec extends `${infer Name}.${string}` ? Name : Spec;
type Made<Spec extends string> = NameOf<Spec> extends keyof Tags ? Tags[NameOf<Spec>] : HTMLElement;

/** Make an element by `name` or `name.class`. */
export function el<Spec extends string>(spec: Spec, ...children: readonly Child[]): Made<Spec> {
  const [name = "", kind] = spec.split(".");
  const made = document.createElement(name) as Made<Spec>;
  if (kind) made.className = kind;
  fill(made, ...children);
  return made;
}

/** Set attributes; returns the element. */
export function set<Kind extends Element>(made: Kind, attributes: Readonly<Record<string, string>>): Kind {
  for (const name in attributes) made.setAttribute(name, attributes[name] || "");
  return made;
}

/** Replace what is in an element. */
export function fill(parent: Element, ...children: readonly Child[]): void {
  parent.textContent = "";
  for (const child of children) if (child) parent.append(child);
}

/** A button that does something and sends nothing. */
export function button(text: string, act: () => void, kind = ""): HTMLButtonElement {
  const made = el("button", text);
  made.type = "button";
  made.className = kind;
  made.onclick = act;
  return made;
}

/** A sign for eyes alone; its meaning stands beside it in words. */
export function sign(text: string): HTMLElement {
  return set(el("span.mark", text), { "aria-hidden": "true" });
}

export function byId(id: string): HTMLElement | null {
  return document.getElementById(id);
}

/** What a page says to its scripts in `<script type="application/json" id="...">`. */
export function dataOf(id: string): unknown {
  return JSON.parse((byId(id) as HTMLElement).textContent || "null") as unknown;
}

/** Give a file to whoever looks; it comes from this page, from nowhere else. */
export function save(name: string, value: unknown): void {
  const link = el("a");
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: "application/json" }));
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

/** Copy a text; over plain HTTP there is only the old way. */
export function copy(text: string): void {
  const field = el("textarea.unseen");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
