// What somebody types in a sheet outlives a click on a notification and a link from elsewhere, which are followed afterwards.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Sheet } from "../src/state/sheet";
import { newView } from "../src/state/views.svelte";
import { aside, bridge, close, settle, show } from "./inWindow";

const fields = (): HTMLInputElement[] => [...document.querySelectorAll<HTMLInputElement>("dialog :is(input:not([type=checkbox], [type=radio], [type=password]), textarea)")];
const told = (): string => document.querySelector("dialog [aria-live]")?.textContent ?? "";
async function type(text: string): Promise<void> {
  const [field] = fields();
  if (!field) throw new Error("no field");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
}
/** As a click on a notification does. */
async function lead(room = "2"): Promise<void> {
  bridge.emit("show-room", { room, spot: null });
  await settle();
}
async function cancel(): Promise<void> {
  document.querySelector("dialog")?.dispatchEvent(new Event("cancel", { cancelable: true }));
  await settle();
}

beforeEach(show);
afterEach(async () => {
  await cancel();
  await close();
});

const room = () => {
  const { current } = aside;
  if (!current) throw new Error("no room");
  return current;
};

describe.each<[string, () => Sheet]>([
  ["a room that is joined", () => ({ kind: "join", editing: null })],
  ["a room that is changed", () => ({ kind: "join", editing: room() })],
  ["a room of one's own", () => ({ kind: "host", editing: null })],
  ["a view", () => ({ kind: "view", view: newView() })],
])("%s", (_, sheet) => {
  beforeEach(async () => {
    aside.sheet = sheet();
    await settle();
  });

  it("stays with what was typed, and where the notification leads is gone to afterwards", async () => {
    await type("half a name");
    expect(told()).toBe("");
    await lead();
    expect([aside.currentId, fields()[0]?.value, told()]).toEqual(["1", "half a name", "What you opened comes once this is closed."]);
    await cancel();
    expect([aside.sheet, aside.currentId]).toEqual([null, "2"]);
    // Once.
    await aside.show("1");
    aside.sheet = { kind: "guide" };
    await settle();
    await cancel();
    expect(aside.currentId).toBe("1");
  });

  it("gives way at once where nothing was typed", async () => {
    await lead();
    expect([aside.sheet, aside.currentId]).toEqual([null, "2"]);
  });
});

it("a note of the desk stays, and the last of those that wait is meant", async () => {
  aside.desk?.open("q3");
  if (aside.desk) aside.desk.sheet = { kind: "note", question: "q3" };
  await settle();
  await type("a word among staff");
  await lead("3");
  await lead("2");
  expect([aside.currentId, fields()[0]?.value]).toEqual(["1", "a word among staff"]);
  document.querySelector("dialog form")?.dispatchEvent(new SubmitEvent("submit", { cancelable: true, bubbles: true }));
  await settle();
  expect([bridge.desk.get("q3").note, aside.currentId]).toEqual(["a word among staff", "2"]);
});

it("a link fills the join form once the one that was being filled in is done", async () => {
  aside.sheet = { kind: "join", editing: null };
  await settle();
  await type("half a name");
  bridge.link = "aside://join?server=https%3A%2F%2Frooms.example&topic=77";
  bridge.emit("link", null);
  await settle();
  expect([fields()[0]?.value, bridge.link === null]).toEqual(["half a name", false]);
  await cancel();
  expect([aside.sheet?.kind, fields().some(({ value }) => value === "77")]).toEqual(["join", true]);
});

it("what is only looked for keeps nobody from going where a notification leads", async () => {
  if (aside.desk) aside.desk.sheet = { kind: "search" };
  await settle();
  await type("wifi");
  await lead();
  expect(aside.currentId).toBe("2");
});
