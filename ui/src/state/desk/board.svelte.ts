// The list of questions as one person has it before them: a lane, an order that holds still while it is looked at, and a selection that follows the question.
import type { Lane, Question, QuestionChanges } from "../../bridge/dto";
import { LANES, nothing, pendingOf, sorted, type Pending, type Sort } from "./order";

export class Board {
  items = $state.raw<ReadonlyMap<string, Question>>(new Map());
  lane = $state<Lane>("open");
  sort = $state<Sort>("oldest");
  /** The rows on screen, in the order on screen; some may have left the lane since. */
  shown = $state.raw<readonly string[]>([]);
  pending = $state.raw<Pending>(nothing);
  selected = $state<string | null>(null);
  /** What was marked with it, for steps on several. */
  marked = $state.raw<ReadonlySet<string>>(new Set());
  loaded = $state(false);
  pointerInside = $state(false);
  focusInside = $state(false);

  /** Up to what the questions are known. */
  since = 0;

  readonly counts = $derived.by(() => {
    const counts: Record<Lane, number> = { review: 0, open: 0, mine: 0, live: 0, done: 0 };
    for (const question of this.items.values()) counts[question.lane]++;
    return counts;
  });
  readonly rows = $derived(this.shown.flatMap((id) => this.items.get(id) ?? []));
  /** By the row of the timeline: its key where the question has no other name, else its entry's id. */
  readonly byRow = $derived(new Map([...this.items.values()].map((question) => [question.row ?? question.id, question] as const)));
  readonly claims = $derived([...this.items.values()].some((question) => question.claim !== null));

  /** Somebody looks at the list, or works from it: nothing moves. Where there is nothing yet, nothing could. */
  get still(): boolean {
    if (this.shown.length === 0) return false;
    return this.pointerInside || this.focusInside || (this.selected !== null && this.shown.includes(this.selected));
  }

  apply(changes: Omit<QuestionChanges, "missed">): void {
    this.since = changes.revision;
    const unchanged = changes.upserts.length === 0 && changes.removed.length === 0 && !changes.reset;
    if (unchanged && this.loaded) return;
    const items = new Map(changes.reset ? [] : this.items);
    for (const id of changes.removed) items.delete(id);
    for (const question of changes.upserts) items.set(question.id, question);
    this.items = items;
    this.loaded = true;
    // What is gone for good cannot be drawn, whoever looks.
    if (this.shown.some((id) => !items.has(id))) this.shown = this.shown.filter((id) => items.has(id));
    this.#settle();
  }

  /** The new order, because somebody asked for it. */
  refresh(): void {
    this.shown = this.#actual();
    this.pending = nothing;
    this.marked = new Set();
  }

  show(lane: Lane): void {
    if (this.lane === lane) return;
    this.lane = lane;
    this.selected = null;
    this.refresh();
  }

  sortBy(sort: Sort): void {
    this.sort = sort;
    this.refresh();
  }

  pointer(inside: boolean): void {
    this.pointerInside = inside;
    this.#settle();
  }

  focus(inside: boolean): void {
    this.focusInside = inside;
    this.#settle();
  }

  select(id: string | null): void {
    this.selected = id;
    this.marked = new Set();
    this.#settle();
  }

  /** Goes to a question wherever it stands: its lane is shown, and it is selected. */
  goTo(id: string): void {
    const question = this.items.get(id);
    if (!question) return;
    if (question.lane !== this.lane) this.show(question.lane);
    if (!this.shown.includes(id)) this.refresh();
    this.select(id);
  }

  /** One row on; extending marks what was passed. */
  move(by: number, extend = false): string | null {
    const at = this.selected === null ? -1 : this.shown.indexOf(this.selected);
    const to = at < 0 ? (by > 0 ? 0 : this.shown.length - 1) : Math.min(this.shown.length - 1, Math.max(0, at + by));
    const id = this.shown[to] ?? null;
    const marked = new Set(extend ? this.marked : []);
    if (extend) for (const passed of [this.selected, id]) if (passed !== null) marked.add(passed);
    this.selected = id;
    this.marked = marked;
    return id;
  }

  /** The questions a step is for: those that are marked, or the selected one. */
  get chosen(): Question[] {
    const ids = this.marked.size > 0 ? [...this.marked] : this.selected === null ? [] : [this.selected];
    return ids.flatMap((id) => this.items.get(id) ?? []);
  }

  byNumber(number: number): Question | null {
    return [...this.items.values()].find((question) => number > 0 && question.number === number) ?? null;
  }

  step(by: number): void {
    const at = LANES.indexOf(this.lane) + by;
    const lane = LANES[(at + LANES.length) % LANES.length];
    if (lane) this.show(lane);
  }

  #actual(): string[] {
    return sorted(this.items.values(), this.lane, this.sort);
  }

  #settle(): void {
    const actual = this.#actual();
    if (this.still) this.pending = pendingOf(this.shown, actual);
    else {
      this.shown = actual;
      this.pending = nothing;
    }
  }
}
