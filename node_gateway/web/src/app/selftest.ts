/** The parts of the self-test that only the device itself can tell: its camera and its clock. */

/** A clock that is further away than this makes times of events wrong by what people would see. */
const APART_S_MAX = 5;

function say(name: string, what: string): void {
  for (const one of Array.from(document.querySelectorAll<HTMLElement>(`[data-${name}-says]`))) {
    one.hidden = one.getAttribute(`data-${name}-says`) !== what;
  }
}

async function tryCamera(): Promise<void> {
  if (!navigator.mediaDevices?.getUserMedia) return say("camera", "none");
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    for (const track of stream.getTracks()) track.stop();
    say("camera", "good");
  } catch {
    say("camera", "refused");
  }
}

/** Compares the clocks as of when the answer began to come: what comes later is our own delay. */
function compareClocks(place: HTMLElement): void {
  const [asked] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  const cameMs = performance.timeOrigin + (asked?.responseStart ?? 0);
  const apartS = Math.abs(cameMs - Number(place.dataset["clock"])) / 1000;
  const what = apartS <= APART_S_MAX ? "good" : "bad";
  for (const one of Array.from(place.querySelectorAll("[data-clock-says]"))) {
    const shown = what === "good" ? Math.max(1, Math.ceil(apartS)) : Math.round(apartS);
    one.textContent = (one.textContent ?? "").replace("{seconds}", String(shown));
  }
  say("clock", what);
}

export function selfTest(): void {
  const camera = document.querySelector<HTMLButtonElement>("[data-camera]");
  if (camera) {
    camera.hidden = false;
    camera.addEventListener("click", () => void tryCamera());
  }
  const clock = document.querySelector<HTMLElement>("[data-clock]");
  if (clock) compareClocks(clock);
}
