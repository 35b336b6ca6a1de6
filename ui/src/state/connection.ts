// Puts a connection into words a person needs: calm for two seconds, plain after ten.
import type { Connection } from "../bridge/dto";
import type { Key } from "../i18n/en";

const CALM_MS = 2_000;
const OFFLINE_MS = 10_000;

export type Tone = "live" | "quiet" | "waiting" | "offline" | "refused" | "closed";
export type Remedy = "retry" | "token" | "edit" | "open";

export interface Phrase {
  readonly tone: Tone;
  readonly words: Key;
  /** Present when there is something to explain or to do. */
  readonly strip: { readonly why: string | null; readonly retryAt: number | null; readonly remedies: readonly Remedy[] } | null;
}

/** What we have seen of one room's connection, besides its state of now. */
export interface Track {
  /** Since when it has not been online; null while it is. */
  readonly lostAt: number | null;
  readonly everLive: boolean;
}

export function trackConnection(track: Track | undefined, connection: Connection, now: number): Track {
  switch (connection.state) {
    case "online":
    case "syncing":
      return { lostAt: null, everLive: true };
    case "closed":
      return { lostAt: null, everLive: false };
    case "connecting":
    case "joining":
    case "waiting":
    case "refused":
      return { lostAt: track?.lostAt ?? now, everLive: track?.everLive ?? false };
  }
}

export function phrase(connection: Connection, track: Track, now: number): Phrase {
  switch (connection.state) {
    case "online":
    case "syncing":
      return { tone: "live", words: "status.live", strip: null };
    case "closed":
      return { tone: "closed", words: "status.closed", strip: { why: connection.why, retryAt: null, remedies: ["open"] } };
    case "refused":
      return { tone: "refused", words: "status.refused", strip: { why: connection.why ?? "unknown", retryAt: null, remedies: remediesFor(connection.why) } };
    case "connecting":
    case "joining":
    case "waiting":
      return waitingPhrase(connection, track, now);
  }
}

function waitingPhrase(connection: Connection, track: Track, now: number): Phrase {
  const away = now - (track.lostAt ?? now);
  const explain = { why: connection.why, retryAt: connection.retryAt, remedies: ["retry"] as const };
  if (away >= OFFLINE_MS) return { tone: "offline", words: "status.offline", strip: explain };
  // A first attempt that failed is news at once: the address may be wrong.
  if (!track.everLive && connection.state === "waiting") return { tone: "waiting", words: "status.connecting", strip: explain };
  if (away < CALM_MS) return track.everLive ? { tone: "live", words: "status.live", strip: null } : { tone: "quiet", words: "status.connecting", strip: null };
  return { tone: "waiting", words: track.everLive ? "status.reconnecting" : "status.connecting", strip: null };
}

function remediesFor(why: string | null): readonly Remedy[] {
  switch (why) {
    case "token":
    case "not_allowed":
      return ["token", "edit"];
    case "not_found":
    case "not_our_server":
    case "insecure":
      return ["edit", "retry"];
    default:
      return ["retry", "edit"];
  }
}
