/** Pictures that are drawn here: the beat of a stream, and the way from an entry to its root. */

import type { Level } from "../core/trees.ts";
import type { SeenAnchor } from "./streams.ts";

const SVG = "http://www.w3.org/2000/svg";
const BEATS_MAX = 48;
const [BEAT_WIDTH, BEAT_HEIGHT] = [6, 36];
const [WIDTH, NODE_WIDTH, NODE_HEIGHT, STEP, TOP] = [328, 118, 24, 52, 30];
const SHOWN = 10;

function shape(name: string, attributes: Readonly<Record<string, string | number>>, ...children: readonly (Node | string)[]): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

function picture(width: number, height: number, title: string, ...shapes: readonly SVGElement[]): SVGElement {
  const view = `0 0 ${width} ${height}`;
  return shape("svg", { viewBox: view, width, height, class: "picture", role: "img", "aria-label": title }, shape("title", {}, title), ...shapes);
}

/** The last intervals of a stream: the longer, the higher; a wait that was too long is crossed. */
export function heartbeat(anchors: readonly SeenAnchor[], late: ReadonlySet<number>, title: string): SVGElement {
  const last = anchors.slice(-BEATS_MAX - 1);
  const beats = last.slice(1).map(({ time, sequence }, place) => ({ length: time - (last[place]?.time ?? time), sequence }));
  const longest = Math.max(1, ...beats.map(({ length }) => length));
  const bars = beats.flatMap(({ length, sequence }, place) => {
    const height = 2 + (length / longest) * (BEAT_HEIGHT - 8);
    const x = place * BEAT_WIDTH;
    const isLate = late.has(sequence);
    const bar = shape("rect", { x, y: BEAT_HEIGHT - height, width: BEAT_WIDTH - 2, height, class: isLate ? "filled tone-bad" : "filled tone-accent" });
    return isLate ? [bar, shape("text", { x: x + 2, y: BEAT_HEIGHT - height - 1, "font-size": 8, "text-anchor": "middle", class: "filled tone-bad" }, "✗")] : [bar];
  });
  return picture(BEATS_MAX * BEAT_WIDTH, BEAT_HEIGHT, title, ...bars);
}

/** The words of a picture of a path. */
export interface PathWords {
  readonly title: string;
  readonly leaf: string;
  readonly root: string;
  readonly wrong: string;
}

function line(x1: number, y1: number, x2: number, y2: number, tone: string): SVGElement {
  return shape("line", { x1, y1, x2, y2, "stroke-width": 1.5, class: `stroked tone-${tone}` });
}

function node(x: number, y: number, digits: string, tone: string, isDashed: boolean): SVGElement[] {
  const box = { x, y, width: NODE_WIDTH, height: NODE_HEIGHT, rx: 5, "stroke-width": tone === "bad" ? 2.5 : 1.5, "fill-opacity": 0, class: `stroked tone-${tone}` };
  const at = { x: x + NODE_WIDTH / 2, y: y + 16, "font-size": 12, "text-anchor": "middle", "font-family": "monospace", class: "filled tone-ink" };
  return [shape("rect", isDashed ? { ...box, "stroke-dasharray": "4 3" } : box), shape("text", at, `${digits.slice(0, SHOWN)}…`)];
}

/** A node that is not the tree's: framed in red, crossed, and said. */
function crossed(x: number, y: number, text: string): SVGElement[] {
  const cross = line(x, y, x + NODE_WIDTH, y + NODE_HEIGHT, "bad");
  return [cross, shape("text", { x: x + NODE_WIDTH / 2, y: y - 4, "font-size": 11, "text-anchor": "middle", class: "filled tone-bad" }, `✗ ${text}`)];
}

/**
 * Draw a path, root on top.
 *
 * @param levels leaf first, as `levelsOf` gives them
 * @param wrong places of siblings that are not those of the public list; null if no list is at hand
 */
export function pathPicture(levels: readonly Level[], sealedRoot: string, wrong: ReadonlySet<number> | null, words: PathWords): SVGElement {
  const count = levels.length;
  const agrees = levels[count - 1]?.node === sealedRoot;
  const middle = WIDTH / 2;
  const shapes: SVGElement[] = [];
  levels.forEach(({ node: digits, sibling, isLeft }, place) => {
    const y = TOP + (count - 1 - place) * STEP;
    const isRoot = place === count - 1;
    const [left, right] = [middle - 8 - NODE_WIDTH, middle + 8];
    const x = sibling === null ? middle - NODE_WIDTH / 2 : isLeft ? right : left;
    const upper = y - STEP + NODE_HEIGHT;
    if (sibling !== null) {
      const beside = isLeft ? left : right;
      const isWrong = wrong?.has(place) === true;
      shapes.push(...node(beside, y, sibling, isWrong ? "bad" : "quiet", true), line(beside + NODE_WIDTH / 2, y, middle, upper, "quiet"));
      if (isWrong) shapes.push(...crossed(beside, y, words.wrong));
    }
    if (!isRoot) shapes.push(line(x + NODE_WIDTH / 2, y, middle, upper, "accent"));
    shapes.push(...node(x, y, digits, isRoot ? (agrees ? "good" : "bad") : "accent", false));
    if (isRoot && !agrees) shapes.push(line(x, y, x + NODE_WIDTH, y + NODE_HEIGHT, "bad"));
  });
  const bottom = TOP + (count - 1) * STEP + NODE_HEIGHT;
  const text = (y: number, said: string, tone: string): SVGElement => shape("text", { x: middle, y, "font-size": 13, "text-anchor": "middle", class: `filled tone-${tone}` }, said);
  shapes.push(text(16, words.root, agrees ? "good" : "bad"), text(bottom + 20, words.leaf, "quiet"));
  return picture(WIDTH, bottom + 30, words.title, ...shapes);
}
