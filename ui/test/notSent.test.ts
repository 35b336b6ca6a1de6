// Answers that did not reach the room: told where their writer is, and never looking like those that did.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ANA, CLAIM_MS } from "../src/bridge/fake/questions";
import { aside, bridge, close, settle, show } from "./inWindow";

const told = (): string[] => [...document.querySelectorAll(".room [role=alert] p")].map((line) => line.textContent);
const buttons = (where: string, words: string): HTMLButtonElement[] => [...document.querySelectorAll<HTMLButtonElement>(`${where} button`)].filter((one) => (one.getAttribute("aria-label") ?? one.textContent.trim()) === words);
async function press(where: string, words: string): Promise<void> {
  buttons(where, words)[0]?.click();
  await settle();
}
async function open(id: string): Promise<void> {
  aside.desk?.open(id);
  await settle();
}
async function given(id: string, text: string): Promise<string> {
  await open(id);
  aside.desk?.answer?.type(text);
  await settle();
  expect(await aside.desk?.answer?.send()).toBe(true);
  await settle();
  return bridge.desk.get(id).leaving.at(-1)?.key ?? "";
}
const thread = (): string => [...document.querySelectorAll(".detail [data-answer]")].map((one) => one.textContent).join();
const marks = (id: string): string => document.querySelector(`.list [data-id=${id}] .who`)?.textContent ?? "";

beforeEach(async () => {
  await show();
  bridge.desk.holdsBack = true;
});
afterEach(close);

describe("an answer that its guard held", () => {
  it("is told by its number to who has gone on, and led back to", async () => {
    const key = await given("q3", "At three.");
    await open("q5");
    bridge.desk.outbox.hold(key);
    await settle();
    expect(told()).toEqual(["Your answer to #3 was held: somebody answered first."]);
    await press(".room [role=alert]", "Open");
    expect([aside.desk?.opened, aside.desk?.answer?.text, told()]).toEqual(["q3", "At three.", []]);
    await open("q5");
    expect(told()).toEqual([]);
  });

  it("is told with the name of who is about to answer, until it is put away or something is done about it", async () => {
    const keys = [await given("q3", "At three."), await given("q10", "Yes.")];
    await open("q5");
    bridge.desk.change("q3", { work: "claimed", claim: { by: ANA, mine: false, device: "desk", otherDevice: false, at: Date.now(), expiresAt: Date.now() + CLAIM_MS } });
    for (const key of keys) bridge.desk.outbox.hold(key);
    await settle();
    expect(told()).toEqual([`Your answer to #3 was held: ${ANA.name} is answering it.`, "Your answer to #10 was held: somebody answered first."]);
    await bridge.desk.discardHeld("1", "q10");
    await settle();
    expect(told().length).toBe(1);
    await press(".room [role=alert]", "Dismiss");
    expect(told()).toEqual([]);
    // Held once more, it is news once more.
    await bridge.desk.discardHeld("1", "q3");
    await settle();
    bridge.desk.hold("q3", "At four.");
    await settle();
    expect(told().length).toBe(1);
  });

  it("stands before the eyes of who is still there: nothing else tells of it", async () => {
    bridge.desk.outbox.hold(await given("q3", "At three."));
    await settle();
    expect([told(), document.querySelector("[data-testid=held]")?.textContent.includes("At three.")]).toEqual([[], true]);
  });

  it("is told again in a room that was left, as nothing was done about it", async () => {
    const key = await given("q3", "At three.");
    await aside.show("2");
    await settle();
    bridge.desk.outbox.hold(key);
    await aside.show("1");
    await settle();
    expect(told()).toEqual(["Your answer to #3 was held: somebody answered first."]);
  });

  it("is not told again after another room to who has put it away, and another one is", async () => {
    const turn = async (): Promise<string[]> => {
      for (const room of ["2", "1"]) {
        await aside.show(room);
        await settle();
      }
      return told();
    };
    const [held, failed] = [await given("q3", "At three."), await given("q10", "Yes.")];
    await open("q5");
    bridge.desk.outbox.hold(held);
    bridge.desk.outbox.fail(failed);
    await settle();
    expect(told().length).toBe(2);
    await press(".room [role=alert]", "Dismiss");
    await press(".room [role=alert]", "Dismiss");
    expect([told(), await turn(), await turn()]).toEqual([[], [], []]);
    const second = await given("q10", "Yes, until Friday.");
    await open("q5");
    expect(told()).toEqual([]);
    bridge.desk.outbox.fail(second);
    await settle();
    expect(told()).toEqual(["Your answer to #10 was not sent."]);
    await press(".room [role=alert]", "Dismiss");
    // Fewer of them are no news.
    await bridge.discard("1", failed);
    await settle();
    expect([told(), await turn()]).toEqual([[], []]);
  });

  it("stands beside the other, and not among those that were given", async () => {
    bridge.desk.outbox.hold(await given("q3", "At three."));
    await settle();
    expect(thread()).not.toContain("At three.");
    aside.desk?.answer?.editHeld();
    await settle();
    expect(thread()).not.toContain("At three.");
  });
});

describe("an answer to a question that a colleague closed meanwhile", () => {
  const closes = (): unknown => bridge.desk.change("q3", { work: "dismissed", claim: null, closedAt: Date.now(), closeReason: "off_topic", changedBy: "Otto" });
  const composer = (): string => document.querySelector(".composer")?.textContent ?? "";

  it("is told of before the field, and asked about with the harmless choice in focus", async () => {
    await open("q3");
    aside.desk?.answer?.type("At three.");
    await settle();
    expect(composer()).not.toContain("Meanwhile");
    closes();
    await settle();
    expect(document.querySelector(".composer [role=status]")?.textContent).toBe("Meanwhile closed by Otto: Dismissed · off topic.");
    document.querySelector<HTMLButtonElement>(".composer .send")?.click();
    await settle();
    expect([document.querySelector(".composer [role=alertdialog]")?.getAttribute("aria-label"), document.activeElement?.textContent]).toEqual(["This question is closed. Send it all the same?", "Go on writing"]);
    await press(".composer", "Go on writing");
    expect([document.activeElement?.tagName, composer().includes("all the same")]).toEqual(["TEXTAREA", false]);
    document.querySelector<HTMLButtonElement>(".composer .send")?.click();
    await settle();
    await press(".composer", "Send all the same");
    expect([bridge.desk.get("q3").leaving.length, composer().includes("Meanwhile"), aside.desk?.answer?.text]).toEqual([1, false, ""]);
  });

  it("is told of in the moment in which it can be taken back, and only if it was open when it was given", async () => {
    const key = await given("q3", "At three.");
    const toast = (): string => document.querySelector(".toast")?.textContent ?? "";
    expect(toast()).not.toContain("closed");
    closes();
    await settle();
    expect(toast()).toContain("Meanwhile closed by Otto: Dismissed · off topic.");
    bridge.desk.outbox.arrive(key);
    closes();
    await settle();
    await open("q5");
    await given("q3", "Also this.");
    expect([toast().includes("#3"), toast().includes("closed")]).toEqual([true, false]);
  });
});

describe("an answer that failed", () => {
  it("says so in its thread with the reason, on its row, and above the room to who has gone on", async () => {
    const key = await given("q3", "At three.");
    expect([thread().includes("Not sent"), marks("q3").includes("not sent")]).toEqual([false, false]);
    bridge.desk.outbox.fail(key, "413", "8 KiB");
    await settle();
    expect([thread().includes("Not sent. It is too long for this server. The server said: 8 KiB"), thread().includes("At three.")]).toEqual([true, true]);
    // Nothing was given at any time.
    expect(document.querySelector(".detail [data-answer] time")).toBeNull();
    expect(marks("q3")).toContain("Your answer was not sent");
    expect(told()).toEqual([]);
    await open("q5");
    expect(told()).toEqual(["Your answer to #3 was not sent."]);
  });

  it("comes into view in its question, however long that is", async () => {
    const key = await given("q3", "At three.");
    const seen = vi.spyOn(Element.prototype, "scrollIntoView");
    bridge.desk.outbox.fail(key);
    await settle();
    expect(seen.mock.contexts.filter((one) => (one as Element).textContent?.includes("Not sent")).length).toBe(1);
    await settle();
    expect(seen.mock.contexts.filter((one) => (one as Element).textContent?.includes("Not sent")).length).toBe(1);
  });

  it("can be sent again, or thrown away", async () => {
    const key = await given("q3", "At three.");
    bridge.desk.outbox.fail(key);
    await settle();
    await press(".detail [data-answer]", "Retry");
    expect([bridge.desk.get("q3").leaving.length, thread().includes("Not sent")]).toEqual([1, false]);
    bridge.desk.outbox.fail(key);
    await settle();
    await press(".detail [data-answer]", "Discard");
    expect([thread().includes("At three."), bridge.desk.get("q3").unsent]).toEqual([false, []]);
    // One click is no end of words.
    expect(document.querySelector(".toast")?.textContent).toContain("Answer to #3 discarded");
    document.querySelector<HTMLElement>(".toast .undo")?.click();
    await settle();
    expect([aside.desk?.answer?.text, document.activeElement?.tagName]).toEqual(["At three.", "TEXTAREA"]);
  });
});

describe("during a broadcast, an answer that is for few", () => {
  const SECRET = "Your ticket is 4711.";
  const ways = (): string[] => ["Retry", "Discard", "Take it back"].filter((words) => buttons(".detail [data-answer]", words).length > 0);

  beforeEach(async () => {
    await open("q3");
    aside.desk?.answer?.choose("asker");
    bridge.emit("streamer", true);
  });

  it.each([
    ["failed", (key: string) => bridge.desk.outbox.fail(key, "413"), "Not sent. It is too long for this server.", ["Retry", "Discard"]],
    ["is in doubt", (key: string) => bridge.desk.outbox.doubt(key), "Not confirmed", ["Retry", "Discard"]],
    ["has not left", () => undefined, "Sending", ["Take it back"]],
  ] as const)("and %s says so with what can be done, without its words", async (_, comesTo, said, can) => {
    comesTo(await given("q3", SECRET));
    await settle();
    expect([thread().includes(SECRET), thread().includes(said), ways()]).toEqual([false, true, [...can]]);
  });
});

describe("an answer of which nobody knows whether it arrived", () => {
  it("says so in its thread and on its row, and can be sent again or thrown away", async () => {
    const key = await given("q3", "At three.");
    bridge.desk.outbox.doubt(key);
    await settle();
    expect([thread().includes("Not confirmed"), marks("q3").includes("It is not known whether your answer arrived")]).toEqual([true, true]);
    expect([buttons(".detail [data-answer]", "Retry").length, buttons(".detail [data-answer]", "Discard").length]).toEqual([1, 1]);
    await open("q5");
    expect(told()).toEqual([]);
  });
});
