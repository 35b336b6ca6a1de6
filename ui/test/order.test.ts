// Order as staff keep it: rows removed with a way back, people silenced for all and not only for oneself, the room's rules, and what the silenced see.
import axe from "axe-core";
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import type { NotRemoved, Row } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { language } from "../src/i18n/language.svelte";
import { Aside } from "../src/state/aside.svelte";
import { standing } from "../src/state/order.svelte";
import type { Sheet } from "../src/state/sheet";
import { frames } from "./frames";

let bridge: FakeBridge;
let aside: Aside;
let view: Record<string, unknown>;

async function settle(ms = 0): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((done) => setTimeout(done, i === 0 ? ms : 0));
  flushSync();
}

async function say(user: string, text: string, more: Partial<Row> = {}): Promise<Row> {
  const row = bridge.room.say({ kind: "message", user, name: user.toUpperCase(), text, id: `e-${text}`, createdAt: Date.now(), ...more }, Date.now());
  bridge.tick();
  await settle(10);
  return row;
}

const article = (row: Row): HTMLElement => {
  const found = document.querySelector<HTMLElement>(`article[data-key="${row.key}"]`);
  if (!found) throw new Error(`no row ${row.text}`);
  return found;
};

async function click(words: string): Promise<void> {
  const found = [...document.querySelectorAll("button")].find((each) => (each.getAttribute("aria-label") ?? each.textContent.trim()) === words);
  if (!found) throw new Error(`no button says ${words}`);
  found.click();
  await settle(10);
}

async function menu(row: Row): Promise<string[]> {
  document.querySelector("[role=menu]")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true }));
  await settle();
  article(row).dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 5, clientY: 5 }));
  await settle();
  return [...document.querySelectorAll("[role=menuitem]")].map((item) => item.textContent);
}

const status = (): string => [...document.querySelectorAll("[role=status]")].map((each) => each.textContent.replace(/\s+/g, " ").trim()).join(" | ");
const asked = (call: string): unknown[][] => bridge.calls.filter(([name]) => name === call).map(([, ...args]) => args);

async function begin(scene = "rows=20&lang=en&desk=server"): Promise<void> {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(scene)));
  aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle(20);
}

async function end(): Promise<void> {
  await unmount(view);
  document.body.replaceChildren();
}

describe("a removal", () => {
  beforeEach(() => begin());
  afterEach(end);

  it("is offered to those who may, for what can be removed", async () => {
    const [theirs, own, gone] = [await say("bo", "rude"), await say("me", "mine", { mine: true, delivery: "sent" }), await say("x", "", { user: "", name: "", removed: true })];
    expect(await menu(theirs)).toEqual(["About BO", "Highlight this person", "Mute for me alone", "Silence BO for everybody…", "Remove for everybody", "Remove with a reason…", "Moderation of this room", "Copy the text"]);
    expect(await menu(own)).toEqual(["Remove for everybody", "Remove with a reason…", "Moderation of this room", "Copy the text"]);
    expect(await menu(gone)).not.toContain("Remove for everybody");
    bridge.order.canModerate = false;
    const later = await say("bo", "later");
    expect(await menu(later)).toEqual(["About BO", "Highlight this person", "Mute for me alone", "Copy the text"]);
    expect(await menu(own)).toEqual(["Copy the text"]);
  });

  it("waits in the backend, and can be taken back from the row and from the toast", async () => {
    const [first, second] = [await say("bo", "rude"), await say("bo", "ruder")];
    await menu(first);
    await click("Remove for everybody");
    await menu(second);
    await click("Remove for everybody");
    expect(asked("remove")).toEqual([["1", first.key, ""], ["1", second.key, ""]]);
    expect(status()).toContain("2 entries are about to be removed for everybody.");
    expect(article(first).textContent).toContain("About to be removed.");
    article(first).querySelector<HTMLButtonElement>("p button")?.click();
    await settle(10);
    await click("Undo");
    expect(asked("keep")).toEqual([["1", "e-rude"], ["1", "e-ruder"]]);
    expect(status()).not.toContain("about to be");
    expect(article(first).textContent).not.toContain("About to be removed.");
  });

  it("goes at once where somebody says so, with a reason, and stands in the log", async () => {
    const row = await say("bo", "rude");
    await menu(row);
    await click("Remove with a reason…");
    const field = document.querySelector<HTMLInputElement>("dialog input");
    if (!field) throw new Error("no field");
    field.value = "insult";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await click("Remove");
    expect(document.querySelector("dialog")).toBeNull();
    await click("Now");
    expect(article(row).textContent).toContain("Removed by a moderator.");
    expect(asked("remove")).toEqual([["1", row.key, "insult"]]);
    await click("Moderation of this room");
    expect(document.querySelector("dialog ol")?.textContent.replace(/\s+/g, " ")).toContain("Alex removed what BO said rude");
  });

  it("by key takes the row that has the focus, and nothing from a field", async () => {
    const row = await say("bo", "rude");
    article(row).querySelector<HTMLElement>(".about")?.focus();
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Delete", bubbles: true, cancelable: true }));
    await settle(10);
    expect(asked("remove")).toEqual([["1", row.key, ""]]);
    document.querySelector<HTMLElement>("textarea")?.focus();
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Delete", bubbles: true, cancelable: true }));
    await settle(10);
    expect(asked("remove").length).toBe(1);
  });

  it("takes a question out from the desk, and its asker is a click away", async () => {
    const question = [...(aside.desk?.board.items.values() ?? [])].find(({ row, review }) => row !== null && review === "approved");
    aside.desk?.open(question?.id ?? "");
    await settle(10);
    await click("Remove for everybody");
    expect(asked("remove")).toEqual([["1", question?.row, ""]]);
    document.querySelector<HTMLElement>("button.asker")?.click();
    await settle(10);
    expect(document.querySelector("dialog")?.textContent).toContain("for everybody…");
  });

  it("that failed is told until somebody has seen it", async () => {
    const stays = (entry: string, code: string): NotRemoved => ({ entry, why: { code, params: { status: "403" } } });
    bridge.order.notRemoved = [stays("e", "role_refused")];
    await say("bo", "hi");
    const told = (): string | undefined => document.querySelector("[role=alert] span")?.textContent;
    expect(told()).toBe("It could not be removed. Your role in this room may not do that.");
    bridge.order.notRemoved = [stays("e", "role_refused"), stays("f", "role_refused"), stays("g", "offline")];
    await say("bo", "ho");
    expect(told()).toMatch(/^3 entries could not be removed. Your role in this room may not do that. Not connected/);
    await click("Dismiss");
    expect(asked("noteRemoval")).toEqual([["1"]]);
    expect(document.querySelector("[role=alert]")).toBeNull();
  });
});

describe("silence", () => {
  beforeEach(() => begin());
  afterEach(end);

  it("is for all, for a time and with a way back; a mute is another thing", async () => {
    const row = await say("bo", "rude");
    await menu(row);
    await click("Silence BO for everybody…");
    const times = [...document.querySelectorAll("dialog label")].map((label) => label.textContent.trim());
    expect(times).toEqual(["10 seconds", "1 minute", "10 minutes", "1 hour", "1 day", "30 days", "Reason (for the log, optional)"]);
    expect(document.querySelector<HTMLInputElement>("dialog input[type=radio]:checked")?.value).toBe("600");
    document.querySelectorAll<HTMLInputElement>("dialog input[type=radio]")[3]?.click();
    await click("Silence");
    expect(asked("mute")).toEqual([["1", "bo", 3_600, ""]]);
    expect([bridge.rules.all.list, status().includes("BO is silenced for everybody until")]).toEqual([[], true]);
    await click("Undo");
    expect(asked("mute").at(-1)).toEqual(["1", "bo", 0, ""]);
  });

  it("leads back to the silence that was before, for what is left of it", async () => {
    bridge.order.muted.set("bo", Date.now() + 600_000);
    const row = await say("bo", "rude");
    await menu(row);
    await click("Silence BO for everybody…");
    document.querySelectorAll<HTMLInputElement>("dialog input[type=radio]")[3]?.click();
    await click("Silence anew");
    await click("Undo");
    const [room, user, seconds] = asked("mute").at(-1) ?? [];
    expect([room, user]).toEqual(["1", "bo"]);
    expect(seconds).toBeGreaterThan(500);
    expect(seconds).toBeLessThanOrEqual(600);
  });

  it("of less than two minutes is told by how long it is, and its log to the second: its end is in the minute that there is", async () => {
    const row = await say("bo", "rude");
    await menu(row);
    await click("Silence BO for everybody…");
    document.querySelectorAll<HTMLInputElement>("dialog input[type=radio]")[0]?.click();
    await click("Silence");
    expect(status()).toContain("BO is silenced for everybody, for 10 seconds.");
    bridge.order.log.forEach((deed) => (deed.at = Date.now()));
    aside.sheet = { kind: "moderation" };
    await settle(10);
    expect(document.querySelector("dialog ol > li")?.textContent).toContain(`Alex silenced BO until ${language.moment(bridge.order.muted.get("bo") ?? 0, true)}`);
    expect(language.moment(0, true)).toMatch(/:00:00$/);
  });

  it("that is nearly over is told by what is left of it, and no longer than it lasts", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    bridge.order.muted.set("bo", Date.now() + 70_000);
    const row = await say("bo", "rude");
    const sheets: [Sheet, string, (left: string) => string][] = [
      [{ kind: "silence", who: row }, ".now", (left) => `BO is silenced for another ${left}. Let speak again`],
      [{ kind: "moderation" }, ".who", (left) => `BO ${left} left`],
    ];
    for (const [sheet, place, words] of sheets) {
      vi.setSystemTime((bridge.order.muted.get("bo") ?? 0) - 130_000);
      aside.sheet = sheet;
      await settle(10);
      const told = (): string | undefined => document.querySelector(`dialog ${place}`)?.textContent.trim();
      expect(told()).toContain(`until ${language.moment(bridge.order.muted.get("bo") ?? 0)}`);
      for (const [after, left] of [[60_000, "2 minutes"], [61_000, "9 seconds"]] as const) {
        vi.advanceTimersByTime(after);
        await settle(10);
        expect(told()).toBe(words(left));
      }
      vi.advanceTimersByTime(9_000);
      await settle(10);
      expect(told()).toBeUndefined();
    }
    expect(document.querySelector("dialog")?.textContent).toContain("Nobody is silenced.");
    vi.useRealTimers();
  });

  it("offers no way back where it is not known what was before", async () => {
    bridge.failing.set("moderation", "offline");
    const row = await say("bo", "rude");
    await menu(row);
    await click("Silence BO for everybody…");
    await click("Silence");
    expect(status()).toContain("BO is silenced for everybody until");
    expect([...document.querySelectorAll("[role=status] button")].map((each) => each.textContent.trim())).not.toContain("Undo");
  });

  it("says on a person's card how it stands, and why it cannot be", async () => {
    bridge.order.muted.set("bo", Date.now() + 600_000);
    const row = await say("bo", "rude");
    aside.sheet = { kind: "person", who: row };
    await settle(10);
    await click("Silence BO for everybody…");
    expect(document.querySelector("dialog .now")?.textContent).toContain("BO is silenced until");
    bridge.failing.set("mute", "role_refused");
    await click("Silence anew");
    expect(document.querySelector("dialog [role=alert]")?.textContent).toBe("Your role in this room may not do that.");
    bridge.failing.clear();
    await click("Let speak again");
    expect(bridge.order.muted.size).toBe(0);
  });
});

describe("the room's rules", () => {
  beforeEach(() => begin());
  afterEach(end);

  it("slow the room, let people speak and show what was done, a page at a time", async () => {
    bridge.order.muted.set("bo", Date.now() + 600_000);
    await say("bo", "hi");
    for (let n = 0; n < 60; n++) await bridge.order.slow("1", n % 2 === 0 ? 45 : 0);
    aside.sheet = { kind: "moderation" };
    await settle(10);
    const choose = document.querySelector<HTMLSelectElement>("dialog select");
    if (!choose) throw new Error("no choice");
    expect([...choose.options].map(({ text }) => text)).toEqual(["Off", "5 seconds", "10 seconds", "30 seconds", "1 minute", "5 minutes"]);
    choose.value = "30";
    choose.dispatchEvent(new Event("change", { bubbles: true }));
    await settle(10);
    expect(bridge.order.slowSeconds).toBe(30);
    const lines = (): number => document.querySelectorAll("dialog ol > li").length;
    expect([lines(), document.querySelector("dialog ol")?.textContent.includes("Alex set slow mode to 30 seconds (it was Off)")]).toEqual([50, true]);
    await click("Older");
    expect(lines()).toBe(61);
    await click("Let speak again: BO");
    expect(document.querySelector("dialog")?.textContent).toContain("Nobody is silenced.");
    expect((await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } })).violations).toEqual([]);
    language.locale = "zh-CN";
    await settle();
    expect(document.querySelector("dialog")?.textContent).toContain("没有人被禁言。");
    language.locale = "en";
  });

  it("show what was done at a time that is none", async () => {
    bridge.order.log.push({ number: 1, action: "muted", user: "bo", name: "BO", old: "", new: "9223372036854775807", reason: "", by: "Alex", at: null });
    bridge.order.muted.set("bo", null);
    await say("bo", "hi");
    aside.sheet = { kind: "moderation" };
    await settle(10);
    expect(document.querySelector("dialog ol > li")?.textContent.trim()).toBe("Alex silenced BO until");
    expect(document.querySelector("dialog .who")?.textContent.trim()).toBe("BO");
    expect(document.querySelector("dialog time")).toBeNull();
  });

  it("that cannot be read say why, and are asked for again", async () => {
    bridge.failing.set("moderation", "offline");
    aside.sheet = { kind: "moderation" };
    await settle(10);
    expect(document.querySelector("dialog [role=alert]")?.textContent).toContain("Not connected.");
    bridge.failing.clear();
    await click("Retry");
    expect(document.querySelector("dialog select")).not.toBeNull();
  });
});

describe("who is silenced, or too fast", () => {
  afterEach(end);

  it("is told until when, beside the field and at the row that did not go out", async () => {
    await begin("rows=5&lang=en&desk=audience");
    const until = Date.now() + 540_000;
    bridge.order.mutedUntil = until;
    const row = await say("me", "hello", { mine: true, delivery: "failed", failure: "muted", failureReason: new Date(until).toISOString() });
    expect(document.querySelector("[data-testid=wait]")?.textContent).toContain(`You can write again at ${language.time(until)}, in 9 minutes.`);
    expect(article(row).textContent.replace(/\s+/g, " ")).toContain(`A moderator has silenced you until ${language.moment(until, true)}. The text is kept.`);
    expect(article(row).textContent).not.toContain("The server said");
    bridge.order.mutedUntil = null;
    bridge.order.slowSeconds = 30;
    await say("bo", "hi");
    expect(document.querySelector("[data-testid=wait]")?.textContent).toBe("Slow mode: one entry every 30 seconds.");
  });

  it("waits no longer than the server said", () => {
    const order = { canModerate: false, reviews: false, slowSeconds: 0, mutedUntil: 5_000, slowedUntil: 9_000, removing: [], notRemoved: [] };
    const at = (now: number, change = {}): unknown => standing({ order: { ...order, ...change }, role: "audience" }, now)?.words ?? null;
    expect([at(0), at(5_000), at(5_000, { slowSeconds: 10 }), at(9_000), at(9_000, { slowSeconds: 10 })]).toEqual(["composer.silenced", "composer.fast", "composer.slowed", null, "composer.slow"]);
    expect(standing({ order: { ...order, slowSeconds: 10 }, role: "staff" }, 9_000)).toBeNull();
  });
});
