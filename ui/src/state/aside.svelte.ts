// The window's one root of state: rooms and their standing, the room on screen, settings, and the answer to every tick.
import { asAppError, bootAgain, hear, type Bridge } from "../bridge/bridge";
import type { AppError, Boot, Page, RoomStatus, Row, SavedRoom, Settings, Spot, Stand } from "../bridge/dto";
import { language } from "../i18n/language.svelte";
import { afterwards } from "./afterwards.svelte";
import { firstRows } from "./bounds";
import { Clock } from "./clock.svelte";
import { Composer } from "./composer.svelte";
import { AnswerDesk } from "./desk/desk.svelte";
import { Habits } from "./desk/habits.svelte";
import { defaults } from "./defaults";
import { Hosts } from "./hosts.svelte";
import { archived, left, phrase, trackConnection, type Phrase, type Track } from "./connection";
import { measure } from "./measure.svelte";
import { Notices } from "./notices.svelte";
import { OrderKeeper } from "./order.svelte";
import { peopleFor } from "./person.svelte";
import { browserFrames, Pulse, type Frames } from "./pulse";
import { readOut, roomAnnouncer } from "./readOut";
import { streamer } from "./streamer.svelte";
import { RoomList } from "./roomList.svelte";
import { RuleKeeper } from "./rules.svelte";
import { Timeline } from "./timeline.svelte";
import { ALL, Views } from "./views.svelte";
import { askedBy, askedOver, type Sheet } from "./sheet";
import { Tour } from "./tour.svelte";
import { RoomWindow } from "./window.svelte";

const noRoom = { room: null, view: ALL, since: 0, known: 0, rows: 0, reading: "following" } as const;

export class Aside {
  ready = $state(false);
  failed = $state<AppError | null>(null);
  version = $state("");
  rooms = $state.raw<readonly SavedRoom[]>([]);
  statuses = $state.raw<ReadonlyMap<string, RoomStatus>>(new Map());
  settings = $state.raw<Settings>(defaults);
  sheet = $state.raw<Sheet | null>(null);
  /** A command that failed with nothing else to show it. */
  error = $state<AppError | null>(null);
  currentId = $state<string | null>(null);
  timeline = $state.raw<Timeline | null>(null);
  composer = $state.raw<Composer | null>(null);
  desk = $state.raw<AnswerDesk | null>(null);
  focused = $state(document.hasFocus());
  /** The desk stands where the timeline would: nobody reads what comes there. */
  covered = $state(false);

  readonly clock = new Clock();
  readonly current = $derived(this.rooms.find((room) => room.id === this.currentId) ?? null);
  readonly status = $derived(this.currentId === null ? null : (this.statuses.get(this.currentId) ?? null));
  /** Whether what comes is seen. A window that is only visible, on another screen perhaps, is not looked at. */
  readonly attended = $derived(this.focused && !this.covered);
  /** The room that is just being opened. */
  #opening = $state<string | null>(null);
  readonly phrase = $derived(this.status ? this.phraseOf(this.status) : this.current === null || this.#opening === this.currentId ? null : this.current.archived ? archived : left);

  /** Whether questions are work here: for staff, and for anybody where they are worked on here alone. */
  readonly staffed = $derived(this.status !== null && (this.status.role !== "audience" || this.status.desk.kind === "local"));
  /** Counts the wishes to see the timeline where it and the desk take turns. */
  timelineWish = $state(0);
  readonly habits: Habits;
  readonly window: RoomWindow;
  readonly views: Views;
  /** Counts the wishes to write; whoever draws the composer follows it. */
  writes = $state(0);
  readonly rules: RuleKeeper;
  readonly notices = new Notices(this);
  readonly hosts = new Hosts(this);
  readonly list = new RoomList(this);
  readonly tour = new Tour(this);
  readonly people = peopleFor(this);
  /** The codes of what failed last, for who is asked for help. */
  failures: readonly string[] = [];
  readonly announcer = roomAnnouncer();
  readonly order: OrderKeeper;
  readonly bridge: Bridge;
  readonly #pulse: Pulse;
  #tracks = $state.raw<ReadonlyMap<string, Track>>(new Map());
  #systemLocale = "en";
  /** The timeline with everything in it, while a view stands in its place: it is to be found as it was left. */
  #whole: Timeline | null = null;
  /** Where the reader stood in rooms that were on screen when this window was last hidden. */
  readonly #stands = new Map<string, Stand>();
  readonly #leftDesks: AnswerDesk["left"] = new Map();

  constructor(bridge: Bridge, label = "main", frames: Frames = browserFrames) {
    this.bridge = bridge;
    this.window = new RoomWindow(bridge, label);
    this.views = new Views(bridge);
    this.habits = new Habits(bridge);
    this.rules = new RuleKeeper(bridge, async () => this.timeline?.repaint().catch(() => undefined));
    this.order = new OrderKeeper(bridge, () => this.status, (sheet) => (this.sheet = sheet));
    this.#pulse = new Pulse(() => this.#pull(), frames, () => this.timeline?.pulls.apart ?? 0);
  }

  /** Listens to the shell once the first rows are `drawn`: each of a dozen calls takes WebKitGTK some 3 ms. */
  async start(drawn: () => Promise<void> = async () => undefined): Promise<void> {
    try {
      const boot = await this.bridge.boot(firstRows(window.innerHeight));
      [this.#systemLocale, this.version, this.tour.seen] = [boot.systemLocale, boot.version, boot.toured];
      for (const [room, stand] of Object.entries(boot.stands)) this.#stands.set(room, stand);
      this.#take(boot);
      this.views.current = this.views.all.includes(boot.window.view) ? boot.window.view : ALL;
      // A room that was not online before this page existed has been away for longer than we can know.
      this.#tracks = new Map(boot.statuses.filter(({ connection }) => connection.state === "waiting").map(({ room, connection, recovered }) => [room, { ...trackConnection(undefined, connection, recovered, 0), everLive: true }]));
      this.#heard(boot.statuses);
      this.ready = true;
      if (boot.measured) measure(this, (painted) => void this.bridge.painted(painted));
      const first = boot.rooms.find(({ id }) => id === boot.room);
      // Who only looked into a room goes on with that.
      const shown = first ? this.show(first.id, boot.page, !first.open) : null;
      await drawn();
      const [spot] = await Promise.all([this.#listen(boot), shown]);
      if (spot && this.currentId === boot.room) await this.goTo(spot);
      await this.#followLink();
    } catch (thrown) {
      this[this.ready ? "error" : "failed"] = asAppError(thrown);
    }
  }

  /** What the shell said meanwhile nobody heard: it is asked again, until it says nothing in between. Gives the place to go to in the first room. */
  async #listen(first: Boot): Promise<Spot | null> {
    let [boot, said] = [{ ...first, writes: false }, true];
    const state = <T>(take: (told: T) => void) => (told: T): void => void ((said = true), take(told));
    await hear(this.bridge, {
      tick: () => this.#pulse.poke(),
      "close-asked": () => (this.sheet = askedOver(this.sheet, null)),
      "quit-asked": (undone) => (this.sheet = askedOver(this.sheet, undone)),
      "show-room": ({ room, spot }) => afterwards.lead(this, () => void this.showNamed(room, spot)),
      export: (progress) => this.desk?.exporting.heard(progress),
      settings: state((settings) => this.#adopt(settings)),
      rooms: state((rooms) => this.list.heard(rooms)),
      rules: (rules) => void this.rules.heard(rules),
      keys: (keys) => this.habits.rebound(keys),
      window: state((look) => (this.window.look = look)),
      link: () => afterwards.lead(this, () => void this.#followLink()),
      write: () => this.writes++,
      "mark-read": () => void this.attempt(() => this.#readAll()),
      streamer: state((on) => (streamer.on = on)),
    });
    void Promise.all([this.habits.load(), this.rules.load()]);
    for (; said; boot = await bootAgain(this.bridge, boot)) said = false;
    this.#take(boot);
    if (boot.room === null || boot.room === first.room) return boot.spot;
    return this.showNamed(boot.room, boot.spot).then(() => null);
  }

  #take(boot: Boot): void {
    [this.rooms, this.window.look, streamer.on, this.sheet, this.notices.all] = [boot.rooms, boot.window, boot.streamer, askedBy(boot, this.sheet), boot.notices];
    if (boot.writes) this.writes++;
    this.#adopt(boot.settings);
  }

  phraseOf(status: RoomStatus): Phrase {
    const { connection, recovered } = status;
    return phrase(connection, this.#tracks.get(status.room) ?? trackConnection(undefined, connection, recovered, this.clock.now), this.clock.now, recovered);
  }

  /** Brings a room on screen; one that is not open is opened, unless it is archived or somebody only `looks`: what is kept of it is shown. `page` are its newest rows, if they were read already. */
  async show(id: string, page: Page | null = null, looks = false): Promise<void> {
    const opens = !looks && this.#opening !== id && this.rooms.find((room) => room.id === id)?.archived !== true && (this.statuses.get(id)?.connection.state ?? "closed") === "closed";
    if (this.currentId === id) return opens ? this.open(id) : undefined;
    this.leaveView();
    this.currentId = id;
    const timeline = this.#draw(id);
    const composer = (this.composer = new Composer(id, this.bridge));
    this.desk = new AnswerDesk(id, this.bridge, () => this.statuses.get(id)?.desk ?? null, this.#leftDesks, () => this.statuses.get(id)?.role === "host");
    if (opens) await this.open(id);
    if (this.currentId !== id) return;
    const [stand, unread] = [timeline.view === ALL ? this.#stands.get(id) : undefined, this.statuses.get(id)?.unread ?? 0];
    await Promise.all([stand ? timeline.comeBack(stand) : timeline.open(timeline.view === ALL && unread > 0, page), composer.restore()]);
  }

  /** A room that another part of the app named; it may be newer than our list. */
  async showNamed(id: string, spot: Spot | null): Promise<void> {
    if (!this.list.listed.some((room) => room.id === id)) {
      const boot = await this.bridge.boot(0).catch(() => null);
      if (boot) this.rooms = boot.rooms;
    }
    this.sheet = null;
    await this.show(id);
    if (spot && this.currentId === id) await this.goTo(spot);
  }

  /** Shows another view of the room on screen. Everything is found as it was left; what came in a view stands at its end. */
  async showView(view: string): Promise<void> {
    if (view === this.views.current) return;
    this.#lookAway();
    this.views.choose(view);
    const room = this.currentId;
    if (room === null) return;
    if (this.timeline?.view === ALL) this.#whole = this.timeline;
    else this.timeline?.close();
    const timeline = this.#draw(room);
    if (view === ALL) await timeline.reappear().catch(() => undefined);
    else await timeline.open(false);
    this.#pulse.poke();
  }

  /** Goes to an entry of the room on screen. */
  async goTo({ key, place }: Spot): Promise<void> {
    this.timelineWish++;
    await this.showView(ALL);
    await this.timeline?.goTo(key, place).catch(() => undefined);
  }

  async open(id: string): Promise<void> {
    this.#opening = id;
    const opened = await this.attempt(async () => {
      this.#heard([...this.statuses.values(), await this.bridge.openRoom(id)]);
      this.patch(id, { open: true, archived: false });
    });
    if (this.#opening === id) this.#opening = null;
    const room = this.rooms.find((one) => one.id === id);
    const kind = ({ token_missing: "token", hosting_stopped: "hosting" } as const)[this.error?.code ?? ""];
    if (opened || !room || !kind) return;
    this.error = null;
    this.sheet = { kind, room };
  }

  /** A room is not open any more, and nothing of it stays on screen. */
  closed(id: string): void {
    if (id === this.currentId) this.leaveView();
    this.#heard([...this.statuses.values()].filter((status) => status.room !== id));
  }

  reconnect(id: string): Promise<boolean> {
    return this.attempt(() => this.bridge.reconnect(id));
  }

  async saveSettings(change: Partial<Settings>): Promise<void> {
    this.#adopt({ ...this.settings, ...change });
    const saved = await this.attempt(() => this.bridge.saveSettings(this.settings));
    // The rows that are here were made without, or with, those pictures.
    if (saved && change.picturesElsewhere !== undefined) await this.timeline?.reappear().catch(() => undefined);
  }

  /** The same where the shell may refuse: what was wrong is the answer, and then nothing changed. */
  async offerSettings(change: Partial<Settings>): Promise<AppError | null> {
    try {
      await this.bridge.saveSettings({ ...this.settings, ...change });
      return null;
    } catch (thrown) {
      return asAppError(thrown);
    }
  }

  /** What may be handed on when something is wrong, or why it could not be had. */
  diagnostic(): Promise<string | AppError> {
    return this.bridge.diagnostic(this.failures).catch(asAppError);
  }

  /** Runs a command whose failure has no place of its own on screen. */
  async attempt(command: () => Promise<unknown>): Promise<boolean> {
    try {
      this.error = null;
      await command();
      return true;
    } catch (thrown) {
      this.error = asAppError(thrown);
      this.failures = [this.error.code, ...this.failures].slice(0, 10);
      return false;
    }
  }

  // What the window does under us.
  setFocused(focused: boolean): void {
    if (!focused) this.#lookAway();
    this.focused = focused;
  }

  setCovered(covered: boolean): void {
    if (covered) this.#lookAway();
    this.covered = covered;
  }

  setVisible(visible: boolean): void {
    this.desk?.shown(visible);
    if (visible) {
      void this.#reappear();
    } else {
      this.#lookAway();
      this.#keepStand();
      void this.composer?.keepNow();
    }
  }

  /** A link that somebody opened fills the join form; joining stays a person's own step. */
  async #followLink(): Promise<void> {
    const link = await this.bridge.window.takeLink().catch(() => null);
    if (link !== null) this.sheet = { kind: "join", editing: null, link };
  }

  async #reappear(): Promise<void> {
    // The rows first, as one page where the reader left off; what else changed comes with the pull after it.
    await this.timeline?.reappear().catch(() => undefined);
    this.#pulse.poke();
  }

  async #pull(): Promise<number> {
    const { timeline, desk } = this;
    try {
      const questionsSince = desk && (this.staffed || desk.status?.canVote === true) ? desk.board.since : null;
      const pull = await this.bridge.pull({ ...(timeline?.wish ?? noRoom), questionsSince });
      this.views.news = pull.views;
      this.#heard(pull.statuses);
      this.notices.heard(pull.notices);
      if (pull.questions && desk && desk === this.desk) desk.apply(pull.questions);
      if (timeline && timeline === this.timeline) await timeline.apply(pull);
      return pull.changes?.upserts.length ?? 0;
    } catch (thrown) {
      // The next tick tries again; a room that was closed meanwhile says so by its status.
      this.failed ??= this.ready ? null : asAppError(thrown);
      return 0;
    }
  }

  #heard(statuses: readonly RoomStatus[]): void {
    const now = (this.clock.now = Date.now());
    const heard = new Map(statuses.map((status) => [status.room, status]));
    this.#tracks = new Map([...heard.values()].map((status) => [status.room, trackConnection(this.#tracks.get(status.room), status.connection, status.recovered, now)]));
    this.statuses = heard;
    this.habits.heard(statuses);
  }

  /** The shell had everything read that has come, whatever is on screen: the lines follow. */
  async #readAll(): Promise<void> {
    const shown = this.timeline;
    if (!shown) return;
    const { read } = await this.bridge.page(shown.room, { at: "end" }, 1, ALL);
    if (read === null) return;
    for (const timeline of [shown, this.#whole]) if (timeline?.room === shown.room) timeline.readUpTo(read);
  }

  patch(id: string, change: Partial<SavedRoom>): void {
    this.rooms = this.rooms.map((room) => (room.id === id ? { ...room, ...change } : room));
  }

  #adopt(settings: Settings): void {
    this.settings = settings;
    if (this.views.take(settings.views)) void this.timeline?.open(false);
    this.#tune();
    if (this.ready && !this.views.all.includes(this.views.current)) void this.showView(ALL);
    language.choose(settings.locale, this.#systemLocale);
  }

  /** The timeline of the view that the window shows. */
  #draw(room: string): Timeline {
    const view = this.views.current;
    const whole = view === ALL ? this.#whole : null;
    const hear = (rows: readonly Row[]): void => {
      this.rules.sound(rows);
      readOut(this.announcer, rows, this.covered);
    };
    const timeline = whole ?? new Timeline(room, this.bridge, () => this.#pulse.poke(), hear, view);
    if (whole) this.#whole = null;
    this.timeline = timeline;
    this.#tune();
    return timeline;
  }

  #tune(): void {
    if (!this.timeline) return;
    this.timeline.fold = this.settings.foldRepeats;
    // Of a view few rows come, and all of them were asked for.
    this.timeline.tempo.sample = this.settings.sampleFast && this.timeline.view === ALL;
  }

  /** Whoever looked until now leaves; where nobody did, nothing was read. */
  #lookAway(): void {
    if (this.attended) this.timeline?.lookAway();
  }

  /** This page may be given back now: the next one is told where the reader stands. */
  #keepStand(): void {
    const { timeline } = this;
    if (timeline?.loaded && timeline.view === ALL) {
      const stand = timeline.stand();
      if (stand) this.#stands.set(timeline.room, stand);
      else this.#stands.delete(timeline.room);
    }
    void this.bridge.window.keepStands(Object.fromEntries(this.#stands)).catch(() => undefined);
  }

  leaveView(): void {
    this.#lookAway();
    if (this.currentId !== null) this.#stands.delete(this.currentId);
    this.timeline?.close();
    this.announcer.stop();
    this.#whole?.close();
    this.#whole = null;
    this.views.news = {};
    void this.composer?.keepNow();
    this.desk?.close();
    [this.timeline, this.composer, this.desk, this.currentId] = [null, null, null, null];
  }
}
