// Puts a connection into words a person needs: calm for two seconds, plain after ten.
import type { Connection } from "../bridge/dto";
import type { Key } from "../i18n/catalogue";

const CALM_MS = 2_000;
const OFFLINE_MS = 10_000;
/** What came back is counted while it may still come, and told as long. */
const TOLD_MS = 10_000;

export type Tone = "live" | "quiet" | "waiting" | "offline" | "refused" | "closed";
export type Remedy = "retry" | "token" | "enter" | "edit" | "open" | "signIn" | "back" | "export";

export interface Phrase {
  readonly tone: Tone;
  readonly words: Key;
  readonly params?: { readonly n: number };
  /** Why what is written now does not leave at once; null when it does. */
  readonly held: Key | null;
  /** What is written now does not leave at all, but stays a draft. */
  readonly shut?: true;
  /** Present when there is something to explain or to do. */
  readonly strip: { readonly why: string | null; readonly retryAt: number | null; readonly remedies: readonly Remedy[] } | null;
}

/** What we have seen of one room's connection, besides its state of now. */
export interface Track {
  /** Since when it has not been online; null while it is. */
  readonly lostAt: number | null;
  readonly everLive: boolean;
  /** Since when it is back; null once that is no news. */
  readonly backAt: number | null;
  /** What keeps us away until it is online again, however often it comes near in between; null where it is none of that kind. */
  readonly stuck: "storage" | null;
  /** The backend's count of recovered entries when it was lost; what was added since is what came back. */
  readonly recovered: number;
}

export function trackConnection(track: Track | undefined, connection: Connection, recovered: number, now: number): Track {
  switch (connection.state) {
    case "online":
      return trackLive(track, recovered, now);
    case "syncing":
      return track?.stuck ? trackAway(track, track.stuck, recovered, now) : trackLive(track, recovered, now);
    case "closed":
      return { lostAt: null, everLive: false, backAt: null, stuck: null, recovered };
    case "connecting":
    case "joining":
      return trackAway(track, track?.stuck ?? null, recovered, now);
    case "waiting":
    case "refused":
      return trackAway(track, connection.why === "storage" ? connection.why : null, recovered, now);
  }
}

function trackAway(track: Track | undefined, stuck: Track["stuck"], recovered: number, now: number): Track {
  const away = track !== undefined && track.lostAt !== null;
  return { lostAt: away ? Math.min(track.lostAt, now) : now, everLive: track?.everLive ?? false, backAt: null, stuck, recovered: away ? track.recovered : recovered };
}

/** Milliseconds since a moment. One that lies ahead is of before the clock was set back: it may be long ago. */
function since(moment: number, now: number): number {
  return moment > now ? Number.POSITIVE_INFINITY : now - moment;
}

function trackLive(track: Track | undefined, recovered: number, now: number): Track {
  const live = { lostAt: null, everLive: true, stuck: null };
  // A room that is entered for the first time has not missed anything.
  if (!track?.everLive) return { ...live, backAt: null, recovered };
  const backAt = track.lostAt === null ? track.backAt : now;
  return backAt !== null && since(backAt, now) < TOLD_MS ? { ...live, backAt, recovered: track.recovered } : { ...live, backAt: null, recovered };
}

export function phrase(connection: Connection, track: Track, now: number, recovered = 0): Phrase {
  switch (connection.state) {
    case "online":
      return livePhrase(track, now, recovered);
    case "syncing":
      return track.stuck ? waitingPhrase(connection, track, now) : livePhrase(track, now, recovered);
    case "closed":
      return { tone: "closed", words: "status.closed", held: "composer.closed", shut: true, strip: { why: connection.why ?? "left", retryAt: null, remedies: ["open"] } };
    case "refused":
      if (connection.why === "token_missing") return kept("status.noToken", "composer.noToken", "token_missing", "enter");
      return { tone: "refused", words: "status.refused", held: "composer.refused", strip: { why: connection.why ?? "unknown", retryAt: null, remedies: remediesFor(connection.why) } };
    case "connecting":
    case "joining":
    case "waiting":
      return waitingPhrase(connection, track, now);
  }
}

/** A room that has no session: what is kept of it can be read, and nothing comes. */
function kept(words: Key, held: Key, why: string, remedy: Remedy): Phrase {
  return { tone: "closed", words, held, shut: true, strip: { why, retryAt: null, remedies: [remedy, "export"] } };
}

/** Somebody looks into a room that is not open; one that is archived stays so. */
export const [archived, left] = [kept("status.archived", "composer.archived", "archived", "back"), kept("status.closed", "composer.closed", "left", "open")];

function livePhrase(track: Track, now: number, recovered: number): Phrase {
  const live: Phrase = { tone: "live", words: "status.live", held: null, strip: null };
  const back = track.backAt !== null && since(track.backAt, now) < TOLD_MS ? recovered - track.recovered : 0;
  return back > 0 ? { ...live, words: "status.recovered", params: { n: back } } : live;
}

function waitingPhrase(connection: Connection, track: Track, now: number): Phrase {
  const away = since(track.lostAt ?? now, now);
  // A time that the server named is waited for: a try before it would be none.
  const retry: readonly Remedy[] = connection.asked ? [] : ["retry"];
  const remedies: readonly Remedy[] = connection.why === "sign_in" ? ["signIn", ...retry] : retry;
  const explain = { why: connection.why ?? track.stuck, retryAt: connection.retryAt, remedies };
  const held = "composer.offline";
  if (away >= OFFLINE_MS) return { tone: "offline", words: "status.offline", held, strip: explain };
  // A first attempt that failed is news at once: the address may be wrong. So is what waits for a person: a network, a full disk.
  if (track.stuck || (connection.state === "waiting" && (!track.everLive || connection.why === "sign_in")))
    return { tone: "waiting", words: track.everLive ? "status.reconnecting" : "status.connecting", held, strip: explain };
  if (away < CALM_MS) return track.everLive ? { tone: "live", words: "status.live", held: null, strip: null } : { tone: "quiet", words: "status.connecting", held, strip: null };
  return { tone: "waiting", words: track.everLive ? "status.reconnecting" : "status.connecting", held, strip: null };
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

/** Where a network shows its sign-in page: it can put it only in place of an unencrypted one. */
export function signInPage(server: string): string {
  return `http://${new URL(server).hostname}/`;
}
