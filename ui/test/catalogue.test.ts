// Both languages have the same keys and the same slots, and every key is used.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { catalogues, nearestLocale, sentenceParts, words, wordsForCode } from "../src/i18n/catalogue";
import { en, type Key, type Words } from "../src/i18n/en";
import { zhCN } from "../src/i18n/zh-CN";

const slots = (words: Words): string[] => [...new Set((typeof words === "string" ? words : Object.values(words).join(" ")).match(/\{\w+\}/g) ?? [])].sort();

function sources(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === "i18n" ? "" : sources(path);
      return /\.(svelte|ts)$/.test(entry.name) ? readFileSync(path, "utf8") : "";
    })
    .join("\n");
}

describe("the catalogues", () => {
  it("have the same keys", () => {
    expect(Object.keys(zhCN).sort()).toEqual(Object.keys(en).sort());
  });

  it.each(Object.keys(en) as Key[])("fill the same slots: %s", (key) => {
    expect(slots(zhCN[key])).toEqual(slots(en[key]));
    expect(words("zh-CN", key, { n: 1 })).not.toBe("");
  });

  it("hold nothing that nobody says", () => {
    const said = sources(join(import.meta.dirname, "../src")) + readFileSync(join(import.meta.dirname, "../src/i18n/language.svelte.ts"), "utf8");
    const byCode = /^(error|why|notice|failure)\./;
    expect(Object.keys(en).filter((key) => !byCode.test(key) && !said.includes(`"${key}"`))).toEqual([]);
  });

  it("count by the rules of the language", () => {
    expect(words("en", "gap.openCount", { n: 1 })).toBe("1 entry is missing here.");
    expect(words("en", "gap.openCount", { n: 1200 })).toBe("1,200 entries are missing here.");
    expect(words("zh-CN", "gap.openCount", { n: 1 })).toBe("此处缺少 1 条内容。");
  });

  it("fall back for codes without words, and never take a code for a key of another family", () => {
    expect(wordsForCode("en", "error", "no_such_code")).toContain("no_such_code");
    expect(wordsForCode("zh-CN", "why", "network")).toBe(catalogues["zh-CN"]["why.network"]);
    expect(wordsForCode("en", "why", "toString")).toBe(en["why.unknown"]);
  });

  it("cut a sentence at its names", () => {
    expect(sentenceParts("en", "row.answer")).toEqual([{ slot: "org" }, { text: " replied to " }, { slot: "name" }]);
  });

  it("follow the system's language", () => {
    expect(["zh-CN", "zh_TW", "zh-Hans-CN", "en-GB", "de"].map(nearestLocale)).toEqual(["zh-CN", "zh-CN", "zh-CN", "en", "en"]);
  });
});
