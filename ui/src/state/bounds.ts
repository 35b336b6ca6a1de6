// How many rows a page holds, and how often it asks for others.

/** The most rows the page holds while someone reads back; three long screens. */
export const HELD_ROWS = 300;
export const PAGE_ROWS = 100;
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

/** How many changes a pull brings at most (with more, a page is read), and how far apart pulls are, in ms; 0: one a frame. */
export interface Pulls {
  readonly rows: number;
  readonly apart: number;
}

/** Somebody who reads back needs few; who follows, a screen. While only about ten rows a second of a fast room are drawn, all are looked at, for a question or a marked row among them. */
export function pulls(following: boolean, sampled: boolean, screenRows: number): Pulls {
  if (!following) return { rows: PAGE_ROWS, apart: 0 };
  return sampled ? { rows: 1_000, apart: 100 } : { rows: Math.max(40, screenRows), apart: 0 };
}
