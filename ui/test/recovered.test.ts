// What came back after an outage: one line above the first of it says how much and of which time, until it was read.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../src/App.svelte";
import type { Recovery, Row } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { layout } from "../src/state/layout";
import { frames } from "./frames";

const AT = new Date(2026, 2, 1, 12, 4).getTime();
const MINUTE = 60_000;
let bridge: FakeBridge;
let aside: Aside;
let view: Record<string, unknown> | undefined;

async function settle(ms = 0): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((done) => setTimeout(done, i === 0 ? ms : 0));
  flushSync();
}

async function open(): Promise<void> {
  aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle(20);
}

async function close(): Promise<void> {
  if (view) await unmount(view);
  view = undefined;
  document.body.replaceChildren();
}

async function pull(): Promise<void> {
  bridge.tick();
  await settle(10);
}

const say = (text: string): Row => bridge.room.say({ kind: "message", user: "bo", name: "Bo", text, createdAt: AT }, AT);
const between = (first: Row, last: Row, count: number, more: Partial<Recovery> = {}): Recovery => ({ count, first: first.place, last: last.place, from: AT, to: AT + MINUTE, ...more });

/** What the line says, and which row it stands above. */
function line(): [string, string | undefined] | null {
  const found = document.querySelector(".recovered");
  if (!found) return null;
  expect([found.getAttribute("role"), found.getAttribute("aria-label")]).toEqual(["separator", found.textContent]);
  return [found.textContent, found.parentElement?.dataset["row"]];
}

/** A room to which three lines came back, with one that was said before and one that was said live after them. */
async function back(query = ""): Promise<Row[]> {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(`rows=5&lang=en&${query}`)));
  await open();
  const rows = ["before", "one", "two", "three", "live"].map(say);
  bridge.recovery = between(rows[1] as Row, rows[3] as Row, 3);
  await pull();
  return rows;
}

describe("what came back after an outage", () => {
  afterEach(close);

  it("is marked above its first row, in both languages", async () => {
    const [, first] = await back();
    expect(line()).toEqual(["Recovered 3 messages, 12:04–12:05", first?.key]);
    await aside.saveSettings({ locale: "zh-CN" });
    flushSync();
    expect(line()?.[0]).toBe("补回 3 条内容，12:04–12:05");
  });

  it("names one time where it is of one minute, and the day where it is of several", async () => {
    const [, first, , last] = await back();
    if (!first || !last) throw new Error("rows");
    bridge.recovery = between(first, last, 4, { to: AT + 1 });
    await pull();
    expect(line()?.[0]).toBe("Recovered 4 messages, 12:04");
    bridge.recovery = between(first, last, 5, { to: AT + 24 * 60 * MINUTE });
    await pull();
    expect(line()?.[0]).toBe("Recovered 5 messages, Mar 1, 2026, 12:04–Mar 2, 2026, 12:04");
  });

  it("stays marked for whoever reads it until they look elsewhere, and is marked for the next page until then", async () => {
    const [, first] = await back();
    await close();
    await open();
    expect(line()?.[1]).toBe(first?.key);
    bridge.recovery = null;
    await pull();
    expect(line()?.[1]).toBe(first?.key);
    aside.setFocused(true);
    aside.setFocused(false);
    flushSync();
    expect(line()).toBeNull();
    await close();
    await open();
    expect(line()).toBeNull();
  });

  it("is marked in a window with the rows alone, and in no view of some rows", async () => {
    const [, first] = await back();
    bridge.emit("window", { ...bridge.look, bare: true });
    await settle();
    expect(line()?.[1]).toBe(first?.key);
    bridge.emit("window", { ...bridge.look, bare: false });
    await aside.showView("questions");
    await settle(10);
    expect(line()).toBeNull();
    await aside.showView("");
    await settle(10);
    expect(line()?.[1]).toBe(first?.key);
  });

  it("gives way to what came back after the next outage", async () => {
    const rows = await back();
    const [next] = ["four", "five"].map(say);
    bridge.recovery = between(next as Row, next as Row, 1, { to: AT });
    await pull();
    expect(line()).toEqual(["Recovered 1 message, 12:04", next?.key]);
    expect(rows).toHaveLength(5);
  });
});

it("the line stands above the first row that is drawn of it, breaks its group, and is not guessed at", () => {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=0&lang=en")));
  const rows = ["a", "b", "c", "d", "e"].map(say);
  const [, b, c, d] = rows;
  if (!b || !c || !d) throw new Error("rows");
  const marked = (of: readonly Row[]): string[] => layout([], of, { line: null, recycle: false, recovered: between(b, d, 3) }).filter((item) => item.recovered).map((item) => `${item.row.text} ${item.grouped}`);
  expect(marked(rows)).toEqual(["b false"]);
  expect(marked(rows.filter((row) => row !== b))).toEqual(["c false"]);
  expect(marked(rows.slice(1))).toEqual(["b false"]);
  expect(marked(rows.slice(2)), "above the first row here may be more of it").toEqual([]);
  expect(marked([rows[0], rows[4]] as Row[])).toEqual([]);
});
