// Every language says all that English says, in the forms that it counts in; nothing stands there that nobody says.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "../../locales/en.json";
import { chosenLocale, sentenceParts, words, wordsForCode } from "../src/i18n/catalogue";
import { gather, LOCALES } from "../words/files";
import { nearest, type Words } from "../words/words";

const AREAS = ["app", "audience", "shell", "report"] as const;
const tags = readdirSync(LOCALES).map((file) => file.replace(/\.json$/, ""));
const file = (tag: string): Record<string, unknown> => JSON.parse(readFileSync(join(LOCALES, `${tag}.json`), "utf8"));
const forms = (words: Words): string[] => (typeof words === "string" ? [words] : Object.values(words));
const slots = (words: Words): string[] => [...new Set(forms(words).join(" ").match(/\{\w+\}/g) ?? [])].sort();
const said = (tag: string, area: string): Readonly<Record<string, Words>> => gather(LOCALES, area)[tag]?.words ?? {};
const each = tags.flatMap((tag) => AREAS.map((area) => ({ tag, area, said: said(tag, area), english: said("en", area) })));

function sources(folder: string, kind = /\.(svelte|ts)$/): string {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return sources(path, kind);
      return kind.test(entry.name) ? readFileSync(path, "utf8") : "";
    })
    .join("\n");
}

describe("the languages", () => {
  it.each(tags)("say who they are and whom they serve: %s", (tag) => {
    expect(Object.keys(file(tag))).toEqual(["name", "serves", ...AREAS]);
    const { name, serves } = gather(LOCALES, "app")[tag] ?? {};
    expect(name).toMatch(/\S/);
    expect(serves).not.toHaveLength(0);
    expect(nearest(gather(LOCALES, "app"), tag), "a system with this very tag").toBe(tag);
    expect(Intl.getCanonicalLocales(tag)).toEqual([tag]);
  });

  it.each(each)("have the same keys: $tag $area", ({ said, english }) => {
    expect(Object.keys(said).sort()).toEqual(Object.keys(english).sort());
  });

  it.each(each)("fill the same slots, and leave nothing empty: $tag $area", ({ said, english }) => {
    for (const [key, words] of Object.entries(said)) {
      expect(slots(words), key).toEqual(slots(english[key] ?? ""));
      for (const form of forms(words)) expect(form.trim(), key).not.toBe("");
    }
  });

  it.each(each)("count in the forms that they have: $tag $area", ({ tag, said, english }) => {
    const wanted = [...new Intl.PluralRules(tag).resolvedOptions().pluralCategories].sort();
    for (const [key, words] of Object.entries(said)) {
      expect(typeof words, key).toBe(typeof english[key]);
      if (typeof words !== "string") expect(Object.keys(words).sort(), key).toEqual(wanted);
    }
  });

  it.each(tags)("are text where a page is written from them: %s", (tag) => {
    for (const words of Object.values(said(tag, "report"))) expect(forms(words).join("")).not.toMatch(/[<>&"]/);
  });

  /** Keys of one thing, wherever it is named. */
  const things = [
    ["app/visible.staff", "app/row.onlyStaff", "report/readers.staff"],
    ["app/join.user", "app/rule.user", "app/person.id"],
    ["app/field.stage", "report/column.stage"],
    ["app/stage.now", "report/stage.now"],
    ["app/stage.next", "report/stage.next"],
    ["app/reason.text", "report/reason.text"],
    ["app/reason.offTopic", "report/reason.offTopic"],
    ["app/reason.abuse", "report/reason.abuse"],
    ["app/reason.later", "report/reason.later"],
  ];
  it.each(tags.flatMap((tag) => things.map((keys) => ({ tag, keys, thing: keys[0] }))))("have one name for one thing: $tag $thing", ({ tag, keys }) => {
    const names = keys.map((each) => {
      const [area = "", key = ""] = each.split("/");
      return String(said(tag, area)[key]).toLowerCase();
    });
    expect(new Set(names).size, names.join(" | ")).toBe(1);
  });

  it.each(tags)("name the demo only where English names it: %s", (tag) => {
    const named = (words: Words, demo: string): boolean => forms(words).join(" ").toLowerCase().includes(demo.toLowerCase());
    const [own, english] = [tag, "en"].map((each) => String(said(each, "app")["rooms.demo"]));
    for (const [key, words] of Object.entries(said(tag, "app"))) if (named(words, own ?? "")) expect(named(said("en", "app")[key] ?? "", english ?? ""), key).toBe(true);
  });

  it.each(["src", "audience"])("hold nothing that nobody says: %s", (page) => {
    const source = sources(join(import.meta.dirname, "..", page));
    const byCode = page === "src" ? /^(error|why|notice|failure)\./ : /^(failed|review|stage|work)\./;
    const keys = Object.keys(page === "src" ? en.app : en.audience);
    expect(keys.filter((key) => !byCode.test(key) && !source.includes(`"${key}"`))).toEqual([]);
  });
});

it.each(["error", "notice", "why"])("no words for a code that nobody gives: %s", (family) => {
  const rust = ["src-tauri/src", "crates/session/src", "crates/report/src"].map((folder) => sources(join(import.meta.dirname, "../..", folder), /\.rs$/)).join("\n");
  const page = sources(join(import.meta.dirname, "../src"));
  const codes = Object.keys(en.app).flatMap((key) => (key.startsWith(`${family}.`) ? [key.slice(family.length + 1)] : []));
  expect(codes.filter((code) => code !== "unknown" && ![rust, page].some((source) => source.includes(`"${code}"`)))).toEqual([]);
});

it("a notice says all that it is told", () => {
  const rust = sources(join(import.meta.dirname, "../../src-tauri/src"), /\.rs$/);
  const told = [...rust.matchAll(/\.notice\(\s*"(\w+)",\s*&\[([^\]]*)\]/g)].map(([, code = "", params = ""]) => [code, [...params.matchAll(/\("(\w+)"/g)].map(([, name = ""]) => `{${name}}`)] as const);
  // Told where no pattern finds it.
  const others = [["settings_reset", ["{file}"]], ["cache_rebuilt", ["{file}"]], ["token_left", ["{entry}", "{room}"]]] as const;
  expect(told.map(([code]) => code)).toContain("overlay_port");
  for (const [code, params] of [...told, ...others]) expect(slots(en.app[`notice.${code}` as keyof typeof en.app]), code).toEqual([...params].sort());
});

it("what is too long need not be for a server", () => {
  expect(words("en", "error.too_long")).not.toMatch(/server/);
});

describe("words", () => {
  it("count by the rules of the language", () => {
    expect(words("en", "gap.openCount", { n: 1 })).toBe("1 entry is missing here.");
    expect(words("en", "gap.openCount", { n: 1200 })).toBe("1,200 entries are missing here.");
    expect(words("zh-CN", "gap.openCount", { n: 1 })).toBe("此处缺少 1 条内容。");
  });

  it("fall back for codes without words, and never take a code for a key of another family", () => {
    expect(wordsForCode("en", "error", "no_such_code")).toContain("no_such_code");
    expect(wordsForCode("zh-CN", "why", "network")).toBe("无法连接服务器。");
    expect(wordsForCode("en", "why", "toString")).toBe(en.app["why.unknown"]);
  });

  it("are cut at their names", () => {
    expect(sentenceParts("en", "row.answer")).toEqual([{ slot: "org" }, { text: " replied to " }, { slot: "name" }]);
  });

  it("follow the person, and the system where the person says so or the language is gone", () => {
    const choose = (system: string): string => chosenLocale("system", system);
    expect(["zh-CN", "zh_TW", "zh-Hans-CN", "zha", "en-GB", "de"].map(choose)).toEqual(["zh-CN", "zh-CN", "zh-CN", "en", "en", "en"]);
    expect(chosenLocale("en", "zh-CN")).toBe("en");
    expect([chosenLocale("xx", "zh-CN"), chosenLocale("toString", "de")]).toEqual(["zh-CN", "en"]);
  });
});
