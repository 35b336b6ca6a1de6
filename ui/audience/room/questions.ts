// The questions of a room as its audience knows them: what becomes of each, and how many want it answered.
import type { Item, Me } from "./wire";

export type Items = ReadonlyMap<string, Item>;

/** With newer items put in; what an item does not say of my own vote stays as it was. */
export function put(items: Items, more: readonly Item[]): Items {
  if (more.length === 0) return items;
  const next = new Map(items);
  for (const item of more) {
    const known = next.get(item.questionId);
    const newer = known && known.change > item.change ? known : item;
    next.set(item.questionId, { ...newer, voted: newer.voted ?? item.voted ?? known?.voted ?? null });
  }
  return next;
}

export function count(items: Items, votes: readonly (readonly [string, number, number])[]): Items {
  const next = new Map(items);
  for (const [id, count, change] of votes) {
    const item = next.get(id);
    if (item && change > item.change) next.set(id, { ...item, votes: count, change });
  }
  return next;
}

/** My own vote, as it was asked for or answered; no change of the room's. */
export function voted(items: Items, id: string, votes: number, mine: boolean): Items {
  const item = items.get(id);
  return item ? new Map(items).set(id, { ...item, votes: Math.max(votes, 0), voted: mine }) : items;
}

const isOver = (item: Item): boolean => item.work === "answered" || item.work === "dismissed" || item.work === "follow_up";

/** Questions of the room for a list: the one on stage, the next, those that most want answered, then what is over, newest first; of what was removed nothing is left to read. */
export function listed(items: Items): Item[] {
  const rank = (item: Item): number => (item.stage === "now" ? 0 : item.stage === "next" ? 1 : isOver(item) ? 3 : 2);
  return [...items.values()]
    .filter((item) => item.review === "approved" && item.published === "" && item.number > 0 && item.work !== "merged" && item.text !== "")
    .sort((a, b) => rank(a) - rank(b) || (rank(a) === 3 ? b.number - a.number : b.votes - a.votes || a.number - b.number));
}

/** What I asked that is no question of the room, or not yet. */
export function waiting(items: Items, me: Pick<Me, "user" | "audience">): Item[] {
  return [...items.values()].filter((item) => (me.audience || item.asker === me.user) && item.review !== "approved" && item.published === "" && item.text !== "").sort((a, b) => a.askedAt - b.askedAt);
}

/** Whether I asked it: under my name, from this page, or, where nobody learns who asks, because I am told what only its asker is. */
export function isMine(items: Items, id: string, me: Me | null, asked: ReadonlySet<string>): boolean {
  const item = items.get(id);
  if (id !== "" && asked.has(id)) return true;
  if (!item || !me) return false;
  return item.asker === me.user || (me.audience && (item.private.length > 0 || items.get(item.sourceId)?.published === id));
}
