// What the answer desk may ask of the backend; a part of the one interface.
import type { Doing, ExportFormat, Held, Numbers, Presented, PresentStep, Question, QuestionDraft, SearchPage, Snippet, Step, Thread, Visibility } from "./dto";

/** Every call rejects with an AppError; `conflict` {who} says that another was faster, and the newest state comes by pull. */
export interface DeskBridge {
  triage(room: string, question: string, rev: number, step: Step): Promise<Question>;
  /** `older`: answers that are not on this computer are fetched; without that, or where it fails, they are counted. */
  thread(room: string, question: string, older: boolean): Promise<Thread>;
  /** Settles once the answer is kept; that it was held shows by pull. */
  answerQuestion(room: string, question: string, text: string, visibility: Visibility, seen: number, coAnswer: boolean): Promise<void>;
  /** An answer that has not left becomes its question's draft again, before what was begun since; `too_late` where it has. */
  takeBackAnswer(room: string, key: string): Promise<QuestionDraft>;
  held(room: string, question: string): Promise<Held>;
  /** Somebody has read what was missed. */
  noteMissed(room: string): Promise<void>;
  discardHeld(room: string, question: string): Promise<void>;
  editAnswer(room: string, id: string, text: string): Promise<void>;
  retractAnswer(room: string, id: string): Promise<void>;
  vote(room: string, question: string, vote: boolean): Promise<void>;
  /** A chat message becomes a question. */
  makeQuestion(room: string, key: string): Promise<Question>;
  /** Tells the others what one looks at; null: at nothing. */
  look(room: string, question: string | null, doing: Doing): Promise<void>;

  questionDraft(room: string, question: string): Promise<QuestionDraft>;
  setQuestionDraft(room: string, question: string, text: string, visibility: Visibility): Promise<void>;
  /** Other words for an answer that was given, until they are saved; none: given up. They come back with the thread. */
  setEditDraft(room: string, question: string, id: string, text: string): Promise<void>;
  snippets(): Promise<Snippet[]>;
  /** One without an id is new; `snippets_changed` says that the team has another list now than the one of this `rev`. */
  saveSnippet(snippet: Snippet): Promise<void>;
  removeSnippet(snippet: Snippet): Promise<void>;

  search(room: string | null, query: string, cursor: string | null): Promise<SearchPage>;
  /** The backend asks where to; progress comes as the event `export`. */
  exportRoom(room: string, format: ExportFormat, unanswered: boolean): Promise<{ path: string }>;
  cancelExport(): Promise<void>;
  numbers(room: string): Promise<Numbers>;

  present(room: string, open: boolean): Promise<void>;
  presentStep(room: string, step: PresentStep): Promise<void>;
  presented(): Promise<Presented>;

  /** Command id → the key that was chosen for it. */
  keys(): Promise<Record<string, string>>;
  saveKeys(keys: Record<string, string>): Promise<void>;
}
