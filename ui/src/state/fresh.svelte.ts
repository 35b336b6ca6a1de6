// What came while the list was held: how many rows, or at least how many.
import type { Row } from "../bridge/dto";
import { lastPlace } from "./stretch";
import type { Pages } from "./wanted";

const COUNTED_ROWS = 999;

export const isEntry = (row: Row): boolean => row.kind === "message" || row.kind === "question" || row.kind === "answer";

export class Fresh {
  count = $state(0);
  isLeast = $state(false);
  /** What stands below this place is new. */
  after = 0;
  /** What stands above this place was counted. */
  #to = 0;
  readonly #keys = new Set<string>();

  /** Counts anew, what stands below a place. */
  clear(after: number | null): void {
    this.after = this.#to = after ?? 0;
    this.#keys.clear();
    this.count = 0;
    this.isLeast = false;
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      if (isEntry(row) && !row.mine && row.place > this.after && this.#keys.size < COUNTED_ROWS) this.#keys.add(row.key);
    }
    this.count = this.#keys.size;
    this.#to = Math.max(this.#to, lastPlace(rows) ?? 0);
  }

  /** Counts on where a page came in place of changes, which would have said each row. What cannot be read is counted the next time. */
  async countOn({ read }: Pages): Promise<void> {
    const { after } = this;
    if (this.count >= COUNTED_ROWS) return;
    const page = await read({ at: "after", place: this.#to }, COUNTED_ROWS - this.count).catch(() => null);
    if (page === null || after !== this.after) return;
    this.add(page.rows);
    this.#to = Math.max(this.#to, page.to ?? 0);
    this.isLeast = page.hasNewer;
  }
}
