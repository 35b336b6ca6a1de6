// What was answered to one question: what is not on this computer is fetched, and what may be changed is offered.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import type { Thread, ThreadAnswer } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { frames } from "./frames";

let bridge: FakeBridge;
let aside: Aside;
let view: Record<string, unknown>;

beforeEach(async () => {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=10&lang=en&desk=server")));
  aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle();
  bridge.tick();
  await settle();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await unmount(view);
  document.body.replaceChildren();
});

async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await new Promise((done) => setTimeout(done, 0));
  flushSync();
}

const answered = (change: Partial<ThreadAnswer>): ThreadAnswer => ({ id: "x1", key: "x1", text: "At three.", org: "Org", by: null, at: Date.now(), visibility: "public", editedAt: null, retracted: false, delivery: "received", failure: null, failureReason: null, mine: false, canEdit: false, editUntil: null, draft: null, ...change });

async function thread(tell: (older: boolean) => Partial<Thread>): Promise<void> {
  const real = bridge.desk.thread.bind(bridge.desk);
  vi.spyOn(bridge.desk, "thread").mockImplementation(async (room, id, older) => ({ ...(await real(room, id, older)), answers: [], missing: 0, ...tell(older) }));
  aside.desk?.open("q3");
  await settle();
}
const detail = (): string => document.querySelector(".detail")?.textContent ?? "";
const buttons = (words: string): HTMLButtonElement[] => [...document.querySelectorAll<HTMLButtonElement>(".detail button")].filter((button) => button.textContent.trim() === words);

it("fetches what was answered before anything that is here", async () => {
  await thread((older) => (older ? { answers: [answered({})] } : { missing: 1 }));
  expect(detail()).toContain("At three.");
  expect(detail()).not.toContain("older answer");
});

it("says what could not be fetched, and tries again on request", async () => {
  let reached = false;
  await thread((older) => (older && reached ? { answers: [answered({})] } : { missing: 2 }));
  expect(detail()).toContain("2 older answers are not on this computer");
  reached = true;
  buttons("Retry")[0]?.click();
  await settle();
  expect(detail()).toContain("At three.");
});

it.each([
  ["a host anybody's answer", { canEdit: true }, 1],
  ["its author the own one", { mine: true, canEdit: true, editUntil: Date.now() + 600_000 }, 1],
  ["nobody what the server takes no more", { mine: true, canEdit: true, editUntil: Date.now() - 60_000 }, 0],
])("offers %s", async (_, change, count) => {
  await thread(() => ({ answers: [answered(change)] }));
  expect(detail()).toContain("At three.");
  expect([buttons("Edit").length, buttons("Withdraw").length]).toEqual([count, count]);
});

const field = (): HTMLTextAreaElement | null => document.querySelector<HTMLTextAreaElement>(".detail textarea.input");
function type(text: string): void {
  const here = field();
  if (!here) throw new Error("nothing is edited");
  here.value = text;
  here.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
/** An own answer that gets other words. */
async function rewritten(text: string): Promise<void> {
  aside.desk?.open("q3");
  await settle();
  aside.desk?.answer?.type("At three.");
  await aside.desk?.answer?.send();
  bridge.tick();
  await settle();
  buttons("Edit")[0]?.click();
  await settle();
  type(text);
}
const drafts = (): string[] => [...bridge.desk.editDrafts.values()];

it("keeps the other words for an answer while another question and another room are looked at", async () => {
  await rewritten("At four.");
  aside.desk?.open("q5");
  await settle();
  expect([field(), drafts(), bridge.desk.get("q3").hasDraft]).toEqual([null, ["At four."], true]);
  aside.desk?.open("q3");
  await settle();
  expect(field()?.value).toBe("At four.");
  type("At five.");
  await aside.show("2");
  await settle();
  await aside.show("1");
  bridge.tick();
  await settle();
  aside.desk?.open("q3");
  await settle();
  expect([field()?.value, drafts()]).toEqual(["At five.", ["At five."]]);
});

it("writes them down when the window is hidden", async () => {
  await rewritten("At four.");
  aside.setVisible(false);
  await settle();
  expect(drafts()).toEqual(["At four."]);
});

it.each([["Save", "At four."], ["Cancel", "At three."]])("keeps nothing of them after %s", async (button, text) => {
  await rewritten("At four.");
  aside.setVisible(false);
  await settle();
  buttons(button)[0]?.click();
  await settle();
  bridge.tick();
  await settle();
  expect([field(), drafts(), bridge.desk.answers.get("q3")?.map((one) => one.text)]).toEqual([null, [], [text]]);
});

it("keeps them where they could not be saved, and where the answer was withdrawn meanwhile", async () => {
  await rewritten("At four.");
  bridge.failing.set("editAnswer", "timeout");
  buttons("Save")[0]?.click();
  await settle();
  expect(field()?.value).toBe("At four.");
  bridge.failing.clear();
  await bridge.desk.retractAnswer("1", bridge.desk.answers.get("q3")?.[0]?.id ?? "");
  await settle();
  expect(field()?.value).toBe("At four.");
  buttons("Cancel")[0]?.click();
  await settle();
  expect([field(), detail().includes("withdrew this answer")]).toEqual([null, true]);
});
