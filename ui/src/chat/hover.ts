// A pointer that moves over the list holds it still, for as long as the person chose; it follows on by itself, since nobody asked it to stop for good.

/** Until the pointer leaves. */
export const UNTIL_IT_LEAVES = 65_535;

export class Hover {
  /** Whether the list is held for the pointer's sake alone. */
  holds = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = "";
  readonly #hold: () => boolean;
  readonly #release: () => void;

  /** `hold` says whether there was anything to hold. */
  constructor(hold: () => boolean, release: () => void) {
    this.#hold = hold;
    this.#release = release;
  }

  moved(x: number, y: number, freezeMs: number): void {
    // Rows that move under a resting pointer make events, too.
    const place = `${x} ${y}`;
    if (freezeMs === 0 || place === this.#last) return;
    this.#last = place;
    if (this.#hold()) this.holds = true;
    if (!this.holds) return;
    clearTimeout(this.#timer);
    if (freezeMs < UNTIL_IT_LEAVES) this.#timer = setTimeout(() => this.left(), freezeMs);
  }

  /** The pointer left, or has rested. */
  left(): void {
    clearTimeout(this.#timer);
    if (!this.holds) return;
    this.holds = false;
    this.#release();
  }

  /** There is another reason to hold still now, or none at all. */
  forget(): void {
    clearTimeout(this.#timer);
    this.holds = false;
  }
}
