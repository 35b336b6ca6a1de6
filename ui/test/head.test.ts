// The line above what somebody says: who it is, also when letters alone could not tell.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, expect, it } from "vitest";
import type { Row } from "../src/bridge/dto";
import { FakeRoom } from "../src/bridge/fake/room";
import EntryHead from "../src/chat/EntryHead.svelte";
import { layout, type Item } from "../src/state/layout";

let view: Record<string, unknown> | undefined;

afterEach(async () => {
  if (view) await unmount(view);
});

function head(change: Partial<Row>): Element {
  const room = new FakeRoom();
  room.say({ kind: "message", user: "u-0815", name: "Paula", text: "hello", ...change }, 0);
  const item = layout([], room.rows, { line: null, recycle: false })[0] as Item;
  view = mount(EntryHead, { target: document.body, props: { item } });
  flushSync();
  return document.querySelector(".head") as Element;
}

it("names the sender, with the id for who points at the name", () => {
  const shown = head({});
  expect(shown.querySelector("bdi")?.textContent).toBe("Paula");
  expect(shown.querySelector("bdi")?.getAttribute("title")).toBe("u-0815");
  expect(shown.querySelector(".id")).toBeNull();
});

it("shows the id where somebody else's name looks the same", () => {
  expect(head({ namesake: true }).querySelector(".id")?.textContent).toBe("u-0815");
});
