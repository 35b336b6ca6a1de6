// Durations as a desk reads them: whole minutes while one waits, seconds only where they decide.
export interface Age {
  readonly unit: "now" | "minutes" | "hours" | "days";
  readonly n: number;
}

export function ageOf(from: number, now: number): Age {
  const minutes = Math.max(0, Math.floor((now - from) / 60_000));
  if (minutes < 1) return { unit: "now", n: 0 };
  if (minutes < 60) return { unit: "minutes", n: minutes };
  if (minutes < 60 * 24) return { unit: "hours", n: Math.floor(minutes / 60) };
  return { unit: "days", n: Math.floor(minutes / 60 / 24) };
}

/** `1:04`, for what is measured. */
export function clockTime(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${String(s).padStart(2, "0")}` : `${m}:${String(s).padStart(2, "0")}`;
}

/** How much of a claim's time is left, from 1 to 0. */
export function leftOf(at: number, expiresAt: number, now: number): number {
  const whole = Math.max(1, expiresAt - at, 90_000);
  return Math.min(1, Math.max(0, (expiresAt - now) / whole));
}
