// What is folded and what is left out of a fast room, and what never is.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Row } from "../src/bridge/dto";
import { FakeRoom, type Said } from "../src/bridge/fake/room";
import { Crowd, isKept } from "../src/state/crowd";
import { Drawn } from "../src/state/drawn";
import { emptyStretch } from "../src/state/stretch";
import { Tempo } from "../src/state/tempo.svelte";

const noon = new Date(2026, 10, 25, 12).getTime();
const closed = (): boolean => false;
const folding = { fold: true, oneIn: 1, weight: 1 };

/** Rows that come one after the other, each by somebody else, 100 ms apart. */
function said(...rows: (string | Partial<Said>)[]): Row[] {
  const room = new FakeRoom();
  return rows.map((row, i) => room.say({ kind: "message", user: `u${i}`, name: `N${i}`, createdAt: noon + i * 100, ...(typeof row === "string" ? { text: row } : row) }, noon));
}

/** What is drawn of rows that all come while somebody follows. */
function drawn(rows: readonly Row[], wish = folding, crowd = new Crowd()): Row[] {
  for (let i = 0; i < rows.length; i++) crowd.admit(rows.slice(0, i).filter((row) => !crowd.isHidden(row.key)), rows.slice(i, i + 1), wish, closed);
  return rows.filter((row) => !crowd.isHidden(row.key));
}

describe("folding", () => {
  it("makes one row of what several people say, whatever the case and the spaces around it", () => {
    const crowd = new Crowd();
    const rows = said("Straße", "  STRASSE\n", "straße", "other");
    expect(drawn(rows, folding, crowd).map((row) => row.text)).toEqual(["Straße", "other"]);
    expect(crowd.repeatsOf(rows[0]?.key ?? "")).toEqual({ count: 3, names: ["N2", "N1", "N0"] });
  });

  it("names whoever said it again once, and the newest eight at most", () => {
    const crowd = new Crowd();
    const rows = said(...Array.from({ length: 12 }, (_, i) => ({ text: "+1", name: i < 2 ? "Ana" : `N${i}` })));
    drawn(rows, folding, crowd);
    expect(crowd.repeatsOf(rows[0]?.key ?? "")).toEqual({ count: 12, names: ["N11", "N10", "N9", "N8", "N7", "N6", "N5", "N4"] });
  });

  it("reaches eight rows and ten seconds, and not a row or a moment further", () => {
    const between = (count: number): Row[] => said("+1", ...Array.from({ length: count }, (_, i) => `line ${i}`), "+1");
    expect([drawn(between(7)).length, drawn(between(8)).length]).toEqual([8, 10]);
    const apart = (ms: number): Row[] => said("+1", { text: "+1", createdAt: noon + ms });
    expect([drawn(apart(10_000)).length, drawn(apart(10_001)).length]).toEqual([1, 2]);
  });

  it("leaves questions, answers, own rows, empty ones and those withdrawn alone, above and below", () => {
    for (const kept of [{ kind: "question" }, { kind: "answer" }, { mine: true }, { retracted: true }] as const) {
      expect(drawn(said({ text: "+1", ...kept }, { text: "+1", ...kept }, "+1"))).toHaveLength(3);
      expect(drawn(said("+1", { text: "+1", ...kept }))).toHaveLength(2);
    }
    expect(drawn(said(" ", "", "\n"))).toHaveLength(3);
  });

  it("takes nothing into a row whose repeats are open, and nothing at all where it is not wished", () => {
    const crowd = new Crowd();
    const rows = said("+1", "+1");
    crowd.admit(rows.slice(0, 1), rows.slice(1), folding, () => true);
    expect(crowd.isCalm).toBe(true);
    expect(drawn(rows, { fold: false, oneIn: 1, weight: 1 })).toHaveLength(2);
  });

  it("lets go of a repeat that says something else now, and of all when what they repeat does or goes", () => {
    const three = said("+1", "+1", "+1");
    const [first, second] = three as [Row, Row, Row];
    const rowOf = (key: string): Row | undefined => three.find((row) => row.key === key);
    const after = (change: (crowd: Crowd) => void): [number, number | null] => {
      const crowd = new Crowd();
      drawn(three, folding, crowd);
      change(crowd);
      return [three.filter((row) => !crowd.isHidden(row.key)).length, crowd.repeatsOf(first.key)?.count ?? null];
    };
    expect(after((crowd) => crowd.change([{ ...second, standing: "provisional" }], [], rowOf))).toEqual([1, 3]);
    expect(after((crowd) => crowd.change([{ ...second, text: "no" }], [], rowOf))).toEqual([2, 2]);
    expect(after((crowd) => crowd.change([{ ...second, retracted: true }], [], rowOf))).toEqual([2, 2]);
    expect(after((crowd) => crowd.change([{ ...first, text: "no" }], [], rowOf))).toEqual([3, null]);
    expect(after((crowd) => crowd.change([], [first.key], rowOf))).toEqual([3, null]);
  });
});

describe("leaving out", () => {
  it("shows every n-th row, evenly", () => {
    const rows = said(...Array.from({ length: 40 }, (_, i) => `line ${i}`));
    expect(drawn(rows, { fold: true, oneIn: 4, weight: 1 }).map((row) => row.text)).toEqual(Array.from({ length: 10 }, (_, i) => `line ${i * 4}`));
  });

  it("says how many rows there were to show: repeats are read at a glance", () => {
    const rows = said("a", "+1", "+1", "+1", "b", { kind: "question", text: "q" });
    expect(new Crowd().admit([], rows, { fold: true, oneIn: 3, weight: 1 }, closed)).toBe(3);
  });

  it("remembers no more than a room can leave out, and forgets what is gone", () => {
    const crowd = new Crowd();
    const room = new FakeRoom();
    for (let i = 0; i < 5; i++) crowd.admit([], Array.from({ length: 1_000 }, (_, n) => room.say({ kind: "message", text: `${i} ${n}` }, noon)), { fold: true, oneIn: 10_000, weight: 1 }, closed);
    expect([...crowd.hidden].length).toBeLessThanOrEqual(2_000);
    crowd.forget(() => false);
    expect(crowd.isCalm).toBe(true);
  });
});

it("repeats of a row that is no longer here speak for themselves, once somebody reads", () => {
  const drawn = new Drawn(new Tempo());
  const rows = said("+1", "a", "+1");
  drawn.take(rows.slice(1), 0, { ...emptyStretch, rows: rows.slice(0, 1) }, true, { held: false, open: closed }, noon);
  const cut = { ...emptyStretch, rows: rows.slice(1) };
  expect([false, true].map((held) => drawn.of(cut, { held, open: closed }).length)).toEqual([1, 2]);
  expect(drawn.of({ ...cut, rows }, { held: true, open: closed })).toHaveLength(2);
});

const anyRow = fc.record({
  kind: fc.constantFrom("message" as const, "message" as const, "message" as const, "question" as const, "answer" as const, "gap" as const, "boundary" as const),
  text: fc.constantFrom("+1", " +1 ", "ok", "OK", "hello", "", "其他"),
  mine: fc.boolean(),
  retracted: fc.constantFrom(false, false, false, true),
  createdAt: fc.integer({ min: noon, max: noon + 20_000 }),
});

it("no question, no answer and no own row is ever folded or left out, and every other one is drawn or known to be hidden", () => {
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 80 }), fc.integer({ min: 1, max: 30 }), fc.boolean(), fc.integer({ min: 1, max: 20 }), (given, oneIn, fold, batch) => {
      const crowd = new Crowd();
      const room = new FakeRoom();
      const rows = given.map((row) => room.say(row, noon));
      const shown = (): Row[] => rows.filter((row) => !crowd.isHidden(row.key));
      for (let i = 0; i < rows.length; i += batch) {
        const before = rows.slice(0, i).filter((row) => !crowd.isHidden(row.key));
        crowd.admit(before, rows.slice(i, i + batch), { fold, oneIn, weight: 1 }, closed);
        // What was drawn stays drawn.
        expect(before.filter((row) => crowd.isHidden(row.key))).toEqual([]);
      }
      expect(rows.filter((row) => isKept(row) && crowd.isHidden(row.key))).toEqual([]);
      expect(rows.filter((row) => (row.kind === "question" || row.kind === "answer" || row.mine) && !shown().includes(row))).toEqual([]);
      // Counts add up: nothing is lost between what is drawn, what is folded and what is left out.
      const folded = shown().reduce((sum, row) => sum + (crowd.repeatsOf(row.key)?.count ?? 1) - 1, 0);
      const leftOut = rows.filter((row) => crowd.isLeftOut(row.key)).length;
      expect(shown().length + folded + leftOut).toBe(rows.length);
      if (oneIn === 1) expect(leftOut).toBe(0);
    }),
  );
});
