// What a screen reader is told: a few words at a time, however fast the room is.
const EVERY_MS = 4_000;
/** More than so many at once are only counted. */
const READ_OUT = 2;

export class Announcer {
  /** What stands in the live region. */
  words = $state("");
  #important: string[] = [];
  #ordinary: string[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #count: (n: number) => string;

  constructor(count: (n: number) => string) {
    this.#count = count;
  }

  /** What concerns this person: said whole, and soon. */
  say(words: string): void {
    this.#important.push(words);
    this.#schedule(200);
  }

  /** What the room says. */
  mention(words: string): void {
    this.#ordinary.push(words);
    this.#schedule(EVERY_MS);
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => this.#speak(), this.words === "" ? ms : EVERY_MS);
  }

  #speak(): void {
    const n = this.#ordinary.length;
    const ordinary = n > READ_OUT ? [this.#count(n)] : this.#ordinary;
    this.words = [...this.#important.slice(-3), ...ordinary].join(" · ");
    this.#important = [];
    this.#ordinary = [];
    // Empty again before the next, so that the same words are heard again; and no sooner than they can be.
    this.#timer = setTimeout(() => {
      this.words = "";
      this.#timer = null;
      if (this.#important.length + this.#ordinary.length > 0) this.#schedule(200);
    }, EVERY_MS);
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }
}
