/** The camera's part of the scan page: picture, light, photo, and clear words when there is no camera. */

import { byId } from "../panel/dom.ts";
import { say } from "../panel/words.ts";
import { best } from "./reading.ts";
import { type Read, symbols } from "./symbols.ts";

const PAUSE_MS = 120;
const WANTED: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
};
/** Torch is no part of the types of the platform yet. */
type Lamp = MediaTrackConstraintSet & { torch?: boolean };

function part<Kind extends HTMLElement>(id: string): Kind {
  return byId(id) as Kind;
}

/** Why there is no picture, as a key of `scan.camera.`. */
function why(error: unknown): string {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "absent";
  return "busy";
}

export class Camera {
  private readonly video = part<HTMLVideoElement>("video");
  private readonly place = part("camera");
  private stream: MediaStream | null = null;
  private reading: Promise<Read> | null = null;

  /** `take` gets what the first symbol that names something holds. */
  constructor(private readonly take: (text: string) => void) {
    this.place.hidden = false;
    part("start").onclick = () => void this.start();
    part("stop").onclick = () => this.stop("ready");
    part("torch").onclick = () => void this.light();
    const photo = part<HTMLInputElement>("photo");
    photo.onchange = () => {
      const file = photo.files && photo.files[0];
      photo.value = "";
      if (file) void this.photo(file);
    };
    document.addEventListener("visibilitychange", () => document.hidden && this.stream && this.stop("ready"));
    const isThere = Boolean(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
    part("start").hidden = !isThere;
    if (!isThere) part("photo").parentElement?.classList.add("first");
    this.tell(isThere ? "ready" : "insecure");
  }

  /** Open the camera and look for symbols until there is one. */
  async start(): Promise<void> {
    if (this.stream || part("start").hidden) return;
    this.tell("opening");
    try {
      this.stream = await navigator.mediaDevices.getUserMedia(WANTED);
      this.video.srcObject = this.stream;
      await this.video.play();
    } catch (error) {
      return this.stop(why(error));
    }
    this.show(true);
    this.tell("looking");
    await this.look();
  }

  stop(told: string): void {
    for (const track of this.stream ? this.stream.getTracks() : []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.show(false);
    this.tell(told);
  }

  private show(isOn: boolean): void {
    part("view").hidden = part("stop").hidden = !isOn;
    part("start").hidden = isOn;
    const track = this.stream && this.stream.getVideoTracks()[0];
    const able = track && track.getCapabilities ? (track.getCapabilities() as { torch?: boolean }) : {};
    part("torch").hidden = !able.torch;
  }

  private tell(key: string): void {
    const told = part("told");
    const text = say(`scan.camera.${key}`);
    told.setAttribute("data-state", key);
    if (told.textContent !== text) told.textContent = text;
  }

  private async light(): Promise<void> {
    const button = part("torch");
    const isOn = button.getAttribute("aria-pressed") !== "true";
    const track = this.stream && this.stream.getVideoTracks()[0];
    try {
      await track?.applyConstraints({ advanced: [{ torch: isOn } as Lamp] });
      button.setAttribute("aria-pressed", String(isOn));
    } catch {
      button.hidden = true;
    }
  }

  private reader(): Promise<Read> {
    const { reader = "", wasm = "" } = { reader: this.place.getAttribute("data-reader") || "", wasm: this.place.getAttribute("data-wasm") || "" };
    this.reading = this.reading || symbols(reader, wasm);
    this.reading.catch(() => (this.reading = null)); // the next try loads it again
    return this.reading;
  }

  private async look(): Promise<void> {
    try {
      const read = await this.reader();
      while (this.stream) {
        if (this.took(await read(this.video))) return;
        await new Promise((done) => setTimeout(done, PAUSE_MS));
      }
    } catch {
      this.stop("failed");
    }
  }

  private async photo(file: File): Promise<void> {
    if (this.stream) this.stop("reading");
    this.tell("reading");
    let texts: string[] = [];
    try {
      texts = await (await this.reader())(file);
    } catch {
      return this.tell("failed");
    }
    if (!texts.length) this.tell("no_symbol");
    else this.took(texts);
  }

  /** Hand over what was read, or say why it does not help. */
  private took(texts: readonly string[]): boolean {
    const read = best(texts);
    if (!read) return false;
    if (read.kind === "gtin" || read.kind === "product") this.tell("product");
    else if (read.kind === "address") this.tell("address");
    else if (read.kind === "empty") this.tell("nothing");
    else {
      this.stop("ready");
      if (navigator.vibrate) navigator.vibrate(60);
      this.take(read.text);
      return true;
    }
    return false;
  }
}
