// What counts as read, in the page: not a window that is merely visible, but whatever somebody says they have read.
import axe from "axe-core";
import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../src/App.svelte";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { frames } from "./frames";

let bridge: FakeBridge;
let aside: Aside;
let view: Record<string, unknown> | undefined;

async function settle(ms = 0): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((done) => setTimeout(done, i === 0 ? ms : 0));
  flushSync();
}

async function open(query: string, focused = true): Promise<void> {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(`rows=60&lang=en&${query}`)));
  aside = new Aside(bridge, "main", frames);
  aside.setFocused(focused);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle(20);
  bridge.tick();
  await settle(20);
}

afterEach(async () => {
  if (view) await unmount(view);
  document.body.replaceChildren();
});

/** Past the moment after which what is seen counts as read. */
const READ_MS = 450;
const newest = (): number => bridge.room.rows.at(-1)?.place ?? 0;
async function say(text: string): Promise<void> {
  bridge.room.say({ kind: "message", user: "x", name: "Xu", text, createdAt: Date.now() }, Date.now());
  bridge.tick();
  await settle(10);
}
const slots = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(".slot")];
const lineAbove = (): string | undefined => slots().find((slot) => slot.querySelector(".unread"))?.dataset["row"];
const enter = (slot: HTMLElement | undefined): void => {
  slot?.dispatchEvent(new PointerEvent("pointerover", { bubbles: true, pointerType: "mouse" }));
  flushSync();
};

describe("what comes", () => {
  it("counts as read in the focused window, at the end", async () => {
    await open("");
    await say("hello");
    await settle(READ_MS);
    expect(bridge.room.read).toBe(newest());
  });

  it("does not in a window that is visible and has not the focus, nor when that window is hidden, nor when it leaves the room", async () => {
    await open("");
    aside.setFocused(false);
    const read = bridge.room.read;
    await say("on the third screen");
    await settle(READ_MS);
    aside.setVisible(false);
    await settle(READ_MS);
    expect(bridge.room.read).toBe(read);
    await aside.show("2");
    expect(bridge.room.read).toBe(read);
  });

  it("does not while the desk stands in front of it", async () => {
    await open("desk=server");
    aside.setCovered(true);
    await settle();
    const read = bridge.room.read;
    await say("unseen");
    aside.setFocused(false);
    await settle(READ_MS);
    expect([bridge.room.read, lineAbove()]).toEqual([read, bridge.room.rows.at(-1)?.key]);
  });

  it("does not while the list is held", async () => {
    await open("");
    await settle(READ_MS);
    aside.timeline?.hold();
    const read = bridge.room.read;
    await say("below the view");
    await settle(READ_MS);
    expect(bridge.room.read).toBe(read);
  });
});

describe("read up to here", () => {
  it("is said of the row that is pointed at, by its button", async () => {
    await open("scene=unread", false);
    expect(document.querySelector(".read")).toBeNull();
    // A separator's text is not read aloud: it has the name.
    const unread = document.querySelector(".unread");
    expect(unread?.getAttribute("aria-label")).toBe(unread?.textContent);
    const slot = slots().at(-4);
    enter(slot);
    const button = slot?.querySelector<HTMLButtonElement>("button[aria-label='Read up to here']");
    button?.click();
    await settle();
    expect([lineAbove(), bridge.room.read]).toEqual([slots().at(-3)?.dataset["row"], bridge.room.rows.at(-4)?.place]);
    // An earlier row moves the line alone: what was read stays read.
    enter(slots().at(-9));
    slots().at(-9)?.querySelector<HTMLButtonElement>(".read")?.click();
    await settle();
    expect([lineAbove(), bridge.room.read]).toEqual([slots().at(-8)?.dataset["row"], bridge.room.rows.at(-4)?.place]);
  });

  it("is said by M while the list has the focus, of all that can be seen; and is a letter in the composer", async () => {
    await open("scene=unread", false);
    const press = (target: Element): boolean => target.dispatchEvent(new KeyboardEvent("keydown", { key: "M", shiftKey: true, bubbles: true, cancelable: true }));
    document.querySelector<HTMLTextAreaElement>("textarea")?.focus();
    expect(press(document.activeElement as Element)).toBe(true);
    expect(lineAbove()).toBeDefined();
    document.querySelector<HTMLElement>("[role=log]")?.focus();
    expect(press(document.activeElement as Element)).toBe(false);
    await settle();
    expect([lineAbove(), bridge.room.read]).toEqual([undefined, newest()]);
  });

  describe("is said by a key that works everywhere", () => {
    /** The shell has all of it read, and says so. */
    const press = async (): Promise<void> => {
      await bridge.markRead("1", newest());
      bridge.emit("mark-read", null);
      await settle(10);
    };

    it("of all that has come, wherever one reads, also where one's own message that failed stands at the end", async () => {
      await open("scene=unread", false);
      aside.timeline?.hold();
      await say("late");
      const late = newest();
      bridge.room.echo({ kind: "message", delivery: "failed" }, Date.now());
      bridge.tick();
      await settle(10);
      await press();
      expect([bridge.room.read, lineAbove(), aside.timeline?.following]).toEqual([late, undefined, false]);
    });

    it("while a view is on show: all of it is found read", async () => {
      await open("scene=unread", false);
      expect(lineAbove()).toBeDefined();
      aside.timeline?.hold();
      await aside.showView("questions");
      await press();
      await aside.showView("");
      await settle(10);
      expect([aside.timeline?.line, lineAbove()]).toEqual([newest(), undefined]);
    });
  });

  it("can be seen in the rows, if so chosen", async () => {
    await open("scene=unread");
    expect(document.querySelector(".dimmed")).toBeNull();
    await aside.saveSettings({ dimRead: true });
    flushSync();
    const dimmed = [...document.querySelectorAll(".dimmed")].length;
    expect(dimmed).toBe(slots().findIndex((slot) => slot.dataset["row"] === lineAbove()));
  });
});

describe("back to the end", () => {
  const press = (key: string, target: Element): boolean => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

  it("lead the button with its count, Escape from anywhere, and End in the list; nothing leads there by itself", async () => {
    await open("");
    const log = document.querySelector("[role=log]") as HTMLElement;
    const ways = [() => document.querySelector<HTMLButtonElement>(".to-end")?.click(), () => press("Escape", document.querySelector("textarea") as Element), () => press("End", log)];
    for (const way of ways) {
      aside.timeline?.hold();
      await say("more");
      await settle(1_000);
      expect([aside.timeline?.following, document.querySelector(".to-end")?.textContent?.trim()]).toEqual([false, "1 new"]);
      way();
      await settle();
      expect([aside.timeline?.following, document.querySelector(".to-end")]).toEqual([true, null]);
    }
  });
});

it("Escape that closes a sheet of the desk leaves the reader where they are", async () => {
  await open("desk=server");
  for (const key of ["/", "?"]) {
    aside.timeline?.hold();
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await settle();
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
    await settle();
    expect([document.querySelector("dialog") !== null, aside.timeline?.following], key).toEqual([true, false]);
    document.querySelector("dialog")?.dispatchEvent(new Event("cancel", { cancelable: true }));
    await settle();
  }
});

it("whoever reads in the list stays there, however much comes: the composer takes the focus once", async () => {
  await open("");
  expect(document.activeElement?.tagName).toBe("TEXTAREA");
  const log = document.querySelector("[role=log]") as HTMLElement;
  log.focus();
  await say("one");
  await say("two");
  expect(document.activeElement).toBe(log);
});

describe("repeats", () => {
  it("are one row whose count is named, in room that is kept for it, and open by the button", async () => {
    await open("");
    for (let i = 0; i < 3; i++) await say("same");
    const last = slots().at(-1);
    const button = last?.querySelector<HTMLButtonElement>(".repeats");
    expect([button?.textContent, button?.getAttribute("aria-expanded"), button?.getAttribute("aria-label")]).toEqual(["×3", "false", "Said 3 times, last by Xu. Show them all"]);
    // Outside of what makes the row's height.
    expect(button?.closest(".body")).toBeNull();
    button?.click();
    await settle();
    expect(slots().slice(-3).map((slot) => slot.querySelector(".text")?.textContent)).toEqual(["same", "same", "same"]);
    expect(document.activeElement?.closest(".slot") ?? last).toBe(last);
  });
});

it("a fast room's bar, its meter and the counts have nothing wrong with them", async () => {
  await open("");
  for (let i = 0; i < 2; i++) await say("same");
  if (aside.timeline) {
    aside.timeline.tempo.shown = 43;
    aside.timeline.tempo.oneIn = 4;
  }
  flushSync();
  enter(slots().at(-1));
  expect(document.querySelector(".pace")?.textContent).toContain("Showing 1 in 4");
  const { violations } = await axe.run(document.querySelector(".frame") as Element, { rules: { "color-contrast": { enabled: false } } });
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  document.querySelector<HTMLButtonElement>(".pace button")?.click();
  flushSync();
  expect([aside.timeline?.tempo.oneIn, document.querySelector(".pace button")]).toEqual([1, null]);
});
