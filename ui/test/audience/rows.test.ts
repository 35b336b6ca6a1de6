// What a row of the chat or of the questions says and offers, drawn from the room as it is.
import { flushSync, mount, unmount, type Component } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import Entries from "../../audience/Entries.svelte";
import { item, Server, settled } from "./server";

let server: Server;
let shown: object[] = [];
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(async () => {
  server.room.stop();
  for (const one of shown) await unmount(one);
  shown = [];
  vi.useRealTimers();
});

function show(what: Component<never>, props: object): void {
  shown.push(mount(what, { target: document.body, props: props as never }));
  flushSync();
}

test("whoever asked reads why it was not accepted, as text", async () => {
  server = new Server();
  server.room.start();
  const wire = await server.join();
  show(Entries as Component<never>, { room: server.room, shown: true });
  const mine = { seq: 0, number: 0, asker: { user: "mia", displayName: "Mia" } };
  wire.tell({ type: "triage", item: item(1, { ...mine, questionId: "r-1", review: "rejected", reason: "<b>please</b> write to https://example.org/ask" }) });
  wire.tell({ type: "triage", item: item(2, { ...mine, questionId: "r-2", review: "rejected" }) });
  wire.tell({ type: "triage", item: item(3, { ...mine, questionId: "r-3", review: "pending", reason: "an earlier one" }) });
  await settled();
  flushSync();
  const why = (key: string): string | undefined => document.querySelector(`[data-key="${key}"] .why`)?.textContent.trim();
  expect(why("r-1")).toBe("<b>please</b> write to https://example.org/ask");
  expect(document.querySelector(".why b")).toBeNull();
  expect([why("r-2"), why("r-3")]).toEqual([undefined, undefined]);
});
