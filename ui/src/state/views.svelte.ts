// The views of a room: which there are, which of them the window shows, and what came in the others.
import type { Bridge } from "../bridge/bridge";
import type { SavedView } from "../bridge/dto";

/** Everything: the view without a name. */
export const ALL = "";
/** The views that everybody has. */
export const BUILT_IN = ["questions", "mentions", "staff"] as const;
/** The most that a person may make. */
export const MOST_VIEWS = 8;
/** Counting stops here. */
export const MOST_NEWS = 100;

export type BuiltIn = (typeof BUILT_IN)[number];

export class Views {
  current = $state(ALL);
  /** What came in each since somebody last looked at it. */
  news = $state.raw<Readonly<Record<string, number>>>({});
  made = $state.raw<readonly SavedView[]>([]);
  /** All of them, in the order of their tabs. */
  readonly all = $derived<readonly string[]>([ALL, ...BUILT_IN, ...this.made.map(({ id }) => id)]);
  /** The one that the window shows, if a person made it. */
  readonly own = $derived(this.made.find(({ id }) => id === this.current) ?? null);
  readonly #bridge: Bridge;

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
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
