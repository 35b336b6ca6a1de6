// A room that is faster than its readers: what is drawn while one follows, that all of it is there when one stops, and that a held list is left alone.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeBridge } from "../src/bridge/fake/fake";
import type { Said } from "../src/bridge/fake/room";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Timeline } from "../src/state/timeline.svelte";

const CHEERS = ["+1", "👏", "Yes!", "哈哈", "yes!"];

let bridge: FakeBridge;
let timeline: Timeline;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=400")));
  timeline = new Timeline("1", bridge, () => undefined);
});

afterEach(() => {
  timeline.close();
  vi.useRealTimers();
});

async function pull(): Promise<void> {
  const pulled = await bridge.pull({ ...timeline.wish, questionsSince: null });
  await timeline.apply(pulled);
}

function say(text: string, more: Partial<Said> = {}): string {
  return bridge.room.say({ kind: "message", user: "x", text, createdAt: Date.now(), ...more }, Date.now()).key;
}

/** So many different lines a second, for so many seconds, as frames bring them. */
async function pour(rate: number, seconds: number): Promise<void> {
  for (let i = 0; i < seconds * 20; i++) {
    for (let n = 0; n < rate / 20; n++) say(`line ${bridge.room.rows.length}`);
    await pull();
    await vi.advanceTimersByTimeAsync(50);
  }
}

const shown = (): string[] => timeline.items.map((item) => item.row.key);
const isGapless = (): boolean => {
  const all = bridge.room.rows.map((row) => row.key);
  const from = all.indexOf(shown()[0] ?? "");
  return from >= 0 && shown().every((key, i) => key === all[from + i]);
};

describe("a pull of a room that is sampled", () => {
  it("comes three times a second with some of what is said and all that is asked, and the rate is the room's own", async () => {
    await timeline.open(false);
    await pour(200, 5);
    expect(timeline.pulls).toMatchObject({ reading: "sampled", apart: 300 });
    for (let round = 0; round < 30; round++) {
      for (let n = 0; n < 500; n++) say(`line ${bridge.room.rows.length}`);
      await pull();
      await vi.advanceTimersByTimeAsync(100);
    }
    const question = say("is anybody there?", { kind: "question" });
    for (let n = 0; n < 499; n++) say(`line ${bridge.room.rows.length}`);
    await pull();
    expect(shown()).toContain(question);
    expect(timeline.tempo.shown).toBeGreaterThan(4_000);
    expect(bridge.calls.filter(([name]) => name === "page")).toHaveLength(1);
  });

  it("draws about ten rows a second however many stayed away, and is whole again around the row that somebody holds, or when it slows down", async () => {
    await timeline.open(false);
    await pour(200, 5);
    await pour(1_000, 6);
    const before = new Set(shown());
    await pour(1_000, 2);
    const drawn = shown().filter((key) => !before.has(key)).length;
    expect(drawn).toBeGreaterThan(12);
    expect(drawn).toBeLessThan(30);
    expect(isGapless()).toBe(false);
    timeline.hold(shown().at(-3));
    await vi.advanceTimersByTimeAsync(0);
    expect(isGapless()).toBe(true);
    await timeline.toEnd();
    await pour(1_000, 1);
    expect(isGapless()).toBe(false);
    await vi.advanceTimersByTimeAsync(6_000);
    expect([timeline.tempo.oneIn, isGapless(), shown().at(-1)]).toEqual([1, true, bridge.room.rows.at(-1)?.key]);
  });

  it("gives whoever begins to read while it is under way all of it", async () => {
    await timeline.open(false);
    await pour(200, 5);
    expect(timeline.pulls.reading).toBe("sampled");
    const { wish } = timeline;
    timeline.hold(shown().at(-3));
    await vi.advanceTimersByTimeAsync(0);
    for (let n = 0; n < 300; n++) say(`line ${bridge.room.rows.length}`);
    const sampled = await bridge.pull({ ...wish, questionsSince: null });
    expect(sampled.changes?.leftOut).toBeGreaterThan(200);
    await timeline.apply(sampled);
    await pull();
    expect(isGapless()).toBe(true);
  });

  it("shows no row that stayed away because it was changed", async () => {
    await timeline.open(false);
    await pour(200, 5);
    await pour(1_000, 6);
    const here = new Set(shown());
    const away = bridge.room.rows.slice(-60, -1).filter((row) => !here.has(row.key));
    for (const row of away) bridge.room.change(row.key, { text: "edited" });
    await pull();
    expect(timeline.items.filter(({ row }) => row.text === "edited")).toEqual([]);
  });

  it("changes a row that is drawn, whatever stays away", async () => {
    await timeline.open(false);
    await pour(200, 5);
    await pour(1_000, 6);
    const key = shown().at(-1) ?? "";
    bridge.room.change(key, { text: "edited" });
    for (let n = 0; n < 300; n++) say(`line ${bridge.room.rows.length}`);
    await pull();
    expect(timeline.items.find(({ row }) => row.key === key)?.row.text).toBe("edited");
  });
});

describe("repeats", () => {
  it("become one row with a count and the newest names, and the row is drawn anew for it alone", async () => {
    await timeline.open(false);
    const key = say("+1", { name: "Ana" });
    await pull();
    const before = timeline.items;
    say(" +1", { name: "Bo" });
    say("+1 ", { name: "Cleo" });
    await pull();
    expect(timeline.items.at(-1)?.row.key).toBe(key);
    expect(timeline.items.at(-1)?.repeats).toEqual({ count: 3, names: ["Cleo", "Bo", "Ana"] });
    expect(timeline.items.slice(0, -1).every((item, i) => item === before[i])).toBe(true);
  });

  it("come apart on demand, below the row that stays, and fold again", async () => {
    await timeline.open(false);
    const key = say("+1");
    await pull();
    const more = [say("+1"), say("+1")];
    await pull();
    timeline.unfoldRepeats(key);
    expect([shown().slice(-3), timeline.following, timeline.unfolded.areRepeatsOpen(key)]).toEqual([[key, ...more], false, true]);
    timeline.unfoldRepeats(key);
    expect(shown().at(-1)).toBe(key);
  });

  it("are left alone where nobody wants them folded, and while the list is held", async () => {
    await timeline.open(false);
    timeline.fold = false;
    say("+1");
    say("+1");
    await pull();
    expect(timeline.items.at(-1)?.repeats).toBeNull();
    timeline.fold = true;
    timeline.hold();
    const keys = [say("ok"), say("ok")];
    await pull();
    expect(shown().slice(-2)).toEqual(keys);
  });

  it("show one that became a question of the desk", async () => {
    await timeline.open(false);
    say("how?");
    await pull();
    const asked = say("how?");
    await pull();
    expect(shown()).not.toContain(asked);
    timeline.mark(new Map([[asked, null]]));
    expect(shown().at(-1)).toBe(asked);
  });

  it("do not empty the screen, however many there are", async () => {
    await timeline.open(false);
    for (let i = 0; i < 40; i++) {
      for (let n = 0; n < 20; n++) say("+1");
      await pull();
    }
    expect(shown().length).toBeGreaterThanOrEqual(100);
    expect(timeline.items.at(-1)?.repeats?.count).toBe(800);
  });
});

describe("more than anybody reads", () => {
  it("is sampled to about ten a second, questions, answers and own rows always among them", async () => {
    await timeline.open(false);
    await pour(100, 8);
    expect(timeline.tempo.oneIn).toBe(10);
    const kept = [say("q", { kind: "question" }), say("a", { kind: "answer" }), say("me", { mine: true })];
    const from = shown().length;
    await pour(100, 2);
    expect(shown().filter((key) => kept.includes(key))).toEqual(kept);
    const lately = bridge.room.rows.slice(-200).map((row) => row.key);
    const drawn = shown().filter((key) => lately.includes(key)).length;
    expect(drawn).toBeGreaterThanOrEqual(15);
    expect(drawn).toBeLessThanOrEqual(25);
    // The screen stays full, and within its bound.
    expect(from).toBeGreaterThanOrEqual(90);
    expect(shown().length).toBeLessThanOrEqual(150);
  });

  it("is whole again the moment somebody holds it, around the row they look at", async () => {
    await timeline.open(false);
    await pour(100, 8);
    const looked = shown().at(-5) ?? "";
    expect(isGapless()).toBe(false);
    timeline.hold(looked);
    await vi.advanceTimersByTimeAsync(0);
    expect([timeline.around, shown().includes(looked), isGapless()]).toEqual([looked, true, true]);
    expect(shown().indexOf(looked)).toBeGreaterThanOrEqual(90);
    while (timeline.hasNewer) await timeline.newer();
    expect(shown().at(-1)).toBe(bridge.room.rows.at(-1)?.key);
    await timeline.older(Date.now());
    expect(isGapless()).toBe(true);
  });

  it("counts what comes after that as new, no more and no less", async () => {
    await timeline.open(false);
    await pour(100, 8);
    timeline.hold();
    for (let i = 0; i < 7; i++) say(`late ${i}`);
    await vi.advanceTimersByTimeAsync(0);
    await pull();
    expect(timeline.fresh.count).toBe(7);
  });

  it("survives that more comes than a pull carries", async () => {
    await timeline.open(false);
    await pour(1_000, 6);
    expect(timeline.tempo.oneIn).toBeGreaterThan(50);
    expect(shown().length).toBeGreaterThan(40);
    const places = timeline.items.map((item) => item.row.place);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(new Set(shown()).size).toBe(shown().length);
    timeline.hold(shown().at(-1));
    await vi.advanceTimersByTimeAsync(0);
    expect(isGapless()).toBe(true);
  });

  it("is all shown again when the room slows down, to the last row, and at once on demand", async () => {
    await timeline.open(false);
    await pour(100, 8);
    await vi.advanceTimersByTimeAsync(6_000);
    expect([timeline.tempo.oneIn, isGapless(), shown().at(-1)]).toEqual([1, true, bridge.room.rows.at(-1)?.key]);
    await pour(100, 8);
    expect(isGapless()).toBe(false);
    timeline.tempo.showAll();
    expect(isGapless()).toBe(true);
    await pour(100, 3);
    expect(shown().slice(-100)).toEqual(bridge.room.rows.slice(-100).map((row) => row.key));
  });
});

type Step = { do: "say"; text: number; kind: "message" | "question" | "answer"; mine: boolean } | { do: "pull" | "hold" | "end" | "older" | "newer" } | { do: "remove" | "edit"; pick: number } | { do: "wait"; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("say" as const), text: fc.nat(6), kind: fc.constantFrom("message" as const, "message" as const, "message" as const, "question" as const, "answer" as const), mine: fc.constantFrom(false, false, false, true) }) },
  { weight: 4, arbitrary: fc.constant({ do: "pull" } as Step) },
  fc.constantFrom<Step>({ do: "hold" }, { do: "end" }, { do: "older" }, { do: "newer" }),
  fc.record({ do: fc.constantFrom("remove" as const, "edit" as const), pick: fc.nat(60) }),
  fc.record({ do: fc.constant("wait" as const), ms: fc.nat(4_000) }),
);

it("no question, answer or own row is ever missing, and a held list keeps all of its rows, whatever happens", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 8 }), async (steps, oneIn) => {
      const here = new FakeBridge(sceneFrom(new URLSearchParams("rows=20")));
      const list = new Timeline("1", here, () => undefined);
      list.tempo.oneIn = oneIn;
      const take = async (): Promise<void> => {
        await list.apply(await here.pull({ ...list.wish, questionsSince: null }));
      };
      const keys = (): string[] => list.items.map((item) => item.row.key);
      await list.open(false);
      let held: string[] | null = null;
      let removed = new Set<string>();
      for (const one of steps) {
        const row = "pick" in one ? here.room.rows.at(-1 - (one.pick % here.room.rows.length)) : undefined;
        if (one.do === "say") here.room.say({ kind: one.kind, mine: one.mine, user: "x", text: CHEERS[one.text] ?? `line ${one.text} ${here.room.rows.length}`, createdAt: Date.now() }, Date.now());
        else if (one.do === "remove" && row) {
          here.room.remove(row.key);
          removed.add(row.key);
        } else if (one.do === "edit" && row) here.room.change(row.key, { text: `edited ${one.pick}` });
        else if (one.do === "wait") await vi.advanceTimersByTimeAsync(one.ms);
        else if (one.do === "hold") {
          list.hold(keys().at(-3) ?? null);
          await vi.advanceTimersByTimeAsync(0);
          held ??= keys();
        } else if (one.do === "end") {
          await list.toEnd();
          held = null;
          removed = new Set();
        } else if (one.do === "older") await list.older(Date.now() + 10_000);
        else if (one.do === "newer") await list.newer();
        else await take();
        if (list.tempo.oneIn !== oneIn) list.tempo.oneIn = oneIn;
        // The stretch of so few rows is never cut: what was drawn when it was held is drawn still.
        if (held) expect(held.filter((key) => !removed.has(key) && !keys().includes(key))).toEqual([]);
      }
      await take();
      const first = list.items.find((item) => item.row.place < 2 ** 52)?.row.place ?? 0;
      const due = here.room.rows.filter((row) => row.place >= first && (row.kind === "question" || row.kind === "answer" || row.mine));
      expect(due.filter((row) => !keys().includes(row.key))).toEqual([]);
      const places = list.items.map((item) => item.row.place);
      expect(places).toEqual([...places].sort((a, b) => a - b));
      expect(new Set(keys()).size).toBe(keys().length);
      list.close();
    }),
    { numRuns: 300 },
  );
});
