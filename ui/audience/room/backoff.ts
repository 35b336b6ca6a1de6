// How long to wait before the next try. Pure: the dice are passed in. The rules follow the app's (crates/session/src/backoff.rs), as far as
// a browser is told what happened.
import { closes } from "./wire";

const LONGEST_MS = 30_000;
const LONGEST_ASKED_MS = 15 * 60_000;
/** So long online, and the next wait starts small again. */
export const STABLE_MS = 30_000;
/** Who was let go for reading too slowly comes back no sooner than this, and no later than that, however often in a row. */
const SOONEST_MS = 250;
const SLOWEST_SOON_MS = 5_000;
/** Who kept up for so long and is let go then begins at the soonest again. */
export const KEPT_UP_MS = 10_000;

export interface Lost {
  /** How many tries failed since the room was last held for long. */
  readonly tries: number;
  /** How often in a row this page was let go soon after it was back. */
  readonly letGo: number;
  readonly code: number;
  /** The time that the server asked for. */
  readonly askedMs: number | null;
}

/** We alone read too slowly, and the server wants us back at once: no failure of anything. */
export function isLetGo(code: number, askedMs: number | null): askedMs is number {
  return code === closes.tryLater && askedMs !== null && askedMs < 1_000;
}

/** The time before which nobody comes back, whoever wants it: what the server asked for. */
export function floorMs({ code, askedMs, letGo }: Lost): number {
  if (askedMs === null) return 0;
  if (isLetGo(code, askedMs)) return Math.max(Math.min(SOONEST_MS * 1.5 ** Math.min(letGo, 8), SLOWEST_SOON_MS), askedMs);
  return Math.min(Math.max(askedMs, 1_000), LONGEST_ASKED_MS);
}

/** In milliseconds; `dice` is from 0 to 1. */
export function waitMs(lost: Lost, dice: number): number {
  const { tries, code, askedMs } = lost;
  const step = Math.min(1_000 * 2 ** Math.min(Math.max(tries - 1, 0), 5), LONGEST_MS);
  const grown = step / 2 + (step / 2) * dice;
  if (askedMs !== null) {
    const floor = floorMs(lost);
    const spread = floor + Math.min(floor / 4, 30_000) * dice;
    // Whoever is turned away again and again, since there is no place, comes more rarely than they may.
    return code === closes.tryLater && !isLetGo(code, askedMs) ? Math.max(spread, grown) : spread;
  }
  // It restarts, or has too much to do: everybody comes back at once.
  if (code === closes.restarting) return Math.max(1_000 + 4_000 * dice, grown);
  if (code === closes.tryLater) return Math.max(10_000 + 20_000 * dice, grown);
  return tries === 0 ? 2_000 * dice : grown;
}

/** The time to stay away that a close reason may name. */
export function askedIn(reason: string): number | null {
  const found = /^\{"retry_ms":(\d{1,9})\}$/.exec(reason);
  return found ? Number(found[1]) : null;
}
