// The composer as it stands in the page, driven by real events: modes, Enter and input methods, what is kept when.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import ComposerView from "../src/chat/Composer.svelte";
import { language } from "../src/i18n/language.svelte";
import { Composer } from "../src/state/composer.svelte";
import { ImeGuard } from "../src/state/ime";

let bridge: FakeBridge;
let composer: Composer;
let view: Record<string, unknown>;
let sent: number;

beforeEach(() => {
  vi.useFakeTimers();
  language.choose("en", "en");
  bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=0")));
  open();
});

afterEach(async () => {
  await unmount(view);
  vi.useRealTimers();
});

function open(): void {
  sent = 0;
  composer = new Composer("1", bridge);
  view = mount(ComposerView, { target: document.body, props: { composer, contentBytes: 100, held: null, sent: () => sent++ } });
  flushSync();
}

const field = (): HTMLTextAreaElement => document.querySelector("textarea") as HTMLTextAreaElement;
const button = (name: string): HTMLButtonElement | undefined =>
  [...document.querySelectorAll("button")].find((one) => (one.getAttribute("aria-label") ?? one.textContent.trim()) === name);

function type(text: string): void {
  field().value = text;
  field().dispatchEvent(new InputEvent("input", { bubbles: true }));
  flushSync();
}

function press(key: string, more: KeyboardEventInit & { keyCode?: number } = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  if (more.keyCode !== undefined) Object.defineProperty(event, "keyCode", { value: more.keyCode });
  field().dispatchEvent(event);
  flushSync();
  return event;
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  flushSync();
}

const sends = (): unknown[][] => bridge.calls.filter(([name]) => name === "send").map(([, , text, mode]) => [text, mode]);

describe("the mode", () => {
  it("offers Ask over an empty field and Send over text", () => {
    expect(field().getAttribute("aria-label")).toBe("Message");
    expect([button("Ask")?.getAttribute("aria-pressed"), button("Send")]).toEqual(["false", undefined]);
    type("hello");
    expect([button("Ask"), button("Send")?.disabled]).toEqual([undefined, false]);
    type("  ");
    expect(button("Ask")).toBeDefined();
  });

  it("Ask focuses the field, the next one is a question, then it falls back", async () => {
    button("Ask")?.click();
    flushSync();
    expect([document.activeElement, button("Ask")?.getAttribute("aria-pressed")]).toEqual([field(), "true"]);
    type("why?");
    press("Enter");
    await settle();
    type("because");
    button("Send")?.click();
    await settle();
    expect(sends()).toEqual([["why?", "question"], ["because", "message"]]);
    expect([field().value, button("Ask")?.getAttribute("aria-pressed"), sent]).toEqual(["", "false", 2]);
  });

  it("can be left again with Escape or the cross, and the text stays", () => {
    button("Ask")?.click();
    flushSync();
    type("hm");
    press("Escape");
    expect([composer.mode, field().value]).toEqual(["message", "hm"]);
    composer.setMode("question");
    flushSync();
    button("Back to a message")?.click();
    expect(composer.mode).toBe("message");
  });
});

describe("Enter", () => {
  it("sends; with Shift it breaks the line; with nothing written it does nothing", async () => {
    expect(press("Enter").defaultPrevented).toBe(true);
    type("one");
    expect(press("Enter", { shiftKey: true }).defaultPrevented).toBe(false);
    expect(sends()).toEqual([]);
    press("Enter");
    press("Enter");
    await settle();
    expect(sends()).toEqual([["one", "message"]]);
  });

  it("that an input method means is left to it", async () => {
    type("ni hao");
    field().dispatchEvent(new Event("compositionstart", { bubbles: true }));
    expect(press("Enter").defaultPrevented).toBe(false);
    expect(press("Enter", { isComposing: true }).defaultPrevented).toBe(false);
    expect(press("Enter", { keyCode: 229 }).defaultPrevented).toBe(false);
    field().dispatchEvent(new Event("compositionend", { bubbles: true }));
    // WebKit: the Enter that confirmed comes after the end, looking like any other.
    press("Enter");
    expect(sends()).toEqual([]);
    type("你好");
    await vi.advanceTimersByTimeAsync(60);
    press("Enter");
    await settle();
    expect(sends()).toEqual([["你好", "message"]]);
  });

  it("after the end of a composition is only doubted for a moment, and only Enter", () => {
    const guard = new ImeGuard();
    const at = (timeStamp: number, key = "Enter") => guard.owns({ key, isComposing: false, keyCode: 13, timeStamp });
    guard.compositionStarted();
    expect(at(10)).toBe(true);
    guard.compositionEnded(100);
    expect([at(120), at(120, "a"), at(160)]).toEqual([true, false, false]);
  });
});

describe("the text", () => {
  it("stays with its mode when the backend did not take it, and says why", async () => {
    bridge.failing.set("send", "outbox_full");
    composer.setMode("question");
    type("keep me");
    press("Enter");
    await settle();
    expect([field().value, composer.mode, document.querySelector("[role=alert]")?.textContent]).toEqual(["keep me", "question", "Too many messages are waiting already."]);
    expect(sent).toBe(0);
  });

  it("typed while the last one travels is kept", async () => {
    type("first");
    press("Enter");
    type("first and more");
    await settle();
    expect(field().value).toBe(" and more");
  });

  it("that is too long cannot be sent, and says by how much", async () => {
    type("字".repeat(40));
    expect([button("Send")?.disabled, document.querySelector(".complaint")?.textContent]).toEqual([true, "About 7 characters too long"]);
    press("Enter");
    await settle();
    expect(sends()).toEqual([]);
  });

  it("is kept as a draft 300 ms after the last key, comes back with its mode, and is gone once sent", async () => {
    composer.setMode("question");
    type("dra");
    await vi.advanceTimersByTimeAsync(200);
    type("draft");
    await vi.advanceTimersByTimeAsync(299);
    expect(bridge.drafts.size).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(bridge.drafts.get("1")).toEqual({ text: "draft", mode: "question" });
    await unmount(view);
    open();
    await composer.restore();
    flushSync();
    expect([field().value, composer.mode]).toEqual(["draft", "question"]);
    press("Enter");
    await settle();
    expect(bridge.drafts.get("1")).toEqual({ text: "", mode: "message" });
  });

  it("that was typed before what is kept had come stands below it, in its mode", async () => {
    bridge.drafts.set("1", { text: "old", mode: "question" });
    const restoring = composer.restore();
    type("new");
    await restoring;
    flushSync();
    expect([field().value, composer.mode]).toEqual(["old\nnew", "question"]);
    await vi.advanceTimersByTimeAsync(300);
    expect(bridge.drafts.get("1")).toEqual({ text: "old\nnew", mode: "question" });
  });

  it("does not take the place of what is kept while that can't be read", async () => {
    bridge.drafts.set("1", { text: "old", mode: "message" });
    bridge.failing.set("draft", "token_missing");
    await composer.restore();
    composer.setMode("question");
    type("new");
    await vi.advanceTimersByTimeAsync(300);
    expect([field().value, bridge.drafts.get("1")?.text]).toEqual(["new", "old"]);
    bridge.failing.clear();
    await composer.keepNow();
    expect([composer.text, composer.mode, bridge.drafts.get("1")]).toEqual(["old\nnew", "question", { text: "old\nnew", mode: "question" }]);
  });

  it("and was sent meanwhile is gone, and what is kept is there", async () => {
    bridge.drafts.set("1", { text: "old", mode: "message" });
    type("new");
    const restoring = composer.restore();
    press("Enter");
    await restoring;
    await settle();
    expect([sends(), field().value, bridge.drafts.get("1")?.text]).toEqual([[["new", "message"]], "old", "old"]);
  });
});

it("what is pasted is plain text: nothing here takes more", () => {
  const fields = document.querySelectorAll("[contenteditable], textarea, input");
  expect([...fields].map((field) => field.nodeName)).toEqual(["TEXTAREA"]);
});
