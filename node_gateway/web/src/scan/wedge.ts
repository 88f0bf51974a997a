/**
 * Hand scanners that type: a burst of keys, ended by Enter or Tab, wherever on the page the focus is.
 *
 * People do not type like that: a burst has many keys, and never a long pause between two of them.
 */

const PAUSE_MS_MAX = 80;
const LENGTH_MIN = 8;
/** Sent as Ctrl+] by most scanners: the separator between elements. */
const SEPARATOR = "\x1d";

export interface Burst {
  readonly text: string;
  readonly capsLock: boolean;
}

/** The character of a key that is pressed; empty if it types none. */
export function character(key: string, ctrl: boolean): string {
  if (ctrl) return key === "]" || key === "\x1d" ? SEPARATOR : "";
  return key.length === 1 ? key : "";
}

/** Collects keys and tells what was a burst. No page in it, so that it can be called with any times. */
export class Keys {
  private text = "";
  private last = 0;
  private capsLock = false;

  /** Take a key in; returns the burst that it ends. */
  press(key: string, at: number, ctrl = false, capsLock = false): Burst | null {
    if (at - this.last > PAUSE_MS_MAX) this.text = "";
    this.last = at;
    if (key === "Enter" || key === "Tab") {
      const { text } = this;
      this.text = "";
      return text.length >= LENGTH_MIN ? { text, capsLock: this.capsLock } : null;
    }
    const typed = character(key, ctrl);
    if (typed && !this.text) this.capsLock = false;
    this.capsLock = this.capsLock || (capsLock && /[a-z]/i.test(typed));
    this.text += typed;
    return null;
  }
}

/** From now on `take` gets every burst. */
export function listen(take: (burst: Burst) => void): void {
  const keys = new Keys();
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.isComposing || event.altKey || event.metaKey) return;
      const isCapital = Boolean(event.getModifierState && event.getModifierState("CapsLock"));
      const burst = keys.press(event.key, event.timeStamp, event.ctrlKey, isCapital);
      if (!burst) return;
      event.preventDefault();
      event.stopPropagation();
      take(burst);
    },
    true,
  );
}
