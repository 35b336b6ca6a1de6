// What came while the list was held: how many rows, or at least how many.
import type { Row } from "../bridge/dto";

export const COUNTED_ROWS = 999;

export const isEntry = (row: Row): boolean => row.kind === "message" || row.kind === "question" || row.kind === "answer";

export class Fresh {
  count = $state(0);
  isLeast = $state(false);
  #after = 0;
  readonly #keys = new Set<string>();

  /** Counts anew, what stands below a place. */
  clear(after: number | null): void {
    this.#after = after ?? 0;
    this.#keys.clear();
    this.count = 0;
    this.isLeast = false;
  }

  add(rows: readonly Row[]): void {
    for (const row of rows) {
      if (isEntry(row) && !row.mine && row.place > this.#after && this.#keys.size < COUNTED_ROWS) this.#keys.add(row.key);
    }
    this.count = Math.max(this.count, this.#keys.size);
  }

  /** More came than could be counted. */
  atLeast(count: number): void {
    this.count = Math.min(COUNTED_ROWS, Math.max(this.#keys.size, count, 1));
    this.isLeast = true;
  }
}
