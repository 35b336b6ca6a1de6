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
