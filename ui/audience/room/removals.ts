// What was removed from the room, known without holes: whoever was away asks for what they missed, and keeps their place.
import { query, type Ask, type Reply } from "./http";
import { number, text } from "./wire";

const PAGE = 500;

export class Removals {
  /** Their entries, also for pages that still have them and are under way. */
  readonly gone = new Set<string>();
  readonly #ask: Ask;
  readonly #stream: string;
  /** The newest that is known, with all before it. */
  #known = 0;
  /** What is read of an earlier life of the room counts for none of this one. */
  #life = 0;

  constructor(ask: Ask, stream: string) {
    this.#ask = ask;
    this.#stream = stream;
  }

  told(id: string, number: number): void {
    this.gone.add(id);
    if (number === this.#known + 1) this.#known = number;
  }

  /** What is fetched from now on is without the first so many. */
  begin(count: number): void {
    this.#known = count;
    this.#life++;
  }

  /** Reads those that are not known, up to this one; what the server said where that failed, and null where there is nothing more to do. */
  async read(until: number): Promise<Exclude<Reply, { kind: "ok" }> | null> {
    const life = this.#life;
    while (this.#known < until) {
      const after = this.#known;
      const reply = await this.#ask(query("api/moderation/removals", { stream: this.#stream, after, limit: PAGE }));
      if (life !== this.#life) return null;
      if (reply.kind !== "ok") return reply;
      const page = Array.isArray(reply.data["removals"]) ? (reply.data["removals"] as ({ id?: unknown; number?: unknown } | null)[]) : [];
      const last = number(page.at(-1)?.number);
      if (last <= after) return { kind: "refused", status: 404, data: {}, waitMs: null };
      for (const one of page) this.gone.add(text(one?.id));
      this.#known = Math.max(this.#known, last);
    }
    return null;
  }
}
