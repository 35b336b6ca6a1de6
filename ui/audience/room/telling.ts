// What is said aloud of what came.
import type { Items } from "./questions";
import type { Entry, Item } from "./wire";
import type { Hears } from "./world";

export function tellOfItems(hears: Hears, items: readonly Item[], before: Items, isMine: (id: string) => boolean): void {
  for (const item of items) {
    const was = before.get(item.questionId);
    if (item.stage === "now" && was?.stage !== "now") hears.staged(item);
    const privately = item.private.at(-1);
    if (privately && isMine(item.questionId) && item.private.length > (was?.private.length ?? 0)) hears.answered(privately.orgName, item.number);
  }
}

/** Of what somebody else said; `item` is the question that it answers. */
export function tellOfEntry(hears: Hears, entry: Entry, item: Item | undefined, isMine: (id: string) => boolean): void {
  if (entry.kind === "answer" && item && isMine(item.questionId)) hears.answered(entry.org, item.number);
  else hears.said(entry);
}
