// Going to a moment: the field, what is said of a moment beyond what is kept, and where one comes to stand.
import axe from "axe-core";
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import App from "../src/App.svelte";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { fromClock, isBefore, toClock } from "../src/state/clockTime";
import { frames } from "./frames";

const DAY_MS = 86_400_000;
const ROWS = 400;
/** A row an hour, at a quarter past. */
const first = new Date(2026, 2, 1, 8, 15).getTime();
let bridge: FakeBridge;
let aside: Aside;
let view: Record<string, unknown> | null = null;

async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise((done) => setTimeout(done));
  flushSync();
}

async function open(query = "", rows = ROWS): Promise<void> {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(`rows=0&lang=en&${query}`)));
  for (let n = 0; n < rows; n++) bridge.room.say({ kind: "message", user: "bo", name: "Bo", text: `m${n}`, createdAt: first + n * 3_600_000 }, Date.now());
  aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  await aside.start();
  await settle();
}

afterEach(async () => {
  if (view) await unmount(view);
  view = null;
  document.body.replaceChildren();
});

const field = (): HTMLInputElement | null => document.querySelector("dialog input[type=datetime-local]");
const note = (): string => document.querySelector("dialog [role=status]")?.textContent ?? "";
async function press(key: string, more: KeyboardEventInit = {}): Promise<void> {
  (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  await settle();
}
const ask = (): Promise<void> => press("D", { ctrlKey: true, shiftKey: true });
async function type(value: string): Promise<void> {
  const input = field();
  if (!input) throw new Error("no field");
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
}
async function go(): Promise<void> {
  field()?.form?.requestSubmit();
  await settle();
}
const found = (): string | undefined => aside.timeline?.items.find(({ row }) => row.key === aside.timeline?.found)?.row.text;

describe("a day and a time", () => {
  beforeEach(() => open());

  it("is asked for by its key, beginning with what is looked at, and within what is kept", async () => {
    await ask();
    expect([field()?.value, field()?.min, field()?.max]).toEqual([toClock(first + (ROWS - 1) * 3_600_000), toClock(first), toClock(first + (ROWS - 1) * 3_600_000)]);
    expect([note(), document.activeElement]).toEqual(["", field()]);
  });

  it("is gone to: the first row from then on, held there", async () => {
    await ask();
    await type(toClock(first + 5 * DAY_MS - 60_000));
    await go();
    expect([field(), found(), aside.timeline?.following]).toEqual([null, "m120", false]);
    bridge.room.say({ kind: "message", user: "bo", name: "Bo", text: "later" }, Date.now());
    bridge.tick();
    await settle();
    expect([found(), aside.timeline?.fresh.count]).toEqual(["m120", 1]);
  });

  it("after everything is the end, and the sheet says so before", async () => {
    await ask();
    await type("2031-01-01T00:00");
    expect(note()).toBe("Nothing has been said since then: goes to the end.");
    await go();
    expect([field(), aside.timeline?.following, aside.timeline?.items.at(-1)?.row.text]).toEqual([null, true, `m${ROWS - 1}`]);
  });

  it("before everything is the first row, and the sheet says so before", async () => {
    await ask();
    await type(toClock(first - 60_000));
    expect(note()).toContain("What is stored here begins at");
    await go();
    expect(found()).toBe("m0");
    await ask();
    await type(toClock(first));
    expect(note()).toBe("");
  });

  it("that is none is not gone to", async () => {
    await ask();
    await type("");
    await go();
    expect(document.querySelector("dialog [role=alert]")?.textContent).toBe("A day and a time are needed.");
    expect(aside.timeline?.following).toBe(true);
  });

  it("begins with the day whose line is pressed", async () => {
    const line = document.querySelector<HTMLElement>(".day button");
    expect(line?.getAttribute("aria-label")).toMatch(/\. Go to a date$/);
    line?.click();
    await settle();
    const day = aside.timeline?.items.find((item) => item.day !== null)?.day;
    expect(field()?.value).toBe(toClock(day ?? 0));
    const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false }, region: { enabled: false }, "target-size": { enabled: false } } });
    expect(violations.map(({ id }) => id)).toEqual([]);
  });

  it("that cannot be looked up is an error in words, and the list stays", async () => {
    bridge.failing.set("moment", "room_not_open");
    await ask();
    await go();
    expect([aside.error?.code, aside.timeline?.following]).toEqual(["room_not_open", true]);
  });
});

it("a room without rows says that it has none", async () => {
  await open("", 0);
  await ask();
  expect(note()).toBe("Nothing of this room is stored here yet.");
  await go();
  expect(field()).toBeNull();
});

it("the palette has it, too", async () => {
  await open("desk=server");
  await press("k", { ctrlKey: true });
  const box = document.querySelector<HTMLInputElement>("dialog [role=combobox]");
  if (box) box.value = "Go to a date";
  box?.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
  document.querySelector<HTMLElement>("dialog [role=option]")?.click();
  await settle();
  expect(field()).not.toBeNull();
});

describe("the clock of a field", () => {
  it("is to the minute, and comes back as the minute's start", () => {
    const at = new Date(2026, 0, 5, 7, 9, 59, 999).getTime();
    expect([toClock(at), fromClock(toClock(at))]).toEqual(["2026-01-05T07:09", new Date(2026, 0, 5, 7, 9).getTime()]);
    expect([isBefore(fromClock(toClock(at)) ?? 0, at), isBefore(at - 60_000, at)]).toEqual([false, true]);
    expect([fromClock(""), fromClock("x"), toClock(new Date("0099-01-01T00:00").getTime())]).toEqual([null, null, "0099-01-01T00:00"]);
  });
});
