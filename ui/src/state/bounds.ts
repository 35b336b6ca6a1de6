// How many rows a page holds, and how often it asks for others.
import type { Reading } from "../bridge/dto";
import type { Item } from "./layout";

/** The most rows the page holds while someone reads back; three long screens. */
export const HELD_ROWS = 300;
export const PAGE_ROWS = 100;
/** A row of one line, closely set. */
const LOW_ROW_PX = 26;
/** A held stretch that the room has outrun is read again at most this often. */
export const REFRESH_MS = 1_000;
/** An edge that gave nothing is not asked again before this. */
export const EDGE_PAUSE_MS = 2_000;
/** Until then nothing is drawn in place of rows: most pages come from the cache at once. */
export const SKELETON_MS = 300;
/** The most while following the end, and never less than two screens. */
const FOLLOWED_ROWS = 150;
const FOLLOWED_SCREENS = 2;

/** The most rows of a page that follows the end, by how many a screen shows. */
export const followedRows = (screenRows: number): number => Math.min(FOLLOWED_ROWS, Math.max(PAGE_ROWS, screenRows * FOLLOWED_SCREENS));

/** How many rows fill a view of this height, so that the first to be drawn are not many more than can be seen. */
export const firstRows = (height: number): number => Math.min(PAGE_ROWS, Math.max(20, Math.ceil(height / LOW_ROW_PX)));

/** How many changes a pull brings at most (with more, the newest rows; of a sampled room, some of each), and how far apart pulls are, in ms; 0: one a frame. */
export interface Pulls {
  readonly reading: Reading;
  readonly rows: number;
  readonly apart: number;
}

/** Somebody who reads back needs few; who follows, a screen. Of a room that is sampled about ten rows a second are drawn, three at a time: each time costs the page as much, and the room a commit. */
export function pulls(following: boolean, sampled: boolean, screenRows: number): Pulls {
  if (!following) return { reading: "held", rows: PAGE_ROWS, apart: 0 };
  const rows = Math.max(40, screenRows);
  return sampled ? { reading: "sampled", rows, apart: 300 } : { reading: "following", rows, apart: 0 };
}

/** How many of the newest rows surely fill a view of this height: each counts as low as one of its kind can be. */
export function filling(items: readonly Item[], height: number, line: number, compact: boolean): number {
  let count = 0;
  for (let filled = 0; filled < height && count < items.length; count++) {
    const item = items[items.length - 1 - count];
    const tall = item?.row.kind === "message" && !item.grouped && !compact;
    filled += item?.run === null ? line * (tall ? 2 : 1) : 0;
  }
  return count;
}
