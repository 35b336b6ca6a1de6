// The answer desk of one room: the list, the question that is open, the answer being written, and every step of triage with its way back.
import { asAppError, type Bridge } from "../../bridge/bridge";
import type { AppError, DeskStatus, Leaving, Missed, Numbers, Question, QuestionChanges, Step, Thread, ThreadAnswer } from "../../bridge/dto";
import type { Key } from "../../i18n/catalogue";
import { Answer } from "./answer.svelte";
import { Board } from "./board.svelte";
import { Exporting } from "./exporting.svelte";
import { notSent } from "./notSent";
import { nextOpen } from "./order";
import { Rewriting } from "./rewriting.svelte";
import { Search } from "./search.svelte";
import { leftOf, takenOver, type Left, type TakenOver } from "./takenOver";
import { backOf, Undo, type Done, type Thrown, type Why } from "./undo.svelte";

/** What stands in front of the desk. */
export type DeskSheet =
  | { kind: "keys" | "palette" | "search" | "export" | "goTo" | "snippets" }
  | { kind: "merge" | "tags" | "text" | "note" | "reject" | "takeOver"; question: string };

/** Where the focus is wanted; who has the place takes it and clears the wish. */
export type FocusWish = "answer" | "list" | null;

const told: Record<Exclude<Step["do"], "stage" | "pin">, Key> = {
  claim: "done.claim",
  release: "done.release",
  approve: "done.approve",
  reject: "done.reject",
  review_again: "done.reviewAgain",
  answered: "done.answered",
  dismiss: "done.dismiss",
  follow_up: "done.followUp",
  reopen: "done.reopen",
  tags: "done.tags",
  note: "done.note",
  text: "done.text",
  merge: "done.merge",
  unmerge: "done.unmerge",
};

function wordsFor(step: Step): Key {
  if (step.do === "stage") return step.stage === "now" ? "done.now" : step.stage === "next" ? "done.next" : "done.offStage";
  if (step.do === "pin") return step.pinned ? "done.pin" : "done.unpin";
  return told[step.do];
}

/** An answer that left closes its question within this time. */
const SETTLES_MS = 3_000;

const NOTHING: Missed = { asked: 0, answered: 0 };

export class AnswerDesk {
  readonly board = new Board();
  readonly undo = new Undo();
  readonly room: string;
  /** What the desks that were looked at before had, by room. */
  readonly left: Map<string, Left>;
  /** Whoever leads the room takes over without a question. */
  readonly leads: () => boolean;
  opened = $state<string | null>(null);
  answer = $state.raw<Answer | null>(null);
  thread = $state.raw<Thread | null>(null);
  /** Answers that are not on this computer are on their way to it. */
  fetching = $state(false);
  sheet = $state.raw<DeskSheet | null>(null);
  numbersShown = $state(false);
  focusWish = $state<FocusWish>(null);
  /** A step that did not happen, and why. */
  error = $state.raw<AppError | null>(null);
  takenOver = $state.raw<readonly TakenOver[]>([]);
  missed = $state.raw<Missed>(NOTHING);
  /** Marks of answers that were not sent, of which somebody has read. */
  #read = $state.raw<ReadonlySet<string>>(new Set());

  /** When the composer was left by a key: the same key again soon after means more. */
  leftAt = 0;
  readonly search: Search;
  readonly exporting: Exporting;
  readonly rewriting: Rewriting;
  /** Counts the wishes to see the desk where it and the timeline take turns. */
  wishes = $state(0);

  readonly #bridge: Bridge;
  readonly #standing: () => DeskStatus | null;
  #threadOf = "";
  /** Questions whose answer has just left, and until when: they are open still, and need nobody. */
  readonly #given = new Map<string, number>();

  constructor(room: string, bridge: Bridge, standing: () => DeskStatus | null, left = new Map<string, Left>(), leads = () => false) {
    this.room = room;
    [this.left, this.leads] = [left, leads];
    const before = left.get(room);
    if (before) [this.takenOver, this.#read] = [before.told, before.read];
    this.#bridge = bridge;
    this.#standing = standing;
    this.search = new Search(room, bridge);
    this.exporting = new Exporting(room, bridge);
    this.rewriting = new Rewriting(room, bridge);
  }

  readonly question = $derived(this.opened === null ? null : (this.board.items.get(this.opened) ?? null));

  readonly notSent = $derived(notSent(this.board.items).filter(({ marks }) => !marks.every((mark) => this.#read.has(mark))));

  get status(): DeskStatus | null {
    return this.#standing();
  }

  apply(changes: QuestionChanges): void {
    const [before, items, since] = [this.question, this.board.items, this.board.loaded ? Date.now() : null];
    this.board.apply(changes);
    this.#followAnswers(items, changes, since);
    this.missed = changes.missed;
    this.takenOver = takenOver(this.takenOver, since === null ? (this.left.get(this.room)?.items ?? items) : items, this.board.items);
    if (this.#read.size > 0) this.#read = new Set(notSent(this.board.items).flatMap(({ marks }) => marks.filter((mark) => this.#read.has(mark))));
    const after = this.question;
    // Published, it is another question.
    if (before && !after) this.shut();
    if (after && after !== before) this.#refreshThread(after);
    if (after && after !== before) this.answer?.changed();
  }

  /** Opens a question to look at it: nothing is claimed by looking. */
  open(id: string): void {
    this.board.select(id);
    this.wishes++;
    if (this.opened === id) return;
    this.#leave();
    this.opened = id;
    this.thread = null;
    this.#threadOf = "";
    this.answer = this.#answerFor(id);
    void this.answer.open();
    const question = this.board.items.get(id);
    if (question) this.#refreshThread(question);
  }

  #answerFor(id: string): Answer {
    const standing = this.#standing;
    const { board } = this;
    return new Answer(this.room, id, this.#bridge, {
      get status() {
        return standing();
      },
      question: (wanted) => board.items.get(wanted) ?? null,
      leaving: (wanted) => this.#leaving(board.items.get(wanted)),
      gave: (question) => this.#given.set(question, Date.now() + SETTLES_MS),
      threw: (words) => this.#threw(words),
    });
  }

  /** An answer of ours that the room does not have yet. A note answers nothing, and no guard holds it. */
  #leaving(question: Question | undefined): Leaving | null {
    return question?.leaving.find(({ key, visibility }) => visibility !== "staff" && !this.undo.took(key)) ?? null;
  }

  /** The shell alone knows whether an answer has left. */
  #followAnswers(before: ReadonlyMap<string, Question>, { upserts, reset }: QuestionChanges, since: number | null): void {
    for (const { id, leaving } of upserts) {
      const settled = before.get(id)?.leaving.some(({ key, visibility }) => visibility !== "staff" && !this.undo.took(key) && !leaving.some((now) => now.key === key));
      if (settled) this.#given.set(id, Date.now() + SETTLES_MS);
    }
    if (reset || upserts.length > 0) this.#offer(since);
  }

  #offer(since: number | null): void {
    const done = ({ id, number, work }: Question, key: string): Done => ({ words: "done.given", params: { number: `#${number}` }, back: [], leaving: { question: id, key, since, open: work === "open" || work === "claimed" } });
    const all = [...this.board.items.values()].flatMap((question) => question.leaving.filter(({ canTakeBack }) => canTakeBack).map(({ key }) => ({ question, key })));
    // Keys of rows grow: the last was given last, wherever its question stands.
    all.sort((one, other) => Number(one.key) - Number(other.key));
    this.undo.hold(all.map(({ question, key }) => done(question, key)));
  }

  /** Has an answer back that has not left, where it was written. */
  async takeBack(question: string, key: string): Promise<void> {
    this.undo.takeAnswer(key);
    this.wishes++;
    const taken = await this.attempt(async () => {
      this.#given.delete(question);
      if (this.opened === question && this.answer) await this.answer.takeBack(key);
      else {
        await this.#bridge.desk.takeBackAnswer(this.room, key);
        this.open(question);
      }
      this.focusWish = "answer";
    });
    if (taken) return;
    this.undo.stays(key);
    this.#offer(null);
  }

  /** Whatever was begun is kept. */
  #leave(): void {
    void this.answer?.close();
    void this.rewriting.keepNow();
  }

  /** The window came into sight, or out of it. */
  shown(visible: boolean): void {
    this.answer?.shown(visible);
    if (!visible) void this.rewriting.keepNow();
  }

  /** Leaves the question; draft and claim stay. */
  shut(): void {
    this.#leave();
    this.answer = null;
    this.opened = null;
    this.thread = null;
    this.focusWish = "list";
  }

  close(): void {
    this.#leave();
    if (this.board.loaded) this.left.set(this.room, leftOf(this.takenOver, this.#read, this.board.items));
    this.undo.dismiss();
  }

  /** The oldest that nobody has, wherever one is. */
  needsMe(): void {
    const now = Date.now();
    const needy = [...this.board.items.values()].filter((question) => !this.#leaving(question) && (this.#given.get(question.id) ?? 0) < now);
    const id = nextOpen(needy, this.board.selected);
    if (id === null) return;
    this.board.goTo(id);
    this.open(id);
  }

  reply(): void {
    const id = this.board.selected ?? this.opened;
    if (id === null) return;
    this.open(id);
    if (this.question?.review === "approved") this.focusWish = "answer";
  }

  /** One step for each of these questions, told once, undone together. */
  async step(questions: readonly Question[], make: (question: Question) => Step | null): Promise<boolean> {
    const back: { question: string; step: Step }[] = [];
    let last: { question: Question; step: Step } | null = null;
    const changed = new Set<string>();
    const spoken: string[] = [];
    this.error = null;
    for (const question of questions) {
      const step = make(question);
      if (!step) continue;
      try {
        await this.#bridge.desk.triage(this.room, question.id, question.rev, step);
      } catch (thrown) {
        this.error = asAppError(thrown);
        break;
      }
      last = { question, step };
      changed.add(question.id);
      if (step.do === "answered") spoken.push(question.id);
      back.unshift(...backOf(question, step, [...this.board.items.values()].filter(({ id }) => !changed.has(id))));
    }
    if (last) this.undo.tell({ words: wordsFor(last.step), params: { number: `#${last.question.number}`, n: changed.size }, back, ...(last.step.do === "dismiss" ? { dismissed: [...changed] } : {}), ...(spoken.length === 1 ? { spoken: spoken[0] } : {}) });
    return this.error === null && last !== null;
  }

  /** Somebody has read it. */
  noted(question: string): void {
    this.takenOver = this.takenOver.filter((one) => one.question !== question);
  }

  /** Somebody has read that its answer was not sent. */
  readNotSent(question: string): void {
    this.#read = new Set([...this.#read, ...(this.notSent.find((one) => one.question === question)?.marks ?? [])]);
    this.noted(question);
  }

  /** Somebody has read what became of the questions meanwhile. */
  noteMissed(): void {
    if (this.missed.asked + this.missed.answered === 0) return;
    this.missed = NOTHING;
    void this.attempt(() => this.#bridge.desk.noteMissed(this.room));
  }

  async undoLast(): Promise<void> {
    const done = this.undo.take();
    if (!done) return;
    if (done.leaving) return this.takeBack(done.leaving.question, done.leaving.key);
    if (done.thrown) return this.#putBack(done.thrown);
    try {
      for (const { question, step } of done.back) {
        const now = this.board.items.get(question);
        if (now) await this.#bridge.desk.triage(this.room, question, (await this.#newest(now)).rev, step);
      }
    } catch (thrown) {
      this.error = asAppError(thrown);
    }
  }

  /** Says why of what was just dismissed, and leaves alone what somebody has opened again since. */
  async because(reason: Why): Promise<void> {
    const done = this.undo.last;
    if (!done?.dismissed) return;
    const { dismissed } = done;
    const said = await this.attempt(async () => {
      for (const id of dismissed) {
        const known = this.board.items.get(id);
        const now = known && (await this.#newest(known));
        if (now?.work === "dismissed") await this.#bridge.desk.triage(this.room, id, now.rev, { do: "dismiss", reason });
      }
    });
    if (said && this.undo.last === done) this.undo.tell({ ...done, reason });
  }

  async vote(question: Question): Promise<void> {
    await this.attempt(() => this.#bridge.desk.vote(this.room, question.id, !question.voted));
  }

  async makeQuestion(key: string): Promise<void> {
    await this.attempt(async () => {
      const made = await this.#bridge.desk.makeQuestion(this.room, key);
      this.undo.tell({ words: "done.made", params: { number: `#${made.number}` }, back: [] });
    });
  }

  retryAnswer(key: string): Promise<boolean> {
    return this.attempt(() => this.#bridge.retry(this.room, key));
  }

  async discardAnswer(question: string, { key, text, visibility }: ThreadAnswer): Promise<void> {
    if (await this.attempt(() => this.#bridge.discard(this.room, key))) this.#threw({ question, text, visibility });
  }

  #threw(thrown: Thrown): void {
    const number = this.board.items.get(thrown.question)?.number ?? 0;
    this.undo.tell({ words: "done.thrown", params: { number: `#${number}` }, back: [], thrown });
  }

  #putBack(thrown: Thrown): void {
    this.open(thrown.question);
    this.answer?.putBack(thrown);
    this.focusWish = "answer";
  }

  editAnswer(id: string, text: string): Promise<boolean> {
    return this.attempt(() => this.#bridge.desk.editAnswer(this.room, id, text));
  }

  retractAnswer(id: string): Promise<boolean> {
    return this.attempt(() => this.#bridge.desk.retractAnswer(this.room, id));
  }

  numbers(): Promise<Numbers | null> {
    return this.#bridge.desk.numbers(this.room).catch(() => null);
  }

  present(open: boolean): Promise<boolean> {
    return this.attempt(() => this.#bridge.desk.present(this.room, open));
  }

  async attempt(act: () => Promise<unknown>): Promise<boolean> {
    try {
      this.error = null;
      await act();
      return true;
    } catch (thrown) {
      this.error = asAppError(thrown);
      return false;
    }
  }

  /** The step before has changed the question, which may not have come by pull yet. */
  async #newest(known: Question): Promise<Question> {
    const thread = await this.#bridge.desk.thread(this.room, known.id, false).catch(() => null);
    return thread?.question ?? known;
  }

  #refreshThread(question: Question): void {
    const mark = `${question.id} ${question.rev} ${question.answers} ${question.lastAnswer} ${question.held} ${question.leaving.map(({ key }) => key).join()} ${question.unsent.map(({ key, failed }) => `${key}${failed}`).join()}`;
    if (this.#threadOf === mark) return;
    this.#threadOf = mark;
    this.fetching = false;
    this.#bridge.desk.thread(this.room, question.id, false).then(
      (thread) => {
        if (this.opened !== question.id || this.#threadOf !== mark) return;
        this.thread = thread;
        if (thread.missing > 0) void this.fetchAnswers();
      },
      () => (this.#threadOf = ""),
    );
  }

  /** Has answers fetched that are not on this computer; what can't be had is counted still. */
  async fetchAnswers(): Promise<void> {
    const mark = this.#threadOf;
    if (this.opened === null || this.fetching) return;
    this.fetching = true;
    const thread = await this.#bridge.desk.thread(this.room, this.opened, true).catch(() => null);
    if (this.#threadOf !== mark) return;
    this.fetching = false;
    this.thread = thread ?? this.thread;
  }
}
