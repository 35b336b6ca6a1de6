// An answer can be taken back until the shell says that it has left, whatever else is done meanwhile: its words and its readers are as they were.
import { mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Question } from "../src/bridge/dto";
import { language } from "../src/i18n/language.svelte";
import Detail from "../src/questions/Detail.svelte";
import Toast from "../src/questions/Toast.svelte";
import WaitingLine from "../src/questions/WaitingLine.svelte";
import type { Answer } from "../src/state/desk/answer.svelte";
import { Habits } from "../src/state/desk/habits.svelte";
import { offered, run } from "../src/state/desk/run";
import { bridge, desk, look, named, open, reopen, settle } from "./atDesk";

beforeEach(() => {
  language.choose("en", "en");
  vi.useFakeTimers();
  open("server");
  bridge.desk.holdsBack = true;
});

afterEach(() => {
  desk.close();
  vi.useRealTimers();
});

async function given(text: string, id = "q3"): Promise<string> {
  const answer = await look(id);
  answer.type(text);
  answer.choose("asker");
  await settle();
  expect(await answer.send("asker")).toBe(true);
  await settle();
  return id;
}

const keyOf = (id: string): string => bridge.desk.get(id).leaving.at(-1)?.key ?? "";
const told = (): string | undefined => desk.undo.last?.words;
/** Whether it waits in its field, and not to leave. */
const isBack = (id: string): boolean => desk.opened === id && desk.answer?.text !== "" && bridge.desk.get(id).leaving.length === 0;
async function undo(): Promise<void> {
  run("undo", desk);
  await settle();
}

it("comes back into the field where it was written, before what was begun since, for no more readers", async () => {
  const id = await given("call me");
  const answer = desk.answer;
  expect([answer?.text, answer?.visibility, told()]).toEqual(["", "public", "done.given"]);
  answer?.type("PS");
  run("undo", desk);
  await settle(1_000);
  expect([answer?.text, answer?.visibility, desk.focusWish, desk.undo.last]).toEqual(["call me\n\nPS", "asker", "answer", null]);
  expect(bridge.desk.drafts.get(id)).toBe("call me\n\nPS");
});

it("comes back as its question's draft where another question was opened meanwhile", async () => {
  const id = await given("call me");
  await look("q5");
  await undo();
  expect([desk.opened, desk.answer?.text, desk.answer?.visibility]).toEqual([id, "call me", "asker"]);
});

describe("is offered", () => {
  it("as long as the shell holds it, and said to be too late after that", async () => {
    const id = await given("call me");
    await settle(600_000);
    expect([told(), offered("undo", desk)]).toEqual(["done.given", true]);
    bridge.desk.outbox.leave(keyOf(id));
    await desk.undoLast();
    expect([desk.error?.code, desk.answer?.text]).toEqual(["too_late", ""]);
    await settle();
    expect([desk.undo.last, offered("undo", desk)]).toEqual([null, false]);
  });

  it("again where it could not be taken back and waits still", async () => {
    const id = await given("call me");
    bridge.failing.set("takeBackAnswer", "storage");
    await undo();
    expect([desk.error?.code, told()]).toEqual(["storage", "done.given"]);
    bridge.failing.clear();
    await undo();
    expect(isBack(id)).toBe(true);
  });

  it("once: the key pressed twice asks the shell once", async () => {
    await given("call me");
    run("undo", desk);
    await undo();
    expect([named("takeBackAnswer").length, desk.error]).toEqual([1, null]);
  });

  it("not where answers leave at once", async () => {
    bridge.desk.holdsBack = false;
    await given("call me");
    expect([desk.undo.last, named("answerQuestion").length]).toEqual([null, 1]);
  });

  it("again once another step was taken back, or its time is over", async () => {
    const id = await given("call me");
    desk.board.goTo("q5");
    run("pin", desk);
    await settle();
    expect(told()).toBe("done.pin");
    await undo();
    expect([bridge.desk.get("q5").pinned, told()]).toEqual([false, "done.given"]);
    run("pin", desk);
    await settle(6_000);
    expect(told()).toBe("done.given");
    await undo();
    expect([isBack(id), bridge.desk.get("q5").pinned]).toEqual([true, true]);
  });

  it("behind what was just told and has no way back", async () => {
    const id = await given("call me");
    desk.undo.tell({ words: "done.made", params: { number: "#13" }, back: [] });
    expect([told(), offered("undo", desk)]).toEqual(["done.made", true]);
    await undo();
    expect(isBack(id)).toBe(true);
  });

  it("before the step that it came after, which is offered next", async () => {
    desk.board.goTo("q5");
    run("pin", desk);
    await settle();
    const id = await given("call me");
    await undo();
    expect([isBack(id), bridge.desk.get("q5").pinned, told()]).toEqual([true, true, "done.pin"]);
  });

  it("with all others that wait, the newest first", async () => {
    await given("first");
    await given("second", "q5");
    await undo();
    expect([isBack("q5"), told()]).toEqual([true, "done.given"]);
    await undo();
    expect([isBack("q3"), desk.undo.last]).toEqual([true, null]);
  });

  it("the newest first also by the desk of a room that was left: the order of the questions is not that of the answers", async () => {
    await given("a", "q5");
    await given("b", "q3");
    desk.close();
    reopen();
    await undo();
    expect([isBack("q3"), bridge.desk.get("q5").leaving.length]).toEqual([true, 1]);
  });

  it("again by the desk of a room that was left and shown again", async () => {
    const id = await given("call me");
    desk.close();
    reopen();
    expect(told()).toBe("done.given");
    await undo();
    expect([isBack(id), desk.answer?.text]).toEqual([true, "call me"]);
  });
});

it("is said to go out in a moment, or on a line of its own when the connection is back", async () => {
  const words = async (online: boolean): Promise<(string | undefined)[]> => {
    const at = { target: document.body, props: { desk, habits: new Habits(bridge), online, unsendSecs: 6 } };
    const views = [mount(Toast, at), mount(WaitingLine, at)];
    await settle();
    const found = [".toast span", "p span", ".time", "p button"].map((part) => document.querySelector(part)?.textContent);
    document.querySelector<HTMLButtonElement>("p button")?.click();
    await settle();
    for (const view of views) await unmount(view);
    return found;
  };
  await given("call me");
  expect(await words(true)).toEqual(["Answer to #3 goes out in a moment", undefined, "", undefined]);
  await given("me, too", "q5");
  expect(await words(false)).toEqual([undefined, "2 answers go out when the connection is back", undefined, "Undo #5Z"]);
  expect(await words(false)).toEqual([undefined, "Answer to #3 goes out when the connection is back", undefined, "UndoZ"]);
  expect([isBack("q3"), bridge.desk.drafts.get("q5")]).toEqual([true, "me, too"]);
});

it("stands in its thread and before a second one, with a button that takes it back", async () => {
  const at = { desk, habits: new Habits(bridge), now: 0, org: "", contentBytes: 8_192, openLink: () => undefined, about: () => undefined, remove: null };
  const answer = await look("q3");
  const view = mount(Detail, { target: document.body, props: { ...at, get question() { return desk.question as Question; } } });
  const buttons = (): HTMLButtonElement[] => [...document.querySelectorAll("button")].filter(({ textContent }) => textContent === "Take it back");
  for (const which of [0, 1]) {
    answer.type("call me");
    await settle();
    expect([await answer.send("public"), buttons().length]).toEqual([true, 0]);
    await settle();
    answer.type("PS");
    await settle();
    expect([buttons().length, document.querySelector<HTMLButtonElement>(".send")?.disabled]).toEqual([2, true]);
    buttons()[which]?.click();
    await settle();
    expect([answer.text, buttons(), isBack("q3")]).toEqual(["call me\n\nPS", [], true]);
  }
  await unmount(view);
});

it("leaves its question out of those that need somebody until it is settled, claimed or not", async () => {
  const id = await given("call me");
  bridge.desk.change(id, { work: "open", claim: null });
  await settle();
  desk.shut();
  const others = [...desk.board.items.values()].filter((one) => one.lane === "open" && one.claim === null).length;
  const met = async (ms: number): Promise<unknown[]> => {
    await settle(ms);
    const all = new Set<string | null>();
    for (let i = 0; i < others + 2; i++) {
      desk.needsMe();
      all.add(desk.opened);
    }
    desk.shut();
    return [all.has(id), all.size];
  };
  expect(await met(600_000)).toEqual([false, others - 1]);
  bridge.desk.outbox.leave(keyOf(id));
  expect(await met(60_000)).toEqual([false, others - 1]);
});

it("that the other window took back leaves its question to be answered", async () => {
  const id = await given("call me");
  bridge.desk.change(id, { work: "open", claim: null });
  await settle(4_000);
  desk.shut();
  desk.board.select(null);
  await bridge.desk.takeBackAnswer("1", keyOf(id));
  await settle();
  expect(desk.undo.last).toBeNull();
  await settle(4_000);
  desk.needsMe();
  expect(desk.opened).toBe(id);
});

describe("a second one", () => {
  async function begun(text = "Also this."): Promise<Answer> {
    const answer = await look("q3");
    answer.type("Yes.");
    await settle();
    await answer.send();
    await settle();
    answer.type(text);
    await settle();
    return answer;
  }
  const texts = (): string[] => bridge.desk.answers.get("q3")?.map(({ text }) => text) ?? [];

  it("is not sent while the first has not left, and stays in its field", async () => {
    const answer = await begun();
    expect([answer.hindrance, await answer.send(), answer.text, named("answerQuestion").length]).toEqual(["leaving", false, "Also this.", 1]);
    bridge.desk.outbox.leave(keyOf("q3"));
    await settle();
    expect([answer.hindrance, await answer.coAnswer(), answer.leaving?.canTakeBack]).toEqual(["leaving", false, false]);
  });

  it("goes with the first once that was taken back, before its change is heard of, too", async () => {
    const answer = await begun();
    await desk.takeBack("q3", keyOf("q3"));
    expect([answer.text, answer.hindrance, await answer.send()]).toEqual(["Yes.\n\nAlso this.", null, true]);
    await settle();
    expect(named("answerQuestion").map((args) => args[2])).toEqual(["Yes.", "Yes.\n\nAlso this."]);
  });

  it("goes out once the first is there: one's own answer is nobody else's", async () => {
    const answer = await begun();
    bridge.desk.outbox.arrive(keyOf("q3"));
    await settle();
    bridge.desk.holdsBack = false;
    expect([answer.hindrance, answer.overtaken, await answer.send()]).toEqual([null, false, true]);
    await settle();
    expect([texts(), answer.held]).toEqual([["Yes.", "Also this."], null]);
  });

  it("so, too, where its question was opened only after the first was given", async () => {
    await given("Yes.");
    await look("q5");
    const answer = await look("q3");
    answer.type("Also this.");
    bridge.desk.outbox.arrive(keyOf("q3"));
    await settle();
    expect([answer.overtaken, await answer.send("asker")]).toEqual([false, true]);
  });

  it("is held where a colleague was faster than the first or came after it", async () => {
    const answer = await begun();
    bridge.desk.outbox.arrive(keyOf("q3"));
    bridge.desk.colleagueAnswers("q3", "No.", 5);
    await settle();
    expect([answer.overtaken, await answer.send()]).toEqual([true, true]);
    await settle();
    expect([answer.held?.text, texts()]).toEqual(["Also this.", ["Yes.", "No."]]);
  });

  it("is free to be a note, and to follow one", async () => {
    const answer = await begun();
    expect(await answer.send("staff")).toBe(true);
    await settle();
    await desk.takeBack("q3", bridge.desk.get("q3").leaving[0]?.key ?? "");
    await settle();
    expect([answer.text, answer.hindrance, bridge.desk.get("q3").leaving.map(({ visibility }) => visibility)]).toEqual(["Yes.", null, ["staff"]]);
  });
});
