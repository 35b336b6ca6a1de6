// A room server as the page meets it, made up for tests: sockets that a test holds the other end of, and replies that it chooses.
import { Room } from "../../audience/room/room.svelte";
import type { Hears, Kept, World } from "../../audience/room/world";
import type { Socket } from "../../audience/room/link";

export class Wire implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  sent: { type: number; token: string; payLoad: Record<string, unknown> }[] = [];
  closed = false;

  send(text: string): void {
    const { type, token, payLoad } = JSON.parse(text) as { type: number; token: string; payLoad: string };
    this.sent.push({ type, token, payLoad: payLoad === "" ? {} : (JSON.parse(payLoad) as Record<string, unknown>) });
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.call(this as unknown as WebSocket, new Event("open"));
  }

  /** The server says something. */
  tell(data: object): void {
    this.raw(JSON.stringify({ code: 200, data: JSON.stringify(data) }));
  }

  raw(data: string): void {
    this.onmessage?.call(this as unknown as WebSocket, { data } as MessageEvent);
  }

  drop(code = 1006, reason = ""): void {
    this.onclose?.call(this as unknown as WebSocket, { code, reason } as CloseEvent);
  }

  /** What was said over it, message by message. */
  get said(): Record<string, unknown>[] {
    return this.sent.filter(({ type }) => type === 2).map(({ payLoad }) => JSON.parse(payLoad["chatInfo"] as string) as Record<string, unknown>);
  }

  get joins(): Record<string, unknown>[] {
    return this.sent.filter(({ type }) => type === 3).map(({ payLoad }) => payLoad);
  }
}

export type Reply = { status: number; body?: object; headers?: Record<string, string> } | "down";
export type Request = { path: string; query: URLSearchParams; body: Record<string, unknown> };

export const message = (seq: number, more: object = {}): object => ({ type: "message", id: `e-${seq}`, seq, user: "bo", displayName: "Bo", content: String(seq), createdat: 1_700_000_000_000 + seq, ...more });
export const item = (n: number, more: object = {}): object => ({ questionId: `q-${n}`, seq: n, number: n, change: n, text: `question ${n}`, asker: { user: "bo", displayName: "Bo" }, askedAt: 1_700_000_000_000, ...more });

export const page = (from: number, to: number): object[] => Array.from({ length: to - from + 1 }, (_, n) => message(from + n));

/** History as a server has it: the newest fifty before a place. */
export function history(server: Server, newest: () => number): void {
  server.replies["api/message/chatmsg"] = ({ query }) => {
    const before = Math.min(Number(query.get("before")), newest() + 1);
    return ok({ items: before <= 1 ? [] : page(Math.max(1, before - 50), before - 1) });
  };
}

export class Server {
  wires: Wire[] = [];
  requests: Request[] = [];
  /** By path; what is not named is answered with nothing new. */
  replies: Record<string, (request: Request) => Reply> = {};
  /** How long a reply takes, by the request's path; at once where nothing is said. */
  delays: Record<string, Promise<void>> = {};
  connected = true;
  heard: string[] = [];
  #nonces = 0;
  readonly room: Room;

  /** What the tab keeps may be an earlier one's. */
  constructor(readonly kept: Partial<Record<Kept, string>> = {}) {
    this.room = new Room({ topic: "8001", stream: "s1" }, "secret", this.#world(), this.#hears());
  }

  get wire(): Wire {
    return this.wires.at(-1) as Wire;
  }

  asked(path: string): Request[] {
    return this.requests.filter((request) => request.path === path);
  }

  #world(): World {
    return {
      origin: "http://room.example",
      open: () => {
        const wire = new Wire();
        this.wires.push(wire);
        return wire;
      },
      fetch: ((address: string, how: RequestInit) => this.#answer(address, how)) as unknown as typeof fetch,
      connected: () => this.connected,
      dice: () => 0,
      nonce: () => `nonce-${++this.#nonces}`,
      soon: (what) => queueMicrotask(what),
      read: (what) => this.kept[what] ?? null,
      keep: (what, text) => (this.kept[what] = text),
    };
  }

  #hears(): Hears {
    return {
      answered: (org, number) => this.heard.push(`answered ${org} ${number}`),
      staged: (staged) => this.heard.push(`staged ${staged.number}`),
      said: (entry) => this.heard.push(`said ${entry.text}`),
      failed: (what) => this.heard.push(`failed ${what}`),
    };
  }

  async #answer(address: string, how: RequestInit): Promise<Response> {
    const url = new URL(address);
    const request = { path: url.pathname.slice(1), query: url.searchParams, body: how.body ? (JSON.parse(how.body as string) as Record<string, unknown>) : {} };
    this.requests.push(request);
    if (this.delays[request.path]) await this.delays[request.path];
    const reply = this.replies[request.path]?.(request) ?? usual(request);
    if (reply === "down") throw new TypeError("no network");
    return new Response(JSON.stringify(reply.body ?? { code: reply.status, msg: "" }), { status: reply.status, headers: reply.headers ?? {} });
  }

  /** In the room, with the first page read. */
  async join(epoch = "one", seq = 0, more: object = {}): Promise<Wire> {
    await settled();
    this.wire.open();
    this.wire.tell({ type: "joined", topic: "8001", epoch, seq, ...more });
    await settled();
    return this.wire;
  }
}

function usual({ path }: Request): Reply {
  if (path === "api/capabilities") return ok({ identity: { user: "mia", displayName: "Mia", role: "audience" }, limits: { contentBytes: 8_192 } });
  if (path === "api/question/changes") return ok({ items: [], change: 0, more: false });
  return ok({ items: [] });
}

export const ok = (data: object): Reply => ({ status: 200, body: { code: 200, data } });

/** Whatever can happen without time passing has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
}
