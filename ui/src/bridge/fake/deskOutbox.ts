// Answers of ours that the invented room does not have: on their way, failed, in doubt, or held by their guard.
import type { Question, ThreadAnswer, Visibility } from "../dto";
import { ANA, ME } from "./questions";

export interface Given {
  readonly question: string;
  readonly text: string;
  readonly visibility: Visibility;
  readonly delivery: "sending" | "failed" | "unsure" | "held";
  readonly canTakeBack: boolean;
  readonly failure: string | null;
  readonly failureReason: string | null;
}

export function written(id: string, text: string, visibility: Visibility, at: number, mine: boolean): ThreadAnswer {
  return { id, key: id, text, org: "Northlight Institute", by: mine ? ME : ANA, at, visibility, editedAt: null, retracted: false, delivery: mine ? "sent" : "received", failure: null, failureReason: null, mine, canEdit: mine, editUntil: null, draft: null };
}

export class DeskOutbox {
  readonly #given = new Map<string, Given>();
  /** What its answers have come to shows at a question. */
  readonly #mark: (question: string, marks: Pick<Question, "held" | "leaving" | "unsent">) => void;
  readonly #arrived: (given: Given) => void;

  constructor(mark: (question: string, marks: Pick<Question, "held" | "leaving" | "unsent">) => void, arrived: (given: Given) => void) {
    [this.#mark, this.#arrived] = [mark, arrived];
  }

  give(key: string, question: string, text: string, visibility: Visibility): void {
    this.#given.set(key, { question, text, visibility, delivery: "sending", canTakeBack: true, failure: null, failureReason: null });
    this.#told(question);
  }

  get(key: string): Given {
    const given = this.#given.get(key);
    if (!given) throw { code: "too_late", params: {} };
    return given;
  }

  /** The server is asked to take one that waited; until it has, nobody takes it back. */
  leave(key: string): void {
    this.#becomes(key, { delivery: "sending" });
  }

  /** The server has it. */
  arrive(key: string): void {
    const given = this.get(key);
    this.drop(key);
    this.#arrived(given);
  }

  /** The server refuses it. */
  fail(key: string, failure = "403", failureReason: string | null = null): void {
    this.#becomes(key, { delivery: "failed", failure, failureReason });
  }

  /** What the server said of it was lost. */
  doubt(key: string): void {
    this.#becomes(key, { delivery: "unsure" });
  }

  /** Another was faster. */
  hold(key: string): void {
    const { question } = this.get(key);
    const before = this.held(question);
    if (before !== null) this.#given.delete(before);
    this.#becomes(key, { delivery: "held", failure: "overtaken", failureReason: question });
  }

  /** Whether there was one. */
  retry(key: string): boolean {
    if (this.#given.has(key)) this.leave(key);
    return this.#given.has(key);
  }

  drop(key: string): boolean {
    const question = this.#given.get(key)?.question;
    if (question !== undefined) this.#given.delete(key);
    if (question !== undefined) this.#told(question);
    return question !== undefined;
  }

  /** The one that its guard holds. */
  held(question: string): string | null {
    return this.#of(question).find(([, { delivery }]) => delivery === "held")?.[0] ?? null;
  }

  /** As they stand in a question's thread. */
  answers(question: string): ThreadAnswer[] {
    const now = Date.now();
    return this.#of(question).map(([key, { text, visibility, delivery, failure, failureReason }]) => ({ ...written(key, text, visibility, now, true), id: null, org: "", by: null, delivery, failure, failureReason, canEdit: false }));
  }

  #becomes(key: string, change: Partial<Given>): void {
    this.#given.set(key, { ...this.get(key), canTakeBack: false, failure: null, failureReason: null, ...change });
    this.#told(this.get(key).question);
  }

  #told(question: string): void {
    const all = this.#of(question);
    this.#mark(question, {
      held: this.held(question) !== null,
      leaving: all.flatMap(([key, { delivery, visibility, canTakeBack }]) => (delivery === "sending" ? [{ key, visibility, canTakeBack }] : [])),
      unsent: all.flatMap(([key, { delivery }]) => (delivery === "failed" || delivery === "unsure" ? [{ key, failed: delivery === "failed" }] : [])),
    });
  }

  #of(question: string): [string, Given][] {
    return [...this.#given].filter(([, given]) => given.question === question);
  }
}
