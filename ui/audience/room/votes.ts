// Which questions I want answered: shown at once, and as the server has it a moment later.
import type { Ask } from "./http";
import { voted, type Items } from "./questions";
import { number, type Item } from "./wire";

export class Votes {
  readonly #ask: Ask;
  readonly #stream: string;
  readonly #room: { items: Items };
  readonly #under = new Set<string>();

  constructor(ask: Ask, stream: string, room: { items: Items }) {
    this.#ask = ask;
    this.#stream = stream;
    this.#room = room;
  }

  /** False where the vote did not arrive. */
  async cast(item: Item): Promise<boolean> {
    const id = item.questionId;
    if (this.#under.has(id)) return true;
    this.#under.add(id);
    const wanted = item.voted !== true;
    this.#show(id, item.votes + (wanted ? 1 : -1), wanted);
    const reply = await this.#ask("api/question/vote", { questionId: id, streamId: this.#stream, vote: wanted });
    this.#under.delete(id);
    if (reply.kind === "ok") this.#show(id, number(reply.data["votes"]), reply.data["voted"] === true);
    else this.#show(id, (this.#room.items.get(id)?.votes ?? item.votes) + (wanted ? -1 : 1), !wanted);
    return reply.kind === "ok";
  }

  #show(id: string, votes: number, mine: boolean): void {
    this.#room.items = voted(this.#room.items, id, votes, mine);
  }
}
