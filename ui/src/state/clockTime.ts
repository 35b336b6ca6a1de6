// Moments as a field for a day and a time has them: to the minute, by the clock on the wall.
import type { Timeline } from "./timeline.svelte";

const MINUTE_MS = 60_000;

const two = (n: number): string => String(n).padStart(2, "0");

/** The start of the minute that a moment is in; every zone is whole minutes away. */
const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

export function toClock(ms: number): string {
  const at = new Date(minuteOf(ms));
  return `${String(at.getFullYear()).padStart(4, "0")}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Null while there is no such moment. */
export function fromClock(text: string): number | null {
  if (text === "") return null;
  const ms = new Date(text).getTime();
  return Number.isNaN(ms) ? null : ms;
}

/** Whether a moment of the field is before another one: within the same minute it is not. */
export const isBefore = (clock: number, ms: number): boolean => clock < minuteOf(ms);

/** When the row was said that the reader looks at; without rows, now. */
export function lookedAt(timeline: Timeline | null, now: number): number {
  const key = timeline?.stand()?.key;
  const item = timeline?.items.find(({ row }) => row.key === key) ?? timeline?.items.at(-1);
  return item?.when ?? now;
}
