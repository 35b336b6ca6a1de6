// Words for what a question is at the moment; in one place, so that list, detail and timeline say the same.
import type { LogLine, Question, ThreadAnswer } from "../bridge/dto";
import type { Key } from "../i18n/catalogue";
import { t } from "../i18n/language.svelte";
import { ageOf } from "../state/desk/age";
import { displayName } from "../state/display";

const ages = { now: "age.now", minutes: "age.minutes", hours: "age.hours", days: "age.days" } as const satisfies Record<string, Key>;

export const nameOf = (person: { name: string; user: string }): string => displayName(person.name) || displayName(person.user) || t("row.someone");

/** A host changes any answer, whoever wrote it for as long as the server lets them. */
export const isChangeable = (answer: ThreadAnswer, now: number): boolean => answer.canEdit && answer.id !== null && (answer.editUntil === null || now < answer.editUntil);

export function ageWords(from: number, now: number): string {
  const { unit, n } = ageOf(from, now);
  return t(ages[unit], { n });
}

/** What waits for review has no number yet. */
export const numberWords = (question: Question): string => (question.number > 0 ? `#${question.number}` : t("lane.review"));

const works: Record<Question["work"], Key> = { open: "work.open", claimed: "work.claimed", answered: "work.answered", dismissed: "work.dismissed", follow_up: "work.followUp", merged: "work.merged" };
const reasons: Partial<Record<string, Key>> = { text: "reason.text", spoken: "reason.spoken", duplicate: "reason.duplicate", off_topic: "reason.offTopic", abuse: "reason.abuse", later: "reason.later" };

export function workWords(question: Question): string {
  if (question.review === "pending") return t("work.pending");
  const reason = question.closeReason === null ? undefined : reasons[question.closeReason];
  if (question.review === "rejected") {
    const why = reason ? t(reason) : question.closeReason;
    return why === null ? t("work.rejected") : `${t("work.rejected")} · ${why}`;
  }
  const work = question.claim ? t("work.by", { name: question.claim.mine ? t("row.you") : nameOf(question.claim.by) }) : t(works[question.work]);
  return reason && (question.work === "answered" || question.work === "dismissed") ? `${work} · ${t(reason)}` : work;
}

/** That somebody else closed it while one wrote, and how. */
export const closedWords = (question: Question, who: string): string => t(who === "" ? "answer.closed" : "answer.closedBy", { who: displayName(who), state: workWords(question) });

const fields: Partial<Record<string, Key>> = { review: "field.review", work: "field.work", stage: "field.stage", claim: "field.claim", pinned: "key.pin", tags: "key.tag", note: "note.label", text: "text.label", mergedInto: "key.merge" };
const values: Partial<Record<string, Key>> = { pending: "work.pending", approved: "field.approved", rejected: "work.rejected", now: "stage.now", next: "stage.next", none: "field.none", ...works };

/** One line of what was done, in words where we have them. */
export function logWords(line: LogLine): string {
  const field = fields[line.field];
  const value = (raw: string): string => {
    const known = ["review", "work", "stage"].includes(line.field) && Object.hasOwn(values, raw) ? values[raw] : undefined;
    return known ? t(known) : raw.slice(0, 120) || "–";
  };
  return t("field.line", { field: field ? t(field) : line.field, old: value(line.old), new: value(line.new) });
}
