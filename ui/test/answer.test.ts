// One answer from the first character to the room: claimed, kept, never public by a slip, held when another came first.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { AnswerDesk } from "../src/state/desk/desk.svelte";
import type { Answer } from "../src/state/desk/answer.svelte";
import { offered, run } from "../src/state/desk/run";

let bridge: FakeBridge;
let desk: AnswerDesk;

beforeEach(() => {
  vi.useFakeTimers();
  open("server");
});
afterEach(() => vi.useRealTimers());

function open(kind: string): void {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(`rows=0&desk=${kind}`)));
  desk = new AnswerDesk("1", bridge, () => bridge.desk.status());
  pull();
}

const pull = (): void => desk.apply(bridge.desk.changes(desk.board.since));
async function settle(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  pull();
  await vi.advanceTimersByTimeAsync(0);
}
const named = (name: string): unknown[][] => bridge.calls.filter(([call]) => call === name).map(([, ...args]) => args);
const claims = (): unknown[][] => named("triage").filter((args) => (args[3] as { do: string }).do === "claim");

async function look(id: string): Promise<Answer> {
  desk.open(id);
  await settle();
  return desk.answer as Answer;
}

describe("writing", () => {
  it("looks without claiming, and claims with the first character, once", async () => {
    const answer = await look("q3");
    expect([claims(), named("look").at(-1)]).toEqual([[], ["1", "q3", "viewing"]]);
    answer.type("Y");
    answer.type("Ye");
    await settle();
    answer.type("Yes");
    await settle();
    expect([claims().length, desk.question?.claim?.mine, named("look").some((args) => args[2] === "drafting")]).toEqual([1, true, true]);
  });

  it("keeps the draft 300 ms after the last key, and finds it again", async () => {
    const answer = await look("q3");
    answer.type("half");
    await settle(299);
    expect(bridge.desk.drafts.has("q3")).toBe(false);
    await settle(1);
    expect([bridge.desk.drafts.get("q3"), desk.question?.hasDraft]).toEqual(["half", true]);
    await look("q5");
    expect((await look("q3")).text).toBe("half");
  });

  it("looks at one question at a time, and at none while nobody sees the window", async () => {
    (await look("q3")).type("half");
    const answer = await look("q5");
    expect(named("look").at(-1)).toEqual(["1", "q5", "viewing"]);
    answer.type("quick");
    await settle();
    answer.shown(false);
    await settle();
    expect([named("look").at(-1), bridge.desk.drafts.get("q5")]).toEqual([["1", null, "viewing"], "quick"]);
    answer.shown(true);
    await settle(400);
    expect(named("look").at(-1)).toEqual(["1", "q5", "viewing"]);
    answer.type("quicker");
    await settle();
    expect(named("look").at(-1)).toEqual(["1", "q5", "drafting"]);
  });

  it("writes what is unsaved when another question is opened", async () => {
    (await look("q3")).type("quick");
    desk.open("q5");
    await settle();
    expect(bridge.desk.drafts.get("q3")).toBe("quick");
  });

  it("keeps who may read it with the draft: what was for few is not public when it is found again", async () => {
    const answer = await look("q3");
    answer.type("he asks that every time");
    answer.choose("staff");
    await settle(300);
    await look("q5");
    const again = await look("q3");
    expect([again.text, again.visibility, await again.send("public"), again.askPublic]).toEqual(["he asks that every time", "staff", false, true]);
    again.confirmPublic(true);
    await settle(300);
    await look("q5");
    expect((await look("q3")).visibility).toBe("public");
  });

  it("stays with the fewest readers where a draft comes to what was begun meanwhile", async () => {
    (await look("q3")).choose("asker");
    desk.answer?.type("your ticket");
    await settle(300);
    await look("q5");
    bridge.failing.set("questionDraft", "timeout");
    const answer = await look("q3");
    answer.type("more");
    bridge.failing.clear();
    await settle(300);
    expect([answer.text, answer.visibility]).toEqual(["your ticket\nmore", "asker"]);
  });

  it("does not take the place of a draft that has not come yet", async () => {
    bridge.desk.drafts.set("q3", "old");
    bridge.failing.set("questionDraft", "timeout");
    const answer = await look("q3");
    answer.type("new");
    await settle(300);
    expect([answer.text, bridge.desk.drafts.get("q3")]).toEqual(["new", "old"]);
    bridge.failing.clear();
    answer.type("newer");
    await settle(300);
    expect([answer.text, bridge.desk.drafts.get("q3")]).toEqual(["old\nnewer", "old\nnewer"]);
  });

  it("a claim that another holds keeps the text and stops the sending until it is taken over", async () => {
    const answer = await look("q4");
    answer.type("mine");
    await settle(400);
    expect([answer.hindrance, await answer.send(), bridge.desk.drafts.get("q4")]).toEqual(["claimed", false, "mine"]);
    await answer.takeOver();
    await settle();
    expect([answer.hindrance, await answer.send()]).toEqual([null, true]);
  });
});

describe("sending", () => {
  it("goes with what the writer had seen, clears the field and closes the question", async () => {
    const answer = await look("q3");
    answer.type("Yes, until Friday.");
    await settle();
    expect(await answer.send("public")).toBe(true);
    await settle();
    expect([named("answerQuestion"), answer.text, desk.question?.work, bridge.desk.drafts.has("q3")]).toEqual([[["1", "q3", "Yes, until Friday.", "public", 0, false]], "", "answered", false]);
  });

  it("of what was for the asker alone never becomes public by a key", async () => {
    const answer = await look("q3");
    answer.choose("asker");
    answer.type("Your ticket is 4711.");
    await settle();
    expect([await answer.send("public"), answer.askPublic, named("answerQuestion")]).toEqual([false, true, []]);
    answer.confirmPublic(false);
    expect(answer.visibility).toBe("asker");
    await answer.send("asker");
    expect(named("answerQuestion")[0]?.[3]).toBe("asker");
  });

  it("that fails stays private, and keeps the text", async () => {
    const answer = await look("q3");
    answer.type("secret");
    await settle();
    bridge.failing.set("answerQuestion", "offline");
    expect([await answer.send("asker"), answer.text, answer.visibility, answer.error?.code]).toEqual([false, "secret", "asker", "offline"]);
  });

  it("waits for a field that nobody filled in", async () => {
    const answer = await look("q3");
    answer.type("It is at {ask:link}.");
    await settle();
    expect([answer.hindrance, await answer.send(), named("answerQuestion")]).toEqual(["field", false, []]);
  });

  it("is off where the server takes no answers", async () => {
    open("local");
    const answer = await look("q3");
    answer.type("x");
    await settle();
    expect([answer.hindrance, await answer.send(), claims()]).toEqual(["local", false, []]);
  });

  it("goes out while catching up, for the guard to decide, and claims nothing", async () => {
    bridge.desk.fresh = false;
    const answer = await look("q3");
    answer.type("x");
    await settle();
    expect([answer.hindrance, claims(), await answer.send()]).toEqual(["catching", [], true]);
  });
});

describe("an answer that would be the second", () => {
  async function overtaken(): Promise<Answer> {
    const answer = await look("q3");
    answer.type("Mine.");
    await settle();
    bridge.desk.colleagueAnswers("q3", "Theirs.", 5);
    await settle();
    expect(answer.overtaken).toBe(true);
    expect(await answer.send()).toBe(true);
    // It was held, not sent: the text comes back into the field.
    await settle();
    return answer;
  }
  async function look2(): Promise<Answer> {
    desk.shut();
    return look("q3");
  }

  it("is held beside the other, and nothing is published twice", async () => {
    const answer = await overtaken();
    expect([answer.text, answer.held?.answers.map(({ text }) => text), bridge.desk.answers.get("q3")?.length]).toEqual(["Mine.", ["Theirs."], 1]);
  });

  it("goes out beside it with the same key again", async () => {
    const answer = await overtaken();
    expect(await answer.send("public")).toBe(true);
    await settle();
    expect([named("answerQuestion").at(-1)?.[5], bridge.desk.answers.get("q3")?.map(({ text }) => text), answer.held]).toEqual([true, ["Theirs.", "Mine."], null]);
  });

  it("can be edited with the other in mind, or thrown away", async () => {
    const answer = await overtaken();
    answer.editHeld();
    expect([answer.held, answer.text]).toEqual([null, "Mine."]);
    await settle(400);
    const rewritten = await look2();
    expect([rewritten.held, rewritten.text]).toEqual([null, "Mine."]);
    rewritten.type("Also mine.");
    await settle(400);
    expect([(await look2()).text, bridge.desk.get("q3").held]).toEqual(["Also mine.", false]);
  });

  it("comes back whole with whatever was begun meanwhile, and goes to no more than it was meant for", async () => {
    const answer = await look("q3");
    answer.type("Your ticket is 4711.");
    await settle();
    bridge.desk.colleagueAnswers("q3", "Theirs.", 5);
    await settle();
    const sent = answer.send("asker");
    answer.type("Your ticket is 4711.Hello all");
    await sent;
    await settle();
    expect([answer.text, answer.visibility]).toEqual(["Your ticket is 4711.\n\nHello all", "asker"]);
    expect([await answer.send("public"), answer.askPublic]).toEqual([false, true]);
  });

  it("can be thrown away", async () => {
    await overtaken();
    const again = await look2();
    expect(again.held?.text).toBe("Mine.");
    await again.discardHeld();
    await settle();
    expect([again.text, bridge.desk.drafts.has("q3"), bridge.desk.answers.get("q3")?.length]).toEqual(["", false, 1]);
  });
});

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

it("an answer that is held twice is shown as held twice, and what was begun meanwhile stays behind it", async () => {
  const answer = await look("q3");
  answer.type("Mine.");
  await settle();
  bridge.desk.colleagueAnswers("q3", "Theirs.", 5);
  await answer.send();
  answer.type("And more");
  await settle();
  expect([answer.held?.answers.length, answer.text]).toEqual([1, "Mine.\n\nAnd more"]);
  answer.editHeld();
  pull();
  expect(answer.held).toBeNull();
  // Another one while it was edited: the co-answer is not asked for, so it is held again.
  bridge.desk.colleagueAnswers("q3", "Theirs again.", 6);
  await answer.send();
  await settle();
  expect([answer.held?.answers.map(({ text }) => text), bridge.desk.answers.get("q3")?.some(({ mine }) => mine)]).toEqual([["Theirs.", "Theirs again."], false]);
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
    desk.apply({ revision: desk.board.since + 1, upserts: [], removed: ["q13"], reset: false });
    expect([desk.opened, desk.answer]).toEqual([null, null]);
  });
});
