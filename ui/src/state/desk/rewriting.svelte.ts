// Other words for answers that were given: kept from the first letter until they are saved or given up, whatever is opened meanwhile.
import type { Bridge } from "../../bridge/bridge";
import type { ThreadAnswer } from "../../bridge/dto";
import { Draft } from "../draft";

/** Where one answer gets other words. */
export interface EditField {
  /** Null while nobody edits it. */
  readonly text: string | null;
  begin(): void;
  type(text: string): void;
  /** It stays as it is. */
  drop(): Promise<void>;
  save(): Promise<void>;
}

export class Rewriting {
  /** By answer; null: its field was closed here. Of what is not in here the shell knows. */
  #texts = $state.raw<ReadonlyMap<string, string | null>>(new Map());
  readonly #drafts = new Map<string, Draft<null>>();
  readonly #room: string;
  readonly #bridge: Bridge;

  constructor(room: string, bridge: Bridge) {
    this.#room = room;
    this.#bridge = bridge;
  }

  field(question: string, answer: ThreadAnswer, edit: (text: string) => Promise<boolean>): EditField {
    const id = answer.id ?? "";
    const text = (): string | null => (this.#texts.has(id) ? (this.#texts.get(id) ?? null) : answer.draft);
    const draft = (): Draft<null> => this.#draft(question, id);
    const drop = (): Promise<void> => {
      this.#set(id, null);
      draft().changed();
      return draft().keepNow();
    };
    return {
      get text() {
        return text();
      },
      begin: () => this.#set(id, answer.text),
      type: (words) => {
        this.#set(id, words);
        draft().changed();
      },
      drop,
      // What was written stays until it is saved.
      save: async () => {
        const written = text() ?? "";
        draft().hold();
        const saved = written.trim() === "" || written === answer.text || (await edit(written));
        if (saved && text() === written) return drop();
        draft().changed();
      },
    };
  }

  /** Writes what is unsaved. */
  async keepNow(): Promise<void> {
    await Promise.all([...this.#drafts.values()].map((draft) => draft.keepNow()));
  }

  #set(id: string, text: string | null): void {
    this.#texts = new Map([...this.#texts, [id, text]]);
  }

  #draft(question: string, id: string): Draft<null> {
    const known = this.#drafts.get(id);
    if (known) return known;
    // What is kept came with the answer.
    const keep = (): Promise<void> => this.#bridge.desk.setEditDraft(this.#room, question, id, this.#texts.get(id) ?? "");
    const draft = new Draft<null>({ read: () => Promise.resolve(null), take: () => undefined, keep });
    this.#drafts.set(id, draft);
    return draft;
  }
}
