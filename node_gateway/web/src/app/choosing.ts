/**
 * Forms with a choice: `data-shows="of"` on it shows what has its value among `data-of`, and hides
 * the rest. Without this all of it is there, and the server takes what the choice says.
 */

function apply(choice: HTMLSelectElement): void {
  const name = choice.dataset["shows"] ?? "";
  const parts = choice.form?.querySelectorAll<HTMLElement>(`[data-${name}]`) ?? [];
  for (const part of Array.from(parts)) {
    const values = (part.dataset[name] ?? "").split(" ");
    part.hidden = !values.includes(choice.value);
  }
}

export function choosing(root: ParentNode): void {
  for (const one of Array.from(root.querySelectorAll<HTMLSelectElement>("select[data-shows]"))) {
    one.addEventListener("change", () => apply(one));
    apply(one);
  }
}
