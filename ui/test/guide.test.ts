// The guide: that all languages tell the same, that keys and buttons are called what they are, and that it opens, searches and closes.
import { readFileSync } from "node:fs";
import axe from "axe-core";
import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import { file, locales, read } from "../guide/guide";
import App from "../src/App.svelte";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { languages } from "../src/i18n/catalogue";
import { Aside } from "../src/state/aside.svelte";
import { chordWords, commands } from "../src/state/desk/keys";
import { presentKeys } from "../src/state/desk/presentKeys";
import { FILTERS } from "../src/state/desk/search.svelte";
import { sought, type Guide, type Inline } from "../src/state/guide";
import { frames } from "./frames";

const guideOf = (locale: string): Guide => read(readFileSync(file(locale), "utf8"));
const english = guideOf("en");

const parts = (guide: Guide): Inline[] =>
  guide.flatMap(({ blocks }) => blocks.flatMap((block) => (block.kind === "text" ? block.words : block.kind === "list" ? block.items.flat() : [...block.head, ...block.rows.flat()].flat())));
const codes = (guide: Guide): string[] => parts(guide).flatMap((part) => (typeof part === "object" && "code" in part ? [part.code] : []));

const filters = FILTERS.flatMap(([typed]) => (typed.startsWith('"') ? [typed] : typed.split(" ")));

describe("the guide", () => {
  it.each(locales)("is built the same in every language, key by key: %s", (locale) => {
    const shape = (guide: Guide): unknown => guide.map(({ blocks }) => blocks.map((block) => [block.kind, block.kind === "list" ? block.items.length : block.kind === "table" ? block.rows.length : 0]));
    expect(shape(guideOf(locale))).toEqual(shape(english));
    const keys = (guide: Guide): string[] => codes(guide).filter((code) => !code.startsWith("from:")).sort();
    expect(keys(guideOf(locale))).toEqual(keys(english));
  });

  it("tells of all that narrows a search", () => {
    expect(filters.filter((filter) => !codes(english).includes(filter))).toEqual([]);
  });

  it("names keys that do something", () => {
    const table = new Set<string>([...commands, ...presentKeys].flatMap(({ keys }) => keys.map((chord) => chordWords(chord, false))));
    // Of the composer, the lists, and the windows; and what is no key.
    const others = ["Ctrl+1", "Ctrl+9", "Alt+Shift+↑", "Alt+Shift+↓", "Enter", "Tab", "Shift+Enter", "Ctrl+B", "Ctrl+Alt+Shift+C", "PgUp", "PgDn", "Shift+F10", "aside://", "HTTPS_PROXY", "aside.log", ...filters];
    expect(codes(english).filter((code) => !code.startsWith("from:") && !table.has(code) && !others.includes(code))).toEqual([]);
  });

  it.each(locales)("calls buttons and states what they are called: %s", (locale) => {
    const words = JSON.stringify(languages[locale]?.words).replaceAll(/\{n\}/g, "12");
    const named = parts(guideOf(locale)).flatMap((part) => (typeof part === "object" && "strong" in part ? [part.strong] : []));
    expect(named.filter((name) => !words.includes(name))).toEqual([]);
  });

  it("lets nothing into the build that the page would not draw as text", () => {
    for (const bad of ["<b>x</b>", "![x](y.png)", "[x](https://example.org)", "```\nx\n```", "### x", "> x", "a <img src=x> b"]) expect(() => read(`## x\n\n${bad}`), bad).toThrow();
    expect(() => read("x")).toThrow();
    expect(read("# t\n\n## a\n\nb `c` **d**")).toEqual([{ title: "a", blocks: [{ kind: "text", words: ["b ", { code: "c" }, " ", { strong: "d" }] }] }]);
  });

  it("is searched by points and rows, and a chapter that is meant stays whole", () => {
    const found = sought(english, "qr CODE");
    expect(found.map(({ blocks }) => blocks.map((block) => (block.kind === "list" ? block.items.length : 0)))).toEqual([[1]]);
    expect(sought(english, "the answer desk")[0]?.blocks.length).toBe(english.find(({ title }) => title === "The answer desk")?.blocks.length);
    expect(sought(english, " ")).toBe(english);
    expect(sought(guideOf("zh-CN"), "没有这样的词")).toEqual([]);
  });
});

describe("Help", () => {
  let view: Record<string, unknown>;
  let aside: Aside;

  async function open(query: string): Promise<void> {
    const bridge = new FakeBridge(sceneFrom(new URLSearchParams(query)));
    aside = new Aside(bridge, "main", frames);
    view = mount(App, { target: document.body, props: { aside } });
    await aside.start();
    await settle();
  }

  async function settle(): Promise<void> {
    for (let i = 0; i < 8; i++) await new Promise((done) => setTimeout(done, i === 0 ? 20 : 0));
    flushSync();
  }

  async function press(target: Element | null): Promise<void> {
    target?.dispatchEvent(new KeyboardEvent("keydown", { key: "F1", bubbles: true, cancelable: true }));
    // The guide of this language is on its way.
    await vi.waitFor(() => {
      flushSync();
      expect(document.querySelector("dialog h3")).not.toBeNull();
    }, 10_000);
  }

  afterEach(async () => {
    await unmount(view);
    document.body.replaceChildren();
  });

  it.each(["scene=first", "scene=desk", "scene=busy&lang=zh-CN"])("opens with F1, in a field, too: %s", async (query) => {
    await open(query);
    await press(document.querySelector("textarea, input"));
    expect(aside.sheet).toEqual({ kind: "guide" });
    const dialog = document.querySelector("dialog");
    const guide = guideOf(query.includes("zh") ? "zh-CN" : "en");
    expect([...(dialog?.querySelectorAll("h3") ?? [])].map((title) => title.textContent)).toEqual(guide.map(({ title }) => title));
    expect(dialog?.querySelectorAll("nav button")).toHaveLength(guide.length);

    dialog?.querySelectorAll<HTMLElement>("nav button")[3]?.click();
    expect(document.activeElement?.textContent).toBe(guide[3]?.title);
    const { violations } = await axe.run(dialog as HTMLElement, { rules: { "landmark-no-duplicate-banner": { enabled: false } } });
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);

    const field = dialog?.querySelector("input") as HTMLInputElement;
    field.value = "OBS";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    flushSync();
    expect(dialog?.querySelectorAll("h3").length).toBeLessThan(guide.length);
    field.value = "☂☂☂";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    flushSync();
    expect([dialog?.querySelectorAll("h3").length, dialog?.querySelector("[role=status]")?.textContent]).toEqual([0, expect.stringContaining("☂☂☂")]);
  });
});
