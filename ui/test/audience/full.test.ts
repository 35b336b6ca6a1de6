// What somebody reads who is not let in yet: the truth, and what the page does about it.
import { flushSync, mount, unmount, type Component } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import Door from "../../audience/Door.svelte";
import Entries from "../../audience/Entries.svelte";
import Strip from "../../audience/Strip.svelte";
import { Memory } from "../../audience/room/place";
import { Server, settled } from "./server";

let shown: object[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0);
});
afterEach(async () => {
  for (const one of shown) await unmount(one);
  shown = [];
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  localStorage.clear();
});

function show(what: Component<never>, props: object): void {
  shown.push(mount(what, { target: document.body, props: props as never }));
  flushSync();
}

const says = (selector: string): string => document.querySelector(selector)?.textContent.trim() ?? "";

/** The door of a room that lets guests in, with replies to each who says a name. */
async function atDoor(replies: readonly (Response | Promise<Response>)[]): Promise<{ entered: string[]; asked: () => number }> {
  const entered: string[] = [];
  let asked = 0;
  vi.stubGlobal("fetch", (_: string, how: RequestInit) => Promise.resolve(how.method === "POST" ? replies[asked++] : new Response('{"code":200,"data":{"guests":true}}')));
  const place = { topic: "8001", stream: "s1" };
  show(Door as Component<never>, { place, memory: new Memory(place, sessionStorage, localStorage), why: null, entered: (token: string) => entered.push(token) });
  await vi.advanceTimersByTimeAsync(0);
  document.querySelector("form")?.requestSubmit();
  await vi.advanceTimersByTimeAsync(0);
  return { entered, asked: () => asked };
}

const refused = (status: number, seconds: string): Response => new Response(JSON.stringify({ code: status, msg: "" }), { status, headers: { "retry-after": seconds } });
const ticket = (): Response => new Response('{"code":200,"data":{"token":"mine","expiresAt":1}}');

test("where many come at once, each comes at the time of their own, and is promised no more than a try", async () => {
  let reply = (_: Response): void => {};
  const { entered, asked } = await atDoor([refused(429, "12"), new Promise((resolve) => (reply = resolve)), ticket()]);
  const words = says("form ~ [role=status]");
  expect(words).toBe("Many are coming in at once. Stay on this page: it lets you in as soon as it can.");
  expect(says(".next")).toBe("Next try in 12 s");
  await vi.advanceTimersByTimeAsync(5_000);
  flushSync();
  expect(says(".next")).toBe("Next try in 7 s");
  expect(says("form ~ [role=status]"), "said aloud once, and not each second").toBe(words);
  expect(document.querySelector(".next")?.getAttribute("aria-hidden")).toBe("true");
  await vi.advanceTimersByTimeAsync(6_999);
  expect(asked()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked()).toBe(2);
  flushSync();
  expect([says("form ~ [role=status]"), says(".next")], "nor with each try").toEqual([words, ""]);
  reply(refused(429, "60"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(entered).toEqual(["mine"]);
});

test("a room that is full says so at the door", async () => {
  await atDoor([refused(503, "10")]);
  expect(says("form ~ [role=status]")).toBe("The room is full or busy. This page lets you in as soon as there is a place.");
  expect(says(".next")).toBe("Next try in 10 s");
});

test("whoever is left alone at the door asks no more", async () => {
  const { asked } = await atDoor([refused(429, "12"), ticket()]);
  await unmount(shown.pop() as object);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked()).toBe(1);
});

test("a phone before a full room says so, and neither that it connects nor that anything is on its way", async () => {
  const server = new Server();
  server.replies["api/capabilities"] = () => ({ status: 503, headers: { "retry-after": "10" } });
  server.room.start();
  await settled();
  show(Strip as Component<never>, { phase: server.room.phase, retry: () => {} });
  show(Entries as Component<never>, { room: server.room, shown: true });
  await vi.advanceTimersByTimeAsync(2_000);
  flushSync();
  expect(says("[role=status]")).toBe("The room is full or busy. This page lets you in as soon as there is a place.");
  expect(says(".next")).toBe("Next try in 8 s");
  expect(document.querySelector(".strip button"), "not before the time that the server named").toBeNull();
  expect(says(".rows")).toBe("");
  server.room.stop();
});
