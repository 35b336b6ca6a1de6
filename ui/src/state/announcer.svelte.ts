// What a screen reader is told: a few words at a time, however fast the room is.
const EVERY_MS = 4_000;
/** More than so many at once are only counted. */
const READ_OUT = 2;
/** So much concerns this person at once. */
const IMPORTANT = 3;

export class Announcer {
  /** What stands in the live region. */
  words = $state("");
  #important: string[] = [];
  #ordinary: string[] = [];
  #counted = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #count: (n: number) => string;

  constructor(count: (n: number) => string) {
    this.#count = count;
  }

  /** What concerns this person: said whole, and soon. */
  say(words: string): void {
    // It does not wait for what may wait; and the next one, however soon it comes, puts nothing off.
    if (this.words === "" && this.#important.length === 0) this.#unschedule();
    this.#important = [...this.#important, words].slice(-IMPORTANT);
    this.#schedule(200);
  }

  /** What the room says: put into words only where it is read out. */
  mention(words: () => string): void {
    this.#counted++;
    if (this.#counted <= READ_OUT) this.#ordinary.push(words());
    this.#schedule(EVERY_MS);
  }

  #unschedule(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => this.#speak(), this.words === "" ? ms : EVERY_MS);
  }

  #speak(): void {
    const ordinary = this.#counted > READ_OUT ? [this.#count(this.#counted)] : this.#ordinary;
    this.words = [...this.#important, ...ordinary].join(" · ");
    this.#forget();
    // Empty again before the next, so that the same words are heard again; and no sooner than they can be.
    this.#timer = setTimeout(() => {
      this.words = "";
      this.#timer = null;
      if (this.#important.length + this.#counted > 0) this.#schedule(200);
    }, EVERY_MS);
  }

  #forget(): void {
    this.#important = [];
    this.#ordinary = [];
    this.#counted = 0;
  }

  /** Says nothing more of what it was told. */
  stop(): void {
    this.#unschedule();
    this.words = "";
    this.#forget();
  }
}
