// One room's timeline as the window holds it: a stretch of rows, whether it follows the end, what is new and what is read.
import { asAppError, type Bridge } from "../bridge/bridge";
import type { Anchor, AppError, Changes, Page, Row } from "../bridge/dto";
import { layout, type Item } from "./layout";
import { emptyStretch, fromPage, lastPlace, withChanges, withNewer, withOlder, type Stretch } from "./stretch";

/** The most rows the page holds while someone reads back; three long screens. */
const HELD_ROWS = 300;
/** The most while following the end, and never less than two screens. */
const FOLLOWED_ROWS = 150;
const FOLLOWED_SCREENS = 2;
const PAGE_ROWS = 100;
/** A held stretch that the room has outrun is read again at most this often. */
const REFRESH_MS = 1_000;
/** An edge that gave nothing is not asked again before this. */
const EDGE_PAUSE_MS = 2_000;
const READ_DEBOUNCE_MS = 400;
/** Until then nothing is drawn in place of rows: most pages come from the cache at once. */
const SKELETON_MS = 300;
const COUNTED_ROWS = 999;

/** What an opened row's name is among the unfolded. */
export const unmuted = (key: string): string => `${key}!`;

/** Where the view should stand after rows were replaced; the view clears it. */
export type Goal = "end" | "line" | "row" | null;

export class Timeline {
  items = $state.raw<readonly Item[]>([]);
  loaded = $state(false);
  skeleton = $state(false);
  failed = $state<AppError | null>(null);
  loadingOlder = $state(false);
  olderFailed = $state(false);
  hasOlder = $state(false);
  hasNewer = $state(false);
  reachedStart = $state(false);
  /** Whether the view sticks to the end. */
  following = $state(true);
  fresh = $state(0);
  freshIsLeast = $state(false);
  line = $state<number | null>(null);
  goal = $state<Goal>(null);
  /** The row that was gone to, for the view to find and to mark. */
  found = $state<string | null>(null);
  /** Rows of text shown whole by hand; kept here because nodes are reused. */
  unfolded = $state.raw<ReadonlySet<string>>(new Set());

  /** How many rows a screen shows; the view measures it. */
  screenRows = 40;

  readonly room: string;
  readonly #bridge: Bridge;
  readonly #poke: () => void;
  readonly #hear: (rows: readonly Row[]) => void;
  #stretch: Stretch = emptyStretch;
  #generation = 0;
  #loading = false;
  #freshKeys = new Set<string>();
  #heldEnd: number | null = null;
  /** What others say behind this place has not been heard. */
  #heardTo = Number.NEGATIVE_INFINITY;
  #refreshAt = 0;
  #olderAt = 0;
  #busyNewer = false;
  #readMark: number | null = null;
  #readTimer: ReturnType<typeof setTimeout> | undefined;

  /** `hear` gets what others say while it is said, not what is read back. */
  constructor(room: string, bridge: Bridge, poke: () => void, hear: (rows: readonly Row[]) => void = () => undefined) {
    this.room = room;
    this.#bridge = bridge;
    this.#poke = poke;
    this.#hear = hear;
  }

  // What a pull asks for.
  get since(): number {
    return this.#stretch.revision;
  }

  get pullLimit(): number {
    return this.following ? Math.max(40, this.screenRows) : PAGE_ROWS;
  }

  /** First page: at the unread line if something is unread, else at the end. */
  async open(unread: boolean): Promise<void> {
    await this.#load(unread ? { at: "unread" } : { at: "end" }, PAGE_ROWS, (page) => {
      this.line = page.read;
      this.#readMark = page.read;
      const unreadHere = page.read !== null && page.rows.some((row) => row.place > (page.read ?? 0) && !row.mine);
      this.following = !page.hasNewer;
      this.goal = unread && unreadHere ? "line" : "end";
    });
  }

  /** The window can be seen again: one page, at the place where it stood. */
  async reappear(): Promise<void> {
    if (!this.loaded || this.following) await this.open(true);
    else await this.#refreshHeld(Date.now(), true);
  }

  /** The rows look other than they did: the same ones are read again. */
  async repaint(): Promise<void> {
    if (!this.loaded) return;
    if (!this.following) return this.#refreshHeld(Date.now(), true);
    await this.#load({ at: "end" }, Math.max(PAGE_ROWS, Math.min(this.#stretch.rows.length, FOLLOWED_ROWS)), () => undefined);
  }

  async toEnd(): Promise<void> {
    this.following = true;
    if (this.#stretch.hasNewer || !this.loaded) await this.#load({ at: "end" }, PAGE_ROWS, () => (this.goal = "end"));
    else this.goal = "end";
    this.#clearFresh();
  }

  /** Goes to an entry, with what stands around it. */
  async goTo(key: string, place: number): Promise<void> {
    this.found = key;
    // Whoever goes to a muted row wants to read it.
    this.unfolded = new Set([...this.unfolded, unmuted(key)]);
    if (this.loaded && this.#stretch.rows.some((row) => row.key === key)) {
      this.hold();
      this.goal = "row";
      return;
    }
    await this.#load({ at: "after", place: place - 1 }, PAGE_ROWS, (page) => {
      this.following = false;
      this.#heldEnd = page.rows.at(-1)?.place ?? null;
      this.goal = "row";
    });
  }

  /** Stop moving: someone reads. */
  hold(): void {
    if (!this.following) return;
    this.following = false;
    this.#heldEnd = lastPlace(this.#stretch.rows);
    this.#clearFresh();
  }

  /** The view is at the end again. */
  follow(): void {
    if (this.following || this.#stretch.hasNewer) return;
    this.following = true;
    this.#clearFresh();
  }

  async apply(changes: Changes, unread: number): Promise<void> {
    // A page that is under way is newer than these changes, and the pull after it asks for what it lacks.
    if (!this.loaded || this.#loading) return;
    if (changes.reset) return this.following ? this.#loadLast() : this.#outrun(unread);
    if (changes.upserts.length === 0 && changes.removed.length === 0) {
      this.#stretch = { ...this.#stretch, revision: changes.revision };
      return;
    }
    const followed = Math.min(FOLLOWED_ROWS, Math.max(PAGE_ROWS, this.screenRows * FOLLOWED_SCREENS));
    const trim = this.following ? ({ cap: followed, from: "oldest" } as const) : ({ cap: HELD_ROWS, from: "newest" } as const);
    if (!this.following) this.#count(changes.upserts);
    const next = withChanges(this.#stretch, changes, trim);
    // All that was held has moved to before it: an empty page would look like an empty room.
    if (next.rows.length === 0 && next.hasOlder) return this.#load({ at: "end" }, PAGE_ROWS, () => (this.goal = "end"));
    this.#listen(changes.upserts);
    this.#show(next);
  }

  /** The view is near the first row. */
  async older(now: number): Promise<void> {
    const first = this.#stretch.rows[0];
    if (!this.loaded || this.loadingOlder || now < this.#olderAt || first === undefined) return;
    if (!this.#stretch.hasOlder && this.#stretch.reachedStart) return;
    this.loadingOlder = true;
    const generation = this.#generation;
    try {
      const page = await this.#bridge.page(this.room, { at: "before", place: first.place }, PAGE_ROWS);
      if (generation !== this.#generation) return;
      this.olderFailed = false;
      if (page.rows.length === 0 && !page.reachedStart) this.#pauseOlder(now);
      this.#show(withOlder(this.#stretch, page, HELD_ROWS));
      this.#poke();
    } catch {
      if (generation === this.#generation) this.#pauseOlder(now);
    } finally {
      this.loadingOlder = false;
    }
  }

  /** The view is near the last row that is loaded. */
  async newer(): Promise<void> {
    const last = lastPlace(this.#stretch.rows);
    if (!this.loaded || this.#busyNewer || !this.#stretch.hasNewer || last === null) return;
    this.#busyNewer = true;
    const generation = this.#generation;
    try {
      const page = await this.#bridge.page(this.room, { at: "after", place: last }, PAGE_ROWS);
      if (generation !== this.#generation) return;
      this.#show(withNewer(this.#stretch, page, HELD_ROWS));
      this.#poke();
    } catch (thrown) {
      this.failed = asAppError(thrown);
    } finally {
      this.#busyNewer = false;
    }
  }

  /** Someone looks at the end with the window focused: it counts as read, a moment later. */
  seen(): void {
    const last = lastPlace(this.#stretch.rows);
    if (last === null || this.#stretch.hasNewer || (this.#readMark !== null && last <= this.#readMark)) return;
    clearTimeout(this.#readTimer);
    this.#readTimer = setTimeout(() => this.#mark(last), READ_DEBOUNCE_MS);
  }

  /** Nobody looks any more: what comes now stands below the line. */
  lookAway(): void {
    clearTimeout(this.#readTimer);
    const last = lastPlace(this.#stretch.rows);
    if (!this.following || last === null || !this.loaded) return;
    if (this.#readMark === null || last > this.#readMark) this.#mark(last);
    this.line = last;
    this.#redraw();
  }

  unfold(key: string): void {
    const next = new Set(this.unfolded);
    if (!next.delete(key)) next.add(key);
    this.unfolded = next;
  }

  /** Muted rows are opened, or folded again. */
  unmute(keys: readonly string[]): void {
    const names = keys.map(unmuted);
    const next = new Set(this.unfolded);
    if (names.every((name) => next.has(name))) names.forEach((name) => next.delete(name));
    else names.forEach((name) => next.add(name));
    this.unfolded = next;
  }

  retry(key: string): Promise<void> {
    return this.#bridge.retry(this.room, key);
  }

  discard(key: string): Promise<void> {
    return this.#bridge.discard(this.room, key);
  }

  fillGap(key: string): Promise<void> {
    return this.#bridge.fillGap(this.room, key);
  }

  close(): void {
    this.#generation++;
    clearTimeout(this.#readTimer);
  }

  async #load(anchor: Anchor, limit: number, arrived: (page: Page) => void): Promise<void> {
    const generation = ++this.#generation;
    this.#loading = true;
    const patience = setTimeout(() => (this.skeleton = !this.loaded), SKELETON_MS);
    try {
      const page = await this.#bridge.page(this.room, anchor, limit);
      if (generation !== this.#generation) return;
      this.failed = null;
      this.loaded = true;
      this.#clearFresh();
      arrived(page);
      this.#show(fromPage(page));
      this.#heardTo = Math.max(this.#heardTo, lastOfOthers(page.rows));
      this.#poke();
    } catch (thrown) {
      if (generation === this.#generation) this.failed = asAppError(thrown);
    } finally {
      clearTimeout(patience);
      this.skeleton = false;
      if (generation === this.#generation) this.#loading = false;
    }
  }

  /** Following, and more came than a screen shows: only the screen crosses. */
  async #loadLast(): Promise<void> {
    const generation = this.#generation;
    const page = await this.#bridge.page(this.room, { at: "end" }, Math.max(40, this.screenRows));
    if (generation !== this.#generation) return;
    if (!this.following) return this.#outrun(COUNTED_ROWS);
    this.#listen(page.rows);
    this.#show(fromPage(page));
  }

  /** Held, and more came than a pull carries: count what can be known, read the held rows again now and then. */
  async #outrun(unread: number): Promise<void> {
    this.fresh = Math.min(COUNTED_ROWS, Math.max(this.#freshKeys.size, unread, 1));
    this.freshIsLeast = true;
    await this.#refreshHeld(Date.now(), false);
  }

  async #refreshHeld(now: number, force: boolean): Promise<void> {
    const first = this.#stretch.rows[0];
    if (first === undefined) return this.#load({ at: "end" }, PAGE_ROWS, () => (this.goal = "end"));
    if (now < this.#refreshAt && !force) return;
    this.#refreshAt = now + REFRESH_MS;
    const generation = this.#generation;
    const page = await this.#bridge.page(this.room, { at: "after", place: first.place - 1 }, Math.max(this.#stretch.rows.length, 1));
    if (generation !== this.#generation || page.rows.length === 0) return;
    const { hasOlder, reachedStart } = this.#stretch;
    this.#show({ ...fromPage(page), hasOlder: hasOlder || page.hasOlder, reachedStart });
  }

  #show(stretch: Stretch): void {
    this.#stretch = stretch;
    this.hasOlder = stretch.hasOlder || !stretch.reachedStart;
    this.hasNewer = stretch.hasNewer;
    this.reachedStart = stretch.reachedStart && !stretch.hasOlder;
    this.#redraw();
  }

  #listen(rows: readonly Row[]): void {
    const came = rows.filter((row) => row.place > this.#heardTo && !row.mine);
    this.#heardTo = Math.max(this.#heardTo, lastOfOthers(rows));
    if (came.length > 0) this.#hear(came);
  }

  #redraw(): void {
    this.items = layout(this.items, this.#stretch.rows, { line: this.line, recycle: this.following });
  }

  #count(rows: readonly Row[]): void {
    for (const row of rows) {
      const entry = row.kind === "message" || row.kind === "question" || row.kind === "answer";
      if (entry && !row.mine && row.place > (this.#heldEnd ?? 0) && this.#freshKeys.size < COUNTED_ROWS) this.#freshKeys.add(row.key);
    }
    this.fresh = Math.max(this.fresh, this.#freshKeys.size);
  }

  #clearFresh(): void {
    this.#freshKeys.clear();
    this.fresh = 0;
    this.freshIsLeast = false;
  }

  #pauseOlder(now: number): void {
    this.olderFailed = true;
    this.#olderAt = now + EDGE_PAUSE_MS;
  }

  #mark(place: number): void {
    this.#readMark = place;
    this.#bridge.markRead(this.room, place).catch(() => (this.#readMark = null));
  }
}

const lastOfOthers = (rows: readonly Row[]): number => rows.reduce((last, row) => (row.mine ? last : Math.max(last, row.place)), Number.NEGATIVE_INFINITY);
