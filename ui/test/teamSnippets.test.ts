// The snippets that a team shares, as they stand in the page: beside one's own, as new as the server's, and never overwritten unseen.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../src/App.svelte";
import type { Snippet } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { frames } from "./frames";

let bridge: FakeBridge;
let view: Record<string, unknown>;
const thanks: Snippet = { id: "s2", name: "thanks", text: "", room: "1", team: true, rev: 1 };

async function settle(ms = 0): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise((done) => setTimeout(done, i === 0 ? ms : 0));
  flushSync();
}

async function open(query: string): Promise<void> {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(`rows=10&lang=en&${query}`)));
  const aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle(20);
  if (aside.desk) aside.desk.sheet = { kind: "snippets" };
  await settle();
}

afterEach(async () => {
  await unmount(view);
  document.body.replaceChildren();
});

const sheet = (): HTMLElement => document.querySelector("[role=dialog], dialog") as HTMLElement;
const rows = (): string[] => [...sheet().querySelectorAll("li")].map((row) => row.textContent.replace(/\s+/g, " ").trim());
const alert = (): string => sheet().querySelector("[role=alert]")?.textContent ?? "";

async function click(words: string, within: Element = sheet()): Promise<void> {
  const button = [...within.querySelectorAll("button")].find(({ textContent }) => textContent.trim() === words);
  if (!button) throw new Error(`no button ${words}`);
  button.click();
  await settle();
}

function row(name: string): Element {
  const found = [...sheet().querySelectorAll("li")].find((one) => one.querySelector("strong")?.textContent === name);
  if (!found) throw new Error(`no snippet ${name}`);
  return found;
}

async function write(name: string, text: string): Promise<void> {
  for (const [field, value] of [[sheet().querySelector("form input:not([type=checkbox])"), name], [sheet().querySelector("textarea"), text]] as const) {
    const input = field as HTMLInputElement;
    input.value = value;
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  await settle();
}

/** Somebody else does something to the team's list, and the page is told as it is told of everything. */
async function colleague(act: () => void): Promise<void> {
  act();
  bridge.tick();
  await settle(20);
}

const box = (words: string): HTMLInputElement | undefined => [...sheet().querySelectorAll("label")].find(({ textContent }) => textContent.includes(words))?.querySelector("input") ?? undefined;
const kept = (name: string): Snippet | undefined => bridge.desk.saved.find((one) => one.name === name);

describe("the list", () => {
  it("shows one's own and the team's, and follows it without being opened again", async () => {
    await open("desk=server");
    expect(rows().filter((words) => words.includes("Team")).length).toBe(1);
    expect(rows().length).toBe(3);
    await colleague(() => bridge.desk.keepSnippet({ ...thanks, id: "", name: "later", text: "We will come back to it." }));
    expect(rows().filter((words) => words.includes("Team")).map((words) => words.includes("later"))).toEqual([false, true]);
    await colleague(() => bridge.desk.dropSnippet("s2"));
    expect(rows().some((words) => words.includes("thanks"))).toBe(false);
  });

  it("holds two rooms' snippets of one id, and those of another room's team are not shown", async () => {
    await open("desk=server");
    await colleague(() => {
      bridge.desk.saved = [...bridge.desk.saved, { ...thanks, id: "s1", name: "same id" }, { ...thanks, room: "2", name: "elsewhere" }];
      bridge.desk.teamRev++;
    });
    expect(rows().some((words) => words.includes("same id"))).toBe(true);
    expect(rows().some((words) => words.includes("elsewhere"))).toBe(false);
  });
});

describe("a new one", () => {
  it("may be for the whole team, and is then of this room", async () => {
    await open("desk=server");
    await click("New snippet");
    box("For the whole team")?.click();
    await settle();
    expect(box("Only in this room")).toBeUndefined();
    await write("hours", "Nine to five.");
    await click("Save");
    expect(kept("hours")).toMatchObject({ team: true, room: "1", text: "Nine to five." });
    expect(rows().some((words) => words.startsWith("hours · Team"))).toBe(true);
  });

  it("is one's own where no server keeps the desk", async () => {
    await open("desk=local");
    expect(rows().some((words) => words.includes("Team"))).toBe(false);
    await click("New snippet");
    expect([box("For the whole team"), box("Only in this room")?.checked]).toEqual([undefined, false]);
  });
});

describe("a change", () => {
  it("that a colleague overtook says so, shows what is there, and is saved by who insists", async () => {
    await open("desk=server");
    await click("Edit", row("thanks"));
    await write("thanks", "mine");
    await colleague(() => bridge.desk.keepSnippet({ ...thanks, text: "<b>theirs</b>" }));
    await click("Save");
    expect(alert()).toBe("A colleague changed the team’s snippets meanwhile. Look again, then save.");
    expect(sheet().querySelector(".theirs")?.textContent).toContain("<b>theirs</b>");
    expect([kept("thanks")?.text, (sheet().querySelector("textarea") as HTMLTextAreaElement).value]).toEqual(["<b>theirs</b>", "mine"]);
    await click("Save");
    expect([kept("thanks")?.text, alert()]).toEqual(["mine", ""]);
  });

  it("is not stopped by what colleagues do to other snippets", async () => {
    await open("desk=server");
    await click("Edit", row("thanks"));
    await write("thanks", "mine");
    await colleague(() => bridge.desk.keepSnippet({ ...thanks, id: "", name: "later", text: "x" }));
    await click("Save");
    expect([kept("thanks")?.text, alert()]).toEqual(["mine", ""]);
  });

  it("of one that a colleague removed is written anew by who insists", async () => {
    await open("desk=server");
    await click("Edit", row("thanks"));
    await write("thanks", "mine");
    await colleague(() => bridge.desk.dropSnippet("s2"));
    await click("Save");
    expect(sheet().querySelector(".theirs")?.textContent).toContain("A colleague removed it.");
    expect(kept("thanks")).toBeUndefined();
    await click("Save");
    expect(kept("thanks")).toMatchObject({ team: true, room: "1", text: "mine" });
  });
});

it("the team's are removed by who was asked, one's own at once", async () => {
  await open("desk=server");
  await click("Remove", row("thanks"));
  expect(row("thanks").textContent).toContain("Remove it for everyone?");
  await click("Cancel", row("thanks"));
  expect(kept("thanks")).toBeDefined();
  await click("Remove", row("thanks"));
  await click("Remove", row("thanks"));
  expect(kept("thanks")).toBeUndefined();
  await click("Remove", row("recording"));
  expect([kept("recording"), rows().length]).toEqual([undefined, 1]);
});

it("what can't be done is said, and the list stays", async () => {
  await open("desk=server");
  bridge.failing.set("removeSnippet", "offline");
  await click("Remove", row("thanks"));
  await click("Remove", row("thanks"));
  expect([alert(), rows().length]).toEqual(["Not connected. Try again when you are back.", 3]);
});
