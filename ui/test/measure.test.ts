// What is said to have been painted was in the page two frames ago, whatever has come since.
import { flushSync } from "svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Painted } from "../src/bridge/dto";
import { measure } from "../src/state/measure.svelte";
import { aside, bridge, close, settle, show } from "./inWindow";

let next: FrameRequestCallback[] = [];

function frame(): void {
  const due = next;
  next = [];
  for (const call of due) call(performance.now());
}

beforeEach(async () => {
  await show();
  vi.stubGlobal("requestAnimationFrame", (call: FrameRequestCallback) => next.push(call));
});
afterEach(async () => {
  await close();
  vi.unstubAllGlobals();
  next = [];
});

it("a row that came a frame later is not in it", async () => {
  const told: Painted[] = [];
  const stop = measure(aside, (painted) => told.push(painted));
  flushSync();
  const say = async (seq: number): Promise<void> => {
    bridge.room.say({ kind: "message", user: "bo", name: "Bo", text: `number ${seq}`, seq }, Date.now());
    await settle();
  };
  await say(1_001);
  frame();
  await say(1_002);
  frame();
  expect(told.at(-1)?.seq).toBe(1_001);
  frame();
  expect(told.at(-1)?.seq).toBe(1_002);
  stop();
});
