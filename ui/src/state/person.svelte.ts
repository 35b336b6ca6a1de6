// One person of a room: what they said here, page by page, and what one wants to remember of them.
import { asAppError, type Bridge } from "../bridge/bridge";
import type { AppError, PersonCard, Row } from "../bridge/dto";
import type { Aside } from "./aside.svelte";
import { marked } from "./rules.svelte";

/** What is known of somebody where their name stands; a row says all of it. */
export type Who = Pick<Row, "user" | "name" | "avatar" | "namesake" | "mine">;

/** What one may do about people and what they say. */
export const aboutPeople = (aside: Aside) => ({
  about: (who: Who): void => void (aside.sheet = { kind: "person", who }),
  mark: (who: Who): void => void aside.rules.person(aside.currentId, who, marked),
  mute: (who: Who): void => void aside.rules.person(aside.currentId, who, { do: "mute" }),
  mutePhrase: (text: string): void => void aside.rules.mutePhrase(text),
});

const NOTE_MS = 500;

export class Person {
  card = $state.raw<PersonCard | null>(null);
  /** Newest first. */
  rows = $state.raw<readonly Row[]>([]);
  note = $state("");
  busy = $state(false);
  error = $state.raw<AppError | null>(null);
  readonly who: Who;
  readonly #bridge: Bridge;
  readonly #room: string;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #kept = "";

  constructor(bridge: Bridge, room: string, who: Who) {
    this.#bridge = bridge;
    this.#room = room;
    this.who = who;
  }

  async open(): Promise<void> {
    await this.#read(null);
    this.note = this.#kept = this.card?.note ?? "";
  }

  older(): Promise<void> {
    return this.#read(this.rows.at(-1)?.place ?? null);
  }

  jot(note: string): void {
    this.note = note;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.keepNow(), NOTE_MS);
  }

  /** What was written is kept, whatever happens next. */
  async keepNow(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.note === this.#kept) return;
    const note = this.note;
    await this.#try(async () => {
      await this.#bridge.rules.setPersonNote(this.#room, this.who.user, note);
      this.#kept = note;
    });
  }

  async #read(before: number | null): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    await this.#try(async () => {
      const card = await this.#bridge.rules.person(this.#room, this.who.user, before);
      this.card = card;
      this.rows = [...this.rows, ...[...card.rows].reverse()];
    });
    this.busy = false;
  }

  async #try(act: () => Promise<void>): Promise<void> {
    try {
      this.error = null;
      await act();
    } catch (thrown) {
      this.error = asAppError(thrown);
    }
  }
}
