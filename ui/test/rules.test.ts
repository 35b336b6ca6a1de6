// Rules as a person makes them: in the editor, from a row, by keys; what they do to rows that are there, and the way back.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import type { Row, Rule } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { FakeRoom } from "../src/bridge/fake/room";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { layout } from "../src/state/layout";
import { Sounds } from "../src/state/sounds";
import { Timeline } from "../src/state/timeline.svelte";

let bridge: FakeBridge;
let aside: Aside;
let view: Record<string, unknown>;
const frames = { next: (call: () => void) => void setTimeout(call), visible: () => true };

async function settle(ms = 0): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((done) => setTimeout(done, i === 0 ? ms : 0));
  flushSync();
}

function say(user: string, text: string, kind: "message" | "question" = "message"): Row {
  return bridge.room.say({ kind, user, name: user.toUpperCase(), text, createdAt: Date.now() }, Date.now());
}

async function pull(): Promise<void> {
  bridge.tick();
  await settle(10);
}

const one = <T extends Element>(selector: string): T => {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`nothing is ${selector}`);
  return found;
};
const article = (row: Row): HTMLElement | null => document.querySelector(`article[data-key="${row.key}"]`);
const button = (words: string): HTMLButtonElement => {
  const found = [...document.querySelectorAll("button")].find((each) => (each.getAttribute("aria-label") ?? each.textContent.trim()) === words);
  if (!found) throw new Error(`no button says ${words}`);
  return found;
};
const labelled = (words: string): HTMLInputElement => {
  const label = [...document.querySelectorAll("label")].find((each) => each.textContent.trim() === words);
  return (label?.control ?? document.getElementById(label?.htmlFor ?? "") ?? one(`[aria-label="${words}"]`)) as HTMLInputElement;
};

async function click(words: string): Promise<void> {
  button(words).click();
  await settle(5);
}

async function fill(words: string, value: string): Promise<void> {
  const field = labelled(words);
  field.value = value;
  field.dispatchEvent(new Event(field.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
  await settle();
}

function press(key: string): void {
  document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  flushSync();
}

const mute = (user: string): Rule => ({ id: user, on: true, room: null, when: { by: "person", user, name: user }, effect: { do: "mute" } });

async function begin(): Promise<void> {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=20&lang=en")));
  aside = new Aside(bridge, frames);
  view = mount(App, { target: document.body, props: { aside } });
  await settle(20);
}

async function end(): Promise<void> {
  await unmount(view);
  document.body.replaceChildren();
}

describe("the editor", () => {
  beforeEach(begin);
  afterEach(end);

  it("makes a rule that colours what is there and what comes", async () => {
    const before = say("bo", "the beamer is dark");
    await pull();
    aside.sheet = { kind: "settings" };
    await settle();
    await click("Highlights and mutes");
    await click("Add a rule");
    await fill("Words", "beamer");
    labelled("Violet").click();
    await click("Save");
    expect(bridge.rules.all.list).toMatchObject([{ on: true, room: null, when: { by: "words", text: "beamer" }, effect: { do: "mark", colour: "violet" } }]);
    expect(article(before)?.dataset["colour"]).toBe("violet");
    const after = say("bo", "which beamer?");
    await pull();
    expect(article(after)?.dataset["colour"]).toBe("violet");
    expect(article(after)?.textContent).toContain("Highlighted");
  });

  it("says what is wrong where it was written, and keeps nothing", async () => {
    aside.sheet = { kind: "rules" };
    await settle();
    await click("Add a rule");
    await fill("What it looks at", "pattern");
    await fill("Expression", "ab(");
    await click("Save");
    expect(one(".complaint").textContent).toBe("At character 3: unclosed group.");
    expect(labelled("Expression").getAttribute("aria-invalid")).toBe("true");
    expect(bridge.rules.all.list).toEqual([]);
    await fill("Expression", "ab");
    await click("Save");
    expect(bridge.rules.all.list.length).toBe(1);
  });

  it("orders, switches off and removes, with a way back", async () => {
    await aside.rules.keep([mute("a"), mute("b")]);
    aside.sheet = { kind: "rules" };
    await settle();
    await click("Move down: From a");
    expect(bridge.rules.all.list.map(({ id }) => id)).toEqual(["b", "a"]);
    one<HTMLInputElement>('[aria-label="In force: From b"]').click();
    await settle(5);
    expect(bridge.rules.all.list.map(({ on }) => on)).toEqual([false, true]);
    await click("Remove: From b");
    expect(bridge.rules.all.list.map(({ id }) => id)).toEqual(["a"]);
    await click("Undo");
    expect(bridge.rules.all.list.map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("tries a text on the rules and on the one that is being written", async () => {
    await aside.rules.keep([{ ...mute("a"), when: { by: "words", text: "free" } }]);
    aside.sheet = { kind: "rules" };
    await settle();
    const outcome = (): string => one("section [role=status]").textContent.replace(/\s+/g, " ").trim();
    await fill("Text to try", "free tickets");
    await settle(200);
    expect(outcome()).toBe("“free” because of “free” decides: Mute");
    await click("Add a rule");
    await fill("Words", "tickets");
    await settle(200);
    expect(outcome()).toBe("“tickets” because of “tickets” decides: Highlight“free” because of “free”");
    expect(bridge.rules.all.list.length).toBe(1);
    await fill("Text to try", "nothing");
    await settle(200);
    expect(outcome()).toBe("No rule fits: it is shown as it is.");
  });
});

describe("a mute", () => {
  beforeEach(begin);
  afterEach(end);

  it("from a row folds all that its person said, can be opened, and taken back", async () => {
    const said = ["one", "two", "three"].map((text) => say("spam", text));
    const other = say("bo", "hello");
    await pull();
    const name = one<HTMLElement>(`article[data-key="${said[0]?.key}"] .about`);
    name.focus();
    name.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true }));
    await settle();
    expect(document.activeElement?.getAttribute("role")).toBe("menuitem");
    press("ArrowDown");
    press("ArrowDown");
    expect(document.activeElement?.textContent).toBe("Mute this person");
    (document.activeElement as HTMLElement).click();
    await settle(10);
    expect(bridge.rules.all.list).toMatchObject([{ room: "1", when: { by: "person", user: "spam" } }]);
    const line = button("3 muted");
    expect([said.map(article), article(other) !== null, line.getAttribute("aria-expanded")]).toEqual([[null, null, null], true, "false"]);
    line.click();
    await settle();
    expect([article(said[1] as Row)?.textContent.includes("two"), line.getAttribute("aria-expanded")]).toEqual([true, "true"]);
    line.click();
    await settle();
    expect(article(said[1] as Row)).toBeNull();
    await click("Undo");
    expect([article(said[1] as Row)?.textContent.includes("two"), bridge.rules.all.list]).toEqual([true, []]);
  });

  it("of a phrase takes what is selected in the row, and nothing else", async () => {
    const row = say("bo", "buy cheap pills");
    await pull();
    const open = async (): Promise<string[]> => {
      article(row)?.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 5, clientY: 5 }));
      await settle();
      return [...document.querySelectorAll("[role=menuitem]")].map((item) => item.textContent);
    };
    expect(await open()).toEqual(["About BO", "Highlight this person", "Mute this person"]);
    press("Escape");
    await settle();
    expect(document.querySelector("[role=menu]")).toBeNull();
    const text = document.createTreeWalker(article(row)?.querySelector(".text") as Node, NodeFilter.SHOW_TEXT).nextNode() as Text;
    document.getSelection()?.setBaseAndExtent(text, 4, text, 9);
    expect(await open()).toContain("Mute “cheap”");
    await click("Mute “cheap”");
    expect(bridge.rules.all.list).toMatchObject([{ when: { by: "words", text: "cheap" }, effect: { do: "mute" } }]);
    expect(article(row)).toBeNull();
  });
});

describe("what cannot be", () => {
  beforeEach(begin);
  afterEach(end);

  it("is said where a row was muted, and names the rule that stands in the way of another", async () => {
    const row = say("bo", "hello");
    await pull();
    bridge.failing.set("saveRules", "settings_not_saved");
    aside.people.mute(row);
    await settle(5);
    expect([one(".bad[role=alert]").textContent.trim() !== "", bridge.rules.all.list]).toEqual([true, []]);
    await click("Dismiss");
    expect(document.querySelector(".bad[role=alert]")).toBeNull();
    bridge.failing.clear();
    bridge.rules.all = { ...bridge.rules.all, list: [{ ...mute("x"), when: { by: "pattern", text: "b(" } }] };
    await aside.rules.load();
    aside.sheet = { kind: "rules" };
    await settle();
    await click("Add a rule");
    await fill("Words", "beamer");
    await click("Save");
    expect(one("form [role=alert]").textContent).toBe("/b(/: At character 2: unclosed group.");
    await click("Cancel");
    expect(one("li .complaint").textContent).toBe("At character 2: unclosed group.");
  });
});

it("a muted row that is gone to is read", async () => {
  await begin();
  const row = say("spam", "found again");
  await aside.rules.keep([mute("spam")]);
  await pull();
  expect(article(row)).toBeNull();
  await aside.goTo(row);
  await settle(10);
  expect(article(row)?.textContent).toContain("found again");
  await end();
});

describe("a card", () => {
  beforeEach(begin);
  afterEach(end);

  it("shows all that somebody said, page by page, and keeps a note", async () => {
    for (let n = 0; n < 60; n++) say("bo", `said ${n}`, n === 3 ? "question" : "message");
    await pull();
    [...document.querySelectorAll<HTMLElement>(".about")].at(-1)?.click();
    await settle(10);
    const card = (): string => one("dialog").textContent.replace(/\s+/g, " ");
    expect(card()).toContain("59 messages 1 question First seen");
    expect([card().includes("said 59"), card().includes("said 9")]).toEqual([true, false]);
    await click("Older");
    expect([document.querySelectorAll(".said").length, card().includes("said 9")]).toEqual([60, true]);
    await fill("Private note", "runs the lights");
    button("Close").click();
    await settle();
    expect(bridge.rules.notes.get("bo")).toBe("runs the lights");
  });

  it("warns of a namesake, and leads to where something was said", async () => {
    const row = bridge.room.say({ kind: "message", user: "b2", name: "Bo", text: "me too", namesake: true }, Date.now());
    await pull();
    aside.people.about(row);
    await settle(10);
    expect(one("[role=note]").textContent).toContain("Only the id tells them apart");
    one<HTMLElement>(".said").click();
    await settle(10);
    expect([aside.sheet, aside.timeline?.found]).toEqual([null, row.key]);
  });
});

describe("axe finds nothing wrong", () => {
  beforeEach(begin);
  afterEach(end);
  const check = async (): Promise<string[]> => {
    const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false }, region: { enabled: false }, "target-size": { enabled: false } } });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
  };

  it("in the list, in the form, in the card, in the menu, in a folded row", async () => {
    say("spam", "x");
    const row = say("bo", "y");
    await aside.rules.keep([mute("spam")]);
    await pull();
    aside.sheet = { kind: "rules" };
    await settle();
    expect(await check()).toEqual([]);
    await click("Add a rule");
    expect(await check()).toEqual([]);
    aside.people.about(row);
    await settle(10);
    expect(await check()).toEqual([]);
    aside.sheet = null;
    await settle();
    article(row)?.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 5, clientY: 5 }));
    await settle();
    expect(await check()).toEqual([]);
  }, 30_000);
});

describe("muted rows", () => {
  const ruled = { rule: "r", muted: true, colour: null, sound: null };
  const rows = (...said: Partial<Row>[]): Row[] => {
    const room = new FakeRoom();
    return said.map((each) => room.say({ kind: "message", user: "a", ...each }, 0));
  };

  it("stand together until something else, a day or the unread line comes between", () => {
    const day = 86_400_000;
    const all = rows({ ruled }, { ruled }, {}, { ruled }, { ruled, createdAt: day * 2 }, { ruled, createdAt: day * 2 });
    const runs = (line: number | null): (number | null)[] => layout([], all, { line, recycle: false }).map(({ run }) => run && run.length);
    expect(runs(null)).toEqual([2, 0, null, 1, 2, 0]);
    expect(runs(all[0]?.place ?? 0)).toEqual([1, 1, null, 1, 2, 0]);
  });

  it("take no name from the row above that is not, and give it none", () => {
    const items = layout([], rows({}, { ruled }, {}), { line: null, recycle: false });
    expect(items.map(({ grouped }) => grouped)).toEqual([false, false, false]);
  });
});

describe("sounds", () => {
  it("are heard for what comes, not for what is read back, and not for one's own", async () => {
    bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=400")));
    const heard: string[] = [];
    const timeline = new Timeline("1", bridge, () => undefined, (rows) => heard.push(...rows.map(({ text }) => text)));
    const next = async (): Promise<void> => {
      const { changes } = await bridge.pull("1", timeline.since, timeline.pullLimit, null);
      if (changes) await timeline.apply(changes, 0);
    };
    await timeline.open(false);
    await timeline.older(0);
    await timeline.repaint();
    expect(heard).toEqual([]);
    const first = say("bo", "first");
    bridge.room.echo({ kind: "message", user: "me", text: "mine" }, 0);
    await next();
    bridge.room.change(first.key, { text: "changed" });
    await next();
    expect(heard).toEqual(["first"]);
    for (let n = 0; n < 500; n++) say("bo", `flood ${n}`);
    await next();
    expect(heard.at(-1)).toBe("flood 499");
    timeline.close();
  });

  it("come one in so many seconds, at the volume that was chosen", () => {
    const gains: number[] = [];
    const param = { setValueAtTime: (value: number) => gains.push(value), exponentialRampToValueAtTime: () => undefined };
    const node = { frequency: { ...param, setValueAtTime: () => undefined }, gain: param, connect: (next: unknown) => next, start: () => undefined, stop: () => undefined };
    const context = { currentTime: 0, destination: {}, resume: () => Promise.resolve(), createOscillator: () => node, createGain: () => node };
    vi.stubGlobal("AudioContext", function () {
      return context;
    });
    const sounds = new Sounds();
    sounds.play("drop", 50, 5, 0);
    sounds.play("drop", 50, 5, 4_999);
    sounds.play("drop", 100, 5, 5_000);
    sounds.play("drop", 0, 5, 99_000);
    expect(gains).toEqual([0.1, 0.4]);
    vi.stubGlobal("AudioContext", undefined);
    new Sounds().play("bell", 50, 1, 0);
    vi.unstubAllGlobals();
  });
});

describe("the six colours", () => {
  const css = readFileSync(join(import.meta.dirname, "../src/tokens.css"), "utf8");
  const token = (name: string): [string, string] => {
    const found = new RegExp(`--${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`).exec(css);
    return [found?.[1] ?? "", found?.[2] ?? ""];
  };
  const light = (hex: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: string, b: string): number => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);

  it.each(["red", "amber", "green", "teal", "blue", "violet"])("%s can be read on and seen beside, light and dark", (name) => {
    for (const theme of [0, 1] as const) {
      for (const text of ["text", "muted", "accent"]) expect(contrast(token(text)[theme], token(`mark-${name}-tint`)[theme]), `${text} ${theme}`).toBeGreaterThanOrEqual(4.5);
      expect(contrast(token(`mark-${name}`)[theme], token("bg")[theme])).toBeGreaterThanOrEqual(3);
    }
  });
});
