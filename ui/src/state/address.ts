// Addresses of a room: the socket that follows from the server, and the `aside://` link that fills the join form.
import type { RoomForm } from "../bridge/dto";

/** The server's URL with the socket scheme and the path `/ws`, or "" while it is no URL yet. */
export function socketFor(server: string): string {
  const url = parse(server);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) return "";
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.pathname = "/ws";
  url.search = "";
  url.hash = "";
  return url.href;
}

export function parse(text: string): URL | null {
  try {
    return new URL(text.trim());
  } catch {
    return null;
  }
}

export function isLoopback(url: URL): boolean {
  return url.hostname === "localhost" || url.hostname.endsWith(".localhost") || /^127\.\d+\.\d+\.\d+$/.test(url.hostname) || url.hostname === "[::1]";
}

export interface RoomLink {
  readonly form: Partial<Pick<RoomForm, "server" | "socket" | "topic" | "stream" | "name" | "user" | "avatar">>;
  /** The link carried a token, which is never taken from a link. */
  readonly hadToken: boolean;
}

const FIELDS = { server: "server", ws: "socket", topic: "topic", stream: "stream", name: "name", user: "user", avatar: "avatar" } as const;

/** Reads `aside://join?server=…&topic=…&stream=…[&ws=…&name=…&user=…&avatar=…]`. */
export function parseRoomLink(text: string): RoomLink | null {
  const link = text.trim();
  const url = /^aside:\/\/\S+$/i.test(link) ? parse(link) : null;
  if (!url) return null;
  const form: Record<string, string> = {};
  for (const [parameter, field] of Object.entries(FIELDS)) {
    const value = url.searchParams.get(parameter)?.trim();
    if (value) form[field] = value.slice(0, 2_048);
  }
  return { form, hadToken: url.searchParams.has("token") };
}
