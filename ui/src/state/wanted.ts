// A page to read: one of the cache's, or those on both sides of a place as one; and where the view stands then.
import type { Bridge } from "../bridge/bridge";
import type { Anchor, Page, Row, Stand } from "../bridge/dto";
import { fromPage, lastPlace, withOlder } from "./stretch";

/** Where the view should stand after rows were replaced; the view clears it. */
export type Goal = "end" | "line" | "row" | Stand | null;

export type Wanted = Anchor | { readonly at: "around"; readonly place: number };

/** Reads the pages of one view of a room. */
export class Pages {
  /** One of them was read without a session: its rows have no pictures, and their names were compared with few others. */
  kept = false;
  readonly read: (anchor: Anchor, limit: number) => Promise<Page>;

  constructor(bridge: Bridge, room: string, view: string) {
    this.read = async (anchor, limit) => {
      const page = await bridge.page(room, anchor, limit, view);
      this.kept ||= page.kept;
      return page;
    };
  }
}

export async function readPage(page: (anchor: Anchor, limit: number) => Promise<Page>, wanted: Wanted, limit: number): Promise<Page> {
  if (wanted.at !== "around") return page(wanted, limit);
  const { place } = wanted;
  const [above, below] = await Promise.all([page({ at: "before", place }, limit), page({ at: "after", place: place - 1 }, limit)]);
  const { rows, ...around } = withOlder(fromPage(below), above, 2 * limit);
  return { ...below, ...around, rows: [...rows] };
}

/** Whether so much came in before what is looked at that these rows end above it. */
export const endsAbove = (rows: readonly Row[], stand: Stand | null): boolean => stand !== null && (lastPlace(rows) ?? stand.place) < stand.place;

/** The rows that are held, as they are now; if they end above what is looked at, `limit` on both sides of that. */
export async function readHeld(page: (anchor: Anchor, limit: number) => Promise<Page>, rows: readonly Row[], stand: Stand | null, limit: number): Promise<Page> {
  const held = await page({ at: "after", place: (rows[0]?.place ?? 0) - 1 }, Math.max(rows.length, 1));
  return stand !== null && endsAbove(held.rows, stand) ? readPage(page, { at: "around", place: stand.place }, limit) : held;
}
