// The views of a timeline: what they show and for how long they look, what they leave alone, and their tabs.
import axe from "axe-core";
import { flushSync, mount, unmount } from "svelte";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import App from "../src/App.svelte";
import type { SavedView } from "../src/bridge/dto";
import { FakeBridge } from "../src/bridge/fake/fake";
import { sceneFrom } from "../src/bridge/fake/scenes";
import { Aside } from "../src/state/aside.svelte";
import { Timeline } from "../src/state/timeline.svelte";
import { linesOf, newView } from "../src/state/views.svelte";
import { frames } from "./frames";

let bridge: FakeBridge;

function room(query = "rows=0"): void {
  bridge = new FakeBridge(sceneFrom(new URLSearchParams(query)));
}

const say = (kind: "message" | "question" | "answer", text: string, user = "bo"): string => bridge.room.say({ kind, user, name: user, text, createdAt: Date.now() }, Date.now()).key;

/** A long talk with a question in every hundred rows. */
function talk(rows = 1_000): string[] {
  return Array.from({ length: rows }, (_, n) => [n, n % 100 === 50 ? say("question", `q${n}`) : say("message", `m${n}`)] as const)
    .filter(([n]) => n % 100 === 50)
    .map(([, key]) => key);
}

const keys = (timeline: Timeline): string[] => timeline.items.map(({ row }) => row.key);

describe("a view", () => {
  let timeline: Timeline;

  async function pull(): Promise<void> {
    await timeline.apply(await bridge.pull({ ...timeline.wish, questionsSince: null }));
  }

  async function open(view: string): Promise<void> {
    timeline = new Timeline("1", bridge, () => undefined, () => undefined, view);
    await timeline.open(false);
  }

  beforeEach(() => room());

  it("pages back through all that fits, however far apart", async () => {
    const asked = talk(30_000);
    await open("questions");
    expect(keys(timeline)).toEqual(asked.slice(-100));
    await timeline.older(Date.now());
    expect(keys(timeline)).toEqual(asked.slice(-200));
    await timeline.older(Date.now());
    expect([keys(timeline).length, timeline.reachedStart, timeline.cutShort]).toEqual([300, true, false]);
  });

  it("takes what fits while it is said, and lets go of what does not fit any more", async () => {
    talk(200);
    await open("questions");
    const before = keys(timeline);
    say("message", "talk");
    const asked = say("question", "why?");
    await pull();
    expect(keys(timeline)).toEqual([...before, asked]);
    bridge.room.change(asked, { kind: "message" });
    await pull();
    expect(keys(timeline)).toEqual(before);
  });

  it("is not drawn again by what it does not show", async () => {
    talk(200);
    await open("questions");
    const { items, wish: { since } } = timeline;
    for (let n = 0; n < 30; n++) say("message", `talk ${n}`);
    await pull();
    expect(timeline.items).toBe(items);
    expect(timeline.wish.since).toBeGreaterThan(since);
  });

  it("looks so far at once, and goes on only when somebody asks", async () => {
    const first = say("message", "hello Alex");
    talk(1_000);
    await open("mentions");
    await timeline.older(Date.now());
    expect([keys(timeline), timeline.cutShort]).toEqual([[], true]);
    const calls = bridge.calls.length;
    await timeline.older(Date.now());
    expect(bridge.calls.length).toBe(calls);
    for (let n = 0; n < 10 && keys(timeline).length === 0; n++) await timeline.older(Date.now(), true);
    expect([keys(timeline), timeline.cutShort, timeline.olderFailed]).toEqual([[first], false, false]);
    const now = say("message", "Alex?");
    await pull();
    expect(keys(timeline)).toEqual([first, now]);
  });

  it("takes a first row that comes before it was looked at everything", async () => {
    talk(1_000);
    await open("mentions");
    const now = say("message", "Alex?");
    await pull();
    expect(keys(timeline)).toEqual([now]);
  });

  it("holds still while somebody reads, counts what came, and goes to the end", async () => {
    talk(1_000);
    await open("questions");
    timeline.hold();
    const before = keys(timeline);
    say("question", "new?");
    say("message", "talk");
    await pull();
    expect([keys(timeline).slice(0, before.length), timeline.fresh.count]).toEqual([before, 1]);
    await timeline.toEnd();
    expect([timeline.following, timeline.fresh.count]).toEqual([true, 0]);
  });

  it("says of nothing that it was read", async () => {
    talk(200);
    await open("questions");
    vi.useFakeTimers();
    timeline.seen();
    timeline.lookAway();
    vi.advanceTimersByTime(10_000);
    vi.useRealTimers();
    expect(bridge.calls.filter(([name]) => name === "markRead")).toEqual([]);
  });

  it("catches up with a room that has outrun it", async () => {
    talk(200);
    await open("questions");
    for (let n = 0; n < 3_000; n++) say("message", `flood ${n}`);
    const asked = say("question", "in the flood?");
    await pull();
    expect(keys(timeline).at(-1)).toBe(asked);
  });

  it("counts of a room that has outrun it what is its own", async () => {
    talk(200);
    await open("questions");
    timeline.hold();
    for (let n = 0; n < 3_000; n++) say("message", `flood ${n}`);
    await pull();
    expect([timeline.fresh.count, timeline.following]).toEqual([0, false]);
  });

  it("is heard where it shows nothing", async () => {
    const heard: string[] = [];
    timeline = new Timeline("1", bridge, () => undefined, (rows) => heard.push(...rows.map(({ text }) => text)), "questions");
    await timeline.open(false);
    const rule = { id: "r", on: true, room: null, when: { by: "words" as const, text: "ring" }, effect: { do: "mark" as const, colour: null, sound: "bell" as const, notify: false } };
    bridge.rules.all = { ...bridge.rules.all, list: [rule] };
    say("message", "ring ring");
    await pull();
    expect(heard).toEqual(["ring ring"]);
    expect(keys(timeline)).toEqual([]);
  });
});

it("what stands in lines is a list without repeats", () => {
  expect(linesOf(" a\n\n b b \na\n")).toEqual(["a", "b b"]);
  expect(linesOf(Array.from({ length: 30 }, (_, n) => n).join("\n"))).toHaveLength(30);
});

it("a rule becomes a view of what it looks at", () => {
  expect(newView({ by: "words", text: "beamer" })).toMatchObject({ name: "beamer", words: ["beamer"] });
  expect(newView({ by: "pattern", text: "row \\d+" })).toMatchObject({ name: "row \\d+", pattern: "row \\d+", words: [] });
  expect(newView({ by: "person", user: "u1", name: "Bo" })).toMatchObject({ name: "Bo", people: [{ user: "u1", name: "Bo" }] });
  expect(newView({ by: "kind", kind: "answer" })).toMatchObject({ kinds: ["answer"], words: [], people: [] });
});

describe("the tabs", () => {
  let aside: Aside;
  let page: Record<string, unknown> | undefined;

  async function settle(): Promise<void> {
    for (let i = 0; i < 8; i++) await new Promise((done) => setTimeout(done, 2));
    flushSync();
  }

  async function start(query = "rows=0&lang=en", label = "main"): Promise<void> {
    room(query);
    talk(400);
    await again(label);
  }

  async function again(label = "main"): Promise<void> {
    if (page) await unmount(page);
    aside = new Aside(bridge, label, frames);
    page = mount(App, { target: document.body, props: { aside } });
    void aside.start();
    await settle();
  }

  async function pull(): Promise<void> {
    bridge.tick();
    await settle();
  }

  const tab = (view: string): HTMLElement => document.querySelector<HTMLElement>(`[role=tab][data-view="${view}"]`) as HTMLElement;
  const chosen = (): string | undefined => document.querySelector<HTMLElement>("[role=tab][data-view][aria-selected=true]")?.dataset["view"];
  const button = (words: string): HTMLButtonElement => [...document.querySelectorAll("button")].find((each) => (each.getAttribute("aria-label") ?? each.textContent.trim()) === words) as HTMLButtonElement;
  const shown = (): string[] => [...document.querySelectorAll<HTMLElement>("[role=log] article")].map((row) => row.dataset["kind"] ?? "");
  const press = (key: string, more: KeyboardEventInit = {}): void => void (document.activeElement ?? document.body).dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));

  beforeEach(() => start());
  afterEach(async () => {
    if (page) await unmount(page);
    page = undefined;
  });

  it("are found again after a restart, each window its own, and gone while rows stand alone", async () => {
    tab("questions").click();
    await settle();
    expect([chosen(), new Set(shown())]).toEqual(["questions", new Set(["question"])]);
    expect(bridge.calls).toContainEqual(["chooseView", "questions"]);
    await again();
    expect([chosen(), new Set(shown())]).toEqual(["questions", new Set(["question"])]);
    bridge.emit("window", { ...bridge.look, bare: true });
    await settle();
    expect([document.querySelector(".views"), shown().length]).toEqual([null, 4]);
  });

  it("lead back to everything as it was left", async () => {
    const whole = aside.timeline;
    whole?.hold();
    const before = whole?.items.map(({ row }) => row.key) ?? [];
    tab("questions").click();
    await settle();
    for (let n = 0; n < 10; n++) say("message", `meanwhile ${n}`);
    await pull();
    tab("").click();
    await settle();
    expect(aside.timeline).toBe(whole);
    expect([whole?.following, whole?.items.map(({ row }) => row.key)]).toEqual([false, before]);
  });

  it("keep the words that are being written", async () => {
    const field = document.querySelector<HTMLTextAreaElement>("form.composer textarea") as HTMLTextAreaElement;
    tab("questions").click();
    await settle();
    expect(document.querySelector("form.composer textarea")).toBe(field);
  });

  it("are walked with the arrow keys, and from anywhere with their own", async () => {
    tab("").focus();
    press("ArrowRight");
    await settle();
    expect([chosen(), document.activeElement]).toEqual(["questions", tab("questions")]);
    press("End");
    await settle();
    expect(chosen()).toBe("staff");
    press("ArrowRight");
    await settle();
    expect(chosen()).toBe("");
    document.querySelector<HTMLTextAreaElement>("form.composer textarea")?.focus();
    press("PageUp", { ctrlKey: true });
    await settle();
    expect([chosen(), document.activeElement?.tagName]).toEqual(["staff", "TEXTAREA"]);
    press("PageDown", { ctrlKey: true });
    await settle();
    expect(chosen()).toBe("");
  });

  it("say what came since one looked", async () => {
    say("question", "why?");
    say("question", "how?");
    await pull();
    expect(tab("questions").textContent).toContain("2 new");
    tab("questions").click();
    await settle();
    expect(tab("questions").textContent).not.toContain("new");
    tab("").click();
    await pull();
    expect(tab("questions").textContent).not.toContain("new");
  });

  it("give way to everything where an entry is gone to", async () => {
    tab("questions").click();
    await settle();
    const { key, place } = bridge.room.rows[10] as { key: string; place: number };
    await aside.goTo({ key, place });
    await settle();
    expect([chosen(), document.querySelector(`article[data-key="${key}"]`)?.classList.contains("found")]).toEqual(["", true]);
  });

  it("show a row among all others, from its menu", async () => {
    tab("questions").click();
    await settle();
    const row = document.querySelector<HTMLElement>("[role=log] article") as HTMLElement;
    row.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 5, clientY: 5 }));
    await settle();
    button("Show among all rows").click();
    await settle();
    expect([chosen(), document.querySelector(".found")?.getAttribute("data-key")]).toEqual(["", row.dataset["key"]]);
    document.querySelector(".found")?.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: 5, clientY: 5 }));
    await settle();
    expect(button("Show among all rows")).toBeUndefined();
  });

  it("say what is not there yet, and are accessible", async () => {
    tab("staff").click();
    await settle();
    expect(document.querySelector(".empty")?.textContent).toContain("Nothing from the staff yet.");
    const { violations } = await axe.run(document, { rules: { "color-contrast": { enabled: false }, "document-title": { enabled: false } } });
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });

  const field = (words: string): HTMLInputElement => document.getElementById([...document.querySelectorAll("label")].find((each) => each.textContent.trim() === words)?.htmlFor ?? "") as HTMLInputElement;
  const fill = (words: string, value: string): void => {
    field(words).value = value;
    field(words).dispatchEvent(new Event("input", { bubbles: true }));
    flushSync();
  };

  it.each([
    ["Name", "x".repeat(121), "That is too long."],
    ["With these words", Array.from({ length: 35 }, (_, n) => `word ${n}`).join("\n"), "A view may have 20 of them; 15 lines are too many."],
    ["With these words", `m7\n${"x".repeat(513)}`, "That is too long."],
    ["From these people", Array.from({ length: 21 }, (_, n) => `u${n}`).join("\n"), "A view may have 20 of them; 1 line is too many."],
    ["From these people", "字".repeat(171), "That is too long."],
  ])("drop nothing of what a person put in: %s", async (name, value, said) => {
    button("Make a view").click();
    await settle();
    fill("Name", "Products");
    fill(name, value);
    button("Save").click();
    await settle();
    const complaint = document.getElementById(field(name).getAttribute("aria-describedby") ?? "");
    expect([complaint?.className.includes("complaint"), complaint?.textContent, field(name).getAttribute("aria-invalid"), field(name).value, aside.settings.views]).toEqual([true, said, "true", value, []]);
    fill("Name", "Products");
    if (name !== "Name") fill(name, "m7\n");
    button("Save").click();
    await settle();
    expect(aside.settings.views.length).toBe(1);
  });

  it("are made, changed and removed by a person", async () => {
    button("Make a view").click();
    await settle();
    button("Save").click();
    await settle();
    expect(document.body.textContent).toContain("A view needs a name.");
    fill("Name", "Sevens");
    fill("With these words", "m7\nm77");
    button("Save").click();
    await settle();
    const { views } = aside.settings;
    expect(views).toMatchObject([{ name: "Sevens", kinds: [], words: ["m7", "m77"], pattern: "" } satisfies Partial<SavedView>]);
    expect([chosen(), aside.timeline?.items.every(({ row }) => row.text.startsWith("m7"))]).toEqual([views[0]?.id, true]);

    button("Change the view “Sevens”").click();
    await settle();
    fill("With these words", "m31");
    button("Save").click();
    await settle();
    expect(aside.timeline?.items.every(({ row }) => row.text.startsWith("m31"))).toBe(true);

    button("Change the view “Sevens”").click();
    await settle();
    fill("With these words", "");
    fill("Regular expression", "^m(31|32)(");
    const wrong = (): string => document.querySelector(".complaint")?.textContent ?? "";
    await vi.waitFor(() => expect(wrong()).toBe("At character 10: unclosed group."));
    button("Save").click();
    await settle();
    expect([aside.settings.views[0]?.pattern, wrong()]).toEqual(["", "At character 10: unclosed group."]);
    fill("Regular expression", "^M(31|32)$");
    await vi.waitFor(() => expect(wrong()).toBe(""));
    button("Save").click();
    await settle();
    expect([aside.settings.views[0]?.pattern, aside.timeline?.items.map(({ row }) => row.text)]).toEqual(["^M(31|32)$", ["m31", "m32"]]);

    button("Change the view “Sevens”").click();
    await settle();
    button("Remove").click();
    await settle();
    button("Remove it for good").click();
    await settle();
    expect([aside.settings.views, chosen()]).toEqual([[], ""]);
  });
});
