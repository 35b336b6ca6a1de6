// The window around the page: pin, rows alone, keys from other programs, links, a settings page that can be searched.
import { mount, tick, unmount } from "svelte";
import { afterEach, describe, expect, it } from "vitest";
import App from "../src/App.svelte";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { globalChord, readChord } from "../src/state/chord";
import { Hotkeys } from "../src/state/hotkeys.svelte";

let view: Record<string, unknown> | undefined;

afterEach(async () => {
  if (view) await unmount(view);
  view = undefined;
});

const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 5));
const button = (name: string): HTMLButtonElement | undefined => [...document.querySelectorAll<HTMLButtonElement>("button")].find((one) => (one.getAttribute("aria-label") ?? one.textContent).trim() === name);

async function shown(label: string, prepare: (bridge: FakeBridge) => void = () => undefined): Promise<{ bridge: FakeBridge; aside: Aside }> {
  const bridge = new FakeBridge(sceneFrom(new URLSearchParams("rows=20&lang=en")));
  prepare(bridge);
  const aside = new Aside(bridge, label);
  view = mount(App, { target: document.body, props: { aside } });
  void aside.start();
  await settled();
  await settled();
  return { bridge, aside };
}

describe("the window", () => {
  it("stays on top by one click, and says when this desktop can't", async () => {
    const { bridge } = await shown("main");
    button("Keep on top")?.click();
    await settled();
    expect(button("Keep on top")?.getAttribute("aria-pressed")).toBe("true");
    expect(bridge.calls.some(([name, pinned]) => name === "pinWindow" && pinned === true)).toBe(true);
    bridge.look = { ...bridge.look, canPin: false };
    bridge.emit("window", bridge.look);
    await tick();
    expect(button("Keep on top")?.disabled).toBe(true);
    expect(button("Keep on top")?.title).toContain("Wayland");
  });

  it("lets one say how old and how large transcripts get while there are some, though no more are kept", async () => {
    const bounds = async (bytes: number): Promise<boolean[]> => {
      const { bridge, aside } = await shown("main", (one) => (one.window.transcripts = () => Promise.resolve({ path: "", bytes })));
      await aside.saveSettings({ keepTranscripts: false });
      aside.sheet = { kind: "settings" };
      await settled();
      const fields = [...document.querySelectorAll<HTMLInputElement>("input[type=number][max='3650'], input[type=number][max='50000']")].map((field) => field.disabled);
      expect(bridge.scene.settings.keepTranscripts).toBe(false);
      if (view) await unmount(view);
      view = undefined;
      return fields;
    };
    expect([await bounds(12), await bounds(0)]).toEqual([[false, false], [true, true]]);
  });

  it("tells the shell when the question whether to close is put away, so that it is asked again", async () => {
    const { bridge, aside } = await shown("main");
    bridge.emit("close-asked", null);
    expect(aside.sheet).toEqual({ kind: "close", over: null });
    await settled();
    bridge.emit("close-asked", null);
    await settled();
    expect(bridge.calls.filter(([name]) => name === "closeWindow")).toEqual([]);
    aside.sheet = null;
    await settled();
    expect(bridge.calls.filter(([name]) => name === "closeWindow")).toEqual([["closeWindow", "stay", false]]);
  });

  it("asks before a Quit that would leave something undone: Enter and Escape stay", async () => {
    const { bridge, aside } = await shown("main");
    const said = (): unknown[] => bridge.calls.filter(([name]) => name === "answerQuit").map(([, choice]) => choice);
    const undone = [{ id: "b", room: "Beamer", questions: [], drafts: 1, unsent: 2, held: 0, claims: 0, people: 0 }];
    bridge.emit("quit-asked", undone);
    await settled();
    expect([...document.querySelectorAll("dialog h3, dialog li")].map((one) => one.textContent)).toEqual(["Beamer", "2 entries not sent yet. They are sent at the next start.", "1 text half written. It is kept, and there again at the next start."]);
    expect([document.activeElement?.textContent, said()]).toEqual(["Stay", ["shown"]]);
    document.querySelector("dialog")?.dispatchEvent(new Event("cancel", { cancelable: true }));
    await settled();
    expect([aside.sheet, said()]).toEqual([null, ["shown", "stay"]]);
    bridge.emit("quit-asked", undone);
    await settled();
    button("Quit anyway")?.click();
    await settled();
    expect(said()).toEqual(["shown", "stay", "shown", "quit"]);
  });

  it("names the questions that a Quit would leave half written or not sent, and leads there", async () => {
    const { bridge, aside } = await shown("main");
    const [, other] = aside.rooms;
    const named = (label: string): HTMLButtonElement | undefined => [...document.querySelectorAll<HTMLButtonElement>("dialog button")].find((one) => one.getAttribute("aria-label") === label);
    bridge.emit("quit-asked", [{ id: other?.id ?? "", room: "Beamer", questions: [{ id: "q3", number: 3 }, { id: "q9", number: 9 }], drafts: 2, unsent: 0, held: 0, claims: 0, people: 0 }]);
    await settled();
    expect([document.querySelector("dialog .questions")?.textContent, document.activeElement?.textContent]).toEqual([expect.stringMatching(/#3\s*#9/), "Stay"]);
    named("Show in the desk #9")?.click();
    await settled();
    expect([aside.sheet, aside.currentId, aside.desk?.opened]).toEqual([null, other?.id, "q9"]);
    expect(bridge.calls.filter(([name]) => name === "answerQuit").map(([, choice]) => choice)).toEqual(["shown", "stay"]);
  });

  it("lets a form stand with its text behind whether to quit or to close, and has it again at the answer", async () => {
    const { bridge, aside } = await shown("main");
    aside.sheet = { kind: "join", editing: null };
    await settled();
    const field = (): HTMLInputElement | null => document.querySelector("dialog input:not([type=checkbox])");
    const [form, before] = [field(), aside.sheet];
    if (form) form.value = "half a name";
    form?.dispatchEvent(new Event("input", { bubbles: true }));
    form?.focus();
    const undone = [{ id: "b", room: "Beamer", questions: [], drafts: 1, unsent: 0, held: 0, claims: 0, people: 0 }];
    for (const [ask, told, answer] of [["quit-asked", undone, "Stay"], ["close-asked", null, "Keep running"]] as const) {
      bridge.emit(ask, told as never);
      await settled();
      bridge.emit(ask, told as never);
      await settled();
      expect([document.querySelectorAll("dialog").length, document.activeElement?.textContent]).toEqual([2, answer]);
      button(answer)?.click();
      await settled();
      expect([aside.sheet, field(), field()?.value, document.activeElement]).toEqual([before, form, "half a name", form]);
    }
    expect(bridge.calls.filter(([name]) => name === "answerQuit" || name === "closeWindow").map(([, choice]) => choice)).toEqual(["shown", "shown", "stay", "hide", "stay"]);
  });

  it("asks on where a form behind the question is done meanwhile", async () => {
    const { bridge, aside } = await shown("main");
    let done = (): void => undefined;
    bridge.order.mute = () => new Promise<void>((resolve) => (done = resolve));
    aside.sheet = { kind: "silence", who: { user: "bo", name: "Bo", avatar: null, namesake: false, mine: false } };
    await settled();
    button("Silence")?.click();
    bridge.emit("quit-asked", [{ id: "b", room: "Beamer", questions: [], drafts: 1, unsent: 0, held: 0, claims: 0, people: 0 }]);
    await settled();
    done();
    await settled();
    expect([...document.querySelectorAll("dialog h2")].map((one) => one.textContent)).toEqual(["Quit Aside?"]);
    button("Stay")?.click();
    await settled();
    expect(aside.sheet).toBeNull();
  });

  it("keeps what closing is to mean from now on, whatever else is chosen later", async () => {
    const { bridge, aside } = await shown("main");
    bridge.emit("close-asked", null);
    await settled();
    document.querySelector<HTMLInputElement>("dialog .check input")?.click();
    button("Keep running")?.click();
    await settled();
    await aside.saveSettings({ theme: "dark" });
    expect(bridge.scene.settings).toMatchObject({ theme: "dark", close: "hide" });
  });

  it("shows rows alone beside something else, and gives the rest back", async () => {
    await shown("side");
    expect(document.querySelector(".rail")).toBeNull();
    expect(document.querySelector(".desk-column")).toBeNull();
    button("Rows alone")?.click();
    await settled();
    expect(document.querySelector("form.composer")).toBeNull();
    expect(document.querySelector("[role=log]")).not.toBeNull();
    window.dispatchEvent(new KeyboardEvent("keydown", { key: "b", ctrlKey: true }));
    await settled();
    expect(document.querySelector("form.composer")).not.toBeNull();
  });

  it("says how the connection stands beside rows alone, too: always to who hears it, and in sight once it is not live", async () => {
    const { bridge } = await shown("side");
    const stands = (): (string | undefined)[] => [...document.querySelectorAll<HTMLElement>("[role=status][data-state]")].flatMap((one) => [one.dataset["state"], one.textContent.trim(), one.closest(".unseen") ? "unseen" : "seen"]);
    expect(stands()).toEqual(["online", "Live", "seen"]);
    button("Rows alone")?.click();
    await settled();
    expect(stands()).toEqual(["online", "Live", "unseen"]);
    bridge.connect({ state: "refused", why: "token", retryAt: null });
    bridge.tick();
    await settled();
    await settled();
    expect(stands()).toEqual(["refused", "Not admitted", "seen"]);
  });

  it("lets clicks through the side window, and says how they are had back", async () => {
    const { bridge } = await shown("side");
    const line = (): string | undefined => document.querySelector("[data-testid=click-through]")?.textContent.trim();
    expect(line()).toBeUndefined();
    button("Let clicks through")?.click();
    await settled();
    expect([button("Let clicks through")?.getAttribute("aria-pressed"), line()]).toEqual(["true", "Clicks go through · Ctrl+Alt+Shift+C or the tray"]);
    bridge.look = { ...bridge.look, bare: true, clickThroughKey: null };
    bridge.emit("window", bridge.look);
    await tick();
    expect(line()).toBe("Clicks go through · the tray or a second start");
    bridge.look = { ...bridge.look, bare: false, clickThrough: false, canClickThrough: false };
    bridge.emit("window", bridge.look);
    await tick();
    expect([line(), button("Let clicks through")?.disabled]).toEqual([undefined, true]);
    expect(button("Let clicks through")?.title).toContain("Wayland");
  });

  it("lets clicks through from the settings, gives the key that it took, and says why not", async () => {
    const { bridge, aside } = await shown("main");
    aside.sheet = { kind: "settings" };
    await settled();
    const box = (): HTMLInputElement | null => [...document.querySelectorAll("label")].find((one) => one.textContent.trim() === "Let clicks through the side window")?.querySelector("input") ?? null;
    const hint = (): string => document.getElementById(box()?.getAttribute("aria-describedby") ?? "")?.textContent.trim() ?? "";
    bridge.failing.set("letClicksThrough", "no_way_out");
    box()?.click();
    await settled();
    expect([box()?.checked, document.querySelector("dialog [role=alert]")?.textContent]).toEqual([false, expect.stringContaining("no way back")]);
    bridge.failing.clear();
    box()?.click();
    await settled();
    expect([box()?.checked, document.querySelector("dialog [role=alert]"), hint()]).toEqual([true, null, "Clicks go through · Ctrl+Alt+Shift+C or the tray"]);
    expect(document.getElementById("hotkey-clickThrough-key")?.textContent).toBe("Ctrl+Alt+Shift+C");
    expect([document.querySelector("[data-testid=click-through]"), aside.sheet.kind]).toEqual([null, "settings"]);
    bridge.look = { ...bridge.look, clickThrough: false, clickThroughKey: null, canClickThrough: false };
    bridge.emit("window", bridge.look);
    await tick();
    expect([box()?.disabled, hint()]).toEqual([true, expect.stringContaining("Wayland")]);
  });

  it("fills the join form from a link, once, and joins nothing", async () => {
    const { bridge, aside } = await shown("main", (bridge) => (bridge.link = "aside://join?server=https%3A%2F%2Frooms.example&topic=77&token=secret"));
    expect(aside.sheet?.kind).toBe("join");
    expect([...document.querySelectorAll<HTMLInputElement>("dialog input")].map(({ value }) => value)).toContain("77");
    expect(document.body.textContent).toContain("tokens in links leak");
    expect([...document.querySelectorAll("input")].some(({ value }) => value.includes("secret"))).toBe(false);
    expect(bridge.calls.some(([name]) => name === "saveRoom")).toBe(false);
    aside.sheet = null;
    bridge.emit("link", null);
    await settled();
    expect(aside.sheet).toBeNull();
  });

  it("puts the keyboard into the composer when a key asks for it", async () => {
    const { bridge } = await shown("side");
    (document.activeElement as HTMLElement | null)?.blur();
    bridge.emit("write", null);
    await settled();
    expect(document.activeElement?.tagName).toBe("TEXTAREA");
  });

  it("starts with the keyboard in the composer where that key was pressed before there was a page", async () => {
    const { aside } = await shown("main", (bridge) => {
      bridge.scene.desk = "server";
      bridge.wishes.push(true);
    });
    expect([aside.staffed, aside.covered]).toEqual([true, false]);
    expect(document.activeElement?.tagName).toBe("TEXTAREA");
    expect(aside.writes).toBe(1);
  });

  it("says what should be known as soon as it is so, and what was read in one window in none", async () => {
    const { bridge } = await shown("main");
    const side = new Aside(bridge, "side");
    await side.start();
    const said = (): string[] => [...document.querySelectorAll(".banner p")].map((one) => one.textContent);
    expect(said()).toEqual([]);
    bridge.scene.notices = [{ code: "no_way_out", params: {} }];
    bridge.tick();
    await settled();
    await settled();
    expect([said().length, side.notices.all]).toEqual([1, bridge.scene.notices]);
    button("Dismiss")?.click();
    await settled();
    await settled();
    expect([said(), side.notices.all, bridge.scene.notices]).toEqual([[], [], []]);
  });

  it("has settings that are found by their words, a whole section by its heading", async () => {
    const { aside } = await shown("main");
    aside.sheet = { kind: "settings" };
    await settled();
    const search = document.querySelector<HTMLInputElement>("input[role=searchbox]");
    const seen = (): string[] => [...document.querySelectorAll<HTMLElement>("dialog .setting")].filter((one) => !one.hidden && one.closest("section")?.hidden !== true).map((one) => one.textContent.trim());
    const all = seen().length;
    const look = async (words: string): Promise<string[]> => {
      if (search) search.value = words;
      search?.dispatchEvent(new InputEvent("input", { bubbles: true }));
      await settled();
      return seen();
    };
    expect(await look("background")).toHaveLength(1);
    expect((await look("keys in every"))[0]).toContain("Show or hide");
    expect(await look("xyzzy")).toEqual([]);
    expect(document.querySelector("dialog")?.textContent).toContain("No setting is called that");
    expect(await look("")).toHaveLength(all);
  });
});

describe("the proxy", () => {
  const labelled = <T extends HTMLElement>(words: string): T => {
    const label = [...document.querySelectorAll("label")].find((one) => one.textContent.trim() === words);
    if (!label) throw new Error(`nothing is called ${words}`);
    return document.getElementById(label.htmlFor) as T;
  };
  const pick = async (way: string): Promise<void> => {
    const select = labelled<HTMLSelectElement>("Proxy");
    select.value = way;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await settled();
  };
  const write = async (url: string): Promise<void> => {
    const field = labelled<HTMLInputElement>("Address of the proxy");
    field.value = url;
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    await settled();
  };

  it("is in force once it has an address, and keeps no password", async () => {
    const { bridge, aside } = await shown("main");
    aside.sheet = { kind: "settings" };
    await settled();
    const saved = (): unknown[] => bridge.calls.filter(([name]) => name === "saveSettings").map(([, settings]) => (settings as typeof aside.settings).proxy);
    await pick("through");
    expect([saved(), aside.settings.proxy]).toEqual([[], { by: "system" }]);
    await write("http://al:secret@proxy.example:3128");
    const alert = document.querySelector("dialog [role=alert]");
    expect(alert?.textContent).toContain("HTTPS_PROXY");
    expect(labelled("Address of the proxy").getAttribute("aria-describedby")).toBe(alert?.id);
    expect([labelled("Address of the proxy").getAttribute("aria-invalid"), aside.settings.proxy]).toEqual(["true", { by: "system" }]);
    await write("http://proxy.example:3128");
    expect([document.querySelector("dialog [role=alert]"), aside.settings.proxy]).toEqual([null, { by: "through", url: "http://proxy.example:3128" }]);
    await pick("direct");
    expect([saved().at(-1), aside.settings.proxy]).toEqual([{ by: "direct" }, { by: "direct" }]);
    await pick("through");
    expect(aside.settings.proxy).toEqual({ by: "through", url: "http://proxy.example:3128" });
  });
});

describe("keys for every program", () => {
  const press = (code: string, held: Partial<{ ctrlKey: boolean; altKey: boolean; shiftKey: boolean; metaKey: boolean }> = {}, key = "x"): Parameters<Hotkeys["press"]>[0] => ({ key, code, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...held });

  it("are written by the key's place and read by its name", () => {
    expect(globalChord(press("KeyR", { ctrlKey: true, altKey: true }))).toBe("Control+Alt+KeyR");
    expect(globalChord(press("ControlLeft", { ctrlKey: true }))).toBeNull();
    expect(readChord("Control+Super+Digit1")).toBe("Ctrl+Super+1");
  });

  it("are chosen by pressing them; Escape leaves the old one, Backspace none", async () => {
    const bridge = new FakeBridge(sceneFrom(new URLSearchParams()));
    const hotkeys = new Hotkeys(bridge);
    await hotkeys.load();
    expect(hotkeys.press(press("KeyR", { ctrlKey: true }))).toBe(false);
    hotkeys.ask("write");
    hotkeys.press(press("F9"));
    await settled();
    expect(hotkeys.chosen?.keys).toEqual({ toggle: "Control+Alt+KeyA", write: "F9" });
    hotkeys.ask("write");
    hotkeys.press(press("Escape", {}, "Escape"));
    hotkeys.ask("toggle");
    hotkeys.press(press("Backspace", {}, "Backspace"));
    await settled();
    expect(hotkeys.chosen?.keys).toEqual({ write: "F9" });
    bridge.failing.set("chooseHotkey", "hotkey_taken");
    hotkeys.ask("toggle");
    hotkeys.press(press("KeyQ", { altKey: true }));
    await settled();
    expect(hotkeys.failed?.error).toEqual({ code: "hotkey_taken", params: { key: "Alt+Q" } });
  });
});
