// The views of a room: which there are, which of them the window shows, and what came in the others.
import type { Bridge } from "../bridge/bridge";
import type { SavedView, When } from "../bridge/dto";

/** Everything: the view without a name. */
export const ALL = "";
/** The views that everybody has. */
export const BUILT_IN = ["questions", "mentions", "staff"] as const;
/** The most that a person may make. */
const MOST_VIEWS = 8;
/** Counting stops here. */
export const MOST_NEWS = 100;

/** The longest name of a view, and the longest word, pattern or id in it, in bytes; and how many of either there may be. */
export const NAME_BYTES = 120;
export const WORD_BYTES = 512;
export const EACH = 20;

export type BuiltIn = (typeof BUILT_IN)[number];

/** A view that is still to be made; of what a rule looks at, if it is made of one. */
export function newView(when: When | null = null): SavedView {
  const view: SavedView = { id: crypto.randomUUID(), name: "", kinds: [], words: [], pattern: "", people: [] };
  switch (when?.by) {
    case "words":
      return { ...view, name: when.text, words: [when.text] };
    case "person":
      return { ...view, name: when.name || when.user, people: [{ user: when.user, name: when.name }] };
    case "kind":
      return { ...view, kinds: [when.kind] };
    case "pattern":
      return { ...view, name: when.text, pattern: when.text };
    case undefined:
      return view;
  }
}

/** What stands in lines of its own. */
export const linesOf = (text: string): string[] => [...new Set(text.split("\n").map((line) => line.trim()))].filter((line) => line !== "");

export class Views {
  current = $state(ALL);
  /** What came in each since somebody last looked at it. */
  news = $state.raw<Readonly<Record<string, number>>>({});
  made = $state.raw<readonly SavedView[]>([]);
  /** All of them, in the order of their tabs. */
  readonly all = $derived<readonly string[]>([ALL, ...BUILT_IN, ...this.made.map(({ id }) => id)]);
  /** The one that the window shows, if a person made it. */
  readonly own = $derived(this.made.find(({ id }) => id === this.current) ?? null);
  readonly mayMake = $derived(this.made.length < MOST_VIEWS);
  readonly #bridge: Bridge;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  /** Those that a person made; says whether the one on show is another now. */
  take(made: readonly SavedView[]): boolean {
    const before = JSON.stringify(this.own);
    this.made = made;
    return this.own !== null && JSON.stringify(this.own) !== before;
  }

  /** The one before or after; behind the last stands the first. */
  beside(by: 1 | -1): string {
    const { all } = this;
    return all[(all.indexOf(this.current) + by + all.length) % all.length] ?? ALL;
  }

  /** The window shows it from now on, and still after a restart. */
  choose(view: string): void {
    this.current = view;
    // Where it can't be kept, the window still shows it.
    this.#bridge.window.chooseView(view).catch(() => undefined);
  }
}
