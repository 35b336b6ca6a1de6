// The answer being written to one question: who may read it, that it is kept, claimed by its first character, and stopped when another came first.
import { asAppError, type Bridge } from "../../bridge/bridge";
import type { AppError, DeskStatus, Held, Leaving, Question, QuestionDraft, Visibility } from "../../bridge/dto";
import { Draft, joined } from "../draft";
import { missingField } from "./snippetText";
import type { Thrown } from "./undo.svelte";

/** Why nothing can be written or sent now. */
export type Hindrance = "local" | "refused" | "catching" | "claimed" | "field" | "leaving" | null;

/** A question that somebody else closed without an answer in writing, for which there is no guard; by whom, where that is known. */
export interface Closed {
  readonly who: string;
}

export function closedElsewise({ work, closeReason, changedByMine }: Question): boolean {
  return work !== "open" && work !== "claimed" && closeReason !== "text" && !changedByMine;
}

/** What the answer needs to know of its surroundings, as they are at the moment. */
export interface Desk {
  readonly status: DeskStatus | null;
  question(id: string): Question | null;
  /** What was given here and the room does not have yet. */
  leaving(id: string): Leaving | null;
  /** An answer was given. */
  gave(question: string): void;
  /** Words were thrown away. */
  threw(words: Thrown): void;
}

/** From the most readers to the fewest. */
const readers: readonly Visibility[] = ["public", "asker", "staff"];

function fewer(one: Visibility, other: Visibility): Visibility {
  return readers.indexOf(one) > readers.indexOf(other) ? one : other;
}

export class Answer {
  text = $state("");
  visibility = $state<Visibility>("public");
  busy = $state(false);
  error = $state<AppError | null>(null);
  held = $state.raw<Held | null>(null);
  /** It was to be sent to fewer; now it would go to all. Asked before it does. */
  askPublic = $state(false);
  askTakeOver = $state(false);
  /** How that came about since the writing began, for as long as nobody has said to send it all the same. */
  closed = $state.raw<Closed | null>(null);
  askClosed = $state(false);

  readonly room: string;
  readonly id: string;
  readonly #bridge: Bridge;
  readonly #desk: Desk;
  /** The newest answer that the writer had before them when they began. */
  #seen: number;
  readonly #draft: Draft<QuestionDraft>;
  /** One of ours was on its way since. */
  #gave: boolean;
  #claiming = false;
  #drafting = false;
  /** Nobody has it before them. */
  #away = false;
  /** The held answer is being rewritten, so that it is not shown as held meanwhile. */
  #editing = false;
  /** It was to be answered when it was last looked at. */
  #open: boolean;

  constructor(room: string, id: string, bridge: Bridge, desk: Desk) {
    this.room = room;
    this.id = id;
    this.#bridge = bridge;
    this.#desk = desk;
    this.#seen = desk.question(id)?.lastAnswer ?? 0;
    this.#gave = desk.leaving(id) !== null;
    this.#open = this.#isOpen;
    this.#draft = new Draft({
      read: () => bridge.desk.questionDraft(room, id),
      keep: () => this.#keep(),
      take: ({ text, visibility }, begun) => {
        this.text = begun ? joined(text, this.text) : text;
        this.visibility = fewer(this.visibility, visibility);
      },
    });
  }

  readonly empty = $derived(this.text.trim() === "");
  readonly field = $derived(missingField(this.text));

  get question(): Question | null {
    return this.#desk.question(this.id);
  }

  /** What we gave and the room does not have yet: the guard would hold a second, as one that does not know of it. */
  get leaving(): Leaving | null {
    return this.#desk.leaving(this.id);
  }

  get #isOpen(): boolean {
    const work = this.question?.work;
    return work === "open" || work === "claimed";
  }

  /** A note answers nothing: it claims nothing, and no claim is in its way. */
  get #isNote(): boolean {
    return this.visibility === "staff";
  }

  /** Somebody answered since the writing began. */
  get overtaken(): boolean {
    return !this.empty && (this.question?.lastAnswer ?? 0) > this.#seen;
  }

  get hindrance(): Hindrance {
    const { status } = this.#desk;
    if (status?.kind === "local") return "local";
    if (!status?.canAnswer) return "refused";
    if (this.field !== null) return "field";
    if (!this.empty && !this.#isNote && this.leaving) return "leaving";
    if (!status.fresh) return "catching";
    const claim = this.question?.claim;
    return claim && !claim.mine && !this.#isNote ? "claimed" : null;
  }

  async open(): Promise<void> {
    void this.#look("viewing");
    await this.#draft.restore();
    this.#foundClosed();
    await this.loadHeld();
  }

  async loadHeld(): Promise<void> {
    if (!this.question?.held) this.held = null;
    else this.held = await this.#bridge.desk.held(this.room, this.id).catch(() => null);
    if (!this.held) return;
    // What was sent comes back, before whatever has been begun meanwhile, and for no more than it was meant for.
    this.visibility = fewer(this.visibility, this.held.visibility);
    if (this.empty) this.text = this.held.text;
    else if (!this.text.startsWith(this.held.text)) this.text = `${this.held.text}\n\n${this.text}`;
  }

  /** The question changed: an answer of ours may have been held, once more even, or is so no longer. */
  changed(): void {
    this.#know();
    this.#heedClosing();
    const stopped = this.question?.held === true;
    if (!stopped) {
      this.held = null;
      this.#editing = false;
    } else if (!this.held && !this.#editing) void this.loadHeld();
  }

  /** Our own answer is known to us, and all before it: nothing that we did not know of was let through. */
  #know(): void {
    const { question } = this;
    if (this.leaving) this.#gave = true;
    else if (this.#gave && question && question.lastAnswer > this.#seen) {
      if (question.lastAnswerMine) this.#seen = question.lastAnswer;
      this.#gave = false;
    }
  }

  #heedClosing(): void {
    const { question } = this;
    const wasOpen = this.#open;
    this.#open = this.#isOpen;
    if (this.#open) this.#forgetClosing();
    else if (wasOpen && question && !this.empty && closedElsewise(question)) this.closed = { who: question.changedBy };
  }

  /** What was written before comes back to a question that is closed by now. Who changed it last need not be who closed it. */
  #foundClosed(): void {
    if (this.question && !this.empty && closedElsewise(this.question)) this.closed = { who: "" };
  }

  #forgetClosing(): void {
    [this.closed, this.askClosed] = [null, false];
  }

  type(text: string): void {
    const began = this.empty && text.trim() !== "";
    this.text = text;
    this.error = null;
    this.askClosed = false;
    if (this.empty) this.#forgetClosing();
    else if (this.held && !text.startsWith(this.held.text)) this.#rewrite();
    if (began && !this.held) this.#seen = this.question?.lastAnswer ?? this.#seen;
    if (text.trim() !== "") void this.#begin();
    this.#draft.changed();
  }

  /** Fewer readers at once, more only after a question. */
  choose(visibility: Visibility): void {
    this.askClosed = false;
    if (visibility === "public" && this.visibility !== "public" && !this.empty) this.askPublic = true;
    else this.#show(visibility);
  }

  confirmPublic(yes: boolean): void {
    this.askPublic = false;
    if (yes) this.#show("public");
  }

  #show(visibility: Visibility): void {
    this.visibility = visibility;
    if (this.empty) return;
    void this.#begin();
    this.#draft.changed();
  }

  /** Sends to whom the mode says, or to whom the key says. A public key in a private mode only asks. */
  async send(wish: Visibility = this.visibility): Promise<boolean> {
    if (wish === "public" && this.visibility !== "public") {
      this.choose("public");
      if (this.askPublic) return false;
    }
    this.visibility = wish;
    if (this.held) return this.#deliver(true);
    if (this.hindrance !== null && this.hindrance !== "catching") return false;
    // A note closes nothing, and opens nothing.
    if (this.closed && wish !== "staff" && !this.empty) {
      this.askClosed = true;
      return false;
    }
    return this.#deliver(false);
  }

  async confirmClosed(yes: boolean): Promise<boolean> {
    this.askClosed = false;
    if (!yes) return false;
    this.closed = null;
    return this.send();
  }

  /** Beside the answer that is there already. */
  coAnswer(): Promise<boolean> {
    return this.#deliver(true);
  }

  /** Knowing of the other answer. What was held is a draft like any other, once it is kept as one. */
  #rewrite(): void {
    this.#seen = this.held?.question.lastAnswer ?? this.question?.lastAnswer ?? this.#seen;
    this.#editing = true;
  }

  /** Back to writing. */
  editHeld(): void {
    this.#rewrite();
    this.held = null;
    this.#draft.changed();
  }

  async discardHeld(): Promise<void> {
    const { held } = this;
    if (!held || !(await this.#try(() => this.#bridge.desk.discardHeld(this.room, this.id)))) return;
    this.held = null;
    this.#desk.threw({ question: this.id, text: held.text, visibility: held.visibility });
    if (this.text !== held.text) return;
    this.text = "";
    if (!this.#draft.begun) return;
    this.#draft.changed();
    await this.keepNow();
  }

  async takeOver(): Promise<void> {
    this.askTakeOver = false;
    const { question } = this;
    if (question) await this.#try(() => this.#bridge.desk.triage(this.room, this.id, question.rev, { do: "claim", takeOver: true }));
  }

  keepNow(): Promise<void> {
    return this.#draft.keepNow();
  }

  async #keep(): Promise<void> {
    await this.#bridge.desk.setQuestionDraft(this.room, this.id, this.text, this.visibility);
    // Where nothing stands in its place, it stays.
    if (this.#editing && !this.empty) await this.#bridge.desk.discardHeld(this.room, this.id);
    await this.#look(this.empty || this.#isNote ? "viewing" : "drafting");
  }

  /** Nobody looks any more. It is said before anything is waited for: what is looked at next is said after it. */
  async close(): Promise<void> {
    [this.#away, this.#drafting] = [true, false];
    const left = this.#bridge.desk.look(this.room, null, "viewing").catch(() => undefined);
    await Promise.all([left, this.keepNow()]);
  }

  /** The window came into sight, or out of it. */
  shown(visible: boolean): void {
    this.#away = !visible;
    void (visible ? this.#look("viewing") : this.close());
  }

  async #deliver(coAnswer: boolean): Promise<boolean> {
    const { text } = this;
    const isNote = this.#isNote;
    if (this.empty || this.busy || this.field !== null || this.hindrance === "leaving") return false;
    const seen = coAnswer ? Math.max(this.#seen, this.question?.lastAnswer ?? 0) : this.#seen;
    this.busy = true;
    this.#draft.hold();
    const sent = await this.#try(() => this.#bridge.desk.answerQuestion(this.room, this.id, text, this.visibility, seen, coAnswer));
    this.busy = false;
    if (!sent) {
      void this.keepNow();
      return false;
    }
    if (!isNote) this.#desk.gave(this.id);
    this.#gave ||= !isNote;
    this.held = null;
    this.#editing = false;
    this.#forgetClosing();
    if (this.text.startsWith(text)) this.text = this.text.slice(text.length);
    if (this.empty) this.visibility = "public";
    this.#drafting = false;
    this.#draft.changed();
    await this.keepNow();
    return true;
  }

  /** Has what was given back, if it has not left: the words and their readers are as they were, and what was typed since stands below. */
  async takeBack(key: string): Promise<void> {
    await this.keepNow();
    const since = this.text;
    const { text, visibility } = await this.#bridge.desk.takeBackAnswer(this.room, key);
    const more = this.text.startsWith(since) ? this.text.slice(since.length) : this.text;
    [this.text, this.visibility, this.#gave] = [text + more, visibility, false];
    this.#foundClosed();
    this.#draft.changed();
  }

  /** What was thrown away stands in the field again, before what was begun since, and for no more than it was meant for. */
  putBack({ text, visibility }: Thrown): void {
    this.visibility = this.empty ? visibility : fewer(this.visibility, visibility);
    if (this.empty) this.#seen = this.question?.lastAnswer ?? this.#seen;
    if (this.empty) this.text = text;
    else if (!this.text.startsWith(text)) this.text = `${text}\n\n${this.text}`;
    this.#foundClosed();
    this.#draft.changed();
  }

  /** The first character of an answer claims. That another holds it is no error: the strip above says who. */
  async #begin(): Promise<void> {
    const { status } = this.#desk;
    const { question } = this;
    if (this.#isNote) return;
    if (!this.#drafting) void this.#look("drafting");
    if (!question || status?.kind !== "server" || !status.fresh || question.claim || this.#claiming || question.work !== "open") return;
    this.#claiming = true;
    await this.#bridge.desk.triage(this.room, this.id, question.rev, { do: "claim", takeOver: false }).catch(() => undefined);
    this.#claiming = false;
  }

  async #look(doing: "viewing" | "drafting"): Promise<void> {
    if (this.#away) return;
    this.#drafting = doing === "drafting";
    await this.#bridge.desk.look(this.room, this.id, doing).catch(() => undefined);
  }

  async #try(act: () => Promise<unknown>): Promise<boolean> {
    try {
      this.error = null;
      await act();
      return true;
    } catch (thrown) {
      this.error = asAppError(thrown);
      return false;
    }
  }
}
