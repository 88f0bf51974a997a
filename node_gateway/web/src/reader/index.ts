/** What reads symbols where the browser cannot: zxing-wasm, all of it from this gateway. */

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

import type { Reader } from "../scan/symbols.ts";

/** A symbol of GS1 says so in front, as hand scanners do: then FNC1 parts elements. */
const GS1: Readonly<Record<string, string>> = { DataMatrix: "]d2", QRCode: "]Q3", Code128: "]C1" };
let prepared = "";

async function read(picture: ImageData | Blob, wasm: string): Promise<string[]> {
  if (prepared !== wasm) prepareZXingModule({ overrides: { locateFile: () => wasm } });
  prepared = wasm;
  const found = await readBarcodes(picture, {
    formats: ["DataMatrix", "QRCode", "Code128", "EAN13", "EAN8", "UPCA"],
    tryHarder: true,
    maxNumberOfSymbols: 4,
    textMode: "Plain",
  });
  return found.map(({ contentType, format, text }) => (contentType === "GS1" ? (GS1[format] || "") + text : text));
}

const reader: Reader = { read };
window.symbolReader = reader;
