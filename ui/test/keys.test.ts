// The one table of keys: what a press means, where it means nothing, and what cannot be chosen.
import { describe, expect, it } from "vitest";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Habits } from "../src/state/desk/habits.svelte";
import { chordOf, chordWords, commandFor, commands, conflictOf, fixed, keysOf, takesText, type Press } from "../src/state/desk/keys";

function press(key: string, more: Partial<Press> & { altGraph?: boolean } = {}): Press {
  const { altGraph = false, ...rest } = more;
  return { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false, keyCode: 0, getModifierState: (name) => name === "AltGraph" && altGraph, ...rest };
}
const means = (event: Press, inField = false): string | null => commandFor(event, {}, inField, false);

describe("a press", () => {
  it("means what the table says, by the character it makes", () => {
    expect([press("j"), press("J", { shiftKey: true }), press("ArrowDown"), press("?", { shiftKey: true }), press("k", { ctrlKey: true }), press("E", { ctrlKey: true, shiftKey: true })].map((event) => means(event))).toEqual(["next", "extendNext", "next", "help", "palette", "export"]);
  });

  it("with AltGr is the character it makes, on layouts where Windows calls it Ctrl with Alt, too", () => {
    expect(means(press("]", { altKey: true, ctrlKey: true, altGraph: true }))).toBe("advance");
    expect(means(press("ć", { altKey: true, ctrlKey: true, altGraph: true }))).toBeNull();
  });

  it("with Alt means nothing, whatever the letter", () => {
    for (const key of "abcdefghijklmnopqrstuvwxyz?.]/") expect(means(press(key, { altKey: true }))).toBeNull();
    expect(commands.flatMap(({ keys }) => [...keys]).filter((chord) => chord.includes("Alt"))).toEqual([]);
  });

  it("in a field never takes a character away: ć @ # [ / ? and every letter", () => {
    for (const key of [..."ć@#[/?.]", ..."abcdefghijklmnopqrstuvwxyz", ..."ABCDEFGHIJKLMNOPQRSTUVWXYZ", "Enter", "Escape", "ArrowDown", "Home"]) {
      expect(means(press(key), true), key).toBeNull();
      expect(means(press(key, { altGraph: true, altKey: true, ctrlKey: true }), true), key).toBeNull();
    }
    expect([means(press("k", { ctrlKey: true }), true), means(press("z", { ctrlKey: true }), true)]).toEqual(["palette", null]);
  });

  it("that an input method has, or that is dead, means nothing", () => {
    expect([press("j", { isComposing: true }), press("j", { keyCode: 229 }), press("Process"), press("Dead")].map((event) => means(event))).toEqual([null, null, null, null]);
  });

  it("with ⌘ is Mod on a Mac, and with Ctrl elsewhere", () => {
    expect([chordOf(press("k", { metaKey: true }), true), chordOf(press("k", { metaKey: true }), false), chordOf(press("k", { ctrlKey: true }), true)]).toEqual(["Mod+k", null, null]);
  });
});

describe("the table", () => {
  it("gives no key to two commands", () => {
    for (const command of commands) for (const chord of command.keys) expect(conflictOf(command.id, chord, {}), `${command.id} ${chord}`).toBeNull();
  });

  it("writes keys as they stand on them", () => {
    expect(["j", "J", "Mod+Shift+Enter", "ArrowDown", "Mod+k"].map((chord) => chordWords(chord, false))).toEqual(["J", "Shift+J", "Ctrl+Shift+Enter", "↓", "Ctrl+K"]);
  });

  it("knows a field", () => {
    const make = (tag: string, type?: string): HTMLElement => Object.assign(document.createElement(tag), type === undefined ? {} : { type });
    expect([make("textarea"), make("input"), make("input", "checkbox"), make("button"), make("select")].map((element) => takesText(element))).toEqual([true, true, false, false, true]);
  });
});

describe("keys that stay as they are", () => {
  it("are taken from no command, however it was bound", async () => {
    const habits = new Habits(new FakeBridge(sceneFrom(new URLSearchParams("rows=0&desk=server"))));
    expect([await habits.bind("numbers", "Mod+b"), await habits.bind("search", "Mod+w"), await habits.bind("snippet", "Mod+7"), await habits.bind("search", "Mod+0")]).toEqual(["strip", "hide", "room", "textUsual"]);
    const old = { search: "Mod+b" };
    expect([commandFor(press("b", { ctrlKey: true }), old, false, false), keysOf("search", old)]).toEqual([null, ["/", "Mod+f"]]);
  });

  it("are all in the sheet, and those of the composer do not take what works in every field", () => {
    expect(fixed.flatMap(({ keys }) => keys)).toEqual(["Mod+w", "Mod+b", ...[..."123456789"].map((digit) => `Mod+${digit}`), "Alt+Shift+ArrowUp", "Alt+Shift+ArrowDown"]);
    expect([conflictOf("snippet", "Mod+k", {}), conflictOf("palette", "Mod+j", {}), conflictOf("claim", "Mod+j", {})]).toEqual(["palette", "snippet", null]);
  });
});

it("another key is kept, its rival is named, and all can be as they were", async () => {
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=0&desk=server")));
  const habits = new Habits(bridge);
  await habits.load();
  expect(await habits.bind("next", "k")).toBe("previous");
  expect([await habits.bind("next", "Escape"), await habits.bind("sendPublic", "s")]).toEqual(["bad", "bad"]);
  expect(await habits.bind("next", "w")).toBeNull();
  expect([keysOf("next", habits.bound), bridge.desk.bound, commandFor(press("j"), habits.bound, false, false), commandFor(press("w"), habits.bound, false, false)]).toEqual([["w"], { next: "w" }, null, "next"]);
  await habits.resetKeys();
  expect([keysOf("next", habits.bound), bridge.desk.bound]).toEqual([["j", "ArrowDown"], {}]);
});
