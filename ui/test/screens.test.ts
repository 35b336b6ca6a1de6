// Pictures of the screens: what the comparison must find, what it must not, and what is kept of a picture.
import { expect, test } from "vitest";
import { differing, MOST_PIXELS, TOLERANCE } from "../screens/compare";
import { screens } from "../screens/list";
import { reduced, type Picture } from "../screens/picture";

const [WIDTH, HEIGHT] = [240, 160];
const all = { left: 0, top: 0, width: WIDTH, height: HEIGHT };
type Colour = readonly [number, number, number];
const [GROUND, INK, ACCENT]: [Colour, Colour, Colour] = [[255, 255, 255], [30, 34, 40], [10, 108, 131]];

function blank(): Picture {
  const rgb = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let at = 0; at < rgb.length; at += 3) rgb.set(GROUND, at);
  return { width: WIDTH, height: HEIGHT, rgb };
}

function fill(picture: Picture, left: number, top: number, width: number, height: number, colour: Colour): void {
  for (let y = top; y < top + height; y++) for (let x = left; x < left + width; x++) picture.rgb.set(colour, (y * WIDTH + x) * 3);
}

/** What stands for a line of text: strokes of one pixel, with softer ones at their sides. */
function text(picture: Picture, top: number, soft = 150): void {
  for (let x = 12; x < 200; x += 5) {
    fill(picture, x, top, 1, 9, INK);
    fill(picture, x + 1, top, 1, 9, [soft, soft, soft]);
  }
}

function card(change: { button?: number; colour?: Colour; lines?: number; soft?: number } = {}): Picture {
  const picture = blank();
  for (let line = 0; line < (change.lines ?? 3); line++) text(picture, 12 + line * 20, change.soft);
  fill(picture, 12 + (change.button ?? 0), 110, 80, 28, change.colour ?? ACCENT);
  return picture;
}

const found = (changed: Picture): number => differing(card(), changed, all);

test("a button that moved by four pixels is found", () => {
  expect(found(card({ button: 4 }))).toBeGreaterThan(MOST_PIXELS);
});

test("another colour is found", () => {
  expect(found(card({ colour: [10, 108, 131 + TOLERANCE + 1] }))).toBeGreaterThan(MOST_PIXELS);
});

test("a line of text that is missing is found", () => {
  expect(found(card({ lines: 2 }))).toBeGreaterThan(MOST_PIXELS);
});

test("softer edges of letters, and a line that lies a pixel further, are not", () => {
  expect(found(card({ soft: 150 + TOLERANCE }))).toBe(0);
  expect(found(card({ button: 1 }))).toBeLessThanOrEqual(MOST_PIXELS);
});

test("what is marked is what differs, in its own window alone", () => {
  const marks = new Uint8Array(WIDTH * HEIGHT);
  const half = { ...all, width: WIDTH / 2 };
  const changed = card();
  fill(changed, 200, 20, 10, 10, ACCENT);
  expect(differing(card(), changed, half, marks)).toBe(0);
  expect(differing(card(), changed, all, marks)).toBe(100);
  expect(marks.reduce((sum, mark) => sum + mark, 0)).toBe(100);
});

test("what is kept has few colours, and those that are frequent are themselves", () => {
  const picture = card();
  for (let at = 0; at < 1_000; at++) picture.rgb.set([at % 256, (at >> 3) % 256, 90], at * 3);
  const few = reduced(picture);
  const colours = ({ rgb }: Picture): Set<string> => {
    const found = new Set<string>();
    for (let at = 0; at < rgb.length; at += 3) found.add(`${rgb[at]},${rgb[at + 1]},${rgb[at + 2]}`);
    return found;
  };
  expect(colours(few).size).toBeLessThanOrEqual(64);
  for (const colour of [GROUND, INK, ACCENT]) expect(colours(few)).toContain(colour.join());
  expect(Buffer.compare(reduced(picture).rgb, few.rgb)).toBe(0);
});

test("no two screens have one name", () => {
  expect(new Set(screens.map(({ name }) => name)).size).toBe(screens.length);
});
