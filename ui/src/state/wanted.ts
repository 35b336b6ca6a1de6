// A page to read: one of the cache's, or those on both sides of a place as one.
import type { Bridge } from "../bridge/bridge";
import type { Anchor, Page } from "../bridge/dto";
import { fromPage, withOlder } from "./stretch";

export type Wanted = Anchor | { readonly at: "around"; readonly place: number };

export async function readPage(bridge: Bridge, room: string, wanted: Wanted, limit: number): Promise<Page> {
  if (wanted.at !== "around") return bridge.page(room, wanted, limit);
  const { place } = wanted;
  const [above, below] = await Promise.all([bridge.page(room, { at: "before", place }, limit), bridge.page(room, { at: "after", place: place - 1 }, limit)]);
  const { rows, ...page } = withOlder(fromPage(below), above, 2 * limit);
  return { ...page, rows: [...rows] };
}
