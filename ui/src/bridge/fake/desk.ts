// The invented desk: keeps what the backend promises of claims, stages, guards and drafts, everything in memory.
import type { DeskBridge } from "../desk";
import type { DeskStatus, Doing, ExportFormat, ExportProgress, Held, Missed, Numbers, Presented, PresentStep, Question, QuestionChanges, QuestionDraft, SearchPage, Snippet, Step, Thread, ThreadAnswer, Visibility } from "../dto";
import { DeskOutbox, written } from "./deskOutbox";
import { applyStep, refused } from "./deskSteps";
import { numbersOf, presentedOf, searchRows } from "./deskViews";
import { ANA, blankQuestion, CLAIM_MS, laneOf, ME } from "./questions";
import type { FakeRoom } from "./room";

/** What the desk needs of the invented backend. */
export interface DeskHost {
  readonly room: FakeRoom;
  answer<T>(name: string, args: unknown[], answer: () => T): Promise<T>;
  tick(): void;
  bound(keys: Record<string, string>): void;
  exported(progress: ExportProgress): void;
}

export class FakeDesk implements DeskBridge {
  revision = 1;
  kind: DeskStatus["kind"] = "server";
  fresh = true;
  canVote = true;
  canReview = true;
  /** A moderator works at the desk and speaks for nobody. */
  canAnswer = true;
  readonly drafts = new Map<string, string>();
  missed: Missed = { asked: 0, answered: 0 };
  /** Answers can be taken back until they are told to leave. */
  holdsBack = false;
  /** Answers of ours that the room does not have. */
  readonly outbox: DeskOutbox;
  /** Other words that were begun, by answer. */
  readonly editDrafts = new Map<string, string>();
  /** Of drafts that are not for all. */
  readonly #readers = new Map<string, Visibility>();
  readonly answers = new Map<string, ThreadAnswer[]>();
  readonly log = new Map<string, Thread["log"]>();
  saved: Snippet[] = [
    { id: "s1", name: "recording", text: "Hello {asker}, the recording will be at {ask:link} from tomorrow on. — {org}", room: null, team: false, rev: 0 },
    { id: "s2", name: "thanks", text: "Thank you for asking, {asker}! ", room: "1", team: true, rev: 1 },
    { id: "s3", name: "稍后", text: "{asker}，您好！第 {number} 号问题我们会在会后回复。", room: null, team: false, rev: 0 },
  ];
  teamRev = 1;
  bound: Record<string, string> = {};
  stagePage = { blank: false, qr: true, size: 100 };
  #questions = new Map<string, Question>();
  #changedAt = new Map<string, number>();
  #change = 20;
  #exporting: ReturnType<typeof setInterval> | undefined;
  #export: ExportProgress = { room: "1", number: 0, done: 0, total: 0, state: "cancelled", path: null, lacking: false, code: null };
  readonly #host: DeskHost;

  constructor(host: DeskHost, questions: Question[]) {
    this.#host = host;
    this.outbox = new DeskOutbox(
      (id, change) => {
        this.put({ ...this.get(id), ...change });
        host.tick();
      },
      ({ question, text, visibility }) => this.#give(question, text, visibility),
    );
    for (const question of questions) {
      this.put(question);
      if (question.hasDraft) this.drafts.set(question.id, "We watch three: time to first answer, ");
      if (question.answers > 0 && question.firstAnswerAt !== null) this.answers.set(question.id, [written(`a-${question.id}`, "By laying the last page over the newest rows we have and looking for the longest run that agrees.", "public", question.firstAnswerAt, false)]);
    }
  }

  get all(): Question[] {
    return [...this.#questions.values()];
  }

  get(id: string): Question {
    const found = this.#questions.get(id);
    if (!found) throw { code: "no_such_row", params: {} };
    return found;
  }

  put(question: Question): Question {
    const placed = { ...question, lane: laneOf(question) };
    this.#questions.set(placed.id, placed);
    this.#changedAt.set(placed.id, ++this.revision);
    return placed;
  }

  change(id: string, change: Partial<Question>): Question {
    const old = this.get(id);
    const changedByMine = change.changedBy === undefined ? old.changedByMine : change.changedBy === ME.name;
    return this.put({ ...old, changedByMine, ...change, rev: old.rev + 1 });
  }

  /** Another question of the audience. */
  ask(at: number, review = false): Question {
    return this.put({ ...blankQuestion(this.#questions.size + 1, at), votes: 0, ...(review ? { review: "pending", number: 0 } : {}) });
  }

  /** A colleague answers, as the server would tell. */
  colleagueAnswers(id: string, text: string, now: number): void {
    this.#add(id, written(`a${++this.#change}`, text, "public", now, false));
    this.change(id, { work: "answered", claim: null, presence: [], closedAt: now, closeReason: "text", changedBy: ANA.name });
    this.#host.tick();
  }

  /** An answer of ours that was stopped: another came first. */
  hold(id: string, text: string, visibility: Visibility = "public"): void {
    this.outbox.hold(this.#gives(id, text, visibility));
  }

  #gives(id: string, text: string, visibility: Visibility): string {
    this.drafts.delete(id);
    const key = String(++this.#change);
    this.put({ ...this.get(id), hasDraft: false });
    this.outbox.give(key, id, text, visibility);
    return key;
  }

  changes(since: number): QuestionChanges {
    if (since === 0) return { revision: this.revision, upserts: this.all, removed: [], reset: true, missed: this.missed };
    return { revision: this.revision, upserts: this.all.filter((one) => (this.#changedAt.get(one.id) ?? 0) > since), removed: [], reset: false, missed: this.missed };
  }

  status(): DeskStatus {
    const open = this.all.filter((one) => one.lane === "open");
    const server = this.kind === "server";
    return { kind: this.kind, fresh: this.fresh, canAnswer: server && this.canAnswer, canPrivate: server && this.canAnswer, canReview: server && this.canReview, canVote: this.canVote, open: open.length, oldestWaiting: open.reduce<number | null>((least, one) => (one.askedAt !== null && (least === null || one.askedAt < least) ? one.askedAt : least), null), teamSnippets: server ? this.teamRev : null };
  }

  triage(room: string, question: string, rev: number, step: Step): Promise<Question> {
    return this.#does("triage", [room, question, rev, step], () => {
      const before = this.get(question);
      if (step.do === "claim" && before.claim && !before.claim.mine && !step.takeOver) throw refused(before.claim.by.name);
      if (step.do !== "claim" && step.do !== "release" && rev !== before.rev) throw refused(before.changedBy);
      for (const [id, change] of applyStep(this.all, before, step, Date.now())) this.change(id, change);
      this.log.set(question, [...(this.log.get(question) ?? []), { field: "work", old: before.work, new: this.get(question).work, who: ME.name, at: Date.now() }]);
      return this.get(question);
    });
  }

  thread(room: string, id: string, older: boolean): Promise<Thread> {
    return this.#host.answer("thread", [room, id, older], () => {
      const question = this.get(id);
      const similar = this.all.filter((one) => one.id !== id && one.work !== "merged" && alike(one.text, question.text) > 0.3).sort((a, b) => alike(b.text, question.text) - alike(a.text, question.text));
      return { question, answers: [...(this.answers.get(id) ?? []).map((one) => ({ ...one, draft: this.editDrafts.get(one.key) ?? null })), ...this.outbox.answers(id)], missing: 0, similar: similar.slice(0, 5), log: this.log.get(id) ?? [] };
    });
  }

  answerQuestion(room: string, id: string, text: string, visibility: Visibility, seen: number, coAnswer: boolean): Promise<void> {
    return this.#does("answerQuestion", [room, id, text, visibility, seen, coAnswer], () => {
      const before = this.outbox.held(id);
      if (this.get(id).lastAnswer > seen && !coAnswer) this.hold(id, text, visibility);
      else if (this.holdsBack) this.#gives(id, text, visibility);
      else this.#give(id, text, visibility);
      // What was held is in its place now.
      if (before !== null) this.outbox.drop(before);
    });
  }

  #give(id: string, text: string, visibility: Visibility): void {
    const { asker, text: asked } = this.get(id);
    this.#add(id, written(`a${++this.#change}`, text, visibility, Date.now(), true));
    this.drafts.delete(id);
    const closes = visibility !== "staff";
    this.change(id, { hasDraft: false, ...(closes ? { work: "answered" as const, claim: null, closedAt: Date.now(), closeReason: "text", changedBy: ME.name } : {}) });
    if (visibility === "public") this.#host.room.say({ kind: "answer", user: asker.user, name: asker.name, org: "Northlight Institute", text, question: asked }, Date.now());
  }

  takeBackAnswer(room: string, key: string): Promise<QuestionDraft> {
    return this.#does("takeBackAnswer", [room, key], () => {
      const { question, text: given, visibility, canTakeBack } = this.outbox.get(key);
      if (!canTakeBack) throw { code: "too_late", params: {} };
      this.outbox.drop(key);
      const begun = this.drafts.get(question) ?? "";
      const text = begun === "" ? given : `${given}\n\n${begun}`;
      this.drafts.set(question, text);
      this.#readers.set(question, visibility);
      return { text, visibility };
    });
  }

  noteMissed(room: string): Promise<void> {
    return this.#does("noteMissed", [room], () => void (this.missed = { asked: 0, answered: 0 }));
  }

  held(room: string, id: string): Promise<Held> {
    return this.#host.answer("held", [room, id], () => {
      const { text, visibility } = this.outbox.get(this.#heldOf(id));
      return { question: this.get(id), answers: (this.answers.get(id) ?? []).filter((answer) => !answer.mine), text, visibility };
    });
  }

  discardHeld(room: string, id: string): Promise<void> {
    return this.#does("discardHeld", [room, id], () => void this.outbox.drop(this.#heldOf(id)));
  }

  #heldOf(id: string): string {
    const key = this.outbox.held(id);
    if (key === null) throw { code: "no_such_row", params: {} };
    return key;
  }

  editAnswer(room: string, id: string, text: string): Promise<void> {
    return this.#does("editAnswer", [room, id, text], () => {
      this.editDrafts.delete(id);
      this.#alter(id, { text, editedAt: Date.now() });
    });
  }

  retractAnswer(room: string, id: string): Promise<void> {
    return this.#does("retractAnswer", [room, id], () => this.#alter(id, { text: "", retracted: true }));
  }

  vote(room: string, id: string, vote: boolean): Promise<void> {
    return this.#does("vote", [room, id, vote], () => {
      const { votes, voted } = this.get(id);
      if (voted !== vote) this.change(id, { voted: vote, votes: votes + (vote ? 1 : -1) });
    });
  }

  makeQuestion(room: string, key: string): Promise<Question> {
    return this.#does("makeQuestion", [room, key], () => {
      const row = this.#host.room.row(key);
      if (!row) throw { code: "no_such_row", params: {} };
      const there = this.all.find((one) => one.row === key);
      return there ?? this.put({ ...blankQuestion(this.#questions.size + 1, row.createdAt ?? Date.now()), row: key, text: row.text, asker: { user: row.user, name: row.name, avatar: row.avatar }, votes: 0, tags: [] });
    });
  }

  look(room: string, question: string | null, doing: Doing): Promise<void> {
    return this.#host.answer("look", [room, question, doing], () => {
      const claim = question === null ? null : this.#questions.get(question)?.claim;
      if (question !== null && doing === "drafting" && claim?.mine) this.change(question, { claim: { ...claim, expiresAt: Date.now() + CLAIM_MS } });
    });
  }

  questionDraft(room: string, id: string): Promise<QuestionDraft> {
    return this.#host.answer("questionDraft", [room, id], () => ({ text: this.drafts.get(id) ?? "", visibility: this.#readers.get(id) ?? "public" }));
  }

  setQuestionDraft(room: string, id: string, text: string, visibility: Visibility): Promise<void> {
    return this.#does("setQuestionDraft", [room, id, text, visibility], () => {
      this.#readers.set(id, text === "" ? "public" : visibility);
      if (text === "") this.drafts.delete(id);
      else this.drafts.set(id, text);
      const { hasDraft, rev } = this.get(id);
      if (hasDraft !== (text !== "")) this.put({ ...this.get(id), hasDraft: text !== "", rev });
    });
  }

  setEditDraft(room: string, question: string, id: string, text: string): Promise<void> {
    return this.#does("setEditDraft", [room, question, id, text], () => {
      if (text === "") this.editDrafts.delete(id);
      else this.editDrafts.set(id, text);
      this.put({ ...this.get(question), hasDraft: this.drafts.has(question) || text !== "" });
    });
  }

  snippets(): Promise<Snippet[]> {
    const kept = (one: Snippet): boolean => !one.team || this.kind === "server";
    return this.#host.answer("snippets", [], () => this.saved.filter(kept).map((one) => (one.team ? { ...one, rev: this.teamRev } : one)));
  }

  saveSnippet(snippet: Snippet): Promise<void> {
    return this.#does("saveSnippet", [snippet], () => {
      if (snippet.id !== "") this.#looked(snippet);
      this.keepSnippet(snippet);
    });
  }

  removeSnippet(snippet: Snippet): Promise<void> {
    return this.#does("removeSnippet", [snippet], () => {
      this.#looked(snippet);
      this.dropSnippet(snippet.id);
    });
  }

  /** A snippet as it is kept from now on, whoever wrote it. */
  keepSnippet(snippet: Snippet): void {
    const made = snippet.id === "" ? { ...snippet, id: `s${++this.#change}` } : snippet;
    this.saved = [...this.saved.filter(({ id }) => id !== made.id), made];
    if (made.team) this.teamRev++;
  }

  dropSnippet(id: string): void {
    if (this.saved.some((one) => one.id === id && one.team)) this.teamRev++;
    this.saved = this.saved.filter((one) => one.id !== id);
  }

  #looked({ team, rev }: Snippet): void {
    if (team && rev !== this.teamRev) throw { code: "snippets_changed", params: {} };
  }

  search(room: string | null, query: string, cursor: string | null): Promise<SearchPage> {
    return this.#host.answer("search", [room, query, cursor], () => searchRows(this.#host.room.rows, this.all, room ?? "1", query, cursor));
  }

  exportRoom(room: string, format: ExportFormat, unanswered: boolean): Promise<{ path: string }> {
    return this.#host.answer("exportRoom", [room, format, unanswered], () => {
      const path = `Documents/questions.${format}`;
      clearInterval(this.#exporting);
      this.#export = { room, number: this.#export.number + 1, done: 0, total: 5_000, state: "running", path: null, lacking: false, code: null };
      this.#exporting = setInterval(() => {
        const done = Math.min(5_000, this.#export.done + 400);
        this.#export = { ...this.#export, done, ...(done === 5_000 ? { state: "done", path } : {}) };
        this.#host.exported(this.#export);
        if (done === 5_000) clearInterval(this.#exporting);
      }, 120);
      return { path };
    });
  }

  cancelExport(): Promise<void> {
    clearInterval(this.#exporting);
    return this.#host.answer("cancelExport", [], () => this.#host.exported({ ...this.#export, done: 0, state: "cancelled" }));
  }

  numbers(room: string): Promise<Numbers> {
    return this.#host.answer("numbers", [room], () => numbersOf(this.all, Date.now()));
  }

  present(room: string, open: boolean): Promise<void> {
    return this.#host.answer("present", [room, open], () => undefined);
  }

  presentStep(room: string, step: PresentStep): Promise<void> {
    return this.#does("presentStep", [room, step], () => {
      if (step === "blank") this.stagePage.blank = !this.stagePage.blank;
      else if (step === "qr") this.stagePage.qr = !this.stagePage.qr;
      else if (step === "bigger" || step === "smaller") this.stagePage.size = Math.min(200, Math.max(50, this.stagePage.size + (step === "bigger" ? 10 : -10)));
      else this.#advance(step === "next" ? 1 : -1);
    });
  }

  presented(): Promise<Presented> {
    return this.#host.answer("presented", [], () => presentedOf(this.all, this.stagePage));
  }

  keys(): Promise<Record<string, string>> {
    return this.#host.answer("keys", [], () => this.bound);
  }

  saveKeys(keys: Record<string, string>): Promise<void> {
    return this.#host.answer("saveKeys", [keys], () => {
      this.bound = keys;
      this.#host.bound(keys);
    });
  }

  #advance(by: number): void {
    const shown = this.all.filter((one) => one.lane === "open" || one.lane === "live" || one.lane === "mine");
    const at = shown.findIndex((one) => one.stage === "now");
    const [now, to] = [shown[at], shown[Math.max(0, Math.min(shown.length - 1, at + by))]];
    const does = (one: Question, step: Step): void => {
      for (const [id, change] of applyStep(this.all, one, step, Date.now())) this.change(id, change);
    };
    if (now && by > 0) does(now, { do: "answered", reason: "spoken" });
    if (to && to !== now) does(to, { do: "stage", stage: "now" });
  }

  #add(id: string, answer: ThreadAnswer): void {
    this.answers.set(id, [...(this.answers.get(id) ?? []), answer]);
    if (answer.visibility !== "staff") this.change(id, { answers: this.get(id).answers + 1, lastAnswer: ++this.#change, lastAnswerMine: answer.mine, firstAnswerAt: this.get(id).firstAnswerAt ?? answer.at });
  }

  #alter(answerId: string, change: Partial<ThreadAnswer>): void {
    for (const [id, answers] of this.answers) {
      if (!answers.some((one) => one.id === answerId)) continue;
      this.answers.set(id, answers.map((one) => (one.id === answerId ? { ...one, ...change } : one)));
      this.change(id, {});
    }
  }

  #does<T>(name: string, args: unknown[], act: () => T): Promise<T> {
    return this.#host.answer(name, args, () => {
      const result = act();
      this.#host.tick();
      return result;
    });
  }
}

function alike(a: string, b: string): number {
  const grams = (text: string): Set<string> => new Set([...text.toLowerCase()].slice(1).map((_, i) => text.toLowerCase().slice(i, i + 2)));
  const [one, other] = [grams(a), grams(b)];
  const both = [...one].filter((gram) => other.has(gram)).length;
  return both / Math.max(1, one.size + other.size - both);
}
