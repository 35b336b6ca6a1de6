// One room's timeline as the window holds it: a stretch of rows, whether it follows the end, what is new and what is read.
import { asAppError, type Bridge } from "../bridge/bridge";
import type { AppError, Page, Pull, PullWish, Row, Stand } from "../bridge/dto";
import { EDGE_PAUSE_MS, followedRows, HELD_ROWS, PAGE_ROWS, pulls, REFRESH_MS, SKELETON_MS, type Pulls } from "./bounds";
import { Drawn, type DrawnWish } from "./drawn";
import { Ear } from "./ear";
import { Fresh } from "./fresh.svelte";
import { layout, type Item, type Mark } from "./layout";
import { ReadMark } from "./readMark";
import { Recovered } from "./recovered";
import { concerning, ECHO_PLACE, emptyStretch, fromPage, lastPlace, withChanges, withNewer, withOlder, type Stretch } from "./stretch";
import { Tempo } from "./tempo.svelte";
import { Unfolded } from "./unfolded.svelte";
import { ALL } from "./views.svelte";
import { endsAbove, Pages, readHeld, readPage, type Goal, type Wanted } from "./wanted";

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
  line = $state<number | null>(null);
  goal = $state.raw<Goal>(null);
  /** The row that was gone to, for the view to find and to mark. */
  found = $state<string | null>(null);
  readonly unfolded = new Unfolded();
  readonly recovered = new Recovered(() => this.#redraw());
  /** Where the reader stands, unless that is the end; the view measures it. */
  stand: () => Stand | null = () => null;
  /** How many rows a screen shows; the view measures it. */
  screenRows = 40;
  /** Whether rows that say the same become one. */
  fold = true;
  /** The row that stays where it is while those that were left out come back around it. */
  around: string | null = null;
  loadingAround = false;
  readonly tempo = new Tempo(() => this.#catchUp());
  readonly room: string;
  /** Which of the room's rows these are. */
  readonly view: string;
  /** Older rows of the view were looked for in vain, as far as is looked at once. */
  cutShort = $state(false);
  /** Where rows stood when they were last on screen, for the one who draws them again. */
  stood: readonly Mark[] = [];
  readonly #bridge: Bridge;
  readonly #poke: () => void;
  readonly #ear: Ear;
  #stretch: Stretch = emptyStretch;
  readonly #drawn = new Drawn(this.tempo);
  #generation = 0;
  #loading = false;
  /** The entry whose page is under way, because somebody wants to go there. */
  #goingTo: string | null = null;
  /** How many rows came while the list was held, and whether there may be more. */
  readonly fresh = new Fresh();
  readonly #pages: Pages;
  #refreshAt = 0;
  #olderAt = 0;
  #busyNewer = false;
  readonly #read: ReadMark;

  /** `hear` gets what others say while it is said, not what is read back. */
  constructor(room: string, bridge: Bridge, poke: () => void, hear: (rows: readonly Row[]) => void = () => undefined, view = ALL) {
    this.room = room;
    this.view = view;
    this.#bridge = bridge;
    this.#pages = new Pages(bridge, room, view);
    this.#poke = poke;
    this.#read = new ReadMark((place) => bridge.markRead(room, place));
    this.#ear = new Ear(hear);
  }

  get pulls(): Pulls {
    return pulls(this.following, this.tempo.oneIn > 1, this.screenRows);
  }

  /** What it lacks, to be asked for. */
  get wish(): Omit<PullWish, "questionsSince"> {
    const { reading, rows } = this.pulls;
    return { room: this.loaded ? this.room : null, view: this.view, since: this.#stretch.revision, known: this.#drawn.known, rows, reading };
  }

  /** First page: at the unread line if something is unread, else at the end; `page`, if that was read already. */
  async open(unread: boolean, first: Page | null = null): Promise<void> {
    await this.#load(first ?? (unread ? { at: "unread" } : { at: "end" }), PAGE_ROWS, (page) => {
      this.line = this.#read.at = page.read;
      const unreadHere = page.read !== null && page.rows.some((row) => row.place > (page.read ?? 0) && !row.mine);
      this.following = !page.hasNewer;
      this.goal = unread && unreadHere ? "line" : "end";
    });
  }

  /** An earlier page of this window was given back while somebody read here: they go on where they stood. */
  async comeBack(stand: Stand): Promise<void> {
    await this.#load({ at: "around", place: stand.place }, PAGE_ROWS, (page) => {
      this.line = this.#read.at = page.read;
      this.following = page.rows.length === 0;
      this.goal = this.following ? "end" : stand;
      this.fresh.clear(stand.after);
    });
    if (!this.following) await this.fresh.countOn(this.#pages);
  }

  /** The window can be seen again: one page, at the place where it stood, unless somebody is on the way to another, or to the first. */
  async reappear(): Promise<void> {
    if (this.#goingTo !== null || (!this.loaded && this.#loading)) return;
    if (!this.loaded || this.following) await this.open(true);
    else await this.#refreshHeld(true);
  }

  /** The rows look other than they did: the same ones are read again. */
  async repaint(): Promise<void> {
    if (!this.loaded) return;
    this.#pages.kept = false;
    if (!this.following) return this.#refreshHeld(true);
    await this.#load({ at: "end" }, Math.max(PAGE_ROWS, Math.min(this.#stretch.rows.length, followedRows(this.screenRows))), () => undefined);
  }

  async toEnd(): Promise<void> {
    this.following = true;
    if (this.#stretch.hasNewer || !this.loaded) await this.#load({ at: "end" }, PAGE_ROWS, () => (this.goal = "end"));
    else this.goal = "end";
    this.fresh.clear(null);
  }

  /** Goes to an entry, with what stands around it. */
  async goTo(key: string, place: number): Promise<void> {
    this.found = key;
    this.unfolded.showMuted(key);
    if (this.loaded && this.#stretch.rows.some((row) => row.key === key)) {
      this.hold(key);
      // A repeat that somebody looks for stands for itself.
      this.#drawn.crowd.show(key);
      this.#redraw();
      return void (this.goal = "row");
    }
    this.#goingTo = key;
    await this.#load({ at: "after", place: place - 1 }, PAGE_ROWS, (page) => {
      this.following = false;
      this.fresh.clear(Math.max(lastPlace(page.rows) ?? 0, this.#drawn.known));
      this.goal = "row";
    });
    if (this.#goingTo === key) this.#goingTo = null;
  }

  /** Stop moving: someone reads. What was left out comes back around the row that they look at. */
  hold(around: string | null = null): void {
    if (!this.following) return;
    this.following = false;
    this.around = null;
    this.fresh.clear(lastPlace(this.#stretch.rows));
    if (!this.#drawn.isWhole(this.#stretch)) void this.#loadAround(around);
  }

  /** The view is at the end again. */
  follow(): void {
    if (this.following || this.#stretch.hasNewer) return;
    this.following = true;
    this.fresh.clear(null);
  }

  /** Takes what it lacked. */
  async apply({ changes: told, end }: Pick<Pull, "changes" | "end">): Promise<void> {
    // A session has come, and what was read without one looks other than it would now.
    if (told !== null && this.#pages.kept && !this.#loading) return this.repaint();
    const changes = told && (this.view === ALL ? this.#drawn.heeding(told, this.#stretch) : concerning(told, [...this.#stretch.rows, ...this.items.map(({ row }) => row)]));
    // A page that is under way is newer than these changes, and the pull after it asks for what it lacks.
    if (changes === null || !this.loaded || this.#loading) return;
    // Somebody has begun to read since: they get all of it.
    if (changes.leftOut > 0 && this.pulls.reading !== "sampled") return this.#poke();
    if (changes.reset) return this.following ? this.#loadLast(end) : this.#refreshHeld(false);
    if (changes.upserts.length === 0 && changes.removed.length === 0) {
      this.#ear.listen(changes.heard);
      this.#stretch = { ...this.#stretch, revision: changes.revision };
      return;
    }
    const trim = this.following ? ({ cap: followedRows(this.screenRows), from: "oldest" } as const) : ({ cap: HELD_ROWS, from: "newest" } as const);
    if (!this.following) this.fresh.add(changes.upserts);
    this.#drawn.change(changes, this.#stretch);
    this.#drawn.take(changes.upserts, changes.leftOut, this.#stretch, this.fold, this.#wish, performance.now());
    const next = withChanges(this.#stretch, changes, trim);
    // Of what came and went in one pull, some is to be seen.
    if (this.following) this.#drawn.advance(this.#stretch, changes.upserts, next, trim.cap);
    if (!this.following && next.hasNewer && endsAbove(next.rows, this.stand())) return this.#refreshHeld(true);
    // All that was held has moved to before it: an empty page would look like an empty room.
    if (next.rows.length === 0 && next.hasOlder && this.#stretch.rows.length > 0) return this.#load({ at: "end" }, PAGE_ROWS, () => (this.goal = "end"));
    this.#ear.listen([...changes.upserts, ...changes.heard]);
    this.#show(next);
  }

  /** The view is near the first row. Where older ones were looked for in vain, somebody must ask to look further. */
  async older(now: number, asked = false): Promise<void> {
    const place = this.#stretch.from ?? this.#stretch.rows[0]?.place;
    if (!this.loaded || this.loadingOlder || now < this.#olderAt || place === undefined || (this.cutShort && !asked)) return;
    if (!this.#stretch.hasOlder && this.#stretch.reachedStart) return;
    this.loadingOlder = true;
    const generation = this.#generation;
    try {
      const page = await this.#pages.read({ at: "before", place }, PAGE_ROWS);
      if (generation !== this.#generation) return;
      this.olderFailed = false;
      this.cutShort = page.rows.length === 0 && page.from !== null;
      if (page.rows.length === 0 && !page.reachedStart && (page.from ?? place) >= place) this.#pauseOlder(now);
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
    const last = this.#stretch.to ?? lastPlace(this.#stretch.rows);
    if (!this.loaded || this.#busyNewer || !this.#stretch.hasNewer || last === null) return;
    this.#busyNewer = true;
    const generation = this.#generation;
    try {
      const page = await this.#pages.read({ at: "after", place: last }, PAGE_ROWS);
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
    if (last !== null && this.following && !this.#stretch.hasNewer && this.view === ALL) this.#read.seen(last);
  }

  /** Whoever looked until now does no more: what comes stands below the line. */
  lookAway(): void {
    this.#read.stop();
    this.recovered.leave();
    const last = lastPlace(this.#stretch.rows);
    // Whoever looks at some rows has not read the others.
    if (!this.following || last === null || !this.loaded || this.view !== ALL) return;
    this.readUpTo(last);
  }

  /** Shows what is folded into a row, or folds it again; the row stays where it is. */
  unfoldRepeats(key: string): void {
    this.hold(key);
    this.around = key;
    this.unfolded.toggleRepeats(key);
    this.#redraw();
  }

  /** These rows are questions of the desk, by their key or their entry's id: none of them is left out. */
  mark(questions: ReadonlyMap<string, unknown>): void {
    if (this.#drawn.mark(questions, this.#stretch)) this.#redraw();
  }

  /** Everything up to a row was read, because somebody says so: the line stands below it. */
  readUpTo(place: number): void {
    this.#read.now(place);
    this.line = place;
    this.#redraw();
  }

  /** What the buttons of a row ask for. */
  readonly act = (what: "retry" | "discard" | "fillGap", key: string): Promise<void> => this.#bridge[what](this.room, key);

  close(): void {
    this.#generation++;
    this.tempo.close();
    this.#read.stop();
  }

  async #load(wanted: Wanted | Page, limit: number, arrived: (page: Page) => void): Promise<void> {
    const generation = ++this.#generation;
    this.#loading = true;
    const patience = setTimeout(() => (this.skeleton = !this.loaded), SKELETON_MS);
    try {
      const page = "rows" in wanted ? wanted : await readPage(this.#pages.read, wanted, limit);
      if (generation !== this.#generation) return;
      this.failed = null;
      this.loaded = true;
      this.cutShort = false;
      this.fresh.clear(lastPlace(page.rows));
      arrived(page);
      this.#drawn.whole();
      this.#show(fromPage(page));
      this.#ear.skip(page.rows);
      this.#poke();
    } catch (thrown) {
      if (generation === this.#generation) this.failed = asAppError(thrown);
    } finally {
      clearTimeout(patience);
      this.skeleton = false;
      if (generation === this.#generation) this.#loading = false;
    }
  }

  /** Following, and more came than a screen shows: only the screen crosses. A view takes longer to read, and is so now and then. */
  async #loadLast(end: Page | null = null): Promise<void> {
    if (this.view !== ALL && !this.#isTime()) return;
    const generation = this.#generation;
    const page = end ?? await this.#pages.read({ at: "end" }, pulls(true, false, this.screenRows).rows);
    if (generation !== this.#generation) return;
    if (!this.following) return this.#refreshHeld(false);
    this.#ear.listen(page.rows);
    const sampled = this.tempo.oneIn > 1;
    if (!sampled) this.#drawn.whole();
    this.#drawn.take(page.rows, 0, this.#stretch, this.fold, this.#wish, performance.now());
    const next = fromPage(page);
    if (sampled) this.#drawn.advance(this.#stretch, page.rows, next, followedRows(this.screenRows));
    this.#show(next);
  }

  /** The room can be read again: what was left out last is shown, too. */
  #catchUp(): void {
    if (!this.following) return;
    // A pull that is under way may know better.
    if (this.#drawn.hasHoles) return void this.#loadLast().catch(() => undefined);
    this.#drawn.whole();
    this.#redraw();
  }

  /** Every row around one, in place of those that were shown of a fast room. */
  async #loadAround(key: string | null): Promise<void> {
    const settled = [...this.items.map((item) => item.row), ...this.#stretch.rows].filter((row) => row.place < ECHO_PLACE);
    const row = settled.find((one) => one.key === key) ?? settled.at(-1);
    if (!row) return;
    const generation = ++this.#generation;
    this.#loading = true;
    this.around = row.key;
    this.loadingAround = true;
    try {
      const page = await readPage(this.#pages.read, { at: "around", place: row.place }, PAGE_ROWS);
      if (generation !== this.#generation || this.following) return;
      this.#drawn.whole();
      this.fresh.add(page.rows);
      this.#show(fromPage(page));
      this.#poke();
    } catch (thrown) {
      this.failed = asAppError(thrown);
    } finally {
      this.loadingAround = false;
      if (generation === this.#generation) this.#loading = false;
    }
  }

  get #wish(): DrawnWish {
    return { held: !this.following, open: (key) => this.unfolded.areRepeatsOpen(key) };
  }

  /** Held, and more came than a pull carries, or nobody pulled: the held rows are read again, `now` or when it is time, and what is new is counted. */
  async #refreshHeld(now: boolean): Promise<void> {
    if (this.#stretch.rows.length === 0) return this.#load({ at: "end" }, PAGE_ROWS, () => (this.goal = "end"));
    if (!now && !this.#isTime()) return void (this.fresh.isLeast = true);
    const generation = this.#generation;
    const page = await readHeld(this.#pages.read, this.#stretch.rows, this.stand(), PAGE_ROWS);
    if (generation !== this.#generation || page.rows.length === 0) return;
    const { hasOlder, reachedStart, from } = this.#stretch;
    this.#show({ ...fromPage(page), hasOlder: hasOlder || page.hasOlder, reachedStart, from });
    await this.fresh.countOn(this.#pages);
  }

  #show(stretch: Stretch): void {
    this.#stretch = stretch;
    this.#drawn.heard(lastPlace(stretch.rows) ?? 0);
    this.hasOlder = stretch.hasOlder || !stretch.reachedStart;
    this.hasNewer = stretch.hasNewer;
    this.reachedStart = stretch.reachedStart && !stretch.hasOlder;
    this.#redraw();
  }

  #redraw(): void {
    const rows = this.#drawn.of(this.#stretch, this.#wish);
    this.items = layout(this.items, rows, { line: this.line, recovered: this.view === ALL ? this.recovered.shown : null, recycle: this.following, repeats: (key) => this.#drawn.crowd.repeatsOf(key) });
  }

  /** Whether what the room has outrun may be read again. If not, there is a pull once it may. */
  #isTime(): boolean {
    const wait = this.#refreshAt - performance.now();
    if (wait > 0) setTimeout(this.#poke, wait);
    else this.#refreshAt = performance.now() + REFRESH_MS;
    return wait <= 0;
  }

  #pauseOlder(now: number): void {
    this.olderFailed = true;
    this.#olderAt = now + EDGE_PAUSE_MS;
  }
}
