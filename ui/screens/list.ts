// Every screen that has a picture. The sheets are named by their kinds: one that is new has no picture, and the types say so.
import type { FakeBridge } from "../src/bridge/fake/fake";
import { inCrowd } from "../src/bridge/fake/scenes";
import type { Aside } from "../src/state/aside.svelte";
import type { AnswerDesk, DeskSheet } from "../src/state/desk/desk.svelte";
import type { Sheet } from "../src/state/sheet";
import { phones } from "./phones";

/** The page in the frame, as a screen finds it. */
export interface Shown {
  aside: Aside;
  desk: AnswerDesk;
  bridge: FakeBridge;
  /** An element, as soon as it is there. */
  find(selector: string): Promise<HTMLElement>;
  until(what: string, come: () => boolean): Promise<void>;
}

export interface Screen {
  name: string;
  about: string;
  /** The invented room (src/bridge/fake/scenes.ts); of the audience's page, the one in phones.ts. */
  query: string;
  page: "app" | "audience";
  widths: readonly number[];
  /** How many are kept of it, where the usual are too few. */
  colours?: number;
  show(it: Shown): unknown;
}

type Show = (it: Shown) => unknown;
/** What the app promises: from a strip beside something else to a whole screen. */
const WIDTHS = [240, 420, 1600];
/** Behind a sheet, the room says little or nothing: it is in every picture again. */
const BEHIND = "rows=4&desk=server";
const ALONE = "scene=empty";
const QUESTION = "q6";

const nothing: Show = () => undefined;

function screen(name: string, about: string, query: string, show: Show = nothing): Screen {
  return { name, about, query, page: "app", widths: WIDTHS, show };
}

const rooms: Screen[] = [
  screen("start", "The first start", "scene=first"),
  screen("start-host", "The first start, hosting", "scene=first", async ({ find }) => (await find(".doors button:nth-of-type(3)")).click()),
  screen("room", "A room", "rows=40"),
  screen("room-empty", "A room in which nothing was said", "scene=empty"),
  screen("room-loading", "A room that is being read", "rows=40&delay=3600000"),
  screen("room-unread", "A room with news", "scene=unread&rows=40"),
  screen("room-compact", "A room, closely set, in large type", "rows=40&density=compact&size=125"),
  screen("room-full", "A room of staff who answer nothing yet", "scene=empty&desk=server"),
  screen("room-offline", "No network", "scene=offline&rows=12"),
  screen("room-sign-in", "A network that wants a sign-in", "scene=signIn&rows=12"),
  screen("room-refused", "A token that is not valid", "scene=refused&rows=12"),
  screen("room-no-token", "A room without its token, to be read", "rows=12", ({ bridge }) => bridge.connect({ state: "refused", why: "token_missing", retryAt: null })),
  screen("room-archived", "A room that is archived, to be read", "rows=12", async ({ aside, bridge }) => {
    await bridge.archiveRoom("2", true);
    await aside.show("2");
  }),
  screen("room-busy", "A server that is full", "rows=12", ({ bridge }) => bridge.connect({ state: "waiting", why: "server_busy", retryAt: Date.now() + 25_000 })),
  screen("room-elsewhere", "A room that was taken over elsewhere", "rows=12", ({ bridge }) => bridge.connect({ state: "closed", why: "elsewhere", retryAt: null })),
  screen("room-left", "A room that was left, to be read", "rows=12", async ({ aside, bridge }) => {
    bridge.connect({ state: "closed", why: null, retryAt: null });
    aside.composer?.type("One more thing");
  }),
  screen("room-storage", "A disk that is full", "rows=12", ({ bridge }) => bridge.connect({ state: "refused", why: "storage", retryAt: null })),
  screen("room-gap", "What is missing, and what was not sent", "scene=failed&rows=12"),
  screen("room-muted", "Who may not speak", "rows=12", ({ bridge }) => {
    bridge.order.mutedUntil = Date.now() + 540_000;
    bridge.tick();
  }),
  screen("room-slow", "Slow mode", "rows=12", ({ bridge }) => {
    bridge.order.slowSeconds = 30;
    bridge.order.slowedUntil = Date.now() + 21_000;
    bridge.tick();
  }),
  screen("room-fast", "A room that is faster than anybody reads", "rows=12", async ({ aside, bridge, until }) => {
    crowd(bridge);
    const { timeline } = aside;
    await until("what all say", () => timeline?.items.at(-1)?.row.key === bridge.room.rows.at(-1)?.key);
    // As after three seconds of it: here no time passes.
    timeline?.tempo.close();
    if (timeline) Object.assign(timeline.tempo, { shown: 140, oneIn: 14 });
  }),
  screen("room-past", "Further up, with news below", "rows=120", async ({ aside, bridge, find }) => {
    await find("[role=log] article");
    const row = bridge.room.rows[40];
    if (row) await aside.timeline?.goTo(row.key, row.place);
  }),
  screen("rooms", "The rooms, where there is no rail", "rows=12", async ({ find }) => (await find("header .menu")).click()),
  screen("no-room", "Rooms, none of them open", "rows=12", async ({ aside }) => {
    for (const { id } of aside.rooms) await aside.bridge.leaveRoom(id);
    await aside.start();
  }),
  screen("tour", "The tour, its first stop", "rows=12&desk=server", ({ aside }) => aside.tour.begin()),
  screen("side", "The side window", "rows=40&window=side"),
  screen("side-bare", "The side window, rows alone", "rows=40&window=side", ({ aside }) => aside.window.strip()),
  screen("side-offline", "The side window without a network", "scene=offline&rows=12&window=side"),
  screen("view-questions", "Questions alone", "rows=60", ({ aside }) => aside.showView("questions")),
  screen("view-empty", "A view with nothing in it", "rows=12", ({ aside }) => aside.showView("mentions")),
  screen("rules-at-work", "A room with highlights and mutes", "rows=40", async ({ aside, bridge }) => {
    keepRules(bridge);
    await aside.start();
  }),
  screen("row-menu", "What may be done with a row", "rows=12", async ({ bridge, find }) => {
    // The other windows of the wall take the focus, and a menu that loses it closes.
    addEventListener("focusout", (event) => void event.stopImmediatePropagation(), true);
    const text = await find(`[role=log] article[data-key="${bridge.room.rows.at(-1)?.key}"] .text`);
    const { left, bottom } = text.getBoundingClientRect();
    text.dispatchEvent(new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: left + 24, clientY: bottom }));
    await find("[role=menu] button");
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  }),
  screen("removing", "A message about to be removed", BEHIND, async ({ bridge }) => {
    const row = bridge.room.rows.at(-2);
    if (row) await bridge.order.remove("1", row.key, "");
    bridge.tick();
  }),
];

const deskScreens: Screen[] = [
  screen("desk", "The answer desk", "rows=2&desk=server", ({ desk }) => desk.board.show("open")),
  screen("desk-missed", "What came while the desk was away", "rows=2&desk=server", ({ bridge, desk }) => void (desk.missed = bridge.desk.missed = { asked: 12, answered: 3 })),
  screen("desk-lanes-live", "The desk's lane on stage", "rows=2&desk=server", ({ desk }) => desk.board.show("live")),
  screen("desk-lanes-review", "The desk's lane of review", "rows=2&desk=server", ({ desk }) => desk.board.show("review")),
  screen("desk-lanes-done", "The desk's lane of what is done", "rows=2&desk=server", ({ desk }) => desk.board.show("done")),
  screen("desk-numbers", "The desk's numbers", "rows=2&desk=server", ({ desk }) => void (desk.numbersShown = true)),
  screen("desk-local", "A desk on this computer alone", "rows=12&desk=local"),
  screen("desk-catching", "A desk that is catching up", "scene=catching&rows=2&desk=server"),
  screen("desk-timeline", "The timeline beside the desk", "rows=40&desk=server", ({ aside }) => void aside.timelineWish++),
  screen("question", "A question, open", "rows=2&desk=server", open("q3")),
  screen("answer", "An answer being written", "rows=2&desk=server", (it) => writing(it, "q5", "Yes: everything that was said meanwhile comes back, in its order.")),
  screen("answer-claimed", "A question that a colleague has", "rows=2&desk=server", open("q4")),
  screen("answer-held", "An answer that would be the second", "scene=held&rows=2&desk=server", open("q6")),
  screen("answer-not-sent", "An answer that the server refused", "rows=2&desk=server", async (it) => {
    it.bridge.desk.outbox.fail(await given(it, "q3", "Yes, at three, in the hall."));
    it.bridge.tick();
  }),
  screen("answer-held-behind", "An answer that was held after its writer had gone on", "rows=2&desk=server", async (it) => {
    const key = await given(it, "q3", "Yes, at three, in the hall.");
    await open("q5")(it);
    it.bridge.desk.outbox.hold(key);
    it.bridge.tick();
  }),
  screen("answer-closed", "A question that a colleague closed while its answer was written", "rows=2&desk=server", async (it) => {
    await writing(it, "q5", "Yes, at three, in the hall.");
    it.bridge.desk.change("q5", { work: "answered", claim: null, closedAt: it.aside.clock.now, closeReason: "spoken", changedBy: "Otto Weber" });
    it.bridge.tick();
  }),
  screen("answered", "A question that was answered", "rows=2&desk=server", open("q1")),
  screen("search", "Search, with what it found", BEHIND, search("evening")),
  screen("search-none", "Search that finds nothing", BEHIND, search("xylophone")),
  screen("export-running", "An export on its way", `${ALONE}&desk=server`, exporting(2_000, "running")),
  screen("export-done", "An export that is done", `${ALONE}&desk=server`, exporting(5_000, "done")),
  screen("present", "The second screen", "rows=2&desk=server&window=present"),
];

/** One picture at least of every sheet of a window. */
const sheets: Record<Sheet["kind"], [about: string, sheet: (it: Shown) => Sheet | Promise<Sheet>, query?: string]> = {
  join: ["Joining a room", () => ({ kind: "join", editing: null })],
  host: ["Hosting a room", () => ({ kind: "host", editing: null })],
  hosting: ["A room that is hosted here", async ({ aside, bridge }) => ({ kind: "hosting", room: { ...(await bridge.host.tryDemo()), label: aside.rooms[0]?.label ?? "" } })],
  settings: ["Settings", () => ({ kind: "settings" })],
  guide: ["The guide", () => ({ kind: "guide" })],
  archive: ["Archived rooms", async ({ aside, bridge }) => {
    await bridge.archiveRoom(first(aside.rooms).id, true);
    return { kind: "archive" };
  }, "scene=empty&rooms=3"],
  diagnostic: ["What may be handed on", () => ({ kind: "diagnostic" })],
  close: ["What closing does", () => ({ kind: "close", over: null })],
  quit: ["What a Quit would leave", ({ aside }) => ({ kind: "quit", over: null, undone: [{ id: first(aside.rooms).id, room: first(aside.rooms).label, questions: [{ id: "q4", number: 4 }, { id: "q12", number: 12 }], drafts: 2, unsent: 3, held: 1, claims: 1, people: 0 }, { id: "b", room: "Fragestunde", questions: [], drafts: 0, unsent: 0, held: 0, claims: 0, people: 118 }] })],
  forget: ["Forgetting a room", ({ aside }) => ({ kind: "forget", room: first(aside.rooms) })],
  token: ["Another token", ({ aside }) => ({ kind: "token", room: first(aside.rooms) }), "scene=refused&rows=6"],
  rules: ["Highlights and mutes", async ({ aside, bridge }) => {
    keepRules(bridge);
    await aside.start();
    return { kind: "rules" };
  }],
  person: ["Somebody's card", ({ bridge }) => ({ kind: "person", who: first(bridge.room.rows) }), "rows=60&desk=server"],
  silence: ["Silencing somebody", ({ bridge }) => ({ kind: "silence", who: first(bridge.room.rows) }), BEHIND],
  remove: ["Removing a message", ({ bridge }) => ({ kind: "remove", row: first(bridge.room.rows) }), BEHIND],
  moderation: ["Who keeps order, and how", async ({ bridge }) => {
    await keepOrder(bridge);
    return { kind: "moderation" };
  }, "rows=40&desk=server"],
  date: ["Going to a moment", () => ({ kind: "date", at: Date.now() - 3_600_000 })],
  view: ["A view of one's own", () => ({ kind: "view", view: { id: "a", name: "Beamer", kinds: ["question"], words: ["beamer", "投影"], pattern: "row \\d+", people: [] } })],
};

/** The same of the desk's. */
const deskSheets: Record<DeskSheet["kind"], string> = {
  keys: "The keys",
  palette: "The palette",
  search: "Search",
  export: "Export",
  goTo: "Going to a number",
  snippets: "Snippets",
  merge: "Merging questions",
  tags: "Tags",
  text: "A question's words",
  note: "A note",
  reject: "Rejecting a question",
  takeOver: "Taking a claim over",
};

/** Those that are about no question. */
const QUIET = ["keys", "palette", "export", "snippets"];

/** The settings are longer than a window: each section from its heading on. */
const SECTIONS = ["looks", "timeline", "attention", "windows", "hotkeys", "overlay", "keeping", "connection", "desk"];

const settings = SECTIONS.slice(1).map((name, index) =>
  screen(`settings-${name}`, `Settings: ${name}`, `${ALONE}&desk=server`, async ({ aside, find, until }) => {
    aside.sheet = { kind: "settings" };
    const dialog = await find("dialog[open]");
    await until("all sections", () => dialog.querySelectorAll("section").length === SECTIONS.length);
    dialog.querySelectorAll("section")[index + 1]?.scrollIntoView({ block: "center" });
  }),
);

const ofSheets = Object.entries(sheets).map(([kind, [about, sheet, query]]) => screen(`sheet-${kind}`, about, query ?? ALONE, async (it) => {
  it.aside.sheet = await sheet(it);
  await it.find("dialog[open]");
}));

/** Forms that a sheet leads to. */
const forms: Screen[] = [
  {
    ...screen("rule-form", "A rule that is changed", ALONE, async ({ aside, bridge, find }) => {
      keepRules(bridge);
      await aside.start();
      aside.sheet = { kind: "rules" };
      (await find("dialog[open] ol .what")).click();
      await find("dialog[open] form");
    }),
    colours: 160,
  },
  screen("host-form", "A hosted room that is changed", ALONE, async ({ aside, bridge, find }) => {
    aside.sheet = { kind: "host", editing: await bridge.host.host(null, bridge.host.form) };
    await find("dialog[open] form");
  }),
];

const ofDeskSheets = Object.entries(deskSheets).map(([kind, about]) => screen(`desk-${kind}`, about, QUIET.includes(kind) ? `${ALONE}&desk=server` : BEHIND, async (it) => {
  const asked = kind === "takeOver" ? "q4" : kind === "reject" ? "q13" : QUESTION;
  const one = { kind, question: asked } as DeskSheet;
  const about = ["merge", "tags", "text", "note", "reject", "takeOver"].includes(kind);
  if (about) await open(asked)(it);
  it.desk.sheet = about ? one : ({ kind } as DeskSheet);
  await it.find("dialog[open]");
}));

export const screens: readonly Screen[] = [...rooms, ...ofSheets, ...forms, ...settings, ...deskScreens, ...ofDeskSheets, ...phones];

function first<T>(of: readonly T[]): T {
  const [one] = of;
  if (one === undefined) throw new Error("the invented room is empty");
  return one;
}

async function writing(it: Shown, question: string, text: string): Promise<void> {
  await open(question)(it);
  it.desk.answer?.type(text);
  await it.until("the claim is ours", () => it.desk.question?.claim?.mine === true);
}

/** An answer that waits for its time; its key. */
async function given(it: Shown, question: string, text: string): Promise<string> {
  it.bridge.desk.holdsBack = true;
  await writing(it, question, text);
  await it.desk.answer?.send();
  await it.until("it waits", () => it.bridge.desk.get(question).leaving.length > 0);
  return it.bridge.desk.get(question).leaving[0]?.key ?? "";
}

function open(question: string): Show {
  return async ({ desk, until }) => {
    await until(question, () => desk.board.items.has(question));
    desk.board.goTo(question);
    desk.open(question);
    await until("its thread", () => desk.thread !== null);
  };
}

function search(query: string): Show {
  return async ({ desk, until }) => {
    desk.sheet = { kind: "search" };
    desk.search.type(query);
    await until("what was found", () => desk.search.answered === query);
  };
}

function exporting(done: number, state: "running" | "done"): Show {
  return ({ desk, bridge }) => {
    desk.sheet = { kind: "export" };
    bridge.emit("export", { room: "1", number: 1, done, total: 5_000, state, path: state === "done" ? "Documents/questions.csv" : null, lacking: false, code: null });
  };
}

/** Many say the same at once, a few something of their own. */
function crowd(bridge: FakeBridge): void {
  const { room } = bridge;
  const said = room.rows.slice();
  for (let n = 1; n <= 90; n++) {
    const { kind, user, name, text } = first(said.slice(n % said.length));
    const words = inCrowd(n, text);
    room.say({ kind: words === text ? kind : "message", user, name, text: words }, Date.now());
  }
  bridge.tick();
}

function keepRules(bridge: FakeBridge): void {
  bridge.rules.all = {
    ...bridge.rules.all,
    list: [
      { id: "r1", on: true, room: null, when: { by: "words", text: "measure" }, effect: { do: "mark", colour: "green", sound: "drop", notify: true } },
      { id: "r2", on: true, room: "1", when: { by: "person", user: "u-5", name: "Ines" }, effect: { do: "mark", colour: null, sound: null, notify: false } },
      { id: "r3", on: true, room: null, when: { by: "pattern", text: "^ok$" }, effect: { do: "mute" } },
      { id: "r4", on: false, room: null, when: { by: "kind", kind: "answer" }, effect: { do: "mark", colour: "blue", sound: null, notify: false } },
    ],
  };
}

async function keepOrder({ order, room }: FakeBridge): Promise<void> {
  const said = room.rows.filter((row) => row.kind === "message");
  await order.mute("1", said.at(-8)?.user ?? "", 600, "spam");
  await order.slow("1", 30);
  const last = said.at(-1);
  if (!last) return;
  await order.remove("1", last.key, "insult");
  await order.removeNow("1", last.id ?? last.key);
}
