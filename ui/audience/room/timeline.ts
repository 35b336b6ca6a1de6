// The rows that are held: entries by their places, each once, without a hole between them.
import { withContent, type Entry, type Item } from "./wire";

/** Rows that are kept while somebody follows, and at most while somebody reads further up. */
export const KEPT = 200;
export const MOST = 1_000;

/** Both together, by place, each once; the one that was there stays. */
export function merge(rows: readonly Entry[], more: readonly Entry[]): readonly Entry[] {
  if (more.length === 0) return rows;
  const last = rows.at(-1)?.seq ?? 0;
  if (rising(last, more)) return [...rows, ...more];
  const known = new Map<number, Entry>();
  for (const entry of [...rows, ...more]) if (!known.has(entry.seq)) known.set(entry.seq, entry);
  return [...known.values()].sort((a, b) => a.seq - b.seq);
}

function rising(last: number, more: readonly Entry[]): boolean {
  let before = last;
  for (const { seq } of more) {
    if (seq <= before) return false;
    before = seq;
  }
  return true;
}

/** Without what was removed, and what quoted it. */
export function without(rows: readonly Entry[], ids: ReadonlySet<string>): readonly Entry[] {
  if (ids.size === 0) return rows;
  return rows.map((row) => {
    if (ids.has(row.id)) return { ...row, text: "", quote: "", name: "", user: "", removed: true };
    return row.questionId !== "" && ids.has(row.questionId) ? { ...row, quote: "", name: "" } : row;
  });
}

/** Answers that were changed or taken back since they were told. */
export function edited(rows: readonly Entry[], items: readonly Item[]): readonly Entry[] {
  const edits = new Map(items.flatMap((item) => item.edits.map((edit) => [edit.answerId, edit.content] as const)));
  if (edits.size === 0) return rows;
  return rows.map((row) => {
    const content = edits.get(row.id);
    return content === undefined ? row : withContent(row, content);
  });
}
