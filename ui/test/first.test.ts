// The first minutes and the list of rooms: what is pasted, the tour, order and archive, the diagnostic.
import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../src/App.svelte";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { readLink } from "../src/state/address";
import { Aside } from "../src/state/aside.svelte";
import { JoinForm } from "../src/state/joinForm.svelte";
import { frames } from "./frames";

let view: Record<string, unknown> | undefined;

afterEach(async () => {
  if (view) await unmount(view);
  view = undefined;
  document.body.replaceChildren();
});


async function settle(): Promise<void> {
  for (let i = 0; i < 8; i++) await new Promise((done) => setTimeout(done));
  flushSync();
}

async function shown(scene: string, prepare: (bridge: FakeBridge) => void = () => undefined, label = "main"): Promise<{ bridge: FakeBridge; aside: Aside }> {
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams(`scene=${scene}&rows=0&lang=en`)));
  prepare(bridge);
  const aside = new Aside(bridge, label, frames);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settle();
  return { bridge, aside };
}

const words = (): string => document.body.textContent ?? "";
const button = (name: string): HTMLButtonElement | undefined => [...document.querySelectorAll<HTMLButtonElement>("button")].find((one) => (one.getAttribute("aria-label") ?? one.textContent).trim() === name);
const field = (name: string): HTMLInputElement => document.getElementById([...document.querySelectorAll("label")].find((one) => one.textContent.trim().startsWith(name))?.htmlFor ?? "") as HTMLInputElement;
const press = async (name: string): Promise<void> => {
  button(name)?.click();
  await settle();
};
const key = async (name: string, target: EventTarget = document.body, more: KeyboardEventInit = {}): Promise<void> => {
  target.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more }));
  await settle();
};
const paste = async (text: string, target: EventTarget = document.body): Promise<boolean> => {
  const event = Object.assign(new Event("paste", { bubbles: true, cancelable: true }), { clipboardData: { getData: () => text } });
  target.dispatchEvent(event);
  await settle();
  return event.defaultPrevented;
};
const card = (): HTMLElement | null => document.querySelector('[role="dialog"]');
const order = (): (string | undefined)[] => [...document.querySelectorAll<HTMLElement>("li[data-room]")].map((row) => row.dataset["room"]);

const PAGE = "https://rooms.example/r/kmwhtz";

describe("a link to a room", () => {
  it.each([
    ["aside://join?server=https%3A%2F%2Fa.example&topic=7&stream=s", { server: "https://a.example", topic: "7", stream: "s" }],
    [PAGE, { server: "https://rooms.example", topic: "kmwhtz", stream: "kmwhtz" }],
    [`${PAGE}/s%201/`, { server: "https://rooms.example", topic: "kmwhtz", stream: "s 1" }],
    ["http://192.168.1.5:8790/base/r/7", { server: "http://192.168.1.5:8790/base", topic: "7", stream: "7" }],
    ["wss://a.example/live?topic=7&stream=s#x", { server: "https://a.example", socket: "wss://a.example/live", topic: "7", stream: "s" }],
  ])("%s fills the form", (text, form) => expect(readLink(` ${text}\n`)).toMatchObject({ form }));

  it.each(["https://rooms.example", "wss://a.example/ws", "hello", "https://me:pw@rooms.example/r/7", `see ${PAGE}`, ""])("is not %s", (text) => expect(readLink(text)).toBeNull());

  it.each(["aside://", "aside:join", "aside://join?x=1", "https://rooms.example/r/%E0%A4%A"])("is damaged: %s", (text) => expect(readLink(text)).toBe("broken"));

  it("brings the token that stands behind its #, as if it had been pasted itself, and nothing that could be none", () => {
    const form = new JoinForm(null, () => "");
    expect([form.paste(`${PAGE}#t=abc.DEF`), form.token, form.note]).toEqual([true, "abc.DEF", "join.filledAll"]);
    expect([form.paste(`${PAGE}#t=a%20b`), form.note]).toEqual([true, "join.filledPage"]);
    expect(form.token).toBe("abc.DEF");
    expect([form.paste("aside://join?topic=7&token=abc"), form.note]).toEqual([true, "join.linkHadToken"]);
  });
});

describe("the doors", () => {
  it("take a link wherever it is pasted, also beside the other door, and say what to do about a wrong one", async () => {
    await shown("first");
    await press("Host a room");
    expect(await paste("Question time", field("Room's name"))).toBe(false);
    expect(await paste(PAGE, field("Room's name"))).toBe(true);
    expect([field("Server URL").value, field("Topic").value]).toEqual(["https://rooms.example", "kmwhtz"]);
    expect(words()).toContain("The token is missing");
    await paste("hello");
    expect(document.querySelector("[role=alert]")?.textContent).toContain("This is no link to a room");
    await paste("aside://join?");
    expect(document.querySelector("[role=alert]")?.textContent).toContain("damaged or cut off");
    await paste("https://other.example");
    expect([field("Server URL").value, document.querySelector("[role=alert]")]).toEqual(["https://other.example", null]);
    expect(await paste("https://third.example", field("Server URL"))).toBe(false);
  });

  it("show where a link's socket leads, unless that is its server's host, before the token goes there", async () => {
    await shown("first");
    await paste("aside://join?server=https%3A%2F%2Frooms.example&topic=7&stream=s");
    expect([field("Socket URL").closest("details")?.open, words().includes("to another host")]).toEqual([false, false]);
    await paste("aside://join?server=https%3A%2F%2Frooms.example&topic=7&stream=s&ws=wss%3A%2F%2Fevil.example%2Fws");
    expect([field("Socket URL").closest("details")?.open, field("Socket URL").value]).toEqual([true, "wss://evil.example/ws"]);
    expect(document.querySelector(".check")?.textContent).toContain("evil.example");
    expect(document.querySelector("[role=status].note")?.textContent).toContain("another host");
  });

  it("have the guide beside them", async () => {
    const { aside } = await shown("first");
    button("HelpF1")?.click();
    expect(aside.sheet).toEqual({ kind: "guide" });
  });
});

describe("the tour", () => {
  const fresh = (bridge: FakeBridge): void => void (bridge.toured = false);

  it("comes once a room is there, is noted as shown, and goes on by keys", async () => {
    const { bridge, aside } = await shown("busy", fresh);
    expect(bridge.calls.filter(([name]) => name === "noteTour")).toHaveLength(1);
    expect([card()?.getAttribute("aria-modal"), aside.tour.at]).toEqual(["false", 0]);
    expect(document.querySelector("[data-pointed]")).not.toBeNull();
    await key("ArrowRight", card() ?? document.body);
    await key("ArrowRight", card() ?? document.body);
    await key("ArrowLeft", card() ?? document.body);
    expect(aside.tour.at).toBe(1);
    for (let n = 0; n < 3; n++) await press("Next");
    await press("Done");
    expect([card(), document.querySelector("[data-pointed]")]).toEqual([null, null]);
    aside.sheet = { kind: "guide" };
    await settle();
    await press("Show the tour");
    expect([aside.sheet, aside.tour.at, bridge.calls.filter(([name]) => name === "noteTour").length]).toEqual([null, 0, 1]);
  });

  it("is skipped with Escape from a field, whose words and focus stay", async () => {
    const { aside } = await shown("busy", fresh);
    const message = document.querySelector("textarea");
    message?.focus();
    await key("j", message ?? document.body);
    expect(document.activeElement).toBe(message);
    await key("Escape", message ?? document.body);
    expect([aside.tour.at, card(), document.activeElement === message]).toEqual([null, null, true]);
  });

  it("comes to nobody who had it, to no side window, and to no window without a room", async () => {
    const { bridge } = await shown("busy");
    expect([card(), bridge.calls.some(([name]) => name === "noteTour")]).toEqual([null, false]);
    if (view) await unmount(view);
    expect((await shown("busy", fresh, "side")).bridge.calls.some(([name]) => name === "noteTour")).toBe(false);
    if (view) await unmount(view);
    expect((await shown("first", fresh)).bridge.calls.some(([name]) => name === "noteTour")).toBe(false);
  });
});

describe("the list of rooms", () => {
  const room = (id: string): HTMLElement => document.querySelector<HTMLElement>(`li[data-room="${id}"] .room`) as HTMLElement;

  it("is put in order by keys, and says where a room went", async () => {
    const { bridge } = await shown("busy");
    room("1").focus();
    await key("ArrowDown", room("1"), { altKey: true, shiftKey: true });
    expect([order(), document.activeElement === room("1")]).toEqual([["2", "1", "3"], true]);
    expect(words()).toContain("place 2 of 3");
    await key("ArrowDown", room("1"), { altKey: true, shiftKey: true });
    await key("ArrowDown", room("1"), { altKey: true, shiftKey: true });
    expect(order()).toEqual(["2", "3", "1"]);
    expect(bridge.calls.filter(([name]) => name === "moveRoom")).toEqual([["moveRoom", "1", "3"], ["moveRoom", "1", null]]);
  });

  it("is gone through by number, in its order", async () => {
    const { aside } = await shown("busy");
    aside.list.move("1", 1);
    await settle();
    await key("1", document.body, { ctrlKey: true });
    expect(aside.currentId).toBe("2");
    await key("9", document.body, { ctrlKey: true });
    expect(aside.currentId).toBe("2");
  });

  it("is not gone through behind a sheet of the desk, where something may have been written", async () => {
    const { aside } = await shown("busy&desk=server");
    await key("?");
    expect(document.querySelector("dialog")).not.toBeNull();
    await key("2", document.activeElement ?? document.body, { ctrlKey: true });
    expect(aside.currentId).toBe("1");
  });

  it("is put in order by hand, and only while the hand holds on", async () => {
    const { bridge } = await shown("busy");
    const list = document.querySelector("li[data-room]")?.parentElement as HTMLElement;
    list.setPointerCapture = (): void => undefined;
    const pointer = async (type: string, id: string, buttons: number, clientY: number): Promise<void> => {
      room(id).dispatchEvent(new PointerEvent(type, { bubbles: true, buttons, pointerType: "mouse", clientY }));
      await settle();
    };
    // Pressed, and let go beside the list, where nobody heard of it.
    await pointer("pointerdown", "1", 1, 0);
    await pointer("pointermove", "3", 0, 40);
    await pointer("pointerup", "3", 0, 40);
    expect([document.querySelector(".dragged"), order()]).toEqual([null, ["1", "2", "3"]]);
    await pointer("pointerdown", "1", 1, 0);
    await pointer("pointermove", "3", 1, 40);
    expect(document.querySelector(".dragged")).not.toBeNull();
    await pointer("pointerup", "3", 0, 40);
    expect([order(), bridge.calls.filter(([name]) => name === "moveRoom").length]).toEqual([["2", "3", "1"], 1]);
  });

  it("stays as it was where it can't be kept", async () => {
    const { bridge, aside } = await shown("busy", (fake) => fake.failing.set("moveRoom", "settings_not_saved"));
    expect(aside.list.move("1", 1)).toBe(true);
    await settle();
    expect([order(), aside.error?.code, aside.failures]).toEqual([["1", "2", "3"], "settings_not_saved", ["settings_not_saved"]]);
    expect(bridge.calls.at(-1)?.[0]).toBe("moveRoom");
  });

  it("archives a room, brings it back with one press, and keeps it to be removed", async () => {
    const { bridge, aside } = await shown("busy");
    await aside.list.archive(aside.list.listed[0] as never);
    await settle();
    expect([order(), aside.currentId, aside.timeline]).toEqual([["2", "3"], null, null]);
    expect(words()).toContain("was archived.");
    await press("Undo");
    expect([order(), aside.currentId]).toEqual([["1", "2", "3"], "1"]);
    await aside.list.archive(aside.list.listed[1] as never);
    await settle();
    await press("Archived rooms1");
    expect(words()).toContain("What was said until then is kept.");
    button(`Remove for good… ${aside.list.archived[0]?.label}`)?.click();
    await settle();
    expect(aside.sheet).toMatchObject({ kind: "forget", room: { id: "2" } });
    expect(bridge.calls.some(([name]) => name === "forgetRoom")).toBe(false);
    await press("Forget");
    expect([aside.rooms.map(({ id }) => id), bridge.calls.some(([name]) => name === "forgetRoom")]).toEqual([["1", "3"], true]);
  });

  it("says so when a room's token stays behind in a keyring that did not open", async () => {
    const { bridge, aside } = await shown("busy");
    await aside.list.forget("2");
    bridge.scene.notices = [{ code: "token_left", params: { room: "Rust", entry: "e-1" } }];
    bridge.tick();
    await settle();
    expect(aside.rooms.map(({ id }) => id)).toEqual(["1", "3"]);
    expect(words()).toContain("Rust is removed here, but its token is still in this computer's keyring");
  });

  it("hears what the other window did", async () => {
    const { bridge, aside } = await shown("busy");
    await bridge.archiveRoom("1", true);
    await settle();
    expect([order(), aside.currentId]).toEqual([["2", "3"], null]);
  });
});

describe("the diagnostic", () => {
  it("is shown before it is copied, and has the codes of what failed", async () => {
    const { bridge, aside } = await shown("busy", (fake) => fake.failing.set("leaveRoom", "timeout"));
    await aside.list.leave("1");
    await press("Diagnostic…");
    expect(aside.sheet).toEqual({ kind: "diagnostic" });
    expect(bridge.calls.filter(([name]) => name === "diagnostic")).toEqual([["diagnostic", ["timeout"]]]);
    expect(document.querySelector<HTMLTextAreaElement>("dialog textarea")?.value).toContain("last errors: timeout");
  });
});

it("a room without its token shows what is kept of it, with the way to enter it and to export", async () => {
  const { bridge, aside } = await shown("busy");
  bridge.room.say({ kind: "message", user: "bo", name: "Bo", text: "said long ago" }, Date.now());
  bridge.connect({ state: "refused", why: "token_missing", retryAt: null });
  await settle();
  expect(document.querySelector("[role=log]")?.textContent).toContain("said long ago");
  expect(document.querySelector("[role=status][data-state]")?.textContent.trim()).toBe("Not live: no token");
  expect(document.querySelector("[data-testid=connection-strip]")?.textContent).toContain("Enter the token to go on live.");
  expect(words()).toContain("Enter the token to write");
  const box = document.querySelector("textarea");
  aside.composer?.type("half a thought");
  await settle();
  expect(button("Send")?.disabled).toBe(true);
  if (box) await key("Enter", box);
  expect(bridge.calls.filter(([call]) => call === "send")).toEqual([]);
  await press("Export…");
  expect(aside.desk?.sheet?.kind).toBe("export");
  if (aside.desk) aside.desk.sheet = null;
  await key("e", document.body, { ctrlKey: true, shiftKey: true });
  expect(aside.desk?.sheet?.kind).toBe("export");
  if (aside.desk) aside.desk.sheet = null;
  await settle();
  await press("Enter the token");
  expect(aside.sheet).toMatchObject({ kind: "token", room: { id: "1" } });
  expect(document.querySelector("dialog")?.textContent).not.toContain("did not accept");
  await aside.list.useToken("1", "t");
  await settle();
  expect([button("Enter the token"), button("Send")?.disabled]).toEqual([undefined, false]);
  for (const [why, title] of [["token_missing", "Enter the token"], ["token", "Enter another token"]] as const) {
    bridge.connect({ state: "refused", why, retryAt: null });
    await aside.show("1");
    bridge.tick();
    await settle();
    const [first] = aside.rooms;
    if (first) aside.sheet = { kind: "token", room: first };
    await settle();
    expect(document.querySelector("dialog h2")?.textContent).toBe(title);
  }
});
