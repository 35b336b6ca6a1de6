// The invented desk under a clock that is turned by hand: what tests of the desk's own state share.
import { vi } from "vitest";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import type { Answer } from "../src/state/desk/answer.svelte";
import { AnswerDesk } from "../src/state/desk/desk.svelte";

export let bridge: FakeBridge;
export let desk: AnswerDesk;

export function open(kind: string): void {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(`rows=0&desk=${kind}`)));
  reopen();
}

/** Another desk of the same room, as after a look at another room. */
export function reopen(leads = false): void {
  desk = new AnswerDesk("1", bridge, () => bridge.desk.status(), new Map(), () => leads);
  pull();
}

export const pull = (): void => desk.apply(bridge.desk.changes(desk.board.since));
export async function settle(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  pull();
  await vi.advanceTimersByTimeAsync(0);
}
export const named = (name: string): unknown[][] => bridge.calls.filter(([call]) => call === name).map(([, ...args]) => args);
export const claims = (): unknown[][] => named("triage").filter((args) => (args[3] as { do: string }).do === "claim");

export async function look(id: string): Promise<Answer> {
  desk.open(id);
  await settle();
  return desk.answer as Answer;
}
