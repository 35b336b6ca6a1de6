// How a timeline follows, holds still, counts what is new, and tells what was read.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { HELD_ROWS } from "../src/state/bounds";
import { Timeline } from "../src/state/timeline.svelte";

let bridge: FakeBridge;
let timeline: Timeline;
let poked = 0;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=400")));
  poked = 0;
  timeline = new Timeline("1", bridge, () => void poked++);
});

afterEach(() => vi.useRealTimers());

async function pull(): Promise<void> {
  await timeline.apply(await bridge.pull({ ...timeline.wish, questionsSince: null }));
}

function say(count = 1): void {
  for (let i = 0; i < count; i++) bridge.room.say({ kind: "message", user: "x", text: `new ${i}` }, Date.now());
}

/** How often rows were read to be shown. */
const reads = (from = ""): number => bridge.calls.filter(([name, , anchor, limit]) => name === "page" && (limit as number) <= HELD_ROWS && (anchor as { at: string }).at.startsWith(from)).length;
const shown = (): (string | undefined)[] => timeline.items.map((item) => item.row.key);
const lastShown = (): string | undefined => shown().at(-1);
const newest = (): string | undefined => bridge.room.rows.at(-1)?.key;

describe("following", () => {
  it("shows what comes and lets go of the oldest, within bounds", async () => {
    await timeline.open(false);
    for (let i = 0; i < 30; i++) {
      say(10);
      await pull();
      expect(lastShown()).toBe(newest());
      expect(timeline.items.length).toBeLessThanOrEqual(150);
    }
    expect(timeline.fresh.count).toBe(0);
  });

  it("takes one screen when more came than a screen shows, and draws it with the nodes it has", async () => {
    await timeline.open(false);
    timeline.screenRows = 40;
    say(3_000);
    await pull();
    expect(bridge.calls.slice(1).map(([name]) => name)).toEqual(["pull"]);
    expect(shown()).toHaveLength(40);
    expect(lastShown()).toBe(newest());
    const slots = new Set(timeline.items.map((item) => item.slot));
    say(3_000);
    await pull();
    expect(new Set(timeline.items.map((item) => item.slot))).toEqual(slots);
  });
});

it("reads the rows again once a session has come that were read without one, wherever one reads", async () => {
  const page = bridge.page.bind(bridge);
  let kept = true;
  bridge.page = async (...args) => {
    const read = await page(...args);
    return kept ? { ...read, kept, rows: read.rows.map((row) => ({ ...row, avatar: null })) } : { ...read, rows: read.rows.map((row) => ({ ...row, avatar: "avatar://1" })) };
  };
  for (const held of [false, true]) {
    kept = true;
    await timeline.open(false);
    if (held) timeline.hold();
    await timeline.apply({ changes: null, end: null });
    expect(timeline.items.every(({ row }) => row.avatar === null)).toBe(true);
    kept = false;
    const before = reads();
    await pull();
    expect([timeline.items.every(({ row }) => row.avatar !== null), timeline.following, reads()]).toEqual([true, !held, before + 1]);
    await pull();
    expect(reads()).toBe(before + 1);
  }
});

describe("holding still", () => {
  it("keeps every row that is shown, counts what strangers say, and returns to the end", async () => {
    await timeline.open(false);
    const before = shown();
    timeline.hold();
    say(3);
    bridge.room.echo({ kind: "message" }, Date.now());
    await pull();
    expect(shown().slice(0, before.length)).toEqual(before);
    expect(timeline.fresh.count).toBe(3);
    await timeline.toEnd();
    expect([timeline.fresh.count, timeline.following, timeline.goal]).toEqual([0, true, "end"]);
  });

  it("never holds more than its bound, and still knows that more is new", async () => {
    await timeline.open(false);
    timeline.hold();
    const first = shown()[0];
    for (let i = 0; i < 10; i++) {
      say(50);
      await pull();
    }
    expect([shown()[0], timeline.items.length, timeline.hasNewer, timeline.fresh.count]).toEqual([first, 300, true, 500]);
    await timeline.toEnd();
    expect(lastShown()).toBe(newest());
  });

  it("survives being outrun: counts at most once a second, says until then that more is new, and reads the held rows again", async () => {
    await timeline.open(false);
    timeline.hold();
    const before = shown();
    const counted = (): unknown[] => [timeline.fresh.count, timeline.fresh.isLeast];
    for (let i = 0; i < 5; i++) {
      say(500);
      await pull();
      expect(counted()).toEqual([500, i > 0]);
    }
    expect(shown()).toEqual(before);
    expect(reads("after")).toBe(1);
    expect(poked).toBe(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(poked).toBeGreaterThan(1);
    await pull();
    expect(counted()).toEqual([999, true]);
  });

  it("counts as new what came since, not what was never read, however much comes at once", async () => {
    bridge.room.read = bridge.room.rows[0]?.place ?? null;
    await timeline.open(false);
    timeline.hold();
    say(101);
    bridge.room.echo({ kind: "message" }, Date.now());
    await pull();
    expect([bridge.room.unread(), timeline.fresh.count, timeline.fresh.isLeast]).toEqual([500, 101, false]);
  });

  it("counts what came while the window was hidden", async () => {
    await timeline.open(false);
    timeline.hold();
    say(3);
    await pull();
    say(300);
    await timeline.reappear();
    expect([timeline.fresh.count, timeline.fresh.isLeast]).toEqual([303, false]);
    say(2);
    await pull();
    expect(timeline.fresh.count).toBe(305);
  });

  it("counts nothing that was there before somebody went far back", async () => {
    await timeline.open(false);
    bridge.room.echo({ kind: "message" }, Date.now());
    await pull();
    const row = bridge.room.rows[10];
    await timeline.goTo(row?.key ?? "", row?.place ?? 0);
    say(2);
    await timeline.reappear();
    expect([timeline.goal, timeline.fresh.count]).toEqual(["row", 2]);
  });

  it("keeps the row that is looked at when what was missed fills in above it, a few at a time or more than are held", async () => {
    const looked = bridge.room.rows[395];
    await timeline.open(false);
    timeline.hold();
    timeline.stand = () => ({ key: looked?.key ?? "", place: looked?.place ?? 0, top: 12, after: 0 });
    let place = bridge.room.rows[350]?.place ?? 0;
    for (const count of [50, 90, 90, 90, 500]) {
      for (let i = 0; i < count; i++) {
        const { key } = bridge.room.say({ kind: "message", user: "x", text: "missed" }, Date.now());
        bridge.room.change(key, { place: (place += 0.001) });
      }
      await pull();
      expect(shown()).toContain(looked?.key);
      expect(timeline.items.map(({ row }) => row.key)).toEqual(bridge.room.rows.filter(({ key }) => shown().includes(key)).map(({ key }) => key));
    }
    while (timeline.hasNewer) await timeline.newer();
    expect(lastShown()).toBe(newest());
  });

  it("reads the held rows again after a second, however far the clock was set back meanwhile", async () => {
    await timeline.open(false);
    timeline.hold();
    say(500);
    await pull();
    vi.setSystemTime(Date.now() - 3_600_000);
    await vi.advanceTimersByTimeAsync(1_000);
    say(500);
    await pull();
    expect(reads("after")).toBe(2);
  });

  it("takes older pages in front, one at a time, until the beginning", async () => {
    await timeline.open(false);
    timeline.hold();
    const before = shown();
    await Promise.all([timeline.older(1), timeline.older(1)]);
    expect(shown().slice(-before.length)).toEqual(before);
    expect(timeline.items).toHaveLength(200);
    for (let i = 0; i < 5; i++) await timeline.older(1);
    expect([shown()[0], timeline.items.length, timeline.reachedStart]).toEqual([bridge.room.rows[0]?.key, 300, true]);
    while (timeline.hasNewer) await timeline.newer();
    expect(lastShown()).toBe(newest());
  });

  it("goes on where somebody stood when an earlier page was given back, with what stands on both sides, and counts on from there", async () => {
    const row = bridge.room.rows[150];
    bridge.room.read = bridge.room.rows[0]?.place ?? null;
    const stand = { key: row?.key ?? "", place: row?.place ?? 0, top: -7.5, after: bridge.room.rows[389]?.place ?? 0 };
    await timeline.comeBack(stand);
    expect([timeline.goal, timeline.following, timeline.fresh.count, timeline.fresh.isLeast]).toEqual([stand, false, 10, false]);
    expect(shown()).toEqual(bridge.room.rows.slice(50, 250).map(({ key }) => key));
    timeline.goal = null;
    say(3);
    await pull();
    expect([timeline.following, timeline.hasNewer, timeline.items.length, timeline.fresh.count]).toEqual([false, true, 200, 13]);
    await timeline.toEnd();
    expect(lastShown()).toBe(newest());
  });

  it("shows the end of a room that nothing is left of since somebody stood there", async () => {
    for (const { key } of [...bridge.room.rows]) bridge.room.remove(key);
    await timeline.comeBack({ key: "7", place: 7, top: 0, after: 7 });
    expect([timeline.goal, timeline.following]).toEqual(["end", true]);
  });

  it("asks an edge that failed again only after a while", async () => {
    await timeline.open(false);
    bridge.failing.set("page", "timeout");
    const asked = (): number => bridge.calls.filter(([name]) => name === "page").length;
    await timeline.older(1_000);
    const once = asked();
    await timeline.older(1_500);
    expect([asked(), timeline.olderFailed]).toEqual([once, true]);
    bridge.failing.clear();
    await timeline.older(4_000);
    expect([asked(), timeline.olderFailed]).toEqual([once + 1, false]);
  });
});

describe("reading", () => {
  it("opens at the unread line when something is unread", async () => {
    bridge.room.read = bridge.room.rows[389]?.place ?? null;
    await timeline.open(true);
    expect([timeline.goal, timeline.following]).toEqual(["line", true]);
    expect(timeline.items.find((item) => item.unread)?.row.key).toBe(bridge.room.rows[390]?.key);
  });

  it("counts as read a moment after it was seen, once", async () => {
    bridge.room.read = null;
    await timeline.open(false);
    timeline.seen();
    timeline.seen();
    expect(bridge.room.read).toBeNull();
    await vi.advanceTimersByTimeAsync(400);
    expect(bridge.room.read).toBe(bridge.room.rows.at(-1)?.place);
    timeline.seen();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(bridge.calls.filter(([name]) => name === "markRead")).toHaveLength(1);
  });

  it("draws the line above what comes while nobody looks, and leaves it there when someone does again", async () => {
    await timeline.open(false);
    timeline.lookAway();
    say(2);
    await pull();
    expect(timeline.items.at(-2)?.unread).toBe(true);
    timeline.seen();
    await vi.advanceTimersByTimeAsync(400);
    await timeline.reappear();
    timeline.lookAway();
    expect(timeline.items.some((item) => item.unread)).toBe(false);
  });

  it("goes back to the line after the window was hidden", async () => {
    await timeline.open(false);
    timeline.lookAway();
    await vi.advanceTimersByTimeAsync(0);
    say(50);
    await timeline.reappear();
    expect(timeline.goal).toBe("line");
    const line = timeline.items.findIndex((item) => item.unread);
    expect(timeline.items.length - line).toBe(50);
    expect(lastShown()).toBe(newest());
  });

  it("goes where somebody wants to although the window is seen only then", async () => {
    await timeline.open(false);
    timeline.lookAway();
    await vi.advanceTimersByTimeAsync(0);
    say(300);
    bridge.scene.pageDelayMs = 100;
    const [{ key, place } = { key: "none", place: 0 }] = bridge.room.rows.slice(-250);
    const going = timeline.goTo(key, place);
    const back = timeline.reappear();
    await vi.advanceTimersByTimeAsync(300);
    await Promise.all([going, back]);
    expect([timeline.goal, timeline.following, timeline.items[0]?.row.key]).toEqual(["row", false, key]);
  });

  it("does not show the end first when a pull crosses the page that leads back to the line", async () => {
    await timeline.open(false);
    timeline.lookAway();
    await vi.advanceTimersByTimeAsync(0);
    say(120);
    bridge.scene.pageDelayMs = 100;
    const back = timeline.reappear();
    await timeline.apply({ end: null, changes: { revision: timeline.wish.since + 120, upserts: [], removed: [], reset: true, heard: [], leftOut: 0 } });
    await vi.advanceTimersByTimeAsync(200);
    await back;
    expect(timeline.goal).toBe("line");
    expect(timeline.items.some((item) => item.unread)).toBe(true);
    expect(bridge.calls.filter(([name]) => name === "page")).toHaveLength(2);
  });
});

it("draws stand-ins only when the first page takes longer than a moment", async () => {
  bridge.scene.pageDelayMs = 500;
  const opening = timeline.open(false);
  expect(timeline.skeleton).toBe(false);
  await vi.advanceTimersByTimeAsync(300);
  expect(timeline.skeleton).toBe(true);
  await vi.advanceTimersByTimeAsync(200);
  await opening;
  expect([timeline.skeleton, timeline.loaded]).toEqual([false, true]);
});
