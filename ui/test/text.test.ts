// What text becomes on its way to the screen: links, names, initials, length.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayBody, displayName, hueOf, initialOf, languageOf, wholeName } from "../src/state/display";
import { parseLink, segments } from "../src/state/links";
import { roomLeft } from "../src/state/textLength";

describe("links", () => {
  it.each([
    ["see https://example.org/a?b=c#d.", ["https://example.org/a?b=c#d"]],
    ["参考https://example.org/道，谢谢", ["https://example.org/道"]],
    ["（https://example.org/x）", ["https://example.org/x"]],
    ["(https://en.wikipedia.org/wiki/A_(b))", ["https://en.wikipedia.org/wiki/A_(b)"]],
    ["HTTP://EXAMPLE.org and http://b.example", ["HTTP://EXAMPLE.org", "http://b.example"]],
    ["https://a.example,https://b.example", ["https://a.example,https://b.example"]],
    ["javascript:alert(1) data:text/html,x file:///etc/passwd \\\\host\\share mailto:a@b", []],
    ["https://user:pass@example.org/ https://example.org@evil.example", []],
    ["https:// http://", []],
    ["https://exa\u202emple.org", ["https://exa"]],
  ])("%s", (text, shown) => {
    expect(segments(text).filter((piece) => piece.url !== null).map((piece) => piece.text)).toEqual(shown);
  });

  it("lose nothing of the text, and lead only to the web", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "grapheme" }), fc.webUrl(), fc.tuple(fc.string(), fc.webUrl(), fc.string()).map((parts) => parts.join(""))), (text) => {
        const pieces = segments(text);
        expect(pieces.map((piece) => piece.text).join("")).toBe(text);
        for (const piece of pieces) if (piece.url !== null) expect(piece.url).toMatch(/^https?:\/\//);
      }),
    );
  });

  it("tell the true host of a name in another script", () => {
    expect(parseLink("https://例え.jp/")?.host).toBe("xn--r8jz45g.jp");
    expect(parseLink("https://example.org/")?.host).toBeNull();
  });
});

describe("names", () => {
  it("are one short line without characters that turn or hide others", () => {
    expect(displayName("  Ada\n\u202eLovelace\u200b ")).toBe("AdaLovelace");
    expect(displayName("Z\u0301\u0302\u0303\u0304\u0305a")).toMatch(/^.{3,5}a$/u);
    expect([...new Intl.Segmenter().segment(displayName("名".repeat(80)))]).toHaveLength(32);
    expect(displayName("👩‍👩‍👧 family")).toBe("👩‍👩‍👧 family");
  });

  it("have an initial and a colour, always", () => {
    expect(initialOf("mara")).toBe("M");
    expect(initialOf("_ 林")).toBe("林");
    expect(initialOf("***")).toBe("?");
    fc.assert(fc.property(fc.string(), (user) => hueOf(user, 8) < 8 && hueOf(user, 8) >= 0));
  });
});

it("a tower of marks on one letter is cut, other text is not touched", () => {
  expect(displayBody(`a${"\u0301".repeat(400)}b`)).toBe(`a${"\u0301".repeat(8)}b`);
  expect(displayBody("plain 文字 👍🏽")).toBe("plain 文字 👍🏽");
});

describe("the length left", () => {
  it("is told in the characters that are being typed", () => {
    expect(roomLeft("a".repeat(79), 100)).toEqual({ kind: "plenty" });
    expect(roomLeft("a".repeat(90), 100)).toEqual({ kind: "near", left: 10 });
    expect(roomLeft("字".repeat(30), 100)).toEqual({ kind: "near", left: 3 });
    expect(roomLeft("字".repeat(35), 100)).toEqual({ kind: "over", by: 2 });
    expect(roomLeft("anything", 0)).toEqual({ kind: "plenty" });
  });
});

it("the script of a text tells its language, where one script tells it", () => {
  expect(["Is there a lift?", "有电梯吗？", "エレベーターはありますか。電車は", "엘리베이터 있나요?", "مرحبا", "👍"].map(languageOf)).toEqual([undefined, "zh", "ja", "ko", undefined, undefined]);
});

it("a name that is cut is whole where one points at it", () => {
  const name = `${"很长的名字".repeat(10)}\u202e`;
  expect([displayName(name).endsWith("…"), wholeName(name)]).toEqual([true, "很长的名字".repeat(10)]);
});
