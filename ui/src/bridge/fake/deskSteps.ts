// What each step of triage changes, for the invented desk.
import type { AppError, Question, Stage, Step } from "../dto";
import { CLAIM_MS, ME } from "./questions";

type Changes = [string, Partial<Question>][];

export const refused = (who: string): AppError => ({ code: "conflict", params: { who } });

export function applyStep(all: readonly Question[], question: Question, step: Step, now: number): Changes {
  const one = (change: Partial<Question>): Changes => [[question.id, { changedBy: ME.name, ...change }]];
  const close = (work: Question["work"], closeReason: string | null): Changes => one({ work, closeReason, closedAt: now, claim: null, stage: "none" });
  switch (step.do) {
    case "claim":
      return one({ work: "claimed", claim: { by: ME, mine: true, device: "desk", otherDevice: false, at: now, expiresAt: now + CLAIM_MS } });
    case "release":
      return one({ work: "open", claim: null });
    case "approve":
      return one({ review: "approved", number: Math.max(...all.map(({ number }) => number)) + 1 });
    case "review_again":
      return one({ review: "pending" });
    case "reject":
      return one({ review: "rejected", closeReason: step.reason });
    case "answered":
      return close("answered", step.reason);
    case "dismiss":
      return close("dismissed", step.reason);
    case "follow_up":
      return close("follow_up", "later");
    case "reopen":
      return one({ work: "open", closeReason: null, closedAt: null });
    case "stage":
      return onStage(all, question, step.stage);
    case "pin":
      return one({ pinned: step.pinned });
    case "tags":
      return one({ tags: step.tags });
    case "note":
      return one({ note: step.note });
    case "text":
      return one({ text: step.text, originalText: question.originalText ?? question.text });
    case "merge":
      return merge(all, question, step.into);
    case "unmerge":
      return unmerge(all, question);
  }
}

/** At most one question is next and one is on. */
function onStage(all: readonly Question[], question: Question, stage: Stage): Changes {
  const others: Changes = all.filter((other) => stage !== "none" && other.stage === stage && other.id !== question.id).map((other) => [other.id, { stage: "none" }]);
  return [...others, [question.id, { stage, changedBy: ME.name }]];
}

function merge(all: readonly Question[], question: Question, into: string): Changes {
  const target = all.find((other) => other.id === into);
  if (!target || target.id === question.id) throw { code: "bad_argument", params: { name: "into" } };
  return [
    [question.id, { work: "merged", mergedInto: into, claim: null, changedBy: ME.name }],
    [into, { votes: target.votes + question.votes, alsoAsked: [...target.alsoAsked, question.asker.name], tags: [...new Set([...target.tags, ...question.tags])] }],
  ];
}

function unmerge(all: readonly Question[], question: Question): Changes {
  const target = all.find((other) => other.id === question.mergedInto);
  const back: Changes = [[question.id, { work: "open", mergedInto: null, changedBy: ME.name }]];
  return target ? [...back, [target.id, { votes: target.votes - question.votes, alsoAsked: target.alsoAsked.filter((name) => name !== question.asker.name) }]] : back;
}
