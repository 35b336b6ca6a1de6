// A note for staff answers nothing: it claims nothing, no claim is in its way, and its question waits on.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { bridge, claims, desk, look, named, open, settle } from "./atDesk";

beforeEach(() => {
  vi.useFakeTimers();
  open("server");
});
afterEach(() => vi.useRealTimers());

const drafting = (): unknown[][] => named("look").filter((args) => args[2] === "drafting");

it("a note is written and kept while a colleague has the question, whose claim stays", async () => {
  const answer = await look("q4");
  answer.choose("staff");
  answer.type("The figure is 42.");
  await settle(400);
  expect([answer.hindrance, await answer.send()]).toEqual([null, true]);
  await settle();
  expect([bridge.desk.answers.get("q4")?.at(-1)?.visibility, desk.question?.claim?.mine]).toEqual(["staff", false]);
});

it("a note claims nothing and says to nobody that an answer is being written, until it becomes one", async () => {
  const answer = await look("q3");
  answer.choose("staff");
  answer.type("Ask Otto.");
  await settle(400);
  expect([claims(), drafting(), desk.question?.claim]).toEqual([[], [], null]);
  answer.choose("asker");
  await settle(400);
  expect([claims().length, drafting().length > 0]).toEqual([1, true]);
});

it("a note leaves its question among those that need an answer", async () => {
  bridge.desk.holdsBack = true;
  const answer = await look("q3");
  answer.choose("staff");
  answer.type("Ask Otto.");
  await settle(400);
  expect(await answer.send()).toBe(true);
  for (const { id } of bridge.desk.all) if (id !== "q3") bridge.desk.change(id, { work: "dismissed" });
  await settle();
  const needsMe = (): string | null => {
    desk.shut();
    desk.board.select("q5");
    desk.needsMe();
    return desk.opened;
  };
  expect(needsMe()).toBe("q3");
  bridge.desk.outbox.arrive(desk.question?.leaving[0]?.key ?? "");
  await settle();
  expect(needsMe()).toBe("q3");
});
