// Day lines, the unread line, groups, and nodes that draw one row after another.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeRoom } from "../src/bridge/fake/room";
import type { Row } from "../src/bridge/dto";
import { layout, momentOf } from "../src/state/layout";

const noon = new Date(2026, 10, 25, 12).getTime();
const MINUTE = 60_000;

function rowsSaid(...said: Partial<Row>[]): Row[] {
  const room = new FakeRoom();
  return said.map((one) => room.say({ kind: "message", user: "a", name: "A", ...one }, noon));
}

const plain = { line: null, recycle: false };

describe("layout", () => {
  const DAY = 24 * 60 * MINUTE;
  const days = (...said: Partial<Row>[]): boolean[] => layout([], rowsSaid(...said), plain).map((item) => item.day !== null);

  it("draws a day line above the first row and above the first of each later day", () => {
    const [today, tomorrow] = [{ createdAt: noon, receivedAt: noon }, { createdAt: noon + DAY, receivedAt: noon + DAY }];
    expect(days(today, { ...today, createdAt: noon + MINUTE }, tomorrow, { ...tomorrow, createdAt: noon })).toEqual([true, false, true, false]);
    // What was missed is dated by when it was said.
    expect(days({ ...tomorrow, createdAt: noon }, tomorrow)).toEqual([true, true]);
  });

  it("dates nobody's rows by a clock that is ahead: a row keeps the time that it says, and was said by the day on which it was seen", () => {
    const ahead = { createdAt: noon + 1.5 * DAY, receivedAt: noon };
    expect(days(ahead, { createdAt: noon + MINUTE, receivedAt: noon + MINUTE }, { createdAt: noon + DAY, receivedAt: noon + DAY })).toEqual([true, false, true]);
    const [item] = layout([], rowsSaid(ahead), plain);
    expect([item?.day, item?.when]).toEqual([noon, ahead.createdAt]);
    expect(layout([], rowsSaid({ createdAt: noon, receivedAt: Number.NaN }), plain)[0]?.day).toBe(noon);
  });

  it("groups what one person says within five minutes", () => {
    const rows = rowsSaid({}, {}, { createdAt: noon + 6 * MINUTE }, { user: "b", createdAt: noon + 6 * MINUTE }, { kind: "question", user: "b", createdAt: noon + 6 * MINUTE });
    expect(layout([], rows, plain).map((item) => item.grouped)).toEqual([false, true, false, false, false]);
  });

  it("draws the unread line once, above the first unread row that is not our own, and breaks the group there", () => {
    const rows = rowsSaid({}, { mine: true }, {}, {});
    const items = layout([], rows, { line: rows[0]?.place ?? 0, recycle: false });
    expect(items.map((item) => item.unread)).toEqual([false, false, true, false]);
    expect(items[2]?.grouped).toBe(false);
    expect(layout([], rows, { line: rows[3]?.place ?? 0, recycle: false }).some((item) => item.unread)).toBe(false);
  });

  it("never believes a time that no calendar has", () => {
    const [row] = rowsSaid({ createdAt: 9e18, receivedAt: noon });
    const [lost] = rowsSaid({ createdAt: Number.NaN, receivedAt: -9e18 });
    expect(row && momentOf(row)).toBe(noon);
    expect(lost && momentOf(lost)).toBe(0);
  });

  it("keeps a row's node, gives every row its own, and makes no new ones while enough are free", () => {
    const room = new FakeRoom();
    const all = Array.from({ length: 60 }, (_, i) => room.say({ kind: "message", user: String(i) }, noon));
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 1, max: 20 }), fc.nat(20), fc.boolean(), (from, length, move, recycle) => {
        const before = layout([], all.slice(from, from + length), plain);
        const after = layout(before, all.slice(from + move, from + move + length), { line: null, recycle });
        const slots = after.map((item) => item.slot);
        expect(new Set(slots).size).toBe(slots.length);
        const held = new Map(before.map((item) => [item.row.key, item.slot]));
        for (const item of after) if (held.has(item.row.key)) expect(item.slot).toBe(held.get(item.row.key));
        if (recycle) expect(Math.max(...slots)).toBeLessThan(Math.max(before.length, after.length));
      }),
    );
  });

  it("hands back the same item for a row that did not change", () => {
    const rows = rowsSaid({}, {});
    const items = layout([], rows, plain);
    expect(layout(items, rows, plain)[1]).toBe(items[1]);
  });
});
