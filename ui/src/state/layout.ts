// What each row needs besides itself to be drawn: its day line, the unread line, whether it belongs to the row above, and the node it is drawn with.
import type { Recovery, Row } from "../bridge/dto";
import type { Repeats } from "./crowd";

export interface Item {
  /** Which node of the page draws the row. Nodes of rows that left are used again. */
  readonly slot: number;
  readonly row: Row;
  readonly when: number;
  readonly day: number | null;
  readonly unread: boolean;
  /** What came back after an outage, where this row is the first of it. */
  readonly recovered: Recovery | null;
  readonly grouped: boolean;
  /** The rows that are folded into this one. */
  readonly repeats: Repeats | null;
  /** Of muted rows the first has the keys of all that stand together, the others none; null: not muted. */
  readonly run: readonly string[] | null;
}

/** Where a row stands in the view, from its upper edge. */
export interface Mark {
  readonly key: string;
  readonly top: number;
}

/** Messages of one person within this time read as one. */
const GROUP_MS = 5 * 60_000;
/** Beyond this, Date has no such moment. */
const LAST_MOMENT = 8.64e15;

export interface LayoutWish {
  /** Rows after this place stand below the unread line. */
  readonly line: number | null;
  readonly recovered?: Recovery | null;
  /** Whether the nodes of rows that left may draw other rows. Not while someone reads or selects. */
  readonly recycle: boolean;
  readonly repeats?: (key: string) => Repeats | null;
}

export function layout(previous: readonly Item[], rows: readonly Row[], wish: LayoutWish): Item[] {
  const slots = assignSlots(previous, rows, wish.recycle);
  const before = new Map(previous.map((item) => [item.row.key, item]));
  const items: Item[] = [];
  let lineDrawn = wish.line === null;
  let above: Item | null = null;
  let dayEnd = Number.NEGATIVE_INFINITY;
  for (const [index, row] of rows.entries()) {
    const when = momentOf(row);
    const unread: boolean = !lineDrawn && row.place > (wish.line ?? 0) && !row.mine;
    lineDrawn ||= unread;
    const seen = seenBy(row, when);
    const day: number | null = seen >= dayEnd ? seen : null;
    if (day !== null) dayEnd = endOfDay(day);
    const recovered = wish.recovered && beginsWith(wish.recovered, rows[index - 1], row) ? wish.recovered : null;
    const grouped: boolean = above !== null && day === null && !unread && recovered === null && belongsTo(above, row, when);
    const item: Item = { slot: slots[index] ?? 0, row, when, day, unread, recovered, grouped, repeats: wish.repeats?.(row.key) ?? null, run: isMuted(row) ? [] : null };
    items.push(item);
    above = item;
  }
  return withRuns(items).map((item) => same(before.get(item.row.key), item) ?? item);
}

/** Whether the row is the first here of what came back. What may stand above all that is loaded says nothing of it. */
function beginsWith({ first, last }: Recovery, above: Row | undefined, row: Row): boolean {
  return above === undefined ? row.place === first : above.place < first && first <= row.place && row.place <= last;
}

const isMuted = (row: Row): boolean => row.ruled?.muted === true;

/** Muted rows without a line between them fold to one. */
function withRuns(items: readonly Item[]): Item[] {
  let run: string[] = [];
  let above: Item | null = null;
  return items.map((item) => {
    const begins = item.run !== null && (above === null || above.run === null || item.day !== null || item.unread || item.recovered !== null);
    above = item;
    if (begins) return { ...item, run: (run = [item.row.key]) };
    if (item.run !== null) run.push(item.row.key);
    return item;
  });
}

const isMoment = (ms: number | null): ms is number => ms !== null && Number.isFinite(ms) && Math.abs(ms) < LAST_MOMENT;

/** When a row was said, as far as anyone knows. */
export function momentOf(row: Row): number {
  if (isMoment(row.createdAt)) return row.createdAt;
  return isMoment(row.receivedAt) ? row.receivedAt : 0;
}

/** A time may be of another zone, or of a clock that is ahead: nothing was said after it was seen here, and the rows below get no day from it. */
const seenBy = (row: Row, when: number): number => (isMoment(row.receivedAt) ? Math.min(when, row.receivedAt) : when);

function belongsTo(above: Item, row: Row, when: number): boolean {
  const upper = above.row;
  return (
    row.kind === "message" &&
    upper.kind === "message" &&
    row.user === upper.user &&
    row.name === upper.name &&
    row.mine === upper.mine &&
    isMuted(row) === isMuted(upper) &&
    row.avatar === upper.avatar &&
    Math.abs(when - above.when) < GROUP_MS
  );
}

function endOfDay(when: number): number {
  return new Date(when).setHours(24, 0, 0, 0);
}

function same(old: Item | undefined, next: Item): Item | null {
  const equal =
    old !== undefined &&
    old.row === next.row &&
    old.slot === next.slot &&
    old.day === next.day &&
    old.unread === next.unread &&
    old.recovered === next.recovered &&
    old.grouped === next.grouped &&
    old.repeats === next.repeats &&
    old.run?.join() === next.run?.join();
  return equal ? old : null;
}

/** A row keeps its slot for as long as it is here; new rows take freed slots in order, then new ones. */
function assignSlots(previous: readonly Item[], rows: readonly Row[], recycle: boolean): number[] {
  const held = new Map(previous.map((item) => [item.row.key, item.slot]));
  const staying = new Set(rows.map((row) => row.key));
  const free = recycle ? previous.filter((item) => !staying.has(item.row.key)).map((item) => item.slot) : [];
  let next = previous.reduce((most, item) => Math.max(most, item.slot), -1) + 1;
  let reused = 0;
  return rows.map((row) => held.get(row.key) ?? free[reused++] ?? next++);
}
