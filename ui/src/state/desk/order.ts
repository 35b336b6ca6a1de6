// The order of a lane, and what an applied order would change: pure, so that the list can hold still while it is looked at.
import type { Lane, Question } from "../../bridge/dto";

export const LANES: readonly Lane[] = ["review", "open", "mine", "live", "done"];
export type Sort = "oldest" | "votes" | "newest";
export const SORTS: readonly Sort[] = ["oldest", "votes", "newest"];

const LAST = Number.MAX_SAFE_INTEGER;
const stages = { now: 0, next: 1, none: 2 };

function compare(sort: Sort, lane: Lane): (a: Question, b: Question) => number {
  const byNumber = (a: Question, b: Question): number => (a.askedAt ?? LAST) - (b.askedAt ?? LAST) || a.number - b.number;
  // What was closed last is what one looks for among the closed.
  if (lane === "done") return (a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0) || b.number - a.number;
  return (a, b) => {
    const stage = lane === "live" ? stages[a.stage] - stages[b.stage] : 0;
    const pinned = Number(b.pinned) - Number(a.pinned);
    const wish = sort === "votes" ? b.votes - a.votes : 0;
    return stage || pinned || wish || (sort === "newest" ? byNumber(b, a) : byNumber(a, b));
  };
}

export function sorted(items: Iterable<Question>, lane: Lane, sort: Sort): string[] {
  return [...items]
    .filter((question) => question.lane === lane)
    .sort(compare(sort, lane))
    .map((question) => question.id);
}

/** What stands between the order on screen and the order as it is. */
export interface Pending {
  readonly fresh: number;
  readonly moved: boolean;
}

export const nothing: Pending = { fresh: 0, moved: false };

export function pendingOf(shown: readonly string[], actual: readonly string[]): Pending {
  const before = new Set(shown);
  const after = new Set(actual);
  const stay = actual.filter((id) => before.has(id));
  const stood = shown.filter((id) => after.has(id));
  const gone = shown.length - stood.length;
  return { fresh: actual.length - stay.length, moved: gone > 0 || stay.some((id, index) => stood[index] !== id) };
}

/** The oldest question that nobody has: what needs me next, after `from` where there is one. */
export function nextOpen(items: Iterable<Question>, from: string | null): string | null {
  const open = [...items].filter((question) => question.lane === "open" && question.claim === null);
  const ids = open.sort(compare("oldest", "open")).map((question) => question.id);
  return ids[(from === null ? -1 : ids.indexOf(from)) + 1] ?? ids.find((id) => id !== from) ?? null;
}
