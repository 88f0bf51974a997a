/** Reading symbols in pictures: by the browser itself where it knows the formats, else by our own WebAssembly. */

/** What a page and `reader.js` share. */
export interface Reader {
  read(picture: ImageData | Blob, wasm: string): Promise<string[]>;
}

interface Detector {
  detect(source: ImageBitmapSource): Promise<{ rawValue: string }[]>;
}

interface Detectors {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}

declare global {
  interface Window {
    BarcodeDetector?: Detectors;
    symbolReader?: Reader;
  }
}

export type Source = HTMLVideoElement | Blob;
export type Read = (source: Source) => Promise<string[]>;

const FORMATS = ["data_matrix", "qr_code", "code_128", "ean_13"];
/** Larger pictures take longer and are read no better; modules of a small symbol stay several pixels wide. */
const SIDE_PX_MAX = 1600;

function size(source: HTMLVideoElement): [number, number] {
  const [width, height] = [source.videoWidth, source.videoHeight];
  const scale = Math.min(1, SIDE_PX_MAX / Math.max(width, height, 1));
  return [Math.round(width * scale), Math.round(height * scale)];
}

function pixels(source: HTMLVideoElement, canvas: HTMLCanvasElement): ImageData | null {
  [canvas.width, canvas.height] = size(source);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context || !canvas.width || !canvas.height) return null;
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

async function native(): Promise<Read | null> {
  const kind = window.BarcodeDetector;
  if (!kind) return null;
  try {
    const known = await kind.getSupportedFormats();
    if (!FORMATS.every((one) => known.includes(one))) return null;
    const detector = new kind({ formats: FORMATS });
    return async (source) => {
      const picture = source instanceof Blob ? await createImageBitmap(source) : source;
      return (await detector.detect(picture)).map(({ rawValue }) => rawValue);
    };
  } catch {
    return null; // announced, and not there: so it is on some systems
  }
}

function loaded(address: string): Promise<Reader> {
  return new Promise((resolve, reject) => {
    if (window.symbolReader) return resolve(window.symbolReader);
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => (window.symbolReader ? resolve(window.symbolReader) : reject(new Error("no reader")));
    script.onerror = () => reject(new Error("no reader"));
    document.head.append(script);
    return undefined;
  });
}

async function ours(script: string, wasm: string): Promise<Read> {
  const reader = await loaded(script);
  const canvas = document.createElement("canvas");
  return async (source) => {
    const picture = source instanceof Blob ? source : pixels(source, canvas);
    return picture ? reader.read(picture, wasm) : [];
  };
}

/**
 * What reads symbols here. Nothing is loaded before it is asked for.
 *
 * @param script Address of `reader.js`.
 * @param wasm Address of the WebAssembly that it runs.
 */
export async function symbols(script: string, wasm: string): Promise<Read> {
  return (await native()) || ours(script, wasm);
}
