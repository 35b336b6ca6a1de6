// A broadcast: what the window hides while there is one, and the overlay's addresses.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import App from "../src/App.svelte";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { streamer } from "../src/state/streamer.svelte";
import { frames } from "./frames";

let bridge: FakeBridge;
let aside: Aside;
let view: Record<string, unknown>;

async function settle(ms = 0): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise((done) => setTimeout(done, i === 0 ? ms : 0));
  flushSync();
}

beforeEach(async () => {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=20&lang=en&desk=server")));
  aside = new Aside(bridge, "main", frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle(20);
  bridge.tick();
  await settle(20);
});
afterEach(async () => {
  await unmount(view);
  document.body.replaceChildren();
  streamer.on = false;
});

const words = (): string => document.body.textContent ?? "";
const field = (label: string): HTMLInputElement | HTMLSelectElement => {
  const named = [...document.querySelectorAll("section label")].find((element) => element.textContent?.trim().startsWith(label));
  return (document.getElementById((named as HTMLLabelElement | undefined)?.htmlFor ?? "") ?? named?.querySelector("input")) as HTMLInputElement;
};
const button = (name: string): HTMLButtonElement | undefined => [...document.querySelectorAll<HTMLButtonElement>("dialog button")].find((element) => element.textContent === name);

describe("streamer mode", () => {
  it("hides notes, private answers and pictures while it is on, and says that it is on", async () => {
    bridge.desk.change("q5", { note: "a word among staff" });
    await bridge.desk.answerQuestion("1", "q5", "for the asker alone", "asker", 0, false);
    await bridge.desk.answerQuestion("1", "q5", "for everybody", "public", 99, true);
    for (const row of bridge.room.rows.slice(-3)) bridge.room.change(row.key, { avatar: "avatar:1" });
    aside.desk?.open("q5");
    bridge.tick();
    await settle(40);
    const secrets = ["a word among staff", "for the asker alone"];
    for (const secret of secrets) expect(words()).toContain(secret);
    expect(document.querySelectorAll("img").length).toBeGreaterThan(0);
    expect(words()).not.toContain("Streamer mode");

    bridge.emit("streamer", true);
    flushSync();
    for (const secret of secrets) expect(words()).not.toContain(secret);
    expect(words()).toContain("for everybody");
    expect(document.querySelectorAll("img").length).toBe(0);
    expect(document.querySelector("header .streamer")?.textContent).toBe("Streamer mode");

    bridge.emit("streamer", false);
    flushSync();
    for (const secret of secrets) expect(words()).toContain(secret);
  });
});

describe("in streamer mode, what is found in a field", () => {
  const SECRET = "Your ticket is 4711.";
  const fields = (): HTMLTextAreaElement[] => [...document.querySelectorAll("textarea")];
  const seen = (): boolean => [words(), ...fields().map(({ value }) => value)].some((text) => text.includes(SECRET));
  const hidden = (): HTMLTextAreaElement | undefined => fields().find(({ placeholder }) => placeholder === "Hidden in streamer mode");
  async function open(id = "q3"): Promise<void> {
    aside.desk?.open(id);
    bridge.tick();
    await settle(40);
  }
  function type(into: HTMLTextAreaElement | undefined, text: string): void {
    if (!into) throw new Error("no field");
    into.value = text;
    into.dispatchEvent(new Event("input", { bubbles: true }));
    flushSync();
  }

  it.each([
    ["a private draft", async () => (await bridge.desk.setQuestionDraft("1", "q3", SECRET, "asker"), open())],
    ["a note that was begun", async () => (await bridge.desk.setQuestionDraft("1", "q3", SECRET, "staff"), open())],
    ["a private answer that was held", async () => (bridge.desk.hold("q3", SECRET, "asker"), open())],
    ["the staff note", async () => {
      bridge.desk.change("q3", { note: SECRET });
      await open();
      if (aside.desk) aside.desk.sheet = { kind: "note", question: "q3" };
      await settle(10);
    }],
    ["a note about a person", async () => {
      const who = bridge.room.rows.find(({ mine }) => !mine);
      if (!who) throw new Error("nobody");
      await bridge.rules.setPersonNote("1", who.user, SECRET);
      aside.sheet = { kind: "person", who };
      await settle(10);
    }],
  ])("is hidden until it is asked for, and stays: %s", async (_, find) => {
    bridge.emit("streamer", true);
    await find();
    expect([seen(), hidden()?.readOnly, hidden()?.value]).toEqual([false, true, ""]);
    const [field, show] = [hidden(), [...document.querySelectorAll("button")].find((one) => one.textContent === "Show")];
    show?.focus();
    show?.click();
    await settle();
    expect([seen(), field?.value, field?.readOnly, document.activeElement === field]).toEqual([true, SECRET, false, true]);
    // The next broadcast is another matter.
    bridge.emit("streamer", false);
    flushSync();
    bridge.emit("streamer", true);
    flushSync();
    expect([seen(), hidden() === field]).toEqual([false, true]);
    bridge.emit("streamer", false);
    flushSync();
    expect(field?.value).toBe(SECRET);
  });

  it("is not what somebody types just now, whoever may read it, until it comes back", async () => {
    bridge.desk.holdsBack = true;
    bridge.emit("streamer", true);
    await open();
    const field = document.querySelector<HTMLTextAreaElement>(".composer[data-visibility] textarea") ?? undefined;
    type(field, "Your");
    document.querySelector<HTMLElement>("[data-mode=asker]")?.click();
    flushSync();
    expect([aside.desk?.answer?.visibility, field?.value, hidden()]).toEqual(["asker", "Your", undefined]);
    for (const text of ["Your ticket", "", SECRET]) type(field, text);
    expect([field?.value, hidden()]).toEqual([SECRET, undefined]);
    await aside.desk?.answer?.send();
    bridge.tick();
    await settle(40);
    bridge.desk.outbox.hold(bridge.desk.get("q3").leaving[0]?.key ?? "");
    bridge.tick();
    await settle(40);
    expect([aside.desk?.answer?.text, seen(), hidden() === field]).toEqual([SECRET, false, true]);
  });

  it("is not written over by a snippet", async () => {
    await bridge.desk.setQuestionDraft("1", "q3", SECRET, "asker");
    bridge.emit("streamer", true);
    await open();
    const field = hidden();
    const menu = (): Element | null => {
      field?.dispatchEvent(new KeyboardEvent("keydown", { key: "j", ctrlKey: true, bubbles: true, cancelable: true }));
      flushSync();
      return document.querySelector(".composer [role=listbox]");
    };
    expect([menu(), aside.desk?.answer?.text]).toEqual([null, SECRET]);
    bridge.emit("streamer", false);
    flushSync();
    expect(menu()).not.toBeNull();
  });
});

describe("the overlay", () => {
  beforeEach(async () => {
    aside.sheet = { kind: "settings" };
    await settle();
  });

  it("has no address until it is on, and another when asked", async () => {
    expect(field("Chat")).toBeUndefined();
    field("Overlay for OBS").click();
    await settle(10);
    const before = field("Chat").value;
    expect(before).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/chat$/);
    expect(field("Question on stage").value).toBe(before.replace(/chat$/, "question"));
    button("New address")?.click();
    await settle(10);
    expect(field("Chat").value).not.toBe(before);
    expect(bridge.calls.filter(([name]) => name === "renewOverlay")).toEqual([["renewOverlay", "path"]]);
  });

  it("says that its port is taken, and takes another", async () => {
    bridge.overlaid.portTaken = true;
    field("Overlay for OBS").click();
    await settle(10);
    expect(document.querySelector("dialog [role=alert]")?.textContent).toContain("Another program uses port 27310");
    button("Another port")?.click();
    await settle(10);
    expect(document.querySelector("dialog [role=alert]")).toBeNull();
    expect(field("Chat").value).toContain(":27311/");
  });

  it("shows the room on show, or the one that was named", async () => {
    field("Overlay for OBS").click();
    await settle(10);
    const room = field("Room") as HTMLSelectElement;
    expect([...room.options].map((option) => option.text)).toEqual(["The one on show here", ...aside.rooms.map(({ label }) => label)]);
    await aside.saveSettings({ overlayRoom: "gone" });
    flushSync();
    expect(room.selectedOptions[0]?.text).toBe("One that is no longer here: nothing is shown");
  });
});
