/** What a viewer must see beside a result; one witness that shows it is enough. */

/** As one witness shows it. */
export interface Warning {
  /** Stable. */
  readonly code: string;
  readonly text: string;
  /** From when on it holds, Unix seconds; null if it has no time. */
  readonly since: number | null;
  /** Of a notice: its product, its number and the lots to compare, in no language. */
  readonly about?: string;
}

/** With the organisations that show it; others may withhold it. */
export interface ShownWarning extends Warning {
  readonly shownBy: readonly string[];
}

/** What one organisation's witness told: `owns` null if rights to codes were not asked about. */
export interface Told {
  readonly organisation: string;
  readonly warnings: readonly Warning[];
  readonly owns: boolean | null;
}

/** What anybody shows, each once with the organisations that show it. */
export function unite(told: readonly Told[]): ShownWarning[] {
  const shown = new Map<string, { warning: Warning; shownBy: Set<string> }>();
  for (const { organisation, warnings } of told) {
    for (const warning of warnings) {
      const name = JSON.stringify(warning);
      const one = shown.get(name) ?? { warning, shownBy: new Set() };
      one.shownBy.add(organisation);
      shown.set(name, one);
    }
  }
  const sorted = [...shown].sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([, { warning, shownBy }]) => ({ ...warning, shownBy: [...shownBy].sort() }));
}
