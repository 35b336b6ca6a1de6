// The invented backend: same promises as the real one, everything in memory, driven by a scene.
import type { Bridge, BridgeEvents, Unlisten } from "../bridge";
import type { Anchor, Boot, Changes, CloseAction, Draft, Hotkeys, Moment, Notice, Overlay, OverlayPart, Page, Pull, PullWish, RoomForm, RoomStatus, SavedRoom, SendMode, Settings, Stand, WindowLook } from "../dto";
import type { WindowBridge } from "../window";
import type { FakeDesk } from "./desk";
import { deskOf } from "./deskScene";
import { FakeHost } from "./host";
import { FakeOrder } from "./order";
import { FakeOverlay } from "./overlay";
import { FakeRoom } from "./room";
import { reordered, saved } from "./rooms";
import { FakeRules } from "./rules";
import { conversation, inCrowd, type Scene } from "./scenes";
import { FakeViews } from "./views";

const FRAME_MS = 16;
/** So many rows that nobody has to see come with a pull of a sampled room. */
const SAMPLE = 40;
const LABELS = ["Northlight 2026 · Main stage", "产品发布会直播间", "Workshop B"];

export class FakeBridge implements Bridge {
  /** Every call, for tests that look at what the window asked. */
  readonly calls: [string, ...unknown[]][] = [];
  readonly room = new FakeRoom();
  readonly desk: FakeDesk;
  look: WindowLook = { pinned: false, bare: false, canPin: true, seeThrough: "possible", canClickThrough: true, clickThrough: false, clickThroughKey: null, view: "" };
  link: string | null = null;
  /** Presses of the key to write that no page has heard. */
  wishes: true[] = [];
  /** Pictures and tests are of the app, not of its tour, unless they say so. */
  toured = true;
  stands: Readonly<Record<string, Stand>> = {};
  hotkeys: Hotkeys = { supported: true, keys: { toggle: "Control+Alt+KeyA" } };
  readonly window: WindowBridge = {
    show: (which) => this.#answer("showWindow", [which], () => undefined),
    pin: (pinned) => this.#answer("pinWindow", [pinned], () => this.#looks({ pinned })),
    strip: (bare) => this.#answer("stripWindow", [bare], () => this.#looks({ bare })),
    letClicksThrough: (on) =>
      this.#answer("letClicksThrough", [on], () => {
        const key = this.hotkeys.keys.clickThrough ?? "Control+Alt+Shift+KeyC";
        if (on) this.hotkeys = { ...this.hotkeys, keys: { ...this.hotkeys.keys, clickThrough: key } };
        this.#looks({ clickThrough: on, clickThroughKey: on ? key : null });
      }),
    chooseView: (view) => this.#answer("chooseView", [view], () => void (this.look = { ...this.look, view })),
    drag: () => this.#answer("dragWindow", [], () => undefined),
    reset: () => this.#answer("resetWindows", [], () => this.#looks({ pinned: false, bare: false, clickThrough: false, clickThroughKey: null })),
    keepStands: (stands) => this.#answer("keepStands", [stands], () => void (this.stands = stands)),
    takeLink: () =>
      this.#answer("takeLink", [], () => {
        const { link } = this;
        this.link = null;
        return link;
      }),
    transcripts: () => this.#answer("transcripts", [], () => ({ path: "Documents/transcripts", bytes: 12_345_678 })),
    openTranscripts: () => this.#answer("openTranscripts", [], () => undefined),
    saveLastHour: (room) => this.#answer("saveLastHour", [room], () => ({ path: "Documents/Northlight 2026-11-25 14-03.txt" })),
    answerQuit: (choice) => this.#answer("answerQuit", [choice], () => undefined),
    noteTour: () => this.#answer("noteTour", [], () => void (this.toured = true)),
    hotkeys: () => this.#answer("hotkeys", [], () => this.hotkeys),
    chooseHotkey: (action, key) =>
      this.#answer("chooseHotkey", [action, key], () => {
        const others = Object.fromEntries(Object.entries(this.hotkeys.keys).filter(([other]) => other !== action));
        this.hotkeys = { ...this.hotkeys, keys: key === null ? others : { ...others, [action]: key } };
      }),
  };
  readonly rules = new FakeRules(this.room, (call, args, answer) => this.#answer(call, args, answer), (rules) => this.emit("rules", rules));
  readonly order = new FakeOrder(this.room, (call, args, answer) => this.#answer(call, args, answer), () => this.tick());
  readonly host = new FakeHost({
    answer: (call, args, answer) => this.#answer(call, args, answer),
    list: (room) => (this.#rooms = [...this.#rooms.filter(({ id }) => id !== room.id), room]),
  });
  readonly views = new FakeViews(this.room, this.rules);
  readonly drafts = new Map<string, Draft>();
  /** Calls in here fail with the code. */
  readonly failing = new Map<string, string>();
  scene: Scene;
  readonly overlaid = new FakeOverlay();
  recovered = 0;
  recovery: RoomStatus["recovery"] = null;
  #rooms: SavedRoom[] = [];
  #ticking = false;
  #said = 0;
  readonly #heard = new Map<string, Set<(payload: never) => void>>();

  constructor(scene: Scene) {
    this.scene = scene;
    const now = Date.now();
    for (const said of scene.rows) this.room.say(said, now);
    this.views.made = scene.settings.views;
    this.room.read = this.room.rows.at(scene.unreadFrom === null ? -1 : scene.unreadFrom - 1)?.place ?? null;
    this.#rooms = LABELS.slice(0, scene.rooms).map((label, i) => saved(String(i + 1), label, i < 2));
    this.desk = deskOf(scene, now, {
      room: this.room,
      answer: (call, args, answer) => this.#answer(call, args, answer),
      tick: () => this.tick(),
      bound: (keys) => this.emit("keys", keys),
      exported: (progress) => this.emit("export", progress),
    });
    this.order.canModerate = scene.desk === "server";
    if (scene.rate > 0) this.pour(scene.rate);
  }

  /** Lets strangers speak, so many rows a second. */
  pour(rate: number): ReturnType<typeof setInterval> {
    const lines = conversation(200, Date.now());
    let owed = 0;
    return setInterval(() => {
      owed += (rate * FRAME_MS) / 1_000;
      while (owed >= 1) {
        owed -= 1;
        const said = lines[this.#said++ % lines.length];
        const text = this.scene.name === "fast" ? inCrowd(this.#said, said?.text ?? "") : `${said?.text} #${this.#said}`;
        if (said) this.room.say({ ...said, kind: text === said.text ? said.kind : "message", text, createdAt: Date.now(), receivedAt: Date.now() }, Date.now());
      }
      this.tick();
    }, FRAME_MS);
  }

  /** At most one tick until the next pull, as the shell does it. */
  tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    this.emit("tick", null);
  }

  emit<E extends keyof BridgeEvents>(event: E, payload: BridgeEvents[E]): void {
    for (const heard of this.#heard.get(event) ?? []) (heard as (payload: BridgeEvents[E]) => void)(payload);
  }

  connect(connection: RoomStatus["connection"]): void {
    this.scene.connection = connection;
    this.tick();
  }

  listen<E extends keyof BridgeEvents>(event: E, heard: (payload: BridgeEvents[E]) => void): Promise<Unlisten> {
    const all = this.#heard.get(event) ?? new Set();
    this.#heard.set(event, all.add(heard as (payload: never) => void));
    return Promise.resolve(() => void all.delete(heard as (payload: never) => void));
  }

  painted(): Promise<void> {
    return this.#answer("painted", [], () => undefined);
  }

  boot(rows: number): Promise<Boot> {
    const { settings, systemLocale, notices } = this.scene;
    const room = this.#rooms.length > 0 ? "1" : null;
    const [unread, whole] = [this.#statuses().find((status) => status.room === room)?.unread ?? 0, this.look.view === "" && this.stands[room ?? ""] === undefined];
    const page = room !== null && whole && unread <= rows / 2 && this.scene.pageDelayMs === 0 ? this.#painted(this.room.page({ at: "end" }, rows)) : null;
    return this.#answer("boot", [], () => ({ version: "0.1.0", rooms: this.#rooms, settings, systemLocale, statuses: this.#statuses(), room, spot: null, page, streamer: settings.streamerMode === "on", notices, window: this.look, closing: false, quitting: [], writes: this.wishes.pop() ?? false, measured: false, stands: this.stands, toured: this.toured }));
  }

  saveRoom(room: string | null, form: RoomForm, token: string | null): Promise<SavedRoom> {
    return this.#answer("saveRoom", [room, form, token], () => {
      const made = { ...saved(room ?? "1", form.topic, false), form };
      this.#rooms = [...this.#rooms.filter(({ id }) => id !== made.id), made];
      return made;
    });
  }

  forgetRoom(room: string): Promise<void> {
    this.#rooms = this.#rooms.filter(({ id }) => id !== room);
    return this.#answer("forgetRoom", [room], () => undefined);
  }

  openRoom(room: string): Promise<RoomStatus> {
    return this.#answer("openRoom", [room], () => {
      this.#rooms = this.#rooms.map((one) => (one.id === room ? { ...one, open: true } : one));
      return this.#status(room);
    });
  }

  leaveRoom(room: string): Promise<void> {
    return this.#answer("leaveRoom", [room], () => void (this.#rooms = this.#rooms.map((one) => (one.id === room ? { ...one, open: false } : one))));
  }

  archiveRoom(room: string, archived: boolean): Promise<void> {
    return this.#answer("archiveRoom", [room, archived], () => this.#list(this.#rooms.map((one) => (one.id === room ? { ...one, archived, open: one.open && !archived } : one))));
  }

  moveRoom(room: string, before: string | null): Promise<void> {
    return this.#answer("moveRoom", [room, before], () => this.#list(reordered(this.#rooms, room, before)));
  }

  #list(rooms: readonly SavedRoom[]): void {
    this.#rooms = [...rooms];
    this.emit("rooms", this.#rooms);
  }

  setToken(room: string, token: string): Promise<void> {
    return this.#answer("setToken", [room, token.length], () => this.connect({ state: "online", why: null, retryAt: null }));
  }

  reconnect(room: string): Promise<void> {
    return this.#answer("reconnect", [room], () => this.connect({ state: "connecting", why: null, retryAt: null }));
  }

  moment(room: string, at: number): Promise<Moment> {
    return this.#answer("moment", [room, at], () => this.room.moment(at));
  }

  async page(room: string, anchor: Anchor, limit: number, view = ""): Promise<Page> {
    if (this.scene.pageDelayMs > 0) await new Promise((done) => setTimeout(done, this.scene.pageDelayMs));
    return this.#answer("page", [room, anchor, limit, view], () => {
      const whole = this.room.page(anchor, limit);
      const page = view === "" ? whole : anchor.at === "after" ? this.views.after(view, whole, anchor.place, limit) : this.views.page(view, whole, anchor.at === "before" ? anchor.place : Number.POSITIVE_INFINITY, limit);
      return this.#painted(page);
    });
  }

  pull(wish: PullWish): Promise<Pull> {
    this.#ticking = false;
    const { room, view, questionsSince } = wish;
    const changes = room === null ? null : this.#changes(wish);
    const endsFirst = changes?.reset === true && view === "" && wish.reading !== "held";
    return this.#answer("pull", [wish], () => ({
      statuses: this.#statuses(),
      changes,
      end: endsFirst ? this.#painted(this.room.page({ at: "end" }, wish.rows)) : null,
      questions: room === null || questionsSince === null ? null : this.desk.changes(questionsSince),
      views: room === null ? {} : this.views.news(view),
      notices: this.scene.notices,
    }));
  }

  #changes({ since, known, rows, reading, view }: PullWish): Changes {
    const all = this.room.changes(since, view === "" && reading !== "sampled" ? rows : 1_000);
    const changes = view === "" ? all : this.views.changes(view, all);
    const upserts = changes.upserts.map((row) => this.rules.paint(row));
    if (view !== "" || reading !== "sampled") return { ...changes, upserts };
    const said = upserts.filter((row) => row.place > known && row.kind === "message" && !row.mine && row.ruled === null);
    const step = Math.ceil(said.length / SAMPLE);
    const left = new Set(said.filter((_, index) => (said.length - 1 - index) % step !== 0));
    return { ...changes, upserts: upserts.filter((row) => !left.has(row)), leftOut: left.size };
  }

  #painted(page: Page): Page {
    return { ...page, rows: page.rows.map((row) => this.rules.paint(row)) };
  }

  markRead(room: string, place: number): Promise<void> {
    return this.#answer("markRead", [room, place], () => {
      this.room.readUpTo(place);
      this.tick();
    });
  }

  fillGap(room: string, key: string): Promise<void> {
    return this.#change("fillGap", room, key, () => this.room.change(key, { gap: "loading" }));
  }

  send(room: string, text: string, mode: SendMode): Promise<void> {
    return this.#answer("send", [room, text, mode], () => {
      const { key } = this.room.echo({ kind: mode, user: "me", name: "Alex", text }, Date.now());
      this.#fate(key);
      this.tick();
    });
  }

  answer(room: string, question: string, text: string): Promise<void> {
    return this.#answer("answer", [room, question, text], () => undefined);
  }

  retry(room: string, key: string): Promise<void> {
    return this.#change("retry", room, key, () => {
      if (this.desk.outbox.retry(key)) return;
      this.room.change(key, { delivery: "sending", failure: null, failureReason: null });
      this.#fate(key);
    });
  }

  discard(room: string, key: string): Promise<void> {
    return this.#change("discard", room, key, () => void (this.desk.outbox.drop(key) || this.room.remove(key)));
  }

  draft(room: string): Promise<Draft> {
    return this.#answer("draft", [room], () => this.drafts.get(room) ?? { text: "", mode: "message" });
  }

  setDraft(room: string, text: string, mode: SendMode): Promise<void> {
    return this.#answer("setDraft", [room, text, mode], () => void this.drafts.set(room, { text, mode }));
  }

  saveSettings(settings: Settings): Promise<void> {
    return this.#answer("saveSettings", [settings], () => {
      const { proxy } = settings;
      if (proxy.by === "through" && proxy.url.includes("@")) throw { code: "proxy_secret", params: {} };
      this.#chose(settings);
    });
  }

  #chose(settings: Settings): void {
    this.scene.settings = settings;
    this.views.made = settings.views;
    this.emit("settings", settings);
  }

  overlay(): Promise<Overlay> {
    return this.#answer("overlay", [], () => this.overlaid.look(this.scene.settings));
  }

  renewOverlay(part: OverlayPart): Promise<Overlay> {
    return this.#answer("renewOverlay", [part], () => this.overlaid.renew(part, this.scene.settings));
  }

  closeWindow(action: CloseAction, remember: boolean): Promise<void> {
    return this.#answer("closeWindow", [action, remember], () => {
      if (remember && action !== "stay") this.#chose({ ...this.scene.settings, close: action });
    });
  }

  hideWindow(): Promise<void> {
    return this.#answer("hideWindow", [], () => undefined);
  }

  dismissNotice(notice: Notice): Promise<void> {
    return this.#answer("dismissNotice", [notice], () => {
      this.scene.notices = this.scene.notices.filter((other) => JSON.stringify(other) !== JSON.stringify(notice));
      this.tick();
    });
  }

  openLink(url: string): Promise<void> {
    return this.#answer("openLink", [url], () => undefined);
  }

  diagnostic(errors: readonly string[]): Promise<string> {
    return this.#answer("diagnostic", [errors], () => `Aside 0.1.0\nsystem: linux x86_64\nlast errors: ${errors.join(" ") || "none"}\n`);
  }

  #looks(change: Partial<WindowLook>): void {
    this.look = { ...this.look, ...change };
    this.emit("window", this.look);
  }

  #fate(key: string): void {
    if (this.scene.sends === "hang") return;
    setTimeout(() => {
      if (this.scene.sends === "settle") this.room.settle(key);
      else this.room.change(key, { delivery: "failed", failure: "429", failureReason: "at most 20 a minute" });
      this.tick();
    }, 120);
  }

  #change(name: string, room: string, key: string, change: () => void): Promise<void> {
    return this.#answer(name, [room, key], () => {
      change();
      this.tick();
    });
  }

  async #answer<T>(name: string, args: unknown[], answer: () => T): Promise<T> {
    this.calls.push([name, ...args]);
    await Promise.resolve();
    const code = this.failing.get(name);
    if (code !== undefined) throw { code, params: {} };
    return answer();
  }

  #statuses(): RoomStatus[] {
    return this.#rooms.filter((room) => room.open).map((room) => this.#status(room.id));
  }

  #status(room: string): RoomStatus {
    const first = room === "1";
    return {
      room,
      revision: this.room.revision,
      connection: first ? this.scene.connection : { state: "online", why: null, retryAt: null },
      unread: first ? this.room.unread() : 12,
      unreadQuestions: first ? this.room.unread("question") : 2,
      recovered: first ? this.recovered : 0,
      recovery: first ? this.recovery : null,
      coreOnly: this.scene.desk === "local",
      role: this.scene.desk === "audience" ? "audience" : "staff",
      orgName: this.scene.desk === "audience" ? "" : "Northlight Institute",
      canAnswer: this.scene.desk === "server",
      contentBytes: 2_000,
      server: "aside-server/0.1.0",
      desk: this.desk.status(),
      order: this.order.status(),
    };
  }
}
