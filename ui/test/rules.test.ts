// Rules as a person makes them: in the editor, from a row, by keys; what they do to rows that are there, and the way back.
import axe from "axe-core";
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import App from "../src/App.svelte";
import type { Row, Rule } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { frames } from "./frames";

let bridge: FakeBridge;
let aside: Aside;
let view: Record<string, unknown>;

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
  aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
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

  it("stands beside the choice of how long a question may wait, which is kept, and idle where no question is notified", async () => {
    aside.sheet = { kind: "settings" };
    await settle();
    const waits = labelled("Notify me of a question that waits") as unknown as HTMLSelectElement;
    expect([waits.value, waits.disabled, [...waits.options].map((one) => one.textContent)]).toEqual(["4", false, ["Never", "After 2 min", "After 4 min", "After 10 min", "After 30 min"]]);
    waits.value = "0";
    waits.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
    expect(aside.settings.notifyWaitingMins).toBe(0);
    await aside.saveSettings({ notifications: false });
    flushSync();
    expect(waits.disabled).toBe(true);
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

  it("loses none of two changes that are faster than the disk", async () => {
    await aside.rules.keep([mute("a"), mute("b")]);
    aside.sheet = { kind: "rules" };
    await settle();
    one<HTMLInputElement>('[aria-label="In force: From a"]').click();
    one<HTMLInputElement>('[aria-label="In force: From b"]').click();
    await settle(5);
    expect(bridge.rules.all.list.map(({ id, on }) => `${id} ${on}`)).toEqual(["a false", "b false"]);
    button("Move down: From a").click();
    button("Move down: From a").click();
    await settle(5);
    expect(bridge.rules.all.list.map(({ id }) => id)).toEqual(["b", "a"]);
  });

  it("and keys that are chosen in one window are in force in the other, which takes nothing back", async () => {
    const side = new Aside(bridge, "side");
    await side.start();
    await aside.rules.keep([mute("a"), mute("b")]);
    await side.rules.put(mute("c"));
    expect(bridge.rules.all.list.map(({ id }) => id)).toEqual(["c", "a", "b"]);
    await side.rules.remove("a");
    await aside.rules.remove("b");
    await aside.rules.takeBack();
    expect(bridge.rules.all.list.map(({ id }) => id)).toEqual(["c", "b"]);
    await side.rules.takeBack();
    expect(bridge.rules.all.list.map(({ id }) => id)).toEqual(["c", "a", "b"]);
    await aside.habits.bind("next", "w");
    await side.habits.bind("previous", "y");
    expect(bridge.desk.bound).toEqual({ next: "w", previous: "y" });
  });

  it("in force in the other window paint its rows", async () => {
    const row = say("bo", "the beamer is dark");
    await pull();
    bridge.rules.all = { ...bridge.rules.all, list: [{ ...mute("a"), when: { by: "words", text: "beamer" }, effect: { do: "mark", colour: "violet", sound: null, notify: false } }] };
    bridge.emit("rules", bridge.rules.all);
    await settle(5);
    expect(article(row)?.dataset["colour"]).toBe("violet");
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
    expect(document.activeElement?.textContent).toBe("Mute for me alone");
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
    expect(await open()).toEqual(["About BO", "Highlight this person", "Mute for me alone", "Copy the text"]);
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

  it("opens from the desk, where a question names its asker", async () => {
    await end();
    bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=60&lang=en&desk=server")));
    aside = new Aside(bridge, "main", frames);
    view = mount(App, { target: document.body, props: { aside } });
    void aside.start();
    await settle(20);
    await pull();
    aside.desk?.open("q4");
    await settle(5);
    one<HTMLElement>("button.asker").click();
    await settle(10);
    const asker = aside.desk?.question?.asker;
    expect([one("dialog h2").textContent, bridge.calls.findLast(([call]) => call === "person")]).toEqual([asker?.name, ["person", "1", asker?.user, null]]);
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
