// Pictures as they are compared and kept: with few colours, as WebP without loss, small enough for a repository. ImageMagick reads and writes.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

/** Three bytes a pixel, row by row. */
export interface Picture {
  width: number;
  height: number;
  rgb: Uint8Array;
}

export async function read(file: string): Promise<Picture> {
  const [known, { stdout }] = await Promise.all([promisify(execFile)("identify", ["-format", "%w %h", file]), promisify(execFile)("convert", [file, "-depth", "8", "rgb:-"], { encoding: "buffer", maxBuffer: 1 << 28 })]);
  const [width = 0, height = 0] = known.stdout.split(" ").map(Number);
  return { width, height, rgb: stdout };
}

export async function write(file: string, { width, height, rgb }: Picture): Promise<void> {
  const child = spawn("convert", ["-size", `${width}x${height}`, "-depth", "8", "rgb:-", "-define", "webp:lossless=true", "-define", "webp:exact=true", file], { stdio: ["pipe", "inherit", "inherit"] });
  child.stdin.end(rgb);
  const [code] = (await once(child, "exit")) as [number];
  if (code !== 0) throw new Error(`convert ended with ${code}: ${file}`);
}

/** So many colours are kept at most, unless a screen shows all that there are. */
const COLOURS = 64;
/** What so many pixels have is a ground, an ink or a signal, and stays exactly what it is. */
const LARGE = 1_500;
/** The rest are edges of letters and small marks: a colour that lies as near as this to one that is kept is not kept beside it. */
const APART = 28;
const counts = new Uint32Array(1 << 24);

/** The picture in a few of its colours, the frequent ones first; every other becomes the nearest of them. */
export function reduced({ width, height, rgb }: Picture, colours = COLOURS): Picture {
  const used: number[] = [];
  for (let at = 0; at < rgb.length; at += 3) {
    const colour = pack(rgb, at);
    if ((counts[colour] ?? 0) === 0) used.push(colour);
    counts[colour] = (counts[colour] ?? 0) + 1;
  }
  const palette: number[] = [];
  for (const colour of [...used].sort((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0) || a - b)) {
    if (palette.length === colours) break;
    if ((counts[colour] ?? 0) >= LARGE || apart(nearest(palette, colour), colour) > APART ** 2) palette.push(colour);
  }
  // From here on: what each becomes.
  for (const colour of used) counts[colour] = nearest(palette, colour);
  const out = new Uint8Array(rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    const colour = counts[pack(rgb, at)] ?? 0;
    out[at] = colour >> 16;
    out[at + 1] = (colour >> 8) & 255;
    out[at + 2] = colour & 255;
  }
  for (const colour of used) counts[colour] = 0;
  return { width, height, rgb: out };
}

const pack = (rgb: Uint8Array, at: number): number => ((rgb[at] ?? 0) << 16) | ((rgb[at + 1] ?? 0) << 8) | (rgb[at + 2] ?? 0);

function nearest(palette: readonly number[], colour: number): number {
  let [best, least] = [-1, Number.POSITIVE_INFINITY];
  for (const other of palette) {
    const distance = apart(other, colour);
    if (distance < least) [best, least] = [other, distance];
  }
  return best;
}

/** How far one colour lies from another, squared; from none, as far as can be. */
function apart(one: number, other: number): number {
  if (one < 0) return Number.POSITIVE_INFINITY;
  return ((one >> 16) - (other >> 16)) ** 2 + (((one >> 8) & 255) - ((other >> 8) & 255)) ** 2 + ((one & 255) - (other & 255)) ** 2;
}
