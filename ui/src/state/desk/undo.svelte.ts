// What was just done with questions and can be taken back: a step, or words thrown away, for six seconds, an answer for as long as it has not left.
import type { Question, Step, Visibility } from "../../bridge/dto";
import type { Key, Params } from "../../i18n/catalogue";

export const UNDO_MS = 6_000;

/** Why a question is dismissed, in the words that servers and exports know. */
export type Why = "off_topic" | "duplicate" | "abuse";

/** Words that nobody has read, and the question that they were for. */
export interface Thrown {
  readonly question: string;
  readonly text: string;
  readonly visibility: Visibility;
}

export interface Done {
  readonly words: Key;
  readonly params: Params;
  /** The way back; null where there is none. */
  readonly back: readonly { readonly question: string; readonly step: Step }[];
  /** What was dismissed: until the time is over it may be said why. */
  readonly dismissed?: readonly string[];
  readonly reason?: Why;
  /** An answer that has not left; `since` when it was given, null where that was before this desk was looked at. */
  readonly leaving?: { readonly question: string; readonly key: string; readonly since: number | null; /** Its question was to be answered then. */ readonly open: boolean };
  /** Words that were thrown away, and who was to read them. */
  readonly thrown?: Thrown;
  /** What was answered by word of mouth: what was said can be written down. */
  readonly spoken?: string;
}

/** Whether there is a way back. */
export const canUndo = (done: Done): boolean => done.back.length > 0 || done.leaving !== undefined || done.thrown !== undefined;

/** The step that takes another back, seen from the question as it was before; null where nothing would change. */
export function inverse(before: Question, step: Step): Step | null {
  switch (step.do) {
    case "claim":
      return before.claim?.mine ? null : { do: "release" };
    case "release":
      return { do: "claim", takeOver: false };
    // What is published stays so.
    case "approve":
      return null;
    case "reject":
      return { do: "review_again" };
    case "review_again":
      return { do: "reject", reason: before.closeReason };
    case "answered":
    case "dismiss":
    case "follow_up":
      return before.work === "open" || before.work === "claimed" ? { do: "reopen" } : closing(before);
    case "reopen":
      return closing(before);
    case "stage":
      return { do: "stage", stage: before.stage };
    case "pin":
      return { do: "pin", pinned: before.pinned };
    case "tags":
      return { do: "tags", tags: before.tags };
    case "note":
      return { do: "note", note: before.note };
    case "text":
      return { do: "text", text: before.text };
    case "merge":
      return { do: "unmerge" };
    case "unmerge":
      return before.mergedInto === null ? null : { do: "merge", into: before.mergedInto };
  }
}

/** All that takes a step back, in its order. */
export function backOf(before: Question, step: Step, others: readonly Question[]): Done["back"] {
  const own = inverse(before, step);
  const back = own ? [own, ...(own.do === "reopen" || own.do === "unmerge" ? standing(before) : [])].map((each) => ({ question: before.id, step: each })) : [];
  // Of each place on the stage there is one: who had to make way comes back.
  const stage = step.do === "stage" && step.stage !== "none" ? step.stage : null;
  const holder = stage && others.find((other) => other.stage === stage && other.id !== before.id);
  return holder ? [...back, { question: holder.id, step: { do: "stage", stage } }] : back;
}

/** What a question had that is open again now: it was closed, or somebody's and on stage. */
function standing(before: Question): Step[] {
  const closed = closing(before);
  if (closed) return [closed];
  const claim: Step[] = before.claim?.mine ? [{ do: "claim", takeOver: false }] : [];
  return before.stage === "none" ? claim : [...claim, { do: "stage", stage: before.stage }];
}

/** What would close it again as it was closed; a written answer cannot be made again. */
function closing(before: Question): Step | null {
  if (before.work === "dismissed") return { do: "dismiss", reason: before.closeReason };
  if (before.work === "follow_up") return { do: "follow_up" };
  return before.work === "answered" ? { do: "answered", reason: "spoken" } : null;
}

export class Undo {
  /** Answers that have not left, the newest last. */
  waiting = $state.raw<readonly Done[]>([]);
  #step = $state.raw<Done | null>(null);
  /** The step was done after all of them were given. */
  #stepped = $state(false);
  /** Answers that were taken back, whatever is heard of them still. */
  readonly #taken = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The newest of what was done. */
  get last(): Done | null {
    const answer = this.waiting.at(-1) ?? null;
    return this.#stepped ? (this.#step ?? answer) : (answer ?? this.#step);
  }

  /** The newest that there is a way back from. */
  get way(): Done | null {
    return [this.last, this.waiting.at(-1), this.#step].find((done) => done && canUndo(done)) ?? null;
  }

  tell(done: Done): void {
    clearTimeout(this.#timer);
    [this.#step, this.#stepped] = [done, true];
    this.#timer = setTimeout(() => (this.#step = null), UNDO_MS);
  }

  /** All answers that can be taken back now, as the shell says. */
  hold(waiting: readonly Done[]): void {
    const still = waiting.filter(({ leaving }) => leaving && !this.#taken.has(leaving.key));
    const known = this.waiting.filter((one) => still.some((now) => isSame(now, one)));
    const fresh = still.filter((one) => !known.some((old) => isSame(old, one)));
    if (fresh.length > 0) this.#stepped = false;
    this.waiting = [...known, ...fresh];
  }

  /** The newest that can be, once. */
  take(): Done | null {
    const done = this.way;
    if (done?.leaving) this.takeAnswer(done.leaving.key);
    else if (done) this.#forget();
    return done;
  }

  takeAnswer(key: string): void {
    this.#taken.add(key);
    this.waiting = this.waiting.filter(({ leaving }) => leaving?.key !== key);
  }

  /** It was not taken back after all. */
  stays(key: string): void {
    this.#taken.delete(key);
  }

  took(key: string): boolean {
    return this.#taken.has(key);
  }

  dismiss(): void {
    this.#forget();
    this.waiting = [];
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#step = null;
  }
}

const isSame = (one: Done, other: Done): boolean => one.leaving?.key === other.leaving?.key;
