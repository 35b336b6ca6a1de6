// Which rows of a busy room are drawn while somebody follows it: repeats become one row with a count, and of more than anybody can read one in so many is shown. No clock, no I/O.
import type { Row } from "../bridge/dto";
import { momentOf } from "./layout";

/** A repeat stands at most so many rows below what it repeats. */
const REACH_ROWS = 8;
const REACH_MS = 10_000;
const NAMES = 8;
/** Of what was said lately, so many lines are remembered, by so many letters. */
const LATELY = 500;
const COMPARED = 200;
/** More rows than these are never remembered as left out; the stretch holds fewer. */
const REMEMBERED = 2_000;

/** The rows that say the same as one that is shown. */
export interface Repeats {
  /** How often it was said, the row that is shown included. */
  readonly count: number;
  /** Who said it last, the newest first. */
  readonly names: readonly string[];
}

export interface CrowdWish {
  readonly fold: boolean;
  /** Of so many rows one is shown. */
  readonly oneIn: number;
  /** Each row stands for so many that were said. */
  readonly weight: number;
}

/** Whether a row is shown however fast the room is: what is asked, answered, one's own or marked by a rule is why people look. */
export function isKept(row: Row): boolean {
  return row.kind !== "message" || row.mine || row.delivery !== "received" || row.retracted || (row.ruled?.colour ?? null) !== null;
}

/** Each row of a fast room is compared with many. */
const gists = new WeakMap<Row, string>();

/** What two lines are compared by; empty for what repeats nothing. */
function gist(row: Row): string {
  const known = gists.get(row);
  if (known !== undefined) return known;
  const made = isKept(row) ? "" : row.text.trim().toUpperCase().toLowerCase();
  gists.set(row, made);
  return made;
}

export class Crowd {
  /** Rows that are not drawn: the key of the row they repeat, or null for those left out. */
  readonly #hidden = new Map<string, string | null>();
  readonly #repeats = new Map<string, { count: number; names: string[] }>();
  /** What was said lately, shown or not, and when. */
  readonly #lately = new Map<string, number>();
  /** After so many rows more, one is shown. */
  #due = 0;

  /**
   * Decides about rows that come below `shown`, the newest last; `open` are those whose repeats are to be seen. Says how
   * many rows there were to show, had none been left out: no repeats, not even of what was left out.
   */
  admit(shown: readonly Row[], fresh: readonly Row[], wish: CrowdWish, open: (key: string) => boolean): number {
    const above = shown.slice(-REACH_ROWS - 1);
    let worth = 0;
    for (const row of fresh) {
      const same = wish.fold ? this.#repeated(above, row, open) : undefined;
      if (same) {
        this.#fold(row, same);
        continue;
      }
      if (isKept(row) || this.#isDue(wish)) {
        above.push(row);
        if (above.length > REACH_ROWS) above.shift();
      } else this.#hide(row.key, null);
      if (!isKept(row) && !(wish.fold && this.#isHeard(row))) worth += wish.weight;
    }
    return worth;
  }

  /** Rows changed or went: what no longer repeats anything is shown. */
  change(upserts: readonly Row[], removed: readonly string[], rowOf: (key: string) => Row | undefined): void {
    if (this.#hidden.size === 0) return;
    for (const key of removed) {
      this.show(key);
      this.#part(key);
    }
    for (const row of upserts) {
      const leader = this.#hidden.get(row.key);
      if (isKept(row)) this.show(row.key);
      else if (typeof leader === "string") {
        const above = rowOf(leader);
        if (above && gist(above) !== gist(row)) this.show(row.key);
      } else if (this.#repeats.has(row.key)) {
        const before = rowOf(row.key);
        if (before && gist(before) !== gist(row)) this.#part(row.key);
      }
    }
  }

  /** A row is to be drawn from now on, whatever was decided. */
  show(key: string): void {
    const leader = this.#hidden.get(key);
    this.#hidden.delete(key);
    const repeats = typeof leader === "string" ? this.#repeats.get(leader) : undefined;
    if (repeats && typeof leader === "string" && --repeats.count < 2) this.#repeats.delete(leader);
  }

  /** Nothing is left out any more; repeats stay with what they repeat. */
  showAll(): void {
    for (const [key, leader] of this.#hidden) if (leader === null) this.#hidden.delete(key);
  }

  isHidden(key: string): boolean {
    return this.#hidden.has(key);
  }

  isLeftOut(key: string): boolean {
    return this.#hidden.get(key) === null;
  }

  /** The row that a hidden one repeats. */
  leaderOf(key: string): string | null {
    return this.#hidden.get(key) ?? null;
  }

  repeatsOf(key: string): Repeats | null {
    return this.#repeats.get(key) ?? null;
  }

  get hidden(): Iterable<string> {
    return this.#hidden.keys();
  }

  get isCalm(): boolean {
    return this.#hidden.size === 0;
  }

  /** Forgets rows that are neither here nor repeat a row that is. */
  forget(isHere: (key: string) => boolean): void {
    for (const [key, leader] of this.#hidden) if (!isHere(key) && (leader === null || !isHere(leader))) this.#hidden.delete(key);
    for (const key of this.#repeats.keys()) if (!isHere(key)) this.#repeats.delete(key);
  }

  #isDue({ oneIn, weight }: CrowdWish): boolean {
    const isDue = Math.min(this.#due, oneIn - weight) <= 0;
    this.#due = (isDue ? oneIn : Math.min(this.#due, oneIn - weight)) - weight;
    return isDue;
  }

  #repeated(above: readonly Row[], row: Row, open: (key: string) => boolean): Row | undefined {
    const text = gist(row);
    if (text === "") return undefined;
    const when = momentOf(row);
    return above.slice(-REACH_ROWS).findLast((upper) => !open(upper.key) && Math.abs(when - momentOf(upper)) <= REACH_MS && gist(upper) === text);
  }

  #isHeard(row: Row): boolean {
    const text = gist(row).slice(0, COMPARED);
    const when = momentOf(row);
    const before = this.#lately.get(text);
    // The oldest first.
    this.#lately.delete(text);
    this.#lately.set(text, when);
    const [oldest] = this.#lately.keys();
    if (this.#lately.size > LATELY && oldest !== undefined) this.#lately.delete(oldest);
    return text !== "" && before !== undefined && when - before <= REACH_MS;
  }

  #fold(row: Row, into: Row): void {
    const repeats = this.#repeats.get(into.key) ?? { count: 1, names: [into.name || into.user] };
    const name = row.name || row.user;
    // A new value: whoever drew the old one learns of it.
    this.#repeats.set(into.key, { count: repeats.count + 1, names: [name, ...repeats.names.filter((other) => other !== name)].slice(0, NAMES) });
    this.#hide(row.key, into.key);
  }

  #hide(key: string, leader: string | null): void {
    this.#hidden.set(key, leader);
    if (this.#hidden.size <= REMEMBERED) return;
    for (const oldest of this.#hidden.keys()) {
      this.#hidden.delete(oldest);
      return;
    }
  }

  #part(leader: string): void {
    this.#repeats.delete(leader);
    for (const [key, of] of this.#hidden) if (of === leader) this.#hidden.delete(key);
  }
}
