// The sheet of an export: what is read from the server first, and what the file lacks.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ExportProgress } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import ExportSheet from "../src/questions/ExportSheet.svelte";
import { Exporting } from "../src/state/desk/exporting.svelte";

let bridge: FakeBridge;
let exporting: Exporting;
let view: Record<string, unknown>;

beforeEach(() => {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=0")));
  exporting = new Exporting("1", bridge);
  view = mount(ExportSheet, { target: document.body, props: { exporting } });
});

afterEach(async () => {
  await unmount(view);
  document.body.replaceChildren();
});

function told(change: Partial<ExportProgress>): string {
  exporting.heard({ room: "1", number: 1, done: 0, total: 0, state: "reading", path: null, lacking: false, code: null, ...change });
  flushSync();
  return document.body.textContent;
}
const bar = (): HTMLProgressElement | null => document.querySelector("progress");

it("says how much was read from the server before anything is written, and can be stopped", () => {
  expect(told({})).toContain("0 older entries");
  expect(bar()?.hasAttribute("value")).toBe(false);
  expect(told({ done: 500, total: 2_000 })).toContain("500 older entries");
  expect(bar()?.value).toBe(500);
  [...document.querySelectorAll("button")].find((button) => button.textContent === "Cancel")?.click();
  expect(bridge.calls.map(([name]) => name)).toEqual(["cancelExport"]);
});

it("says plainly that something is missing from the file, and only then", () => {
  const whole = told({ state: "done", done: 3, total: 3, path: "out.csv" });
  expect(whole).not.toContain("missing");
  const lacking = told({ state: "done", done: 3, total: 3, path: "out.csv", lacking: true });
  expect(lacking).toMatch(/3 questions written to out\.csv.*missing from the file/s);
});
