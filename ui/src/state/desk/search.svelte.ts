// One search over the history: what is asked, what came, and more of it.
import { asAppError, type Bridge } from "../../bridge/bridge";
import type { AppError, Hit } from "../../bridge/dto";
import type { Key } from "../../i18n/catalogue";

const PAUSE_MS = 120;

/** What narrows a search, as the store reads it (crates/history/src/search.rs), and what that means. */
export const FILTERS: readonly (readonly [string, Key])[] = [
  ['"two words"', "search.filter.phrase"],
  ["-word", "search.filter.not"],
  ["from:name", "search.filter.from"],
  ["role:staff role:audience", "search.filter.role"],
  ["is:question is:answer is:message is:mine", "search.filter.kind"],
  ["is:unanswered is:answered", "search.filter.work"],
  ["#12 tag:name", "search.filter.item"],
  ["has:link", "search.filter.link"],
  ["older:5m newer:2h", "search.filter.ago"],
  ["before:2026-11-01 after:2026-11-01", "search.filter.day"],
];

export class Search {
  query = $state("");
  everywhere = $state(false);
  hits = $state.raw<readonly Hit[]>([]);
  at = $state(0);
  busy = $state(false);
  /** What the hits answer; null before the first answer. */
  answered = $state<string | null>(null);
  indexing = $state<number | null>(null);
  error = $state.raw<AppError | null>(null);
  more = $state<string | null>(null);
  readonly #room: string;
  readonly #bridge: Bridge;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #generation = 0;

  constructor(room: string, bridge: Bridge) {
    this.#room = room;
    this.#bridge = bridge;
  }

  type(query: string): void {
    this.query = query;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.ask(), PAUSE_MS);
  }

  async ask(cursor: string | null = null): Promise<void> {
    const generation = ++this.#generation;
    const query = this.query.trim();
    // What is asked for from the beginning needs no second time when its pause is over.
    if (cursor === null) clearTimeout(this.#timer);
    if (query === "") {
      this.hits = [];
      this.busy = false;
      [this.answered, this.more, this.error] = [null, null, null];
      return;
    }
    this.busy = true;
    try {
      const page = await this.#bridge.desk.search(this.everywhere ? null : this.#room, query, cursor);
      if (generation !== this.#generation) return;
      this.hits = cursor === null ? page.hits : [...this.hits, ...page.hits];
      this.more = page.next;
      this.indexing = page.indexing;
      this.answered = query;
      this.error = null;
      if (cursor === null) this.at = 0;
    } catch (thrown) {
      if (generation === this.#generation) this.error = asAppError(thrown);
    } finally {
      if (generation === this.#generation) this.busy = false;
    }
  }

  /** The hit that is chosen. Whoever is faster than the search waits for what these words find; null where that is nothing, or they became others. */
  async chosen(): Promise<Hit | null> {
    if (this.answered !== this.query.trim()) await this.ask();
    return this.answered === this.query.trim() ? (this.hits[this.at] ?? null) : null;
  }

  move(by: number): void {
    this.at = Math.min(this.hits.length - 1, Math.max(0, this.at + by));
    if (this.at > this.hits.length - 4 && this.more !== null && !this.busy) void this.ask(this.more);
  }
}

/** A text cut at its highlights, in order; what does not fit the text is left out. */
export function cut(text: string, ranges: readonly (readonly [number, number])[]): { text: string; hit: boolean }[] {
  const pieces: { text: string; hit: boolean }[] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (from < at || to <= from || to > text.length) continue;
    if (from > at) pieces.push({ text: text.slice(at, from), hit: false });
    pieces.push({ text: text.slice(from, to), hit: true });
    at = to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), hit: false });
  return pieces;
}
