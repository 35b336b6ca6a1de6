// Whether two pictures show the same, to somebody's eyes: the edges of letters may differ, a button must not have moved.
import type { Picture } from "./picture";

/**
 * So far apart may a channel be. The edges of letters are rounded to the colours that are kept (picture.ts), and another version
 * of a font or of the engine has other greys there; a token of the palette that is changed by less is hardly seen.
 */
export const TOLERANCE = 24;
/** An edge that lies a pixel further is drawing, not design: a pixel is the same if one beside it is. */
const BESIDE = 1;
/** So many pixels of one window may differ. A comma of 13 px has fewer, a letter more. */
export const MOST_PIXELS = 12;

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Marks in `marks` which pixels of a box differ, one byte a pixel of the whole picture; says how many. */
export function differing(one: Picture, other: Picture, box: Box, marks?: Uint8Array): number {
  let count = 0;
  for (let y = box.top; y < box.top + box.height; y++) {
    for (let x = box.left; x < box.left + box.width; x++) {
      const at = y * one.width + x;
      if (same(one, at, other, at) || (isNear(one, at, other, x, y, box) && isNear(other, at, one, x, y, box))) continue;
      count++;
      if (marks) marks[at] = 1;
    }
  }
  return count;
}

function same(one: Picture, at: number, other: Picture, there: number): boolean {
  const [a, b] = [at * 3, there * 3];
  return near(one.rgb[a], other.rgb[b]) && near(one.rgb[a + 1], other.rgb[b + 1]) && near(one.rgb[a + 2], other.rgb[b + 2]);
}

const near = (a = 0, b = 0): boolean => Math.abs(a - b) <= TOLERANCE;

/** Whether the other picture has this pixel's colour near its place. */
function isNear(one: Picture, at: number, other: Picture, x: number, y: number, box: Box): boolean {
  const [right, bottom] = [box.left + box.width - 1, box.top + box.height - 1];
  for (let row = Math.max(box.top, y - BESIDE); row <= Math.min(bottom, y + BESIDE); row++)
    for (let column = Math.max(box.left, x - BESIDE); column <= Math.min(right, x + BESIDE); column++)
      if (same(one, at, other, row * other.width + column)) return true;
  return false;
}

/** The new picture in pale grey, and in red what differs. */
export function drawn(picture: Picture, marks: Uint8Array): Picture {
  const rgb = new Uint8Array(picture.rgb.length);
  for (let at = 0; at < marks.length; at++) {
    const grey = 160 + (((picture.rgb[at * 3] ?? 0) + (picture.rgb[at * 3 + 1] ?? 0) + (picture.rgb[at * 3 + 2] ?? 0)) / 3) * 0.35;
    rgb.set(marks[at] ? [220, 0, 0] : [grey, grey, grey], at * 3);
  }
  return { ...picture, rgb };
}
