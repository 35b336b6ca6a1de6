// A page to read: one of the cache's, or those on both sides of a place as one; and where the view stands then.
import type { Anchor, Page, Stand } from "../bridge/dto";
import { fromPage, withOlder } from "./stretch";

/** Where the view should stand after rows were replaced; the view clears it. */
export type Goal = "end" | "line" | "row" | Stand | null;

export type Wanted = Anchor | { readonly at: "around"; readonly place: number };

export async function readPage(page: (anchor: Anchor, limit: number) => Promise<Page>, wanted: Wanted, limit: number): Promise<Page> {
  if (wanted.at !== "around") return page(wanted, limit);
  const { place } = wanted;
  const [above, below] = await Promise.all([page({ at: "before", place }, limit), page({ at: "after", place: place - 1 }, limit)]);
  const { rows, ...around } = withOlder(fromPage(below), above, 2 * limit);
  return { ...around, rows: [...rows] };
}
