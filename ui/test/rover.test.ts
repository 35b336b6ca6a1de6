// The rows by keys: one of them takes the focus, and what comes meanwhile takes it from nobody.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import type { Row } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { frames } from "./frames";

const ROW = 20;
const VIEW = 100;
/** How high rows are that are not as high as all others, by their keys. */
const heights = new Map<string, number>();
let bridge: FakeBridge;
let aside: Aside;
let view: Record<string, unknown> | undefined;

async function settle(ms = 0): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((done) => setTimeout(done, i === 0 ? ms : 0));
  flushSync();
}

const log = (): HTMLElement => document.querySelector("[role=log]") as HTMLElement;
const slots = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(".slot")];
const focused = (): string | undefined => (document.activeElement?.tagName === "ARTICLE" ? (document.activeElement as HTMLElement).dataset["key"] : document.activeElement?.getAttribute("role") ?? document.activeElement?.tagName.toLowerCase());
const keyAt = (index: number): string | undefined => slots().at(index)?.dataset["row"];
const stops = (): (string | undefined)[] => [log(), ...document.querySelectorAll<HTMLElement>("[role=log] article")].filter((el) => el.tabIndex === 0 && el.hasAttribute("tabindex")).map((el) => el.dataset["key"] ?? "log");

async function press(key: string): Promise<boolean> {
  const taken = !document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  log().dispatchEvent(new Event("scroll"));
  await settle();
  return taken;
}

async function say(text: string, user = "x", more: Partial<Row> = {}): Promise<void> {
  const row = bridge.room.say({ kind: "message", user, name: user, text, id: `e-${text}`, createdAt: Date.now(), ...more }, Date.now());
  if (text === "tall") heights.set(row.key, 3 * VIEW);
  bridge.tick();
  await settle(10);
  log().dispatchEvent(new Event("scroll"));
  await settle();
}

const heightOf = (slot: HTMLElement): number => heights.get(slot.dataset["row"] ?? "") ?? (slot.children.length > 0 ? ROW : 0);
const heightUpTo = (index: number): number => slots().slice(0, index).reduce((sum, slot) => sum + heightOf(slot), 0);
const wholeHeight = (): number => heightUpTo(slots().length);

/** Rows in a view of five, since nothing is drawn here. */
function measured(): void {
  heights.clear();
  const rect = function (this: HTMLElement): DOMRect {
    if (this === log()) return new DOMRect(0, 0, 300, VIEW);
    const slot = this.closest<HTMLElement>(".slot");
    const at = slot ? slots().indexOf(slot) : -1;
    return slot === null || at < 0 ? new DOMRect() : new DOMRect(0, heightUpTo(at) - log().scrollTop, 300, heightOf(slot));
  };
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockImplementation(rect);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(VIEW);
  const height = vi.spyOn(HTMLElement.prototype, "scrollHeight", "get");
  height.mockImplementation(wholeHeight);
  let top = 0;
  vi.spyOn(HTMLElement.prototype, "scrollTop", "set").mockImplementation((to) => void (top = Math.max(0, Math.min(to, wholeHeight() - VIEW))));
  vi.spyOn(HTMLElement.prototype, "scrollTop", "get").mockImplementation(() => top);
}

async function open(query: string): Promise<void> {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(`rows=60&lang=en&${query}`)));
  aside = new Aside(bridge, "main", frames);
  aside.setFocused(true);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle(20);
  bridge.tick();
  await settle(20);
  log().focus();
}

beforeEach(measured);
afterEach(async () => {
  if (view) await unmount(view);
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

it("go from one to the next by arrows, a screen by a page, and to both ends; the view goes along", async () => {
  await open("");
  expect(stops()).toEqual(["log"]);
  expect(await press("ArrowUp")).toBe(true);
  expect([focused(), stops()]).toEqual([keyAt(-1), [keyAt(-1)]]);
  await press("ArrowUp");
  await press("ArrowUp");
  expect(focused()).toBe(keyAt(-3));
  await press("ArrowDown");
  expect([focused(), stops()]).toEqual([keyAt(-2), [keyAt(-2)]]);
  await press("PageUp");
  expect(focused()).toBe(keyAt(-6));
  expect(log().scrollTop).toBe((slots().length - 6) * ROW);
  const first = keyAt(0);
  await press("Home");
  // Older rows have come above it.
  const at = slots().findIndex((slot) => slot.dataset["row"] === first);
  expect([focused(), at > 0, log().scrollTop]).toEqual([first, true, at * ROW]);
  await press("PageDown");
  expect(focused()).toBe(keyAt(at + 4));
  await press("End");
  expect([focused(), aside.timeline?.following]).toEqual([keyAt(-1), true]);
});

it("keep the focus while others come, and at the last one the list follows on", async () => {
  await open("");
  for (let i = 0; i < 6; i++) await press("ArrowUp");
  // So near to the end, who had only scrolled would be taken there again.
  await settle(200);
  expect([log().scrollTop, aside.timeline?.following]).toEqual([(slots().length - 6) * ROW, false]);
  const here = focused();
  for (let i = 0; i < 5; i++) await say(`more ${i}`);
  expect([focused(), aside.timeline?.following, aside.timeline?.fresh.count]).toEqual([here, false, 5]);
  for (let i = 0; i < 10; i++) await press("ArrowDown");
  expect([focused(), aside.timeline?.following]).toEqual([keyAt(-1), true]);
  const last = focused();
  await say("and one");
  expect([focused(), keyAt(-2), aside.timeline?.following]).toEqual([last, last, true]);
});

it("whose node comes to draw another row leave the focus to the log", async () => {
  await open("");
  await press("ArrowUp");
  await press("ArrowDown");
  const node = document.activeElement;
  const last = focused();
  expect(aside.timeline?.following).toBe(true);
  for (let i = 0; i < 40 && slots().some((slot) => slot.dataset["row"] === last); i++) for (let n = 0; n < 20; n++) await say(`flood ${i} ${n}`);
  expect(slots().some((slot) => slot.dataset["row"] === last)).toBe(false);
  expect([document.activeElement === node, focused(), stops(), aside.timeline?.following]).toEqual([false, "log", ["log"], true]);
});

it("have their menu by the menu key, those that belong to the row above included, and one's own", async () => {
  await open("");
  await say("one", "bo");
  await say("two", "bo");
  await press("End");
  const row = document.activeElement as HTMLElement;
  expect([row.classList.contains("grouped"), row.textContent?.includes("two")]).toEqual([true, true]);
  const menu = async (): Promise<string[]> => {
    document.activeElement?.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true }));
    await settle();
    return [...document.querySelectorAll("[role=menuitem]")].map((item) => item.textContent ?? "");
  };
  expect(await menu()).toEqual(["About bo", "Highlight this person", "Mute for me alone", "Copy the text"]);
  await press("Escape");
  expect(document.activeElement).toBe(row);
  await bridge.send("1", "mine", "message");
  bridge.tick();
  await settle(20);
  await press("End");
  expect(await menu()).toEqual(["Copy the text"]);
});

it("are left by Escape, to where one writes, and the list follows; also with a question open at the desk", async () => {
  for (const query of ["", "desk=server"]) {
    await open(query);
    if (query !== "") aside.desk?.open(aside.desk.board.rows[0]?.id ?? "");
    await settle();
    log().focus();
    for (let i = 0; i < 8; i++) await press("ArrowUp");
    expect(aside.timeline?.following, query).toBe(false);
    await press("Escape");
    expect([document.activeElement?.tagName, aside.timeline?.following, stops()], query).toEqual(["TEXTAREA", true, ["log"]]);
    if (view) await unmount(view);
    view = undefined;
  }
});

it("with a last one that is higher than the view, End leads to its end, Down never back, and the list follows", async () => {
  await open("");
  await say("tall");
  expect(aside.timeline?.following).toBe(true);
  const end = wholeHeight() - VIEW;
  await press("End");
  expect([focused(), log().scrollTop, aside.timeline?.following]).toEqual([keyAt(-1), end, true]);
  await press("ArrowUp");
  await press("ArrowUp");
  expect([focused(), log().scrollTop < end, aside.timeline?.following]).toEqual([keyAt(-1), true, false]);
  const tops: number[] = [];
  for (let i = 0; i < 6; i++) {
    await press("ArrowDown");
    tops.push(log().scrollTop);
  }
  expect([tops, aside.timeline?.following]).toEqual([tops.toSorted((a, b) => a - b), true]);
  expect(tops.at(-1)).toBe(end);
});

it("come in at a last one that is higher than the view where it is", async () => {
  await open("");
  await say("tall");
  const end = wholeHeight() - VIEW;
  await press("ArrowDown");
  expect([focused(), log().scrollTop, aside.timeline?.following]).toEqual([keyAt(-1), end, true]);
  document.querySelector<HTMLElement>("textarea")?.focus();
  log().scrollTop = end - VIEW;
  log().dispatchEvent(new Event("scroll"));
  await settle(200);
  log().focus();
  await press("ArrowUp");
  expect([focused(), log().scrollTop]).toEqual([keyAt(-1), end - VIEW]);
});

it("that are muted go as the one to which they are folded, at the end of the room, too", async () => {
  await open("");
  const ruled = { rule: "r", muted: true, colour: null, sound: null };
  for (const text of ["m1", "m2", "m3"]) await say(text, "bo", { ruled });
  const folded = document.querySelector(".muted");
  expect(slots().slice(-2).map((slot) => slot.children.length)).toEqual([0, 0]);
  await press("ArrowUp");
  expect([document.activeElement === folded, aside.timeline?.following]).toEqual([true, true]);
  await press("ArrowUp");
  expect([focused(), aside.timeline?.following]).toEqual([keyAt(-4), false]);
  await press("ArrowDown");
  await settle(200);
  expect([document.activeElement === folded, aside.timeline?.following]).toEqual([true, true]);
  await press("PageUp");
  await settle(200);
  expect(aside.timeline?.following).toBe(false);
  await press("End");
  expect([document.activeElement === folded, aside.timeline?.following]).toEqual([true, true]);
});

/** The pointer comes to a row, and moves there. */
function point(slot: HTMLElement | undefined): void {
  slot?.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  for (const x of [1, 2]) slot?.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, screenX: x, screenY: slots().indexOf(slot) }));
}

it("are removed as the one that was pointed at or gone to last, and never out of sight", async () => {
  await open("desk=server");
  aside.timelineWish++;
  for (let i = 0; i < 8; i++) await say(`line ${i}`, `u${i}`);
  const remove = async (): Promise<unknown> => {
    const before = bridge.calls.length;
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Delete", bubbles: true, cancelable: true }));
    await settle(10);
    return bridge.calls.slice(before).find(([name]) => name === "remove")?.[2] ?? null;
  };
  log().focus();
  await press("ArrowUp");
  await press("ArrowUp");
  const [gone, pointed, above] = [keyAt(-2), slots().at(-4), slots().at(-8)];
  expect(focused()).toBe(gone);
  point(pointed);
  expect(await remove()).toBe(pointed?.dataset["row"]);
  await press("ArrowDown");
  expect(await remove()).toBe(keyAt(-1));
  // It is scrolled away, and nothing is pointed at.
  document.querySelector(".list")?.dispatchEvent(new PointerEvent("pointerleave"));
  log().scrollTop = heightUpTo(slots().length - 10);
  expect(await remove()).toBeNull();
  point(above);
  expect(await remove()).toBe(above?.dataset["row"]);
});

it("without anything to do leave the menu to the system, and the focus stays with somebody when a menu closes", async () => {
  await open("");
  await say("gone", "me", { mine: true, removed: true, text: "" });
  await say("one", "bo");
  const menu = (): boolean => document.activeElement?.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true })) ?? true;
  await press("ArrowUp");
  await press("ArrowUp");
  expect([focused(), menu()]).toEqual([keyAt(-2), true]);
  await press("ArrowDown");
  expect(menu()).toBe(false);
  await settle();
  const row = slots().at(-1)?.querySelector("article");
  row?.removeAttribute("tabindex");
  vi.spyOn(row as HTMLElement, "focus").mockImplementation(() => undefined);
  await press("Escape");
  expect(focused()).toBe("log");
});
