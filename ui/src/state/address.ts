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
  /** An `aside://` link carried a token: such links pass through other programs, so none is taken from them. */
  readonly hadToken: boolean;
  /** The token behind the `#` of a room's page, which only whoever was given the link has. */
  readonly token: string | null;
  /** The page of a room, as the audience opens it. */
  readonly page: boolean;
}

const FIELDS = { server: "server", ws: "socket", topic: "topic", stream: "stream", name: "name", user: "user", avatar: "avatar" } as const;
const LONGEST = 2_048;

/** Reads a link to a room: `aside://join?…`, its page, or a socket with the room's place behind it; "broken" is one that leads nowhere, null no link at all. */
export function readLink(text: string): RoomLink | "broken" | null {
  const link = text.trim();
  if (/^aside:/i.test(link)) return parseRoomLink(link) ?? "broken";
  const url = /^(https?|wss?):\/\/\S+$/i.test(link) ? parse(link) : null;
  if (!url || url.username !== "" || url.password !== "") return null;
  return url.protocol.startsWith("ws") ? fromSocket(url) : fromPage(url);
}

/** Reads `aside://join?server=…&topic=…&stream=…[&ws=…&name=…&user=…&avatar=…]`. */
export function parseRoomLink(text: string): RoomLink | null {
  const link = text.trim();
  const url = /^aside:\/\/\S+$/i.test(link) ? parse(link) : null;
  const form = url && fieldsOf(url);
  if (!form || Object.keys(form).length === 0) return null;
  return { form, hadToken: url.searchParams.has("token"), token: null, page: false };
}

function fieldsOf(url: URL): Record<string, string> {
  const form: Record<string, string> = {};
  for (const [parameter, field] of Object.entries(FIELDS)) {
    const value = url.searchParams.get(parameter)?.trim();
    if (value) form[field] = value.slice(0, LONGEST);
  }
  return form;
}

/** `wss://host/ws?topic=…&stream=…`; without a topic it is an address like another. */
function fromSocket(url: URL): RoomLink | null {
  const form = fieldsOf(url);
  if (form["topic"] === undefined) return null;
  const server = `${url.protocol === "wss:" ? "https" : "http"}://${url.host}`;
  const hadToken = url.searchParams.has("token");
  url.search = "";
  url.hash = "";
  return { form: { server, ...form, socket: url.href }, hadToken, token: null, page: false };
}

/** `https://host/r/TOPIC[/STREAM][#t=TOKEN]`; where there is no stream id, it is the topic. */
function fromPage(url: URL): RoomLink | "broken" | null {
  const found = /^(.*)\/r\/([^/]+)(?:\/([^/]+))?\/?$/.exec(url.pathname);
  if (!found) return null;
  const [, base = "", topic = "", stream = topic] = found;
  try {
    const token = new URLSearchParams(url.hash.slice(1)).get("t")?.trim() ?? "";
    const form = { server: url.origin + base, topic: decodeURIComponent(topic), stream: decodeURIComponent(stream) };
    // What a header may carry; anything else was no token.
    return { form, hadToken: false, token: /^[\x21-\x7e]{1,512}$/.test(token) ? token : null, page: true };
  } catch {
    return "broken";
  }
}
