// Asking the room server over HTTP: one shape for whatever comes back, and no exception.
import { number } from "./wire";

export type Reply =
  | { kind: "ok"; data: Record<string, unknown> }
  /** The server's status; `data` where it sent any, and how long to stay away, in milliseconds. */
  | { kind: "refused"; status: number; data: Record<string, unknown>; waitMs: number | null }
  | { kind: "unreachable" };

export type Ask = (path: string, body?: object) => Promise<Reply>;

/** A reply that takes longer will not come. */
const PATIENCE_MS = 15_000;

/** A refusal that passes by itself, as when the server is away: the same may be asked again. */
export function passes(reply: Reply): boolean {
  return reply.kind === "unreachable" || (reply.kind === "refused" && (reply.status === 429 || reply.status >= 500));
}

/** Asks in somebody's name; without a token, as a stranger. */
export function asker(origin: string, token: string | null, fetcher: typeof fetch = fetch): Ask {
  return async (path, body) => {
    const headers: Record<string, string> = token === null ? {} : { Authorization: token };
    const how: RequestInit = { headers, cache: "no-store", credentials: "omit", signal: patience() };
    if (body) {
      how.method = "POST";
      how.body = JSON.stringify(body);
      headers["content-type"] = "application/json";
    }
    try {
      const reply = await fetcher(`${origin}/${path}`, how);
      const whole = (await reply.json().catch(() => ({}))) as Record<string, unknown>;
      // What is known of the server stands beside `data`.
      const data = { ...whole, ...(typeof whole["data"] === "object" ? (whole["data"] as Record<string, unknown>) : {}) };
      if (reply.ok && whole["code"] === 200) return { kind: "ok", data };
      const seconds = Number(reply.headers.get("retry-after") ?? Number.NaN);
      return { kind: "refused", status: reply.ok ? number(whole["code"]) : reply.status, data, waitMs: seconds > 0 ? seconds * 1_000 : null };
    } catch {
      return { kind: "unreachable" };
    }
  };
}

/** `AbortSignal.timeout` is younger than some phones. */
function patience(): AbortSignal {
  const stopper = new AbortController();
  setTimeout(() => stopper.abort(), PATIENCE_MS);
  return stopper.signal;
}

export function query(path: string, parameters: Record<string, string | number>): string {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${path}?${pairs.join("&")}`;
}
