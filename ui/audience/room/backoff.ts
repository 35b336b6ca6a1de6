// How long to wait before the next try. Pure: the dice are passed in. The rules are those of the app (crates/session/src/backoff.rs).
const LONGEST_MS = 30_000;
const LONGEST_ASKED_MS = 15 * 60_000;
/** So long online, and the next wait starts small again. */
export const STABLE_MS = 30_000;

export interface Lost {
  /** How many tries failed since the room was last held for long. */
  readonly tries: number;
  readonly code: number;
  /** The time that the server asked for. */
  readonly askedMs: number | null;
}

/** In milliseconds; `dice` is from 0 to 1. */
export function waitMs({ tries, code, askedMs }: Lost, dice: number): number {
  if (askedMs !== null) {
    const asked = Math.min(Math.max(askedMs, 1_000), LONGEST_ASKED_MS);
    return asked + Math.min(asked / 4, 30_000) * dice;
  }
  const step = Math.min(1_000 * 2 ** Math.min(Math.max(tries - 1, 0), 5), LONGEST_MS);
  const grown = step / 2 + (step / 2) * dice;
  // It restarts, or has too much to do: everybody comes back at once.
  if (code === 1012) return Math.max(1_000 + 4_000 * dice, grown);
  if (code === 1013) return Math.max(10_000 + 20_000 * dice, grown);
  return tries === 0 ? 2_000 * dice : grown;
}

/** The time to stay away that a close reason may name. */
export function askedIn(reason: string): number | null {
  const found = /^\{"retry_ms":(\d{1,9})\}$/.exec(reason);
  return found ? Number(found[1]) : null;
}
