// The loaded stretch of a timeline, as values: what a page, a change set or a trim makes of it. No clock, no I/O.
import type { Changes, Page, Row } from "../bridge/dto";

/** A run of the cache's rows in the order of the timeline: gapless, but of a room that is sampled. */
export interface Stretch {
  readonly rows: readonly Row[];
  /** All changes up to here are in `rows`. */
  readonly revision: number;
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  readonly reachedStart: boolean;
  readonly read: number | null;
  /** Of a view: how far was looked for its rows, where that is not as far as they go. */
  readonly from: number | null;
  readonly to: number | null;
}

/** Own rows that no server has placed yet stand at or above this place. */
export const ECHO_PLACE = 2 ** 52;

export const emptyStretch: Stretch = { rows: [], revision: 0, hasOlder: false, hasNewer: false, reachedStart: false, read: null, from: null, to: null };

export function fromPage(page: Page): Stretch {
  return { ...page, rows: sorted(page.rows) };
}

/** Adds a page of older rows and lets go of the newest ones beyond `cap`. */
export function withOlder(stretch: Stretch, page: Page, cap: number): Stretch {
  const joined = join(stretch, page);
  const rows = joined.slice(0, cap);
  return {
    ...stretch,
    rows,
    revision: Math.min(stretch.revision, page.revision),
    hasOlder: page.hasOlder,
    reachedStart: page.reachedStart,
    hasNewer: stretch.hasNewer || rows.length < joined.length,
    from: page.from,
    to: rows.length < joined.length ? null : stretch.to,
  };
}

/** Adds a page of newer rows and lets go of the oldest ones beyond `cap`. */
export function withNewer(stretch: Stretch, page: Page, cap: number): Stretch {
  const joined = join(stretch, page);
  const rows = joined.slice(-cap);
  return {
    ...stretch,
    rows,
    revision: Math.min(stretch.revision, page.revision),
    hasNewer: page.hasNewer,
    hasOlder: stretch.hasOlder || rows.length < joined.length,
    from: rows.length < joined.length ? null : stretch.from,
    to: page.to,
  };
}

/** Of a view most rows are never here: that they are not shown is no change. */
export function concerning(changes: Changes, here: readonly Row[]): Changes {
  const known = new Set(here.map((row) => row.key));
  return { ...changes, removed: changes.removed.filter((key) => known.has(key)) };
}

/** Which end gives way when more rows arrive than the stretch may hold. */
export type Trim = { cap: number; from: "oldest" | "newest" };

/** Takes in what changed since the stretch's revision. A reset is not for here: it needs a new page. */
export function withChanges(stretch: Stretch, changes: Changes, trim: Trim): Stretch {
  const touched = new Set(changes.removed);
  for (const row of changes.upserts) touched.add(row.key);
  const kept = stretch.rows.filter((row) => !touched.has(row.key));
  // Own rows on their way say nothing about where the stretch begins: settled, they move to their place before them.
  const first = stretch.from ?? stretch.rows.find((row) => row.place < ECHO_PLACE)?.place ?? (stretch.hasOlder ? ECHO_PLACE : Number.NEGATIVE_INFINITY);
  const last = stretch.rows.at(-1)?.place ?? Number.NEGATIVE_INFINITY;

  const taken: Row[] = [];
  let hasOlder = stretch.hasOlder;
  for (const row of latestOfEach(changes.upserts)) {
    if (row.place < first) hasOlder = true;
    else if (row.place <= last || !stretch.hasNewer) taken.push(row);
  }

  const merged = taken.length === 0 ? kept : sorted([...kept, ...taken]);
  const over = Math.max(0, merged.length - trim.cap);
  const rows = over === 0 ? merged : trim.from === "oldest" ? merged.slice(over) : merged.slice(0, -over);
  return {
    ...stretch,
    rows,
    revision: changes.revision,
    hasOlder: hasOlder || (over > 0 && trim.from === "oldest"),
    hasNewer: stretch.hasNewer || (over > 0 && trim.from === "newest"),
    from: over > 0 && trim.from === "oldest" ? null : stretch.from,
    to: over > 0 && trim.from === "newest" ? null : stretch.to,
  };
}

/** The place of the newest row that is settled, or null. */
export function lastPlace(rows: readonly Row[]): number | null {
  for (let i = rows.length - 1; i >= 0; i--) {
    const place = rows[i]?.place ?? 0;
    if (place < ECHO_PLACE) return place;
  }
  return null;
}

function join(stretch: Stretch, page: Page): Row[] {
  // What is already here is as new as its revision; the page may be older or newer than that.
  const [stale, fresh] = page.revision < stretch.revision ? [page.rows, stretch.rows] : [stretch.rows, page.rows];
  return sorted(latestOfEach([...stale, ...fresh]));
}

function latestOfEach(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [row.key, row])).values()];
}

function sorted(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => a.place - b.place || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}
