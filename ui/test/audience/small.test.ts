// What the page is made of: frames from anybody, the address, what is kept of a person, the announcer, the two languages.
import fc from "fast-check";
import { mount, unmount } from "svelte";
import { afterEach, expect, test, vi } from "vitest";
import App from "../../audience/App.svelte";
import { Announcer } from "../../src/state/announcer.svelte";
import { Memory, placeOf, tokenIn } from "../../audience/room/place";
import { readOutbox } from "../../audience/room/outbox";
import { listed, put } from "../../audience/room/questions";
import { merge } from "../../audience/room/timeline";
import { frames, readEntry, readItem, told, type Entry, type Item } from "../../audience/room/wire";
import { shown } from "../../audience/shown";
import { item, message } from "./server";

afterEach(() => {
  vi.useRealTimers();
});

const entry = (seq: number, more: object = {}): Entry => readEntry(message(seq, more)) as Entry;

test("no frame of anybody ends the page", () => {
  const data = fc.oneof(fc.json(), fc.string(), fc.constantFrom("", "null", "[]", "{}", '{"type":"triage"}', '{"type":"votes","votes":[[1],null]}', '{"type":"answer","seq":1,"content":"{\\"orgName\\":{}}"}'));
  fc.assert(
    fc.property(fc.oneof(data, fc.record({ code: fc.constantFrom(200, 400, "200"), data }).map((frame) => JSON.stringify(frame))), (frame) => {
      expect(told(frame).type).toBeTypeOf("string");
    }),
    { numRuns: 1_000 },
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      readEntry(value);
      readItem(value);
      expect(readOutbox(JSON.stringify(value))).toBeInstanceOf(Array);
    }),
  );
});

test("a message travels as part 1 has it: three times encoded, and dated without padding", () => {
  const frame = frames.send("t", "8001", { user: "u7", name: "Ming", stream: "s1", content: 'say "hi"', nonce: "n", at: new Date(2018, 9, 8, 14, 5) });
  const outer = JSON.parse(frame) as Record<string, string>;
  expect(Object.keys(outer)).toEqual(["token", "type", "payLoad"]);
  const payload = JSON.parse(outer["payLoad"] ?? "") as Record<string, string>;
  expect(JSON.parse(payload["chatInfo"] ?? "")).toEqual({ user: "u7", displayName: "Ming", avatarurl: "", stream: "s1", content: 'say "hi"', type: "message", createdat: "2018-10-8 14:05", nonce: "n" });
});

test("rows by place, each once, whatever order they come in", () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 12 }), { maxLength: 6 }), (batches) => {
      const rows = batches.reduce<readonly Entry[]>((rows, batch) => merge(rows, batch.map((seq) => entry(seq))), []);
      expect(rows.map((row) => row.seq)).toEqual([...new Set(batches.flat())].sort((a, b) => a - b));
    }),
  );
});

test("an address names a room, and a fragment may carry a token that no server is told", () => {
  expect(placeOf("/r/8001/s1")).toEqual({ topic: "8001", stream: "s1" });
  expect(placeOf("/r/%E6%88%BF%2F1/s%201/")).toEqual({ topic: "房/1", stream: "s 1" });
  expect(placeOf("/r/kmwhtz")).toEqual({ topic: "kmwhtz", stream: "kmwhtz" });
  for (const path of ["/", "/r", "/r/", "/r/8001/s1/x", "/r//s1", "/r/%/s1"]) expect(placeOf(path)).toBeNull();
  expect(tokenIn("#t=abc123")).toBe("abc123");
  for (const fragment of ["", "#", "#t=", "#t=a b", "#t=X%0d%0aY", `#t=${"a".repeat(513)}`, "#x=1"]) expect(tokenIn(fragment)).toBeNull();
});

test("a guest is remembered for as long as the token lasts, a named person for this tab, and nobody after leaving", () => {
  const place = { topic: "8001", stream: "s1" };
  const fresh = (): Memory => new Memory(place, sessionStorage, localStorage);
  fresh().keepGuest("guest", Date.now() + 1_000);
  expect(fresh().token()).toBe("guest");
  expect(new Memory({ ...place, stream: "s2" }, sessionStorage, localStorage).token(), "another room").toBeNull();
  fresh().keepNamed("named");
  expect(fresh().token()).toBe("named");
  expect(JSON.stringify({ ...localStorage })).not.toContain("named");
  sessionStorage.clear();
  fresh().keepGuest("guest", Date.now() - 1);
  expect(fresh().token(), "its time is over").toBeNull();
  fresh().keepGuest("guest", Date.now() + 1_000);
  fresh().keep("draft", "half a thought");
  fresh().forget();
  expect(fresh().token()).toBeNull();
  expect(sessionStorage.length + localStorage.length).toBe(0);
  const broken = { getItem: () => "{", setItem: () => fail(), removeItem: () => fail() } as unknown as Storage;
  const memory = new Memory(place, broken, broken);
  memory.keepGuest("guest", Date.now() + 1_000);
  expect(memory.token(), "without storage, while the page is open").toBe("guest");
});

test("another person's invitation in the same tab finds nothing of who was there before; one's own link, opened once more, does", () => {
  const place = { topic: "8001", stream: "s1" };
  const fresh = (): Memory => new Memory(place, sessionStorage, localStorage);
  const words = (): (string | null)[] => (["outbox", "draft", "asked"] as const).map((what) => fresh().read(what));
  const write = (): void => {
    fresh().keep("outbox", "[1]");
    fresh().keep("draft", "half a thought");
    fresh().keep("asked", "q-1");
  };
  fresh().keepGuest("guest", Date.now() + 1_000);
  write();
  fresh().keepNamed("mia");
  expect(words(), "of a guest").toEqual([null, null, null]);
  write();
  fresh().keepNamed("mia");
  expect(words(), "of the same person").toEqual(["[1]", "half a thought", "q-1"]);
  fresh().forgetToken();
  fresh().keepNamed("mia's next");
  expect(words(), "whose token had ended").toEqual(["[1]", "half a thought", "q-1"]);
  fresh().keepNamed("bo");
  expect(words(), "of somebody else").toEqual([null, null, null]);
  fresh().forget();
});

function fail(): never {
  throw new Error("storage is forbidden");
}

test("whoever comes back after their token has ended finds what they wrote", async () => {
  const place = { topic: "8001", stream: "s1" };
  const memory = new Memory(place, sessionStorage, localStorage);
  memory.keepNamed("over");
  memory.keep("draft", "half a thought");
  vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}", { status: 401 })));
  const page = mount(App, { target: document.body, props: { place, memory } });
  await vi.waitUntil(() => memory.token() === null);
  expect(memory.read("draft")).toBe("half a thought");
  await unmount(page);
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

test("whoever is told that this is no room server may try again, with the token they have", async () => {
  const memory = new Memory({ topic: "8001", stream: "s1" }, sessionStorage, localStorage);
  memory.keepNamed("mine");
  const knocks = vi.fn<(address: string, how: RequestInit) => Promise<Response>>(() => Promise.resolve(new Response("not found", { status: 404 })));
  vi.stubGlobal("fetch", knocks);
  const page = mount(App, { target: document.body, props: { place: { topic: "8001", stream: "s1" }, memory } });
  const again = (): HTMLButtonElement[] => [...document.querySelectorAll("button")].filter((button) => button.textContent === "Try again");
  const tokens = (): string[] => knocks.mock.calls.filter(([address]) => address.includes("capabilities")).map(([, how]) => (how.headers as Record<string, string>)["Authorization"] ?? "");
  await vi.waitUntil(() => again().length > 0);
  await vi.waitUntil(() => knocks.mock.calls.some(([address]) => address.includes("api/guest")));
  expect(document.body.textContent).toContain("no room server");
  for (const words of ["by invitation", "cannot be reached"]) expect(document.body.textContent).not.toContain(words);
  expect(again()).toHaveLength(1);
  again()[0]?.click();
  await vi.waitUntil(() => tokens().length === 2);
  expect(tokens()).toEqual(["mine", "mine"]);
  await unmount(page);
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

test("a guest whose name meets a proxy's page may press once more", async () => {
  const memory = new Memory({ topic: "8001", stream: "s1" }, sessionStorage, localStorage);
  vi.stubGlobal("fetch", (_: string, how: RequestInit) => Promise.resolve(how.method === "POST" ? new Response("not found", { status: 404 }) : new Response('{"code":200,"data":{"guests":true}}')));
  const page = mount(App, { target: document.body, props: { place: { topic: "8001", stream: "s1" }, memory } });
  await vi.waitUntil(() => document.querySelector("form") !== null);
  document.querySelector("form")?.requestSubmit();
  await vi.waitUntil(() => document.querySelector("[role=alert]") !== null);
  expect(document.querySelector("form")).not.toBeNull();
  expect(document.querySelector("[role=alert]")?.textContent).toContain("cannot be reached");
  await unmount(page);
  vi.unstubAllGlobals();
});

test("questions are listed by what the room is at, then by what it wants", () => {
  const questions = [
    item(1),
    item(2, { votes: 3 }),
    item(3, { work: "answered", votes: 9 }),
    item(4, { stage: "next" }),
    item(5, { stage: "now" }),
    item(6, { work: "merged" }),
    item(7, { review: "pending" }),
    item(8, { work: "dismissed" }),
    // What a moderator removed keeps its number, and nothing else.
    item(9, { text: "", asker: {}, work: "dismissed" }),
  ].map((one) => readItem(one) as Item);
  expect(listed(put(new Map(), questions)).map(({ number }) => number)).toEqual([5, 4, 2, 1, 8, 3]);
});

test("an entry of which nothing is left was removed, answers whose question is not kept any more included", () => {
  const nobody = { user: "", displayName: "" };
  const empty = { message: "", question: '{"content":""}', answer: '{"orgName":"","question":"","answer":""}' };
  for (const [type, content] of Object.entries(empty)) {
    expect(entry(1, { ...nobody, type, content }).removed, type).toBe(true);
    expect(entry(1, { type, content }).removed, type).toBe(false);
  }
  expect(entry(1, { ...nobody, type: "answer", content: "" }).removed).toBe(true);
  expect(entry(1, { ...nobody, type: "answer", content: '{"answer":"","retracted":"true"}' })).toMatchObject({ removed: false, retracted: true });
});

test("rows run together by the same person within minutes, and each day has its line", () => {
  const day = 86_400_000;
  const start = new Date(2026, 0, 1, 12).getTime();
  const rows = shown(
    [entry(1, { createdat: start }), entry(2, { createdat: start + 1_000 }), entry(3, { createdat: start + day }), entry(4, { createdat: start + day + 1, user: "ann" }), entry(5, { createdat: start + day + 600_000, user: "ann" })],
    [readItem(item(9, { questionId: "r-9", askedAt: start + 500, review: "pending" })) as Item],
    [],
  );
  expect(rows.map((row) => [row.key, row.day, row.grouped])).toEqual([
    ["e1", true, false],
    ["r-9", false, false],
    ["e2", false, false],
    ["e3", true, false],
    ["e4", false, false],
    ["e5", false, false],
  ]);
  expect(shown([entry(1, { createdat: start }), entry(2, { createdat: start + 1_000 })], [], []).at(-1)?.grouped).toBe(true);
});

test("a flood is a number, and what concerns me is never lost in it", () => {
  vi.useFakeTimers();
  const announcer = new Announcer((n) => `${n} new`);
  const heard: string[] = [];
  for (let n = 0; n < 400; n++) {
    announcer.mention(() => `message ${n}`);
    if (n === 200) announcer.say("Org answered you");
    vi.advanceTimersByTime(50);
    if (announcer.words !== "" && announcer.words !== heard.at(-1)) heard.push(announcer.words);
  }
  expect(heard.length).toBeLessThanOrEqual(5);
  expect(heard.join()).toContain("Org answered you");
  expect(heard.join()).toMatch(/\d+ new/);
  announcer.stop();
});
