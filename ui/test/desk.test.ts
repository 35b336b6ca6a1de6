// The desk as it stands in the page, driven by real keys: names for who cannot see it, silence in fields, the whole loop without a mouse.
import axe from "axe-core";
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import type { AppError } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { language } from "../src/i18n/language.svelte";
import { Aside } from "../src/state/aside.svelte";
import { frames } from "./frames";

let bridge: FakeBridge;
let aside: Aside;
let view: Record<string, unknown>;

async function settle(ms = 0): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((done) => setTimeout(done, i === 0 ? ms : 0));
  flushSync();
}

async function open(query: string): Promise<void> {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(`rows=60&lang=en&${query}`)));
  aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle(20);
  bridge.tick();
  await settle(20);
}

beforeEach(() => open("desk=server"));
afterEach(async () => {
  await unmount(view);
  document.body.replaceChildren();
});

function press(key: string, more: KeyboardEventInit & { keyCode?: number } = {}, target: Element = document.activeElement ?? document.body): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  if (more.keyCode !== undefined) Object.defineProperty(event, "keyCode", { value: more.keyCode });
  target.dispatchEvent(event);
  flushSync();
  return event;
}
const answerField = (): HTMLTextAreaElement => document.querySelector("textarea[aria-label=Answer]") as HTMLTextAreaElement;
const options = (): string[] => [...document.querySelectorAll("[role=listbox][aria-label=Open] [role=option]")].map((row) => (row as HTMLElement).dataset["id"] ?? "");

function type(text: string): void {
  const field = answerField();
  field.value = text;
  field.setSelectionRange(text.length, text.length);
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  flushSync();
}

describe("the list", () => {
  it("is a listbox named by its lane, each row one readable option", () => {
    expect(options()).toEqual(["q3", "q4", "q5", "q10", "q11", "q12"]);
    const row = document.querySelector("[data-id=q4]");
    expect([row?.getAttribute("role"), (row as HTMLElement).dataset["work"], row?.getAttribute("aria-selected")]).toEqual(["option", "claimed", "false"]);
    for (const words of ["#4", "Tomás Vega", "Being answered by Ana Ferreira", "10 min", "slides", "Is the slide deck available"]) expect(row?.textContent).toContain(words);
  });

  it("stays as it is under the pointer, says what waits, and moves on demand", async () => {
    document.querySelector("[role=listbox]")?.dispatchEvent(new PointerEvent("pointerenter"));
    bridge.desk.ask(Date.now());
    bridge.desk.colleagueAnswers("q5", "Yes.", Date.now());
    bridge.tick();
    await settle(20);
    expect([options(), document.querySelector(".apply")?.textContent]).toEqual([["q3", "q4", "q5", "q10", "q11", "q12"], "1 new · order changed."]);
    press(".");
    expect(options()).toEqual(["q3", "q4", "q10", "q11", "q12", "q15"]);
  });

  it("names the key that shows the new order, which is the one that was chosen", async () => {
    const key = async (): Promise<string | undefined> => {
      document.querySelector("[role=listbox]")?.dispatchEvent(new PointerEvent("pointerenter"));
      bridge.desk.ask(Date.now());
      bridge.tick();
      await settle(20);
      return document.querySelector(".apply kbd")?.textContent;
    };
    expect([await key(), await aside.habits.bind("apply", "y"), await key()]).toEqual([".", null, "Y"]);
  });
});

describe("the keys", () => {
  it("lead from open to answered without a mouse", async () => {
    press("n");
    await settle();
    press("r");
    await settle();
    expect([aside.desk?.opened, document.activeElement]).toEqual(["q3", answerField()]);
    type("Yes.");
    await settle();
    press("Enter", { ctrlKey: true });
    await settle(20);
    expect([bridge.desk.get("q3").work, bridge.desk.answers.get("q3")?.map(({ text }) => text)]).toEqual(["answered", ["Yes."]]);
    press("n");
    expect(aside.desk?.opened).toBe("q5");
  });

  it("leave a field alone: ć @ # [ and a composition trigger nothing", async () => {
    press("n");
    press("r");
    await settle();
    const before = [...bridge.calls];
    for (const key of ["ć", "@", "#", "[", "]", "?", ".", "1", "x", "e", "z"]) expect(press(key).defaultPrevented, key).toBe(false);
    press("ć", { altKey: true, ctrlKey: true });
    answerField().dispatchEvent(new Event("compositionstart", { bubbles: true }));
    for (const key of ["x", "Enter", "Escape"]) press(key, { isComposing: true, keyCode: 229 });
    expect([aside.desk?.sheet, aside.desk?.numbersShown, aside.desk?.opened, bridge.calls.length]).toEqual([null, false, "q3", before.length]);
  });

  it("say nothing while a sheet is open, and the sheet has every command of the table", async () => {
    press("?");
    await settle();
    expect(aside.desk?.sheet).toEqual({ kind: "keys" });
    press("x");
    expect(bridge.calls.filter(([name]) => name === "triage")).toEqual([]);
    expect(document.querySelectorAll("dialog li").length).toBeGreaterThan(40);
  });
});

it("the Enter that only confirms what an input method composed opens nothing and sends no form", async () => {
  press("/");
  await settle();
  const field = document.activeElement as HTMLInputElement;
  field.value = "slide";
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  await settle(400);
  expect(document.querySelectorAll("dialog [role=option]").length).toBeGreaterThan(0);
  field.dispatchEvent(new Event("compositionstart", { bubbles: true }));
  field.dispatchEvent(new Event("compositionend", { bubbles: true }));
  expect(press("Enter").defaultPrevented, "a form of the browser's own would be sent").toBe(true);
  await settle();
  expect(aside.desk?.sheet?.kind).toBe("search");
  await settle(60);
  press("Enter");
  await settle();
  expect(aside.desk?.sheet).toBe(null);
});

it("a snippet goes in at the slash, is filled, and its field is selected", async () => {
  press("n");
  press("r");
  await settle();
  type("Well: /rec");
  expect(document.querySelector("[aria-label=Snippets] [role=option]")?.textContent).toContain("recording");
  press("Enter");
  await settle();
  const field = answerField();
  expect(field.value).toMatch(/^Well: Hello .+, the recording will be at \{ask:link\} from tomorrow on\. — Northlight Institute$/);
  expect([field.value.slice(field.selectionStart, field.selectionEnd), document.querySelector<HTMLButtonElement>(".composer .send")?.disabled]).toEqual(["{ask:link}", true]);
});

it("where the server keeps no desk the composer is off and says why", async () => {
  await unmount(view);
  document.body.replaceChildren();
  await open("desk=local");
  press("n");
  await settle();
  expect([answerField(), document.querySelector(".composer [role=note]")?.textContent]).toEqual([null, "This server takes no answers from the desk. Say it on stage, and mark the question here."]);
});

it("the audience sees the room as before, with votes", async () => {
  await unmount(view);
  document.body.replaceChildren();
  await open("desk=audience");
  expect(document.querySelector("[role=listbox]")).toBeNull();
  const vote = document.querySelector<HTMLButtonElement>("button.vote");
  expect(vote?.getAttribute("aria-pressed")).toBe("false");
  vote?.click();
  await settle(20);
  expect([bridge.calls.find(([name]) => name === "vote")?.[3], document.querySelector("button.vote")?.getAttribute("aria-pressed")]).toEqual([true, "true"]);
  press("n");
  expect(aside.desk?.opened).toBeNull();
  press("f", { ctrlKey: true });
  expect(aside.desk?.sheet).toEqual({ kind: "search" });
});

describe("review", () => {
  const lane = (name: string): Element[] => [...document.querySelectorAll(`[role=listbox][aria-label="${name}"] [role=option]`)];

  it("is a lane of its own, without numbers and without a field for answers, and is done by keys", async () => {
    press("1");
    await settle();
    expect(lane("Review").map((row) => (row as HTMLElement).dataset["id"])).toEqual(["q13", "q14"]);
    expect(document.querySelector("[data-id=q13]")?.textContent).not.toContain("#");
    press("j");
    press("Enter");
    await settle(20);
    expect(document.querySelector(".detail h2")?.textContent).toBe("Review");
    expect(answerField()).toBeNull();
    const steps = [...document.querySelectorAll("[role=toolbar] button")].map((button) => button.textContent.trim());
    expect(steps).toEqual(["Approve", "Reject", "Reject, saying why…"]);
    press("a");
    await settle(20);
    bridge.tick();
    await settle(20);
    expect([bridge.desk.get("q13").review, bridge.desk.get("q13").lane]).toEqual(["approved", "open"]);
    expect(document.querySelector(".detail h2")?.textContent).toBe("#13");
    expect(answerField()).not.toBeNull();
  });

  it("says why something is rejected, where somebody wants to say it", async () => {
    press("1");
    await settle();
    press("j");
    press("Enter");
    await settle(20);
    [...document.querySelectorAll<HTMLButtonElement>("[role=toolbar] button")].find((button) => button.textContent.includes("saying why"))?.click();
    await settle();
    const field = document.querySelector("dialog input") as HTMLInputElement;
    field.value = " off topic ";
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    field.form?.requestSubmit();
    await settle(20);
    bridge.tick();
    await settle(20);
    expect([bridge.desk.get("q13").review, bridge.desk.get("q13").closeReason]).toEqual(["rejected", "off topic"]);
    press("5");
    await settle();
    expect(document.querySelector("[data-id=q13]")?.textContent).toContain("Rejected · off topic");
  });
});

describe("axe finds nothing wrong", () => {
  const check = async (): Promise<string[]> => {
    // Colours and sizes need a browser: those are looked at in one.
    const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false }, region: { enabled: false }, "target-size": { enabled: false } } });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  };

  it("with a question open", async () => {
    press("n");
    await settle();
    expect(await check()).toEqual([]);
  });
});

describe("what colleagues and other programs write", () => {
  it("may have two tags that look alike", async () => {
    bridge.desk.change("q3", { tags: ["slides", "slides"] });
    bridge.desk.change("q4", { tags: ["a", "a", "a"] });
    bridge.tick();
    await settle(20);
    const tags = (id: string): number => document.querySelectorAll(`[data-id=${id}] .tag`).length;
    expect([tags("q3"), tags("q4")]).toEqual([2, 2]);
    aside.desk?.open("q4");
    await settle(20);
    expect(document.querySelectorAll(".detail .facts .tag").length).toBe(3);
    bridge.desk.change("q5", { text: "Still heard?" });
    bridge.tick();
    await settle(20);
    expect(document.querySelector("[data-id=q5]")?.textContent).toContain("Still heard?");
  });
});

describe("a sheet", () => {
  const dismiss = (): void => void document.querySelector("dialog")?.dispatchEvent(new Event("cancel", { cancelable: true }));

  it("gives the focus back to the answer that was being written, not to the keys of the desk", async () => {
    press("n");
    press("r");
    await settle();
    type("Half an ans");
    press("F1");
    await settle(20);
    expect(document.activeElement?.closest("dialog")).not.toBeNull();
    dismiss();
    await settle(20);
    expect([document.querySelector("dialog"), document.activeElement]).toEqual([null, answerField()]);
  });

  it("gives it to the list where nothing had it", async () => {
    (document.activeElement as HTMLElement).blur();
    press("?", {}, document.body);
    await settle(20);
    dismiss();
    await settle(20);
    expect(document.activeElement?.getAttribute("role")).toBe("listbox");
  });

  it("puts the focus into what takes its place", async () => {
    press("n");
    press("k", { ctrlKey: true });
    await settle(20);
    const field = document.querySelector("dialog input") as HTMLInputElement;
    field.value = "tag";
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await settle();
    press("Enter", {}, field);
    await settle(20);
    expect(aside.desk?.sheet?.kind).toBe("tags");
    expect(document.activeElement?.matches("dialog input")).toBe(true);
  });

  it("leaves the focus alone when its words change", async () => {
    aside.sheet = { kind: "settings" };
    await settle(20);
    const choice = document.querySelectorAll<HTMLSelectElement>("dialog select")[0] as HTMLSelectElement;
    choice.focus();
    language.choose("zh-CN", "en");
    await settle(20);
    expect([document.querySelector("dialog h2")?.textContent, document.activeElement]).toEqual(["设置", choice]);
    language.choose("en", "en");
  });

  it("that was left while it was saved closes no other, and what failed is told", async () => {
    press("n");
    const id = aside.desk?.board.selected ?? "";
    const desk = aside.desk;
    if (!desk) throw new Error("no desk");
    desk.sheet = { kind: "note", question: id };
    await settle(20);
    const field = document.querySelector("dialog textarea") as HTMLTextAreaElement;
    field.value = "Ask the venue first";
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    let fail: (why: AppError) => void = () => undefined;
    vi.spyOn(bridge.desk, "triage").mockReturnValueOnce(new Promise((_, reject) => (fail = reject)));
    document.querySelector("dialog form")?.dispatchEvent(new SubmitEvent("submit", { cancelable: true }));
    dismiss();
    press("?", {}, document.body);
    fail({ code: "offline", params: {} });
    await settle(20);
    expect([desk.sheet?.kind, desk.error?.code]).toEqual(["keys", "offline"]);
  });

  it("keeps what was written until it is saved", async () => {
    press("n");
    const id = aside.desk?.board.selected ?? "";
    if (aside.desk) aside.desk.sheet = { kind: "note", question: id };
    await settle(20);
    const field = document.querySelector("dialog textarea") as HTMLTextAreaElement;
    field.value = "Ask the venue first";
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    bridge.desk.change(id, { pinned: true });
    document.querySelector("dialog form")?.dispatchEvent(new SubmitEvent("submit", { cancelable: true }));
    await settle(20);
    expect([field.isConnected, field.value, document.querySelector("dialog [role=alert]")?.textContent]).toEqual([true, "Ask the venue first", expect.stringContaining("was faster")]);
    bridge.tick();
    await settle(20);
    document.querySelector("dialog form")?.dispatchEvent(new SubmitEvent("submit", { cancelable: true }));
    await settle(20);
    expect([document.querySelector("dialog"), bridge.desk.get(id).note]).toEqual([null, "Ask the venue first"]);
  });
});

/** The first question has an answer of one's own, and is open. */
async function answerTheFirst(): Promise<void> {
  press("n");
  press("r");
  await settle();
  type("Yes.");
  await settle();
  press("Enter", { ctrlKey: true });
  await settle(20);
  bridge.tick();
  aside.desk?.open("q3");
  await settle(20);
}

it("a changed answer stays in its field until the server has it", async () => {
  await answerTheFirst();
  const button = (words: string): HTMLButtonElement => [...document.querySelectorAll<HTMLButtonElement>("article.answer button")].find((each) => each.textContent === words) as HTMLButtonElement;
  button("Edit").click();
  await settle();
  const field = document.querySelector("article.answer textarea") as HTMLTextAreaElement;
  field.value = "Yes, at noon.";
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  vi.spyOn(bridge.desk, "editAnswer").mockRejectedValueOnce({ code: "offline", params: {} });
  button("Save").click();
  await settle(20);
  expect([field.isConnected, field.value, aside.desk?.error?.code]).toEqual([true, "Yes, at noon.", "offline"]);
  button("Save").click();
  await settle(20);
  expect([field.isConnected, bridge.desk.answers.get("q3")?.map(({ text }) => text)]).toEqual([false, ["Yes, at noon."]]);
});

it("the last answer is edited by the key that was chosen for it, from an empty field", async () => {
  await aside.habits.bind("editLast", "Mod+u");
  await answerTheFirst();
  answerField().focus();
  press("ArrowUp");
  await settle();
  expect(document.querySelector("article.answer textarea")).toBeNull();
  press("u", { ctrlKey: true });
  await settle();
  expect(document.querySelector("article.answer textarea")).not.toBeNull();
});
