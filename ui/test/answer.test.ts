// One answer from the first character to the room: claimed, kept, never public by a slip, held when another came first.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Question } from "../src/bridge/dto";
import type { Answer } from "../src/state/desk/answer.svelte";
import { bridge, claims, desk, look, named, open, pull, settle } from "./atDesk";

beforeEach(() => {
  vi.useFakeTimers();
  open("server");
});
afterEach(() => vi.useRealTimers());

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

  it("that is corrected in its field comes back once, as it was corrected", async () => {
    const answer = await overtaken();
    answer.type("At four.");
    await settle(400);
    const again = await look2();
    expect([again.text, again.held, bridge.desk.get("q3").held]).toEqual(["At four.", null, false]);
    expect(await again.send()).toBe(true);
    await settle();
    expect(bridge.desk.answers.get("q3")?.map(({ text }) => text)).toEqual(["Theirs.", "At four."]);
  });

  it("goes out beside it with the same key, however soon it was corrected", async () => {
    const answer = await overtaken();
    answer.type("At four.");
    expect(await answer.send()).toBe(true);
    await settle(400);
    expect([bridge.desk.answers.get("q3")?.map(({ text }) => text), answer.held, bridge.desk.get("q3").held]).toEqual([["Theirs.", "At four."], null, false]);
  });

  it("is corrected knowing of the other, and of no other that comes after it", async () => {
    const answer = await overtaken();
    answer.type("At four.");
    await settle(400);
    expect([answer.overtaken, answer.text]).toEqual([false, "At four."]);
    bridge.desk.colleagueAnswers("q3", "Theirs again.", 6);
    await settle();
    expect([answer.overtaken, await answer.send()]).toEqual([true, true]);
    await settle();
    expect([answer.held?.text, bridge.desk.answers.get("q3")?.length]).toEqual(["At four.", 2]);
  });

  it("is not lost with what is deleted from its field, nor doubled by what is added to it", async () => {
    const answer = await overtaken();
    answer.type("Mine. And more.");
    await settle(400);
    const more = await look2();
    expect([more.text, more.held?.text]).toEqual(["Mine. And more.", "Mine."]);
    more.type("");
    await settle(400);
    const again = await look2();
    expect([again.text, again.held?.text]).toEqual(["Mine.", "Mine."]);
  });

  it("is not lost by one click: it comes back into its field, for who was to read it, and knows of the other", async () => {
    const answer = await look("q3");
    answer.type("Your ticket is 4711.");
    answer.choose("asker");
    await settle();
    bridge.desk.colleagueAnswers("q3", "Theirs.", 5);
    await answer.send();
    await settle();
    await answer.discardHeld();
    await settle(400);
    expect([answer.text, bridge.desk.drafts.has("q3"), desk.undo.last?.words]).toEqual(["", false, "done.thrown"]);
    await look("q5");
    await desk.undoLast();
    await settle(400);
    expect([desk.opened, desk.answer?.text, desk.answer?.visibility, bridge.desk.drafts.get("q3")]).toEqual(["q3", "Your ticket is 4711.", "asker", "Your ticket is 4711."]);
    expect([desk.answer?.overtaken, await desk.answer?.send()]).toEqual([false, true]);
    expect(bridge.desk.answers.get("q3")?.at(-1)?.text).toBe("Your ticket is 4711.");
  });

  it("thrown away for other words, stands before those when it comes back", async () => {
    const answer = await overtaken();
    await answer.discardHeld();
    answer.type("Shorter.");
    await desk.undoLast();
    await settle(400);
    expect([answer.text, bridge.desk.drafts.get("q3")]).toEqual(["Mine.\n\nShorter.", "Mine.\n\nShorter."]);
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

describe("a question that a colleague closes in another way while one writes", () => {
  const closes = (change: Partial<Question> = {}): unknown => bridge.desk.change("q3", { work: "dismissed", claim: null, closedAt: 5, closeReason: "off_topic", changedBy: "Otto", ...change });
  async function begun(text = "At three."): Promise<Answer> {
    const answer = await look("q3");
    answer.type(text);
    await settle(400);
    return answer;
  }

  it("is told with the name, and asked about once before the answer leaves", async () => {
    const answer = await begun();
    closes();
    await settle();
    expect([answer.closed, await answer.send(), named("answerQuestion").length, answer.askClosed, answer.text]).toEqual([{ who: "Otto" }, false, 0, true, "At three."]);
    answer.confirmClosed(false);
    expect([answer.askClosed, answer.text, await answer.send("public"), answer.askClosed]).toEqual([false, "At three.", false, true]);
    expect(await answer.confirmClosed(true)).toBe(true);
    await settle();
    expect([named("answerQuestion").length, answer.text]).toEqual([1, ""]);
  });

  it.each([["aloud", { work: "answered", closeReason: "spoken" }], ["for later", { work: "follow_up", closeReason: "later" }], ["by merging it", { work: "merged", mergedInto: "q5" }]] as const)("is so where it was closed %s", async (_, change) => {
    const answer = await begun();
    closes(change);
    await settle();
    expect([await answer.send("asker"), answer.askClosed, named("answerQuestion").length]).toEqual([false, true, 0]);
  });

  it("is so for a draft that was found again, without a name that may be another's by then", async () => {
    await begun();
    await look("q5");
    closes();
    await settle();
    const again = await look("q3");
    expect([again.closed, await again.send(), again.askClosed]).toEqual([{ who: "" }, false, true]);
  });

  it("is not where it was closed before the writing began, is open again, or was closed by oneself", async () => {
    closes();
    expect((await begun()).closed).toBeNull();
    desk.answer?.type("");
    bridge.desk.change("q3", { work: "open", closedAt: null, closeReason: null });
    await settle(400);
    const answer = await begun();
    closes();
    await settle();
    bridge.desk.change("q3", { work: "open", closedAt: null, closeReason: null });
    await settle();
    expect(answer.closed).toBeNull();
    closes({ changedBy: "Alex" });
    await settle();
    expect([answer.closed, await answer.send()]).toEqual([null, true]);
  });

  it("lets a note pass, which closes nothing", async () => {
    const answer = await begun();
    closes();
    await settle();
    expect([await answer.send("staff"), named("answerQuestion").length]).toEqual([true, 1]);
  });

  it("is not this where an answer closed it: that one's guard speaks", async () => {
    const answer = await begun();
    bridge.desk.colleagueAnswers("q3", "Theirs.", 5);
    await settle();
    expect([answer.overtaken, answer.closed]).toEqual([true, null]);
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
