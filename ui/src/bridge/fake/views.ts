// The invented backend's views: the same promises as the real ones, plainly kept.
import type { Changes, Page, Row, SavedView } from "../dto";
import type { FakeRoom } from "./room";
import type { FakeRules } from "./rules";

/** So many rows are looked at for a page of mentions. */
const LOOKED_AT = 200;
const MOST = 100;

export class FakeViews {
  made: readonly SavedView[] = [];
  readonly #room: FakeRoom;
  readonly #rules: FakeRules;
  readonly #looked = new Map<string, number>();

  constructor(room: FakeRoom, rules: FakeRules) {
    this.#room = room;
    this.#rules = rules;
  }

  shows(view: string, row: Row): boolean {
    if (row.kind === "gap" || row.place >= 2 ** 52) return true;
    if (row.kind === "boundary") return false;
    if (view === "questions") return row.kind === "question";
    if (view === "staff") return row.kind === "answer";
    const { ruled } = this.#rules.paint(row);
    if (view === "mentions") return !row.mine && ruled?.muted !== true && (ruled !== null || /\balex\b/i.test(row.text));
    const own = this.made.find(({ id }) => id === view);
    if (!own || (own.kinds.length > 0 && !own.kinds.includes(row.kind))) return false;
    const said = own.words.some((word) => row.text.toLowerCase().includes(word.toLowerCase()));
    const matched = own.pattern !== "" && new RegExp(own.pattern, "i").test(row.text);
    return (own.words.length === 0 && own.people.length === 0 && own.pattern === "") || said || matched || own.people.some(({ user }) => user === row.user);
  }

  /** Rows before a place, from the newest; of mentions no more are looked at than the bound. */
  page(view: string, page: Page, before: number, limit: number): Page {
    const all = this.#room.rows.filter((row) => row.place < before);
    const looked = view === "mentions" ? all.slice(-LOOKED_AT) : all;
    const fit = looked.filter((row) => this.shows(view, row));
    const rows = fit.slice(-limit);
    const short = rows.length === fit.length;
    const more = !short || looked.length < all.length;
    const from = more ? ((short ? looked[0] : rows[0])?.place ?? null) : null;
    return { ...page, rows, hasOlder: more, hasNewer: before !== Number.POSITIVE_INFINITY, from };
  }

  after(view: string, page: Page, after: number, limit: number): Page {
    const fit = this.#room.rows.filter((row) => row.place > after && this.shows(view, row));
    return { ...page, rows: fit.slice(0, limit), hasNewer: fit.length > limit, hasOlder: true };
  }

  changes(view: string, changes: Changes): Changes {
    const others = changes.upserts.filter((row) => !this.shows(view, row));
    return { ...changes, upserts: changes.upserts.filter((row) => this.shows(view, row)), removed: [...changes.removed, ...others.map(({ key }) => key)], heard: others.filter((row) => this.#rules.paint(row).ruled?.sound) };
  }

  /** What came in each since it was last looked at. */
  news(looking: string): Record<string, number> {
    const end = this.#room.rows.findLast((row) => row.place < 2 ** 52)?.place ?? 0;
    const news: Record<string, number> = {};
    for (const view of ["questions", "mentions", "staff", ...this.made.map(({ id }) => id)]) {
      if (view === looking || !this.#looked.has(view)) this.#looked.set(view, end);
      const at = this.#looked.get(view) ?? end;
      const came = this.#room.rows.filter((row) => row.place > at && row.place < 2 ** 52 && !row.mine && this.shows(view, row)).length;
      if (came > 0) news[view] = Math.min(came, MOST);
    }
    return news;
  }
}
