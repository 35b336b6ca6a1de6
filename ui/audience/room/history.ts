// The room's history: which page to ask for, what came of it, and where in it an answer is.
import { query, type Ask } from "./http";
import { readEntry, type Entry, type Item } from "./wire";

export const PAGE = 50;
/** Answers alone are asked for by more at once. */
const ANSWERS = 200;

/** The newest entries before a place. */
export function pageBefore(stream: string, before: number): string {
  return query("api/message/chatmsg", { page: 1, type: "", resultsPerPage: PAGE, stream, before });
}

export function entriesOf(data: Record<string, unknown>): Entry[] {
  const items = Array.isArray(data["items"]) ? data["items"] : [];
  return items.map(readEntry).filter((entry) => entry !== null).sort((a, b) => a.seq - b.seq);
}

/** Whether this answers it; what was imported quotes the question, and does not name it. */
export function answers(entry: Entry, { questionId, text }: Item): boolean {
  return entry.kind === "answer" && !entry.retracted && (entry.questionId === "" ? entry.quote === text : entry.questionId === questionId);
}

/** The place of the first answer; 0 where there is none for everybody, null where the server could not be asked. */
export async function findAnswer(ask: Ask, stream: string, item: Item): Promise<number | null> {
  for (let after = item.seq; ; ) {
    const reply = await ask(query("api/message/chatmsg", { page: 1, type: "answer", resultsPerPage: ANSWERS, stream, after }));
    if (reply.kind !== "ok") return null;
    const page = entriesOf(reply.data);
    const found = page.find((entry) => answers(entry, item));
    if (found) return found.seq;
    const last = page.at(-1)?.seq ?? 0;
    if (last <= after) return 0;
    after = last;
  }
}
