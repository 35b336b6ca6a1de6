// How fast a room is said to be, and when it is too fast to read: nothing flickers at a border.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Gate, oneInFor, Rate, roundedRate, Tempo } from "../src/state/tempo.svelte";

describe("the rate", () => {
  it("is that of the last two seconds", () => {
    const rate = new Rate();
    for (let ms = 0; ms < 4_000; ms += 100) rate.add(5, 1_000_000 + ms);
    expect(rate.at(1_003_999)).toBeCloseTo(50, -1);
    expect(rate.at(1_005_000)).toBe(25);
    expect(rate.at(1_006_000)).toBe(0);
  });
});

describe("a gate", () => {
  const rule = { on: 10, off: 6, onAfterMs: 1_000, offAfterMs: 2_000 };

  it("opens after a while above, closes after a while below, and stays between", () => {
    const gate = new Gate(rule);
    expect([gate.feed(12, 0), gate.feed(12, 999), gate.feed(12, 1_000)]).toEqual([false, false, true]);
    expect([gate.feed(8, 2_000), gate.feed(8, 9_000)]).toEqual([true, true]);
    expect([gate.feed(5, 9_000), gate.feed(7, 10_500), gate.feed(5, 11_000), gate.feed(5, 12_999), gate.feed(5, 13_000)]).toEqual([true, true, true, true, false]);
  });

  it("never turns twice within its times, whatever it is fed", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 700 })), { maxLength: 200 }), (feeds) => {
        const gate = new Gate(rule);
        let now = 0;
        let turnedAt = -Infinity;
        for (const [value, ms] of feeds) {
          now += ms;
          const before = gate.open;
          if (gate.feed(value, now) === before) continue;
          expect(now - turnedAt).toBeGreaterThanOrEqual(1_000);
          turnedAt = now;
        }
      }),
    );
  });
});

it("one row in so many stays what it is near a border", () => {
  expect([oneInFor(21, 1), oneInFor(25, 2), oneInFor(27, 2), oneInFor(28, 2), oneInFor(200, 3)]).toEqual([2, 2, 2, 3, 20]);
});

it("a figure of hundreds is round", () => {
  expect([roundedRate(43.4), roundedRate(99.4), roundedRate(347)]).toEqual([43, 99, 350]);
});

describe("a room's tempo", () => {
  let tempo: Tempo;
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    tempo = new Tempo();
  });
  afterEach(() => void vi.useRealTimers());

  /** So many rows a second, for so many seconds. */
  function speak(rate: number, seconds: number, worth = rate): void {
    for (let i = 0; i < seconds * 10; i++) {
      tempo.heard(rate / 10, worth / 10, performance.now());
      vi.advanceTimersByTime(100);
    }
  }

  it("is shown from ten a second on, and goes when the room is quiet, with no timer left", () => {
    speak(5, 5);
    expect(tempo.shown).toBeNull();
    speak(40, 4);
    expect(tempo.shown).toBeGreaterThan(35);
    vi.advanceTimersByTime(6_000);
    expect([tempo.shown, vi.getTimerCount()]).toEqual([null, 0]);
  });

  it("is too fast only after three seconds, and readable again after three", () => {
    speak(100, 3);
    expect(tempo.oneIn).toBe(1);
    speak(100, 3);
    expect(tempo.oneIn).toBe(10);
    speak(5, 3);
    expect(tempo.oneIn).toBeGreaterThan(1);
    speak(5, 4);
    expect(tempo.oneIn).toBe(1);
  });

  it("is not too fast where most of it is the same", () => {
    speak(100, 8, 5);
    expect([tempo.oneIn, tempo.shown]).toEqual([1, 100]);
  });

  it("shows every row on demand, until the room has been slow; and always, where the person chose so", () => {
    speak(100, 6);
    tempo.showAll();
    speak(100, 10);
    expect(tempo.oneIn).toBe(1);
    speak(5, 8);
    speak(100, 6);
    expect(tempo.oneIn).toBe(10);
    tempo.sample = false;
    speak(100, 1);
    expect(tempo.oneIn).toBe(1);
  });
});
