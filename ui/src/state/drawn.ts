// Which rows of a stretch are drawn, and which that it let go of still are: where most rows of a fast room are folded or left out, a screen is longer than the stretch.
import type { Changes, Row } from "../bridge/dto";
import { Crowd, isKept } from "./crowd";
import { isEntry } from "./fresh.svelte";
import { ECHO_PLACE, type Stretch } from "./stretch";
import type { Tempo } from "./tempo.svelte";

export interface DrawnWish {
  readonly held: boolean;
  /** Whether the repeats of a row are to be seen. */
  readonly open: (key: string) => boolean;
}

export class Drawn {
  readonly crowd = new Crowd();
  /** Drawn above the stretch, with what came between them left out or folded. */
  #trail: readonly Row[] = [];
  #heardTo = 0;
  /** Rows between those of the stretch never came here. */
  #holes = false;
  readonly #tempo: Tempo;

  constructor(tempo: Tempo) {
    this.#tempo = tempo;
  }

  of(stretch: Stretch, { held, open }: DrawnWish): readonly Row[] {
    const { crowd } = this;
    if (crowd.isCalm && this.#trail.length === 0) return stretch.rows;
    const above = this.#above(stretch);
    const here = new Set([...above, ...stretch.rows].map((row) => row.key));
    const shown = stretch.rows.filter((row) => {
      if (!crowd.isHidden(row.key)) return true;
      const leader = crowd.leaderOf(row.key);
      // Whoever reads misses nothing: without the row that they repeat, repeats speak for themselves.
      return leader !== null && (open(leader) || (held && !here.has(leader)));
    });
    return above.length === 0 ? shown : [...above, ...shown];
  }

  /** Takes rows that have come, out of others that were left out: how fast that was, and which of them are drawn below those of the stretch. */
  take(rows: readonly Row[], leftOut: number, stretch: Stretch, fold: boolean, wish: DrawnWish, now: number): void {
    const fresh = rows.filter((row) => row.place > this.#heardTo && row.place < ECHO_PLACE).sort((a, b) => a.place - b.place);
    this.heard(fresh.at(-1)?.place ?? 0);
    this.#holes ||= leftOut > 0;
    const plain = fresh.reduce((count, row) => count + (isKept(row) ? 0 : 1), 0);
    // What came stands for what did not.
    const weight = plain === 0 ? 1 : 1 + leftOut / plain;
    const said = leftOut + fresh.filter((row) => isEntry(row) && !row.mine).length;
    const worth = wish.held ? said : this.crowd.admit(this.of(stretch, wish), fresh, { fold, oneIn: this.#tempo.oneIn, weight }, wish.open);
    this.#tempo.heard(said, Math.round(worth), now);
  }

  /** The last place that is known. */
  get known(): number {
    return this.#heardTo;
  }

  /** Whether rows between those of the stretch never came here: what was left out can only be read again. */
  get hasHoles(): boolean {
    return this.#holes;
  }

  /** Rows up to here are known, however they came. */
  heard(place: number): void {
    this.#heardTo = Math.max(this.#heardTo, place);
  }

  /** A row that stayed away does not come by being changed. */
  heeding(changes: Changes, { rows }: Stretch): Changes {
    if (!this.#holes) return changes;
    const here = new Set([...this.#trail, ...rows].map((row) => row.key));
    return { ...changes, upserts: changes.upserts.filter((row) => row.place > this.#heardTo || isKept(row) || here.has(row.key)) };
  }

  /** Before changes are taken in. */
  change({ upserts, removed }: Changes, stretch: Stretch): void {
    if (this.crowd.isCalm && this.#trail.length === 0) return;
    const rows = new Map([...this.#trail, ...stretch.rows].map((row) => [row.key, row]));
    this.crowd.change(upserts, removed, (key) => rows.get(key));
    const changed = new Map(upserts.map((row) => [row.key, row]));
    this.#trail = this.#trail.filter((row) => !removed.includes(row.key)).map((row) => changed.get(row.key) ?? row);
  }

  /** The stretch moved on by `fresh` rows while someone follows: what it let go of, and what of those it never held, stays drawn until `cap` rows are. */
  advance(before: Stretch, fresh: readonly Row[], next: Stretch, cap: number): void {
    if (this.crowd.isCalm && this.#trail.length === 0) return;
    const first = next.rows[0]?.place ?? Number.POSITIVE_INFINITY;
    const were = [...new Map([...before.rows, ...fresh].map((row) => [row.key, row])).values()].sort((a, b) => a.place - b.place);
    const gone = were.filter((row) => row.place < first && !this.crowd.isHidden(row.key));
    const room = cap - next.rows.reduce((count, row) => count + (this.crowd.isHidden(row.key) ? 0 : 1), 0);
    this.#trail = room <= 0 ? [] : [...this.#above(before), ...gone].slice(-room);
    const here = new Set([...this.#trail, ...next.rows].map((row) => row.key));
    this.crowd.forget((key) => here.has(key));
  }

  /** None of these questions, by their key or their entry's id, is left out; says whether one was. */
  mark(questions: ReadonlyMap<string, unknown>, { rows }: Stretch): boolean {
    const { crowd } = this;
    if (crowd.isCalm) return false;
    const asked = rows.filter((row) => crowd.isHidden(row.key) && (questions.has(row.key) || (row.id !== null && questions.has(row.id))));
    for (const row of asked) crowd.show(row.key);
    return asked.length > 0;
  }

  /** Whether all rows of the stretch are drawn, and no others, but for repeats. */
  isWhole(stretch: Stretch): boolean {
    return !this.#holes && this.#trail.length === 0 && (this.crowd.isCalm || stretch.rows.every((row) => !this.crowd.isLeftOut(row.key)));
  }

  /** From now on a stretch is drawn as it is, but for repeats. */
  whole(): void {
    this.#trail = [];
    this.#holes = false;
    this.crowd.showAll();
  }

  #above(stretch: Stretch): readonly Row[] {
    const first = stretch.rows[0]?.place ?? Number.POSITIVE_INFINITY;
    return this.#trail.filter((row) => row.place < first);
  }
}
