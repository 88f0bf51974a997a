/**
 * Builds what a browser gets: `src/` and the packages of the lock file in, `static/` out.
 *
 *   src/core/index.ts     -> static/verify.mjs             the verification core as a module
 *   src/verify/verify.html -> static/verify-<hash>.html    the verifier in one file, with all in it
 *   src/<shell>/index.ts  -> static/<shell>-<hash>.js      one script per page, for old phones too
 *   src/styles/<name>.css -> static/<name>-<hash>.css      but for parts, _<name>.css
 *   src/<name>.svg        -> static/<name>-<hash>.svg
 *   COPIED                -> static/<name>-<hash>.<ending> files of packages as they come
 *
 * The same sources give the same bytes. `static/manifest.json` maps each logical name to its file, its
 * SHA-256 and its size. Nothing is fetched; no source maps are shipped.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const OUT = join(HERE, "static");
const PACKAGES = join(HERE, "node_modules");
/** No shell: it is what the shells are made of. */
const CORE = "core";
/** What may weigh how much on its way, in bytes of gzip. */
const CORE_SIZE_BYTES_MAX = 25_000;
const SIZES_BYTES_MAX = { "result.js": 25_000, "verify.html": 600_000 };
/** The oldest syntax that is written; what it runs on must know BigInt (2018; Safari: 2020). */
const TARGET = "es2019";
/** Logical name -> file of a package. */
const COPIED = { "htmx.js": "htmx.org/dist/htmx.min.js", "zxing_reader.wasm": "zxing-wasm/dist/reader/zxing_reader.wasm" };
/** Run as a program it would print nothing and end with 0, which looks like a pass. */
const NO_PROGRAM = `
if (typeof process !== "undefined" && process.argv?.[1] && import.meta.url.endsWith(encodeURI(process.argv[1]))) {
  process.stderr.write("verify.mjs is a module: import { verify } from it.\\nTry: python -m anchoring verify BUNDLE\\n");
  process.exitCode = 2;
}
`;

const shared = {
  absWorkingDir: HERE,
  bundle: true,
  charset: "utf8",
  legalComments: "eof",
  logLevel: "warning",
  preserveSymlinks: true, // so that comments name packages by where they are asked for, on any machine
  treeShaking: true,
  tsconfig: join(HERE, "tsconfig.json"), // it decides on bytes, too: without it there is no build
  write: false,
};

async function bundled(entry, options) {
  const { outputFiles, warnings } = await build({ ...shared, ...options, entryPoints: [join("src", entry)] });
  if (warnings.length) process.exitCode = 1;
  return Buffer.from(outputFiles[0].contents);
}

function pageScript(entry, more = {}) {
  return bundled(entry, { format: "iife", minify: true, target: TARGET, ...more });
}

/** `name.ending` with the beginning of the hash of what it holds, so that it may be cached for ever. */
function hashedName(name, contents) {
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 12);
  return name.replace(/(\.[a-z]+)$/, `-${hash}$1`);
}

function folders(path) {
  const found = readdirSync(path, { withFileTypes: true }).filter((one) => one.isDirectory());
  return found.map(({ name }) => name).sort();
}

function files(path, ending) {
  if (!existsSync(path)) return [];
  return readdirSync(path).filter((name) => name.endsWith(ending) && !name.startsWith("_")).sort();
}

/** What of the catalogues the single file says; it holds every language. */
const SAID = ["check.", "verify.", "verdict.", "witness.", "result.step."];

function catalogue(language) {
  const folder = join(HERE, "locales", language);
  const areas = files(folder, ".json").map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
  const all = Object.entries(Object.assign({}, ...areas));
  return Object.fromEntries(all.filter(([key]) => SAID.some((begin) => key.startsWith(begin))));
}

function policyHash(text) {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/**
 * The verifier as one file, for file:// too: nothing is fetched but what witnesses answer, and the policy
 * names script and style by their hashes.
 */
function singleFile(script, styles) {
  const words = Object.fromEntries(folders(join(HERE, "locales")).map((language) => [language, catalogue(language)]));
  const facts = JSON.stringify({ words, network: null, witnesses: [] }).replace(/</g, "\\u003c");
  const [code, style] = [script.toString("utf8").replace(/<\/(script)/gi, "<\\/$1"), styles.join("")];
  const policy = [
    "default-src 'none'",
    `script-src ${policyHash(code)}`,
    `style-src ${policyHash(style)}`,
    "connect-src https: http:",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const parts = { 'content=""': `content="${policy}"`, "<style></style>": `<style>${style}</style>` };
  parts['id="facts"></script>'] = `id="facts">${facts}</script>`;
  parts["<script></script>"] = `<script>${code}</script>`;
  let page = readFileSync(join(HERE, "src", "verify", "verify.html"), "utf8");
  for (const [place, whole] of Object.entries(parts)) {
    if (page.split(place).length !== 2) throw new Error(`verify.html has no single ${place}`);
    page = page.replace(place, () => whole);
  }
  return Buffer.from(page);
}

/** The licences of all packages whose code is in what is shipped. */
function licences() {
  const { dependencies } = JSON.parse(readFileSync(join(HERE, "package.json"), "utf8"));
  const texts = Object.keys(dependencies).sort().map((name) => {
    const folder = join(PACKAGES, name);
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${license}`;
    return `${name} ${version}\n\n${text}\n`;
  });
  return Buffer.from(texts.join(`\n${"-".repeat(72)}\n\n`));
}

/** All that is built: [logical name, file name, contents]. */
async function everything() {
  const module = await bundled(`${CORE}/index.ts`, {
    format: "esm",
    target: "es2022",
    footer: { js: NO_PROGRAM },
  });
  const found = [
    ["verify.mjs", "verify.mjs", module],
    ["LICENCES.txt", "LICENCES.txt", licences()],
  ];
  const add = (name, contents) => found.push([name, hashedName(name, contents), contents]);
  for (const shell of folders(join(HERE, "src"))) {
    const entry = `${shell}/index.ts`;
    if (shell !== CORE && existsSync(join(HERE, "src", entry))) add(`${shell}.js`, await pageScript(entry));
  }
  for (const name of files(join(HERE, "src", "styles"), ".css")) {
    add(name, await bundled(`styles/${name}`, { minify: true, target: [TARGET, "safari14"] }));
  }
  const made = (name) => found.find(([logical]) => logical === name)[2];
  add("verify.html", singleFile(made("verify.js"), [made("base.css"), made("verify.css")]));
  for (const name of files(join(HERE, "src"), ".svg")) add(name, readFileSync(join(HERE, "src", name)));
  for (const [name, path] of Object.entries(COPIED)) add(name, readFileSync(join(PACKAGES, path)));
  return found;
}

/** New files first, then the manifest that names them, then the old ones go: a server may be reading. */
function write(found) {
  mkdirSync(OUT, { recursive: true });
  const manifest = {};
  for (const [name, file, contents] of found.sort(([one], [other]) => (one < other ? -1 : 1))) {
    writeFileSync(join(OUT, file), contents);
    const sha256 = createHash("sha256").update(contents).digest("hex");
    manifest[name] = { file, sha256, bytes: contents.length };
  }
  writeFileSync(join(OUT, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  const kept = new Set(["manifest.json", ...found.map(([, file]) => file)]);
  for (const old of readdirSync(OUT)) if (!kept.has(basename(old))) rmSync(join(OUT, old), { recursive: true });
  return manifest;
}

function zipped(contents) {
  return gzipSync(contents, { level: 9 }).length;
}

const found = await everything();
const core = zipped(await pageScript(`${CORE}/index.ts`, { globalName: "core" }));
write(found);
process.stdout.write(`core on a page: ${core} bytes gz of ${CORE_SIZE_BYTES_MAX}\n`);
for (const [name, file, contents] of found) {
  process.stdout.write(`${file}: ${contents.length} bytes, ${zipped(contents)} gz (${name})\n`);
}
if (core > CORE_SIZE_BYTES_MAX) {
  process.stderr.write(`the core is ${core - CORE_SIZE_BYTES_MAX} bytes larger than a page allows\n`);
  process.exitCode = 1;
}
for (const [name, , contents] of found) {
  const over = zipped(contents) - (SIZES_BYTES_MAX[name] ?? Infinity);
  if (over > 0) {
    process.stderr.write(`${name} is ${over} bytes of gzip too large\n`);
    process.exitCode = 1;
  }
}
