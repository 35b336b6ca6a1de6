// What somebody opened by hand in a timeline: long texts, quoted questions, muted rows, rows that say the same. Kept beside the rows because nodes are reused.

/** The names under which the parts of a row are kept. */
const muted = (key: string): string => `${key}!`;
const repeats = (key: string): string => `${key}*`;

export class Unfolded {
  #open = $state.raw<ReadonlySet<string>>(new Set());

  /** A row's text, or another part of it by its name. */
  has(name: string): boolean {
    return this.#open.has(name);
  }

  toggle(name: string): void {
    const next = new Set(this.#open);
    if (!next.delete(name)) next.add(name);
    this.#open = next;
  }

  isUnmuted(key: string): boolean {
    return this.#open.has(muted(key));
  }

  /** Whoever goes to a muted row wants to read it. */
  showMuted(key: string): void {
    this.#open = new Set([...this.#open, muted(key)]);
  }

  /** Muted rows are opened, or folded again. */
  toggleMuted(keys: readonly string[]): void {
    const names = keys.map(muted);
    const next = new Set(this.#open);
    if (names.every((name) => next.has(name))) names.forEach((name) => next.delete(name));
    else names.forEach((name) => next.add(name));
    this.#open = next;
  }

  areRepeatsOpen(key: string): boolean {
    return this.#open.has(repeats(key));
  }

  toggleRepeats(key: string): void {
    this.toggle(repeats(key));
  }
}
