// Steps of the desk: told once, taken back, and what is done with what still waits to be a question.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Claim } from "../src/bridge/dto";
import { language } from "../src/i18n/language.svelte";
import { workWords } from "../src/questions/words";
import { offered, run } from "../src/state/desk/run";
import { bridge, claims, desk, look, named, open, pull, settle } from "./atDesk";

const claimOf = (id: string): Claim => bridge.desk.get(id).claim as Claim;

beforeEach(() => {
  language.choose("en", "en");
  vi.useFakeTimers();
  open("server");
});
afterEach(() => vi.useRealTimers());

describe("steps", () => {
  const work = (id: string): string | undefined => bridge.desk.get(id).work;

  it("can be taken back for six seconds", async () => {
    desk.board.goTo("q3");
    run("dismiss", desk);
    await settle();
    expect([work("q3"), desk.undo.last?.words]).toEqual(["dismissed", "done.dismiss"]);
    run("undo", desk);
    await settle();
    expect([work("q3"), desk.undo.last]).toEqual(["open", null]);
    run("dismiss", desk);
    await settle(6_000);
    run("undo", desk);
    await settle();
    expect(work("q3")).toBe("dismissed");
  });

  it("for several are told once and taken back together", async () => {
    desk.board.show("review");
    desk.board.move(1);
    desk.board.move(1, true);
    run("approve", desk);
    await settle();
    expect(bridge.desk.all.filter(({ review }) => review === "pending")).toEqual([]);
    desk.board.goTo("q3");
    desk.board.move(1, true);
    run("pin", desk);
    await settle();
    run("undo", desk);
    await settle();
    expect([bridge.desk.get("q3").pinned, bridge.desk.get("q4").pinned]).toEqual([true, false]);
  });

  it("give the stage back to whoever had to make way, or left it answered", async () => {
    const stages = (): string[] => ["q3", "q4", "q5"].map((id) => `${bridge.desk.get(id).stage} ${work(id)}`);
    bridge.desk.change("q4", { claim: null, work: "open" });
    bridge.desk.all.filter(({ stage }) => stage !== "none").forEach(({ id }) => bridge.desk.change(id, { stage: "none" }));
    bridge.desk.change("q3", { stage: "now" });
    bridge.desk.change("q4", { stage: "next" });
    const before = stages();
    pull();
    const undone = async (): Promise<string[]> => {
      pull();
      run("undo", desk);
      await settle();
      pull();
      return stages();
    };
    desk.board.goTo("q5");
    run("live", desk);
    await settle();
    expect(stages()).toEqual(["none open", "next open", "now open"]);
    expect(await undone()).toEqual(before);

    desk.board.goTo("q5");
    run("stageNext", desk);
    await settle();
    expect(stages()).toEqual(["now open", "none open", "next open"]);
    expect(await undone()).toEqual(before);

    run("advance", desk);
    await settle();
    expect(stages()).toEqual(["none answered", "now open", "none open"]);
    expect(await undone()).toEqual(before);

    desk.board.goTo("q3");
    run("answered", desk);
    await settle();
    expect(stages()).toEqual(["none answered", "next open", "none open"]);
    expect(await undone()).toEqual(before);
  });

  it("leave a question as it was once they are undone: whose it is, and closed if it was", async () => {
    const undone = async (): Promise<string> => {
      await settle();
      pull();
      run("undo", desk);
      await settle();
      pull();
      const { work, claim, closeReason } = bridge.desk.get("q3");
      return `${work} ${claim?.mine ?? false} ${closeReason}`;
    };
    desk.board.goTo("q3");
    run("claim", desk);
    await settle();
    pull();
    run("dismiss", desk);
    expect(await undone()).toBe("claimed true null");
    bridge.desk.change("q3", { work: "dismissed", claim: null, closeReason: "off topic" });
    pull();
    const asked = desk.board.items.get("q3");
    await desk.step(asked ? [asked] : [], () => ({ do: "merge", into: "q10" }));
    expect(await undone()).toBe("dismissed false off topic");
  });

  it("merge moves the votes and undo moves them back", async () => {
    desk.board.goTo("q10");
    const votes = bridge.desk.get("q3").votes;
    await desk.step(desk.board.chosen, () => ({ do: "merge", into: "q3" }));
    expect([work("q10"), bridge.desk.get("q3").votes]).toEqual(["merged", votes + bridge.desk.get("q10").votes]);
    pull();
    await desk.undoLast();
    expect([work("q10"), bridge.desk.get("q3").votes]).toEqual(["open", votes]);
  });

  it("that another was faster with say who", async () => {
    desk.board.goTo("q4");
    run("claim", desk);
    await settle();
    expect([desk.error, claims()]).toEqual([{ code: "claimed", params: { who: "Ana Ferreira" } }, []]);
  });

  it("n goes to the oldest that nobody has; e with Shift closes and goes on", async () => {
    run("needsMe", desk);
    expect(desk.opened).toBe("q3");
    run("answeredNext", desk);
    await settle();
    expect([work("q3"), desk.opened]).toEqual(["answered", "q5"]);
  });

  it("Esc right after leaving the field gives the claim back; alone it only leaves", async () => {
    const answer = await look("q3");
    answer.type("x");
    await settle(300);
    desk.leftAt = Date.now();
    run("leave", desk);
    await settle();
    expect([bridge.desk.get("q3").claim, bridge.desk.drafts.get("q3"), desk.opened]).toEqual([null, "x", "q3"]);
    await settle(1_000);
    run("leave", desk);
    expect(desk.opened).toBeNull();
  });
});

describe("an answer aloud", () => {
  it("can be summed up by one key while it can be taken back, wherever one has gone on to", async () => {
    desk.board.goTo("q3");
    run("sumUp", desk);
    expect([offered("sumUp", desk), desk.sheet]).toEqual([false, null]);
    run("answeredNext", desk);
    await settle();
    expect([desk.board.selected === "q3", offered("sumUp", desk)]).toEqual([false, true]);
    await settle(5_000);
    run("sumUp", desk);
    expect(desk.sheet).toEqual({ kind: "note", question: "q3" });
    desk.sheet = null;
    await settle(2_000);
    run("sumUp", desk);
    expect([offered("sumUp", desk), desk.sheet]).toEqual([false, null]);
  });

  it("of several is not summed up as one", async () => {
    desk.board.goTo("q3");
    desk.board.move(1, true);
    run("answered", desk);
    await settle();
    expect([desk.undo.last?.back.length, offered("sumUp", desk)]).toEqual([2, false]);
  });
});

describe("a dismissal", () => {
  const closed = (id: string) => [bridge.desk.get(id).work, bridge.desk.get(id).closeReason];

  it("has a reason by one key while it can be taken back, which can be another then, and is taken back as before", async () => {
    desk.board.goTo("q3");
    expect(offered("whyAbuse", desk)).toBe(false);
    run("dismiss", desk);
    await settle();
    expect([closed("q3"), desk.undo.last?.reason, offered("whyAbuse", desk)]).toEqual([["dismissed", null], undefined, true]);
    await settle(5_000);
    run("whyAbuse", desk);
    await settle();
    expect([closed("q3"), desk.undo.last?.reason]).toEqual([["dismissed", "abuse"], "abuse"]);
    expect(workWords(bridge.desk.get("q3"))).toBe("Dismissed · abuse");
    await settle(5_000);
    run("whyDuplicate", desk);
    await settle();
    expect(closed("q3")).toEqual(["dismissed", "duplicate"]);
    run("undo", desk);
    await settle();
    expect(closed("q3")[0]).toBe("open");
  });

  it("of several has it for all of them, and none when the time is over or something else was done since", async () => {
    desk.board.goTo("q3");
    desk.board.move(1, true);
    const ids = desk.board.chosen.map(({ id }) => id);
    run("dismiss", desk);
    await settle();
    run("whyOffTopic", desk);
    await settle();
    expect(ids.map(closed)).toEqual([["dismissed", "off_topic"], ["dismissed", "off_topic"]]);
    await settle(6_000);
    run("whyAbuse", desk);
    desk.board.goTo("q10");
    run("pin", desk);
    await settle();
    run("whyAbuse", desk);
    await settle();
    expect([...ids, "q10"].map(closed).map(([, why]) => why)).toEqual(["off_topic", "off_topic", null]);
  });
});

it("whoever may not answer is offered no claim, is told so by the key, and gives back what they hold", async () => {
  bridge.desk.canAnswer = false;
  const offers = () => (["claim", "takeOver", "reply", "answered", "dismiss", "tag"] as const).filter((id) => offered(id, desk));
  desk.board.goTo("q4");
  expect(offers()).toEqual(["answered", "dismiss", "tag"]);
  for (const [question, id] of [["q3", "claim"], ["q4", "takeOver"]] as const) {
    desk.board.goTo(question);
    run(id, desk);
    await settle();
    expect([desk.error?.code, desk.sheet, claims()]).toEqual(["role_refused", null, []]);
    desk.error = null;
  }
  bridge.desk.change("q3", { work: "claimed", claim: { ...claimOf("q4"), mine: true } });
  pull();
  desk.board.goTo("q3");
  expect(offers()).toEqual(["claim", "answered", "dismiss", "tag"]);
  run("claim", desk);
  await settle();
  expect([bridge.desk.get("q3").claim, desk.error]).toEqual([null, null]);
});

describe("review", () => {
  const asked = (id: string) => bridge.desk.get(id);

  it("offers what can be done before it is a question, and nothing else happens", async () => {
    desk.board.goTo("q13");
    expect((["approve", "reject", "claim", "answered", "dismiss", "pin", "live", "tag", "merge", "editText", "reopen"] as const).filter((id) => offered(id, desk))).toEqual(["approve", "reject"]);
    for (const id of ["claim", "dismiss", "pin", "live", "tag", "merge"] as const) run(id, desk);
    await settle();
    expect([named("triage"), desk.sheet]).toEqual([[], null]);
    run("reply", desk);
    expect(desk.focusWish).not.toBe("answer");
    expect(desk.board.byNumber(0)).toBeNull();
  });

  it("rejects, takes that back, and approves for good", async () => {
    desk.board.goTo("q13");
    run("reject", desk);
    await settle();
    expect([asked("q13").review, asked("q13").lane]).toEqual(["rejected", "done"]);
    run("undo", desk);
    await settle();
    expect(asked("q13").review).toBe("pending");
    run("reject", desk);
    await settle();
    run("reopen", desk);
    await settle();
    expect(asked("q13").review).toBe("pending");
    run("approve", desk);
    await settle();
    expect([asked("q13").review, asked("q13").number, desk.undo.last?.back]).toEqual(["approved", 13, []]);
  });

  it("leaves what was open and is another question now", async () => {
    await look("q13");
    desk.apply({ revision: desk.board.since + 1, upserts: [], removed: ["q13"], reset: false, missed: desk.missed });
    expect([desk.opened, desk.answer]).toEqual([null, null]);
  });
});
