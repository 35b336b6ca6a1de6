// What holds for every sheet and for the whole window: names for who cannot see it, keys for who has no mouse, a voice that does not flood.
import axe from "axe-core";
import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { everySheet, openSheet } from "./everySheet";
import { frames } from "./frames";

let bridge: FakeBridge;
let aside: Aside;
let view: Record<string, unknown> | undefined;

async function settle(ms = 0): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((done) => setTimeout(done, i === 0 ? ms : 0));
  flushSync();
}

async function open(query: string): Promise<void> {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(`rows=12&lang=en&${query}`)));
  aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle(20);
  bridge.tick();
  await settle(20);
}

afterEach(async () => {
  if (view) await unmount(view);
  view = undefined;
  vi.useRealTimers();
  document.body.replaceChildren();
});

/** Colours and sizes need a browser: those are looked at in one. */
async function wrong(): Promise<string[]> {
  const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false }, region: { enabled: false }, "target-size": { enabled: false }, "landmark-no-duplicate-banner": { enabled: false } } });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}

function press(key: string, more: KeyboardEventInit = {}, target: Element = document.activeElement ?? document.body): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  target.dispatchEvent(event);
  flushSync();
  return event;
}

describe.each(everySheet)("the sheet %s", (kind) => {
  it("has nothing that axe finds wrong, takes the focus, and closes by Escape", async () => {
    await open("desk=server");
    await openSheet(kind, aside, bridge);
    await settle(20);
    const dialog = document.querySelector("dialog[open]");
    expect(document.getElementById(dialog?.getAttribute("aria-labelledby") ?? "")?.textContent).toMatch(/\S/);
    expect(dialog?.contains(document.activeElement)).toBe(true);
    expect(await wrong()).toEqual([]);
    dialog?.dispatchEvent(new Event("cancel", { cancelable: true }));
    await settle();
    expect(document.querySelector("dialog[open]")).toBeNull();
  });
});

it.each(["first", "empty", "failed", "offline", "refused", "unread", "signIn"])("the room in the state %s has nothing that axe finds wrong, in both languages", async (scene) => {
  for (const lang of ["en", "zh-CN"]) {
    await open(`scene=${scene}&lang=${lang}`);
    expect(await wrong(), lang).toEqual([]);
    if (view) await unmount(view);
    document.body.replaceChildren();
  }
  view = undefined;
});

describe("the snippets for what is typed into an answer", () => {
  it("are heard from the field: how many there are, and which one is chosen", async () => {
    await open("desk=server");
    aside.desk?.open("q3");
    await settle(20);
    const field = document.querySelector<HTMLTextAreaElement>(".composer[data-visibility] textarea");
    const chosen = (): string | undefined => document.querySelector(`[id="${field?.getAttribute("aria-activedescendant") ?? ""}"][role=option][aria-selected=true]`)?.textContent;
    const said = (): string | undefined => document.querySelector(".composer[data-visibility] .unseen[role=status]")?.textContent;
    const type = (text: string): void => {
      if (!field) return;
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      flushSync();
    };
    expect([field?.getAttribute("aria-activedescendant"), chosen(), said()]).toEqual([null, undefined, ""]);
    type("/");
    expect([chosen()?.startsWith("recording"), said()]).toEqual([true, "3 snippets: the arrow keys choose, Enter puts one in"]);
    expect(document.getElementById(field?.getAttribute("aria-controls") ?? "")?.getAttribute("role")).toBe("listbox");
    expect(await wrong()).toEqual([]);
    press("ArrowDown", {}, field ?? undefined);
    expect(chosen()).toMatch(/^thanks/);
    type("/x");
    expect([field?.hasAttribute("aria-activedescendant"), field?.hasAttribute("aria-controls"), said()]).toEqual([false, false, ""]);
  });
});

describe("text changes its size by keys, as in a browser", () => {
  it("larger, smaller and as usual, in a field and in front of a sheet, and it is kept", async () => {
    await open("desk=server");
    expect(press("=", { ctrlKey: true }).defaultPrevented).toBe(true);
    await settle();
    expect([aside.settings.textSize, document.documentElement.style.getPropertyValue("--fs-body")]).toEqual([110, "15px"]);
    aside.sheet = { kind: "settings" };
    await settle();
    press("+", { ctrlKey: true, shiftKey: true }, document.querySelector("dialog input") as Element);
    await settle();
    expect(bridge.calls.filter(([call]) => call === "saveSettings").at(-1)).toMatchObject([expect.anything(), { textSize: 125 }]);
    press("-", { ctrlKey: true });
    press("0", { ctrlKey: true });
    await settle();
    expect(aside.settings.textSize).toBe(100);
  });

  it("ends at the largest and the smallest, and leaves the bare characters alone", async () => {
    await open("desk=server&size=200");
    expect(press("+", { ctrlKey: true }).defaultPrevented).toBe(true);
    expect(press("-").defaultPrevented).toBe(false);
    await settle();
    expect(aside.settings.textSize).toBe(200);
  });
});

describe("what others say is said aloud", () => {
  const region = (): string => document.querySelector("[data-testid=announcer]")?.textContent ?? "";

  it("each by itself while few speak", async () => {
    await open("");
    vi.useFakeTimers();
    bridge.room.say({ kind: "message", user: "u1", name: "Mara", text: "Good evening" }, Date.now());
    bridge.tick();
    await vi.advanceTimersByTimeAsync(4_500);
    flushSync();
    expect(region()).toBe("Mara: Good evening");
    expect(document.querySelector("[role=log]")?.getAttribute("aria-live")).toBe("off");
  });

  it("as a number every few seconds where a hundred speak each second", async () => {
    await open("");
    vi.useFakeTimers();
    const heard: string[] = [];
    for (let ms = 0; ms < 16_000; ms += 400) {
      for (let i = 0; i < 40; i++) bridge.room.say({ kind: "message", user: `u${i}`, name: "Mara", text: `Line ${ms} ${i}` }, Date.now());
      bridge.tick();
      await vi.advanceTimersByTimeAsync(400);
      flushSync();
      if (region() !== "" && region() !== heard.at(-1)) heard.push(region());
    }
    expect(heard.length).toBeGreaterThanOrEqual(2);
    expect(heard.length).toBeLessThanOrEqual(4);
    expect(heard.every((words) => /^\d+ new messages$/.test(words))).toBe(true);
  });

  it("what concerns this person whole and soon, however many speak", async () => {
    await open("");
    vi.useFakeTimers();
    const heard: string[] = [];
    for (let ms = 0; ms < 12_000; ms += 400) {
      for (let i = 0; i < 40; i++) bridge.room.say({ kind: "message", user: `u${i}`, name: "Mara", text: `Line ${ms} ${i}` }, Date.now());
      if (ms === 400) bridge.room.say({ kind: "answer", user: "o", name: "Alex", org: "Org", question: "When?", text: "At three.", toMe: true }, Date.now());
      if (ms === 8_000) bridge.room.say({ kind: "message", user: "b", name: "Bo", text: "Alex, hello", toMe: true }, Date.now());
      bridge.tick();
      await vi.advanceTimersByTimeAsync(400);
      flushSync();
      if (ms === 400) expect(region()).toMatch(/^Org answered your question: At three\. · \d+ new messages$/);
      if (region() !== "" && region() !== heard.at(-1)) heard.push(region());
    }
    expect(heard.filter((words) => words.startsWith("Bo: Alex, hello · ")).length).toBe(1);
  });

  it("an answer to what they asked also behind the desk, and nothing that is muted", async () => {
    await open("desk=server");
    aside.setCovered(true);
    vi.useFakeTimers();
    bridge.room.say({ kind: "message", user: "s", name: "Spam", text: "Alex!", toMe: true, ruled: { rule: "1", muted: true, colour: null, sound: null } }, Date.now());
    bridge.room.say({ kind: "message", user: "u", name: "Mara", text: "Hello" }, Date.now());
    bridge.room.say({ kind: "answer", user: "o", name: "Alex", org: "Org", question: "When?", text: "At three.", toMe: true }, Date.now());
    bridge.tick();
    await vi.advanceTimersByTimeAsync(500);
    flushSync();
    expect(region()).toBe("Org answered your question: At three.");
  });
});

it("how a hosted room stands is said once, not with everybody who comes", async () => {
  await open("desk=server");
  const room = await bridge.host.tryDemo();
  vi.useFakeTimers();
  aside.sheet = { kind: "hosting", room };
  await vi.advanceTimersByTimeAsync(10);
  flushSync();
  const said = document.querySelector("dialog [role=status]");
  const [sheet, before] = [said?.closest("section"), said?.firstElementChild];
  expect([said?.textContent, sheet?.textContent.includes("3 people")]).toEqual(["Running", true]);
  bridge.host.people = 4;
  await vi.advanceTimersByTimeAsync(3_500);
  flushSync();
  expect(sheet?.textContent).toContain("4 people");
  expect([said?.textContent, said?.firstElementChild === before]).toEqual(["Running", true]);
});
