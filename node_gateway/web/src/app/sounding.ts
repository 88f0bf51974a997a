/**
 * A tone beside what stands on the page: high and short for good, low and twice for bad. It can be
 * switched off, and says nothing that is not written, too. Browsers allow it after the first key.
 */

const SILENT = "sealtrail.silent";
const TONES: Record<string, readonly (readonly [hertz: number, startS: number, lengthS: number])[]> = {
  good: [[1320, 0, 0.09]],
  bad: [[240, 0, 0.18], [240, 0.26, 0.18]],
  kept: [[660, 0, 0.06]],
};
const LOUDNESS = 0.15;

let sounds: AudioContext | null = null;

function isSilent(): boolean {
  try {
    return localStorage.getItem(SILENT) === "yes";
  } catch {
    return false; // no storage: as if nothing was chosen
  }
}

export function sound(tone: string): void {
  const parts = TONES[tone];
  if (!parts || isSilent() || typeof AudioContext === "undefined") return;
  const context = (sounds ??= new AudioContext());
  if (context.state === "suspended") void context.resume();
  for (const [hertz, startS, lengthS] of parts) {
    const source = context.createOscillator();
    const loudness = context.createGain();
    source.frequency.value = hertz;
    loudness.gain.value = LOUDNESS;
    source.connect(loudness).connect(context.destination);
    source.start(context.currentTime + startS);
    source.stop(context.currentTime + startS + lengthS);
  }
}

/** Shows the switches as they are, and turns them where one is pressed; `after` a finger or mouse. */
export function switches(root: ParentNode, after: () => void): void {
  for (const one of Array.from(root.querySelectorAll<HTMLButtonElement>("[data-sound]"))) {
    one.hidden = false;
    one.setAttribute("aria-pressed", String(!isSilent()));
    if (one.dataset["ready"]) continue;
    one.dataset["ready"] = "yes";
    one.addEventListener("click", (event) => {
      if (event.detail > 0) after(); // whoever came by the tab key stays where they are
      try {
        localStorage.setItem(SILENT, isSilent() ? "no" : "yes");
      } catch {
        return; // nothing can be kept here: it stays as it is
      }
      one.setAttribute("aria-pressed", String(!isSilent()));
      sound("good");
    });
  }
}
