// Unpack the Chromium of the npm package, and print where it lies.
import chromium from "@sparticuz/chromium";

console.log(await chromium.executablePath());
