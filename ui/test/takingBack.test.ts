// An answer can be taken back for a moment after it was given: its words and its readers are as they were.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { run } from "../src/state/desk/run";
import { bridge, desk, look, named, open, settle } from "./atDesk";

beforeEach(() => {
  vi.useFakeTimers();
  open("server");
  bridge.desk.grace = 6;
});

afterEach(() => {
  desk.close();
  vi.useRealTimers();
});

async function given(text: string): Promise<string> {
  const id = "q3";
  const answer = await look(id);
  answer.type(text);
  answer.choose("asker");
  await settle();
  expect(await answer.send("asker")).toBe(true);
  await settle();
  return id;
}

it("comes back into the field where it was written, before what was begun since, for no more readers", async () => {
  const id = await given("call me");
  const answer = desk.answer;
  expect([answer?.text, answer?.visibility, desk.undo.last?.words]).toEqual(["", "public", "done.given"]);
  answer?.type("PS");
  run("undo", desk);
  await settle(1_000);
  expect([answer?.text, answer?.visibility, desk.focusWish, desk.undo.last]).toEqual(["call me\n\nPS", "asker", "answer", null]);
  expect(bridge.desk.drafts.get(id)).toBe("call me\n\nPS");
});

it("comes back as its question's draft where another question was opened meanwhile", async () => {
  const id = await given("call me");
  const other = "q5";
  await look(other);
  run("undo", desk);
  await settle();
  expect([desk.opened, desk.answer?.text, desk.answer?.visibility]).toEqual([id, "call me", "asker"]);
});

it("is offered as long as the shell holds it, and said to be too late after that", async () => {
  await given("call me");
  await settle(5_900);
  expect(desk.undo.last?.leaving?.secs).toBe(6);
  bridge.desk.leaving.clear();
  await desk.undoLast();
  expect(desk.error?.code).toBe("too_late");
  expect(desk.answer?.text).toBe("");
  await settle(200);
  expect(desk.undo.last).toBeNull();
});

it("is not offered where answers leave at once", async () => {
  bridge.desk.grace = 0;
  await given("call me");
  expect([desk.undo.last, named("answerQuestion").length]).toEqual([null, 1]);
});

it("leaves its question out of those that need somebody, claimed or not", async () => {
  const id = await given("call me");
  bridge.desk.change(id, { work: "open", claim: null });
  await settle();
  desk.shut();
  const others = [...desk.board.items.values()].filter((one) => one.lane === "open" && one.claim === null).length;
  const met = new Set<string | null>();
  for (let i = 0; i < others + 2; i++) {
    desk.needsMe();
    met.add(desk.opened);
  }
  expect([met.has(id), met.size]).toEqual([false, others - 1]);
  desk.shut();
  desk.board.select(null);
  await settle(10_000);
  desk.needsMe();
  expect(desk.opened).toBe(id);
});
