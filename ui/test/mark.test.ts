// What stands where entries are missing: how many, and what a person can do about it.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, expect, it } from "vitest";
import type { Row } from "../src/bridge/dto";
import { FakeRoom } from "../src/bridge/fake/room";
import Mark from "../src/chat/Mark.svelte";

let view: Record<string, unknown> | undefined;

afterEach(async () => {
  if (view) await unmount(view);
  document.body.replaceChildren();
});

it.each([
  ["open", false, "1,200 entries are missing here.", ["Retry"]],
  ["failed", false, "They could not be loaded.", ["Retry"]],
  ["loading", false, "Loading what is missing…", []],
  ["open", true, "1,200 entries are missing here.", []],
] as const)("a gap that is %s, of a room that is shut: %s, says so, and offers what there is to do", (gap, shut, words, buttons) => {
  const room = new FakeRoom();
  room.say({ kind: "gap", gap, missing: 1200 }, 0);
  view = mount(Mark, { target: document.body, props: { row: room.rows[0] as Row, shut, fill: () => undefined } });
  flushSync();
  expect(document.body.textContent).toContain(words);
  expect([...document.querySelectorAll("button")].map((button) => button.textContent)).toEqual(buttons);
});
