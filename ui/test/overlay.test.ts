// The overlay's page: which of its rows are new, and which were said long ago, whenever they come.
import { readFileSync } from "node:fs";
import { runInThisContext } from "node:vm";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

const script = readFileSync("../src-tauri/src/overlay/page/overlay.js", "utf8");
const HOUR_MS = 3_600_000;

interface Row {
  readonly key: string;
  readonly at: number;
}

let tell: (rows: readonly Row[]) => void;

class Source {
  onmessage?: (event: { data: string }) => void;

  constructor() {
    tell = (rows) => this.onmessage?.({ data: JSON.stringify(rows.map((row) => ({ kind: "message", name: "Bo", text: row.key, quote: "", ...row }))) });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  document.body.replaceChildren(document.createElement("main"));
  Object.assign(document.documentElement.dataset, { screen: "chat", rows: "3", fade: "30", size: "" });
  (runInThisContext(`(EventSource) => {${script}}`) as (source: unknown) => void)(Source);
});

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

const shown = (): string[] => [...document.querySelectorAll(".row:not(.gone) .text")].map((text) => text.textContent);
const row = (key: string, ago: number): Row => ({ key, at: Date.now() - ago });

it("shows for a while what comes, also under a stamp without seconds or by a slow clock", () => {
  tell([]);
  tell([row("stamped", 59_000)]);
  expect(shown()).toEqual(["stamped"]);
  vi.advanceTimersByTime(20_000);
  tell([row("stamped", 79_000), row("slow", 600_000)]);
  expect(shown()).toEqual(["stamped", "slow"]);
  vi.advanceTimersByTime(11_500);
  expect(shown()).toEqual(["slow"]);
  vi.advanceTimersByTime(20_000);
  expect(shown()).toEqual([]);
});

it("takes nothing old for new where the room, its session or Aside begins anew", () => {
  const old = [row("a", 2 * HOUR_MS), row("b", HOUR_MS)];
  tell(old);
  expect(shown()).toEqual([]);
  tell([]);
  tell(old);
  expect(shown()).toEqual([]);
  expect(document.querySelectorAll(".row")).toHaveLength(2);
});

it("takes nothing old for new that was missed, or that comes into view where another leaves", () => {
  tell([row("b", HOUR_MS), row("c", HOUR_MS), row("d", HOUR_MS)]);
  tell([row("a", 2 * HOUR_MS), row("b", HOUR_MS), row("missed", HOUR_MS / 2)]);
  expect(shown()).toEqual([]);
});
