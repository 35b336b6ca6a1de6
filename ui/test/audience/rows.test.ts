// What a row of the chat or of the questions says and offers, drawn from the room as it is.
import { flushSync, mount, unmount, type Component } from "svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import Entries from "../../audience/Entries.svelte";
import Questions from "../../audience/Questions.svelte";
import { readItem, type Item } from "../../audience/room/wire";
import { item, message, ok, Server, settled } from "./server";

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

test("a message that is held for a word is no question, and says that it waits", async () => {
  server = new Server();
  server.room.start();
  const wire = await server.join();
  show(Entries as Component<never>, { room: server.room, shown: true });
  const kinds = (): (string | null)[][] => [...document.querySelectorAll<HTMLElement>("article")].map((row) => [row.dataset["kind"] ?? null, row.querySelector(".tag")?.textContent ?? null, row.querySelector(".way, .words")?.textContent.trim() ?? null]);
  const waits = "waiting for the organisers to approve it";
  server.room.say("message", "a word");
  wire.tell({ type: "nack", nonce: "nonce-1", code: 202, id: "r-1", reason: "held" });
  await settled();
  flushSync();
  expect(kinds()).toEqual([["message", null, waits]]);
  const mine = { seq: 0, number: 0, review: "pending", asker: { user: "mia", displayName: "Mia" } };
  wire.tell({ type: "triage", item: item(1, { ...mine, questionId: "r-1", kind: "message" }) });
  wire.tell({ type: "triage", item: item(2, { ...mine, questionId: "r-2" }) });
  await settled();
  flushSync();
  expect(kinds()).toEqual([
    ["message", null, waits],
    ["question", "Question", waits],
  ]);
});

test("where nobody learns who asks, my question says in the chat and in the list that it is mine, and takes no vote of mine", async () => {
  server = new Server({ asked: "q-1" });
  server.replies["api/capabilities"] = () => ok({ identity: { user: "mia", displayName: "Mia", role: "audience" }, limits: {}, extensions: ["votes"] });
  server.room.start();
  const wire = await server.join();
  const asker = (n: number): object => ({ user: `anon-${n}`, displayName: "Somebody" });
  for (const n of [1, 2]) {
    wire.tell(message(n, { type: "question", id: `q-${n}`, user: `anon-${n}`, displayName: "Somebody", content: JSON.stringify({ content: `question ${n}` }) }));
    wire.tell({ type: "triage", item: item(n, { asker: asker(n) }) });
  }
  await settled();
  show(Entries as Component<never>, { room: server.room, shown: true });
  show(Questions as Component<never>, { room: server.room, questions: [...server.room.items.values()], show: () => {} });
  for (const each of ["article", "li"]) {
    const says = [...document.querySelectorAll(each)].map((one) => [one.querySelector(".badge, .you")?.textContent, one.querySelector("[aria-pressed]") !== null]);
    expect(says, each).toEqual([
      ["You", false],
      [undefined, true],
    ]);
  }
});

const LAST = 1_000;
const answer = (seq: number, questionId: string, more: object = {}): object => message(seq, { type: "answer", content: JSON.stringify({ orgName: "Org", question: "q", answer: `answer ${seq}`, questionId, ...more }) });

/** A room of a thousand entries, with these answers among them, as a server pages it. */
async function long(answers: Record<number, object>): Promise<void> {
  server = new Server();
  const all = Array.from({ length: LAST }, (_, n) => answers[n + 1] ?? message(n + 1));
  server.replies["api/message/chatmsg"] = ({ query }) => {
    const [after, before, count] = [Number(query.get("after") ?? 0), Number(query.get("before") ?? Infinity), Number(query.get("resultsPerPage"))];
    const found = (all as { seq: number; type: string }[]).filter(({ seq, type }) => seq > after && seq < before && (query.get("type") === "" || query.get("type") === type));
    return ok({ items: query.has("after") ? found.slice(0, count) : found.slice(-count) });
  };
  server.room.start();
  await server.join("one", LAST);
}

const question = (seq: number, more: object = {}): Item => readItem(item(seq, { work: "answered", answers: 1, ...more })) as Item;
const places = (): number[] => server.room.rows.map(({ seq }) => seq);
const stretch = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

test("the answer to an answered question is offered, however far back it is", async () => {
  await long({ 105: answer(105, "q-100") });
  const pressed = vi.fn();
  const questions = [question(100), question(200, { answers: 0 }), question(300, { answers: 0, private: [{ id: "p", text: "so" }] })];
  show(Questions as Component<never>, { room: server.room, questions, show: pressed });
  const buttons = (): HTMLButtonElement[] => [...document.querySelectorAll("li")].map((one) => one.querySelector<HTMLButtonElement>("button:last-child")).filter((one) => one !== null);
  expect(buttons().map((button) => button.textContent)).toEqual(["Show the answer", "Show the answer"]);
  buttons()[0]?.click();
  expect(pressed).toHaveBeenCalledWith(questions[0]);
});

test("a question whose answer was withdrawn waits again, and no answer is offered", async () => {
  await long({});
  const questions = [question(100), question(200, { work: "open", answers: 0, private: [{ id: "p", text: "", retracted: true }] })];
  show(Questions as Component<never>, { room: server.room, questions, show: () => undefined });
  const words = (one: Element): unknown[] => [one.querySelector(".state")?.textContent.trim(), one.querySelector(":scope > button")?.textContent];
  expect([...document.querySelectorAll("li")].map(words)).toEqual([["#100 answered", "Show the answer"], ["#200 waiting", undefined]]);
});

test("an answer from long ago is brought among the rows, which have no hole, and the end is a press away", async () => {
  await long({ 104: answer(104, "q-99"), 105: answer(105, "q-100", { retracted: "true" }), 106: answer(106, "q-100") });
  expect(await server.room.reach(question(100))).toBe(106);
  expect([places(), server.room.detached]).toEqual([stretch(81, 130), true]);
  show(Entries as Component<never>, { room: server.room, shown: true });
  expect(document.querySelector(".down")?.textContent, "also at the end of the rows").toBe("To the end");
  server.wire.tell(message(LAST + 1));
  await settled();
  expect(places().at(-1), "what comes has its place elsewhere").toBe(130);
  await server.room.loadOlder();
  expect(places()).toEqual(stretch(31, 130));
  server.room.newest();
  await settled();
  expect([places().at(-1), server.room.detached]).toEqual([LAST, false]);
});

test("what touches the rows is joined to them; what is among them is not fetched", async () => {
  await long({ 930: answer(930, "q-929"), 990: answer(990, "q-600") });
  expect(await server.room.reach(question(929))).toBe(930);
  expect([places(), server.room.detached]).toEqual([stretch(905, LAST), false]);
  const asked = server.asked("api/message/chatmsg").length;
  expect(await server.room.reach(question(600))).toBe(990);
  expect(server.asked("api/message/chatmsg")).toHaveLength(asked);
});

test("an answer for me alone stands at my question; one for somebody else is nowhere; a server that is away is said to be", async () => {
  await long({});
  expect(await server.room.reach(question(300, { private: [{ id: "p", text: "so" }] }))).toBe(300);
  const before = places();
  expect(await server.room.reach(question(400))).toBe(0);
  server.replies["api/message/chatmsg"] = () => "down";
  expect(await server.room.reach(question(400))).toBeNull();
  expect(places()).toEqual(before);
});
