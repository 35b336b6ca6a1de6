// Hears what others say while it is said, once: what is read back, or drawn anew, was heard before.
import type { Row } from "../bridge/dto";

export class Ear {
  readonly #hear: (rows: readonly Row[]) => void;
  /** What others said up to here has been heard, or was there before. */
  #to = Number.NEGATIVE_INFINITY;

  constructor(hear: (rows: readonly Row[]) => void) {
    this.#hear = hear;
  }

  /** These rows have come. */
  listen(rows: readonly Row[]): void {
    const came = rows.filter((row) => row.place > this.#to && !row.mine);
    this.skip(rows);
    if (came.length > 0) this.#hear(came);
  }

  /** These rows were there. */
  skip(rows: readonly Row[]): void {
    for (const row of rows) if (!row.mine) this.#to = Math.max(this.#to, row.place);
  }
}
