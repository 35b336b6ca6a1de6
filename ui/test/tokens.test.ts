// The tokens in every theme: what is read stands out from what it stands on, and nothing moves where that is not wanted.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const tokens = readFileSync("src/tokens.css", "utf8");
const SURFACES = ["bg", "rail-bg", "raised", "sunken", "hover", "chosen"];
const TINTS = ["accent-tint", "wait-tint", "private-tint", "bad-tint", "found", "selection", ...["red", "amber", "green", "teal", "blue", "violet"].map((colour) => `mark-${colour}-tint`)];
const PEOPLE = Array.from({ length: 8 }, (_, n) => `who-${n}`);

/** What is read, and every ground that it stands on. */
const TEXTS: Record<string, string[]> = {
  text: [...SURFACES, ...TINTS, ...PEOPLE, "accent-soft"],
  muted: [...SURFACES, ...TINTS],
  accent: [...SURFACES, "accent-tint", "accent-soft", "private-tint", "wait-tint"],
  "on-accent": ["accent", "accent-strong"],
  "on-who": ["accent", "private", "wait"],
  good: [...SURFACES, "accent-tint"],
  bad: [...SURFACES, "bad-tint"],
  wait: [...SURFACES, "wait-tint"],
  private: [...SURFACES, "private-tint"],
};
/** What is seen without being read: edges of fields, the ring of what has the focus, stripes and dots. */
const EDGES: Record<string, string[]> = {
  "line-strong": SURFACES,
  accent: SURFACES,
  good: SURFACES,
  bad: SURFACES,
  wait: SURFACES,
  private: SURFACES,
  ...Object.fromEntries(["red", "amber", "green", "teal", "blue", "violet"].map((colour) => [`mark-${colour}`, [...SURFACES, `mark-${colour}-tint`]])),
};
/** Where more contrast is wanted, what else is drawn is an edge, too. */
const MORE_EDGES: Record<string, string[]> = { line: SURFACES, "accent-line": SURFACES, "wait-line": SURFACES, "private-line": SURFACES, "bad-line": SURFACES };

type Colours = Map<string, readonly [string, string]>;

function coloursOf(block: string): Colours {
  return new Map([...block.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [name as string, [light as string, dark as string]]));
}

const [usual = "", more = ""] = [/:root \{([^}]*)\}/, /:root:is\([^{]*\) \{([^}]*)\}/].map((block) => block.exec(tokens)?.[1]);
const themes = { usual: coloursOf(usual), contrast: new Map([...coloursOf(usual), ...coloursOf(more)]) };

/** Of WCAG 2.2. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

function tooClose(colours: Colours, pairs: Record<string, string[]>, least: number): string[] {
  return Object.entries(pairs).flatMap(([front, grounds]) =>
    grounds.flatMap((ground) =>
      [0, 1].flatMap((scheme) => {
        const [a, b] = [colours.get(front)?.[scheme], colours.get(ground)?.[scheme]];
        if (!a || !b) return [`${front} or ${ground} is no colour`];
        const is = contrast(a, b);
        return is < least ? [`${front} on ${ground}, ${scheme === 0 ? "light" : "dark"}: ${is.toFixed(2)}`] : [];
      }),
    ),
  );
}

function files(folder: string, ends: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.name === "dist" ? [] : entry.isDirectory() ? files(path, ends) : entry.name.endsWith(ends) ? [path] : [];
  });
}
const sources = (...ends: string[]): [string, string][] => ends.flatMap((end) => ["src", "audience"].flatMap((folder) => files(folder, end))).map((path) => [path, readFileSync(path, "utf8")]);

describe("light and dark", () => {
  it("text stands out 4.5 times", () => expect(tooClose(themes.usual, TEXTS, 4.5)).toEqual([]));
  it("edges, stripes and the ring of the focus 3 times", () => expect(tooClose(themes.usual, EDGES, 3)).toEqual([]));
});

describe("high contrast", () => {
  it("text stands out 7 times", () => expect(tooClose(themes.contrast, TEXTS, 7)).toEqual([]));
  it("every line 3 times", () => expect(tooClose(themes.contrast, { ...EDGES, ...MORE_EDGES }, 3)).toEqual([]));
});

it("a colour that text has somewhere is one that was measured", () => {
  const used = sources(".svelte", ".css").flatMap(([, text]) => [...text.matchAll(/(?<![\w-])color: var\(--([\w-]+)\)/g)].map(([, name]) => name as string));
  // The second name stands for one of the others, by what an answer is; the rest are the second screen and a code for cameras.
  const known = [...Object.keys(TEXTS), "who", "mark", "ink", "paper"];
  expect([...new Set(used)].filter((name) => !known.includes(name))).toEqual([]);
});

it("what moves is moved by styles, which all hold still where a person wants that", () => {
  expect(readFileSync("src/base.css", "utf8")).toMatch(/prefers-reduced-motion: reduce\) \{\s*\*,\s*\*::before,\s*\*::after \{\s*animation-timing-function: step-end !important;\s*transition: none !important;/);
  const scripts = sources(".svelte", ".ts").filter(([, text]) => /svelte\/(transition|motion|animate)|\.animate\(|behavior: "smooth"|(transition|animation)[^;\n]*!important/.test(text));
  expect(scripts.map(([path]) => path)).toEqual([]);
});
