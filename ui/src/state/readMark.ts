// How far a room was read: told a moment after it was seen, told once, and never taken back.
const DEBOUNCE_MS = 400;

export class ReadMark {
  /** The last place that was told, or that the cache knew of. */
  at: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #tell: (place: number) => Promise<void>;

  constructor(tell: (place: number) => Promise<void>) {
    this.#tell = tell;
  }

  /** Somebody looks at this row; if they go on to, it counts as read. */
  seen(place: number): void {
    if (!this.#isNews(place)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.now(place), DEBOUNCE_MS);
  }

  now(place: number): void {
    clearTimeout(this.#timer);
    if (!this.#isNews(place)) return;
    this.at = place;
    this.#tell(place).catch(() => (this.at = null));
  }

  /** Nobody looks any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #isNews(place: number): boolean {
    return this.at === null || place > this.at;
  }
}
