// Whoever is slowed or silenced: told until when, and what only has to wait is sent by itself.
import { flushSync, mount, unmount, type Component } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import Composer from "../../audience/Composer.svelte";
import Entries from "../../audience/Entries.svelte";
import { Memory } from "../../audience/room/place";
import { look } from "../../audience/words/language.svelte";
import { ok, Server, settled, type Wire } from "./server";

const NOW = new Date(2026, 0, 1, 12).getTime();
let server: Server;
let shown: object[] = [];
beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(async () => {
  server.room.stop();
  for (const one of shown) await unmount(one);
  shown = [];
  look.speak("en");
  vi.useRealTimers();
});

async function online(slowSeconds = 0): Promise<Wire> {
  server = new Server();
  server.replies["api/capabilities"] = () => ok({ identity: { user: "mia", displayName: "Mia", role: "audience" }, limits: { contentBytes: 8_192, slowSeconds } });
  server.room.start();
  const wire = await server.join("one");
  const { room } = server;
  const memory = new Memory({ topic: "8001", stream: "s1" }, sessionStorage, localStorage);
  show(Entries as Component<never>, { room, shown: true });
  show(Composer as Component<never>, { room, memory, only: null, sent: () => {} });
  return wire;
}

function show(what: Component<never>, props: object): void {
  shown.push(mount(what, { target: document.body, props: props as never }));
  flushSync();
}

/** Time passes on a link that holds. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1_000) {
    await vi.advanceTimersByTimeAsync(Math.min(left, 1_000));
    server.wire.tell({ type: "heartbeat" });
  }
}

const words = (where: string): string => {
  flushSync();
  return document.querySelector(where)?.textContent.trim() ?? "";
};
const buttons = (): string[] => [...document.querySelectorAll("article button")].map((button) => button.textContent);
const contents = (wire: Wire): unknown[] => wire.said.map(({ content }) => content);

test("what was said too fast waits as long as the server says, shows it below the field, and goes out by itself", async () => {
  const wire = await online(30);
  expect(words(".pause")).toBe("Slow mode: one entry every 30 sec.");
  server.room.say("message", "one");
  server.room.say("message", "two");
  wire.tell({ type: "ack", nonce: "nonce-1", id: "e-1", seq: 1 });
  wire.tell({ type: "nack", nonce: "nonce-2", code: 429, reason: "too fast", retry_ms: 20_000 });
  expect(server.room.outbox.map(({ state }) => state)).toEqual(["stored", "sending"]);
  server.room.say("message", "three");
  expect(words(".pause")).toBe("Slow mode: the next one goes out in 20 sec.");
  await pass(12_000);
  expect(words(".pause")).toBe("Slow mode: the next one goes out in 8 sec.");
  expect(contents(wire), "nothing is asked for in between").toEqual(["one", "two"]);
  await pass(8_000);
  expect(contents(wire)).toEqual(["one", "two", "two", "three"]);
  expect(wire.said.map(({ nonce }) => nonce)).toEqual(["nonce-1", "nonce-2", "nonce-2", "nonce-3"]);
  expect(words(".pause")).toBe("Slow mode: one entry every 30 sec.");
});

test("a question that was asked too fast waits, too, and may be taken back meanwhile", async () => {
  await online();
  server.replies["api/question/add"] = () => ({ status: 429, headers: { "retry-after": "20" } });
  server.room.say("question", "why?");
  await settled();
  expect(server.room.outbox).toMatchObject([{ state: "sending" }]);
  expect(words(".pause")).toBe("That was fast: the next one goes out in 20 sec.");
  await pass(20_000);
  expect(server.asked("api/question/add").map(({ body }) => body["nonce"])).toEqual(["nonce-1", "nonce-1"]);
  flushSync();
  expect(buttons()).toEqual(["Discard"]);
  document.querySelector<HTMLButtonElement>("article button")?.click();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(server.asked("api/question/add")).toHaveLength(2);
  expect(words(".pause")).toBe("");
});

test("a long wait is asked about each minute, since the room may have become faster; none is endless", async () => {
  const wire = await online(600);
  server.room.say("message", "one");
  wire.tell({ type: "nack", nonce: "nonce-1", code: 429, retry_ms: 1e15 });
  expect(words(".pause")).toBe("Slow mode: the next one goes out in 1 hr.");
  await pass(59_000);
  expect(contents(wire)).toEqual(["one"]);
  await pass(1_000);
  expect(contents(wire)).toEqual(["one", "one"]);
});

test("what waits goes out once, on the link that is there when its time has come", async () => {
  const wire = await online();
  server.room.say("message", "one");
  wire.tell({ type: "nack", nonce: "nonce-1", code: 503, retry_ms: 20_000 });
  wire.drop();
  await vi.advanceTimersByTimeAsync(10);
  await server.join("one", 0);
  expect(contents(server.wire)).toEqual([]);
  await pass(20_000);
  expect(contents(server.wire)).toEqual(["one"]);
  server.room.say("message", "two");
  server.wire.tell({ type: "nack", nonce: "nonce-2", code: 429, retry_ms: 20_000 });
  server.room.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(contents(server.wire), "whoever left says nothing more").toEqual(["one", "two"]);
});

test("whoever is silenced is told until when, at what they wrote and below the field, until they are heard again", async () => {
  const wire = await online();
  server.room.say("message", "one");
  wire.tell({ type: "nack", nonce: "nonce-1", code: 403, reason: "muted", retry_ms: 600_000 });
  expect(words(".failed")).toBe("Not sent: a moderator has silenced you until 12:10.");
  expect(words(".pause")).toBe("A moderator has silenced you until 12:10 (10 min left).");
  expect(buttons()).toEqual(["Send again", "Discard"]);
  await pass(600_000);
  expect(words(".pause")).toBe("");
  server.replies["api/question/add"] = () => ({ status: 403, headers: { "retry-after": "2592000" } });
  server.room.say("question", "two");
  await settled();
  flushSync();
  expect([...document.querySelectorAll(".failed")].at(-1)?.textContent.trim()).toBe("Not sent: a moderator has silenced you until January 31 at 12:10.");
  look.speak("zh-CN");
  expect(words(".pause")).toContain("1月31日 12:10");
  wire.tell({ type: "ack", nonce: "nonce-1", id: "e-1", seq: 1 });
  expect(words(".pause"), "let speak again before its time").toBe("");
});

test("who may not write at all is told no time", async () => {
  const wire = await online();
  server.room.say("message", "one");
  wire.tell({ type: "nack", nonce: "nonce-1", code: 403, reason: "role" });
  expect(words(".failed")).toBe("Not sent: you may not write here.");
  expect(words(".pause")).toBe("");
});
