// An invented room that keeps the backend's promises: places, revisions, pages, changes, own rows that settle.
import type { Anchor, Changes, Moment, Page, Row } from "../dto";

const ECHO = 2 ** 52;
const STEP = 2 ** 20;

export type Said = Partial<Omit<Row, "key" | "place">> & { kind: Row["kind"] };

export class FakeRoom {
  revision = 1;
  read: number | null = null;
  reachedStart = true;
  #rows: Row[] = [];
  readonly #changedAt = new Map<string, number>();
  readonly #removed: { key: string; at: number }[] = [];
  #keys = 0;
  #places = 0;
  #edits = 0;

  say(said: Said, now: number): Row {
    this.#places += STEP;
    return this.#put({ ...blank, receivedAt: now, createdAt: now, ...said, key: String(++this.#keys), place: this.#places });
  }

  /** An own row that is on its way. */
  echo(said: Said, now: number): Row {
    return this.#put({ ...blank, receivedAt: now, createdAt: now, mine: true, delivery: "sending", ...said, key: String(++this.#keys), place: ECHO + this.#keys });
  }

  settle(key: string): void {
    this.#places += STEP;
    this.change(key, { delivery: "sent", place: this.#places, failure: null, failureReason: null });
  }

  change(key: string, change: Partial<Row>): void {
    this.#edits++;
    const row = this.row(key);
    if (row) this.#put({ ...row, ...change });
  }

  remove(key: string): void {
    this.#rows = this.#rows.filter((row) => row.key !== key);
    this.#removed.push({ key, at: ++this.revision });
  }

  row(key: string): Row | undefined {
    return this.#rows.find((row) => row.key === key);
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  unread(kind?: Row["kind"]): number {
    const after = this.read ?? Number.POSITIVE_INFINITY;
    return this.#rows.slice(countBelow(this.#rows, after + 1)).filter((row) => row.place < ECHO && !row.mine && (!kind || row.kind === kind)).length;
  }

  /** As the cache does it: never beyond what is settled, and never back. */
  readUpTo(place: number): void {
    const last = this.#rows[countBelow(this.#rows, Math.min(place + 1, ECHO)) - 1]?.place ?? null;
    if (last !== null && last > (this.read ?? 0)) this.read = last;
  }

  page(anchor: Anchor, limit: number): Page {
    const [from, to] = this.#range(anchor, limit);
    return {
      revision: this.revision,
      rows: this.#rows.slice(from, to),
      hasOlder: from > 0,
      hasNewer: to < this.#rows.length,
      reachedStart: this.reachedStart,
      read: this.read,
      from: null,
      to: null,
      kept: false,
    };
  }

  /** Of a room that is told in the order of its times. */
  moment(at: number): Moment {
    const settled = this.#rows.filter((row) => row.place < ECHO);
    const said = (row: Row | undefined): number | null => row?.createdAt ?? row?.receivedAt ?? null;
    const first = settled.find((row) => (said(row) ?? 0) >= at);
    return { spot: first ? { key: first.key, place: first.place } : null, begins: said(settled[0]), ends: said(settled.at(-1)) };
  }

  changes(since: number, limit: number): Changes {
    // Each revision is one change: whoever is that far behind need not be looked up.
    if (this.revision - since > limit * 2 && this.#removed.length === 0 && this.#edits === 0) return { revision: this.revision, upserts: [], removed: [], reset: true, heard: [], leftOut: 0 };
    const upserts = this.#rows.filter((row) => (this.#changedAt.get(row.key) ?? 0) > since);
    const removed = this.#removed.filter((gone) => gone.at > since).map((gone) => gone.key);
    if (upserts.length + removed.length > limit) return { revision: this.revision, upserts: [], removed: [], reset: true, heard: [], leftOut: 0 };
    return { revision: this.revision, upserts, removed, reset: false, heard: [], leftOut: 0 };
  }

  #range(anchor: Anchor, limit: number): [number, number] {
    const rows = this.#rows;
    switch (anchor.at) {
      case "end":
        return [Math.max(0, rows.length - limit), rows.length];
      case "before": {
        const to = countBelow(rows, anchor.place);
        return [Math.max(0, to - limit), to];
      }
      case "after": {
        const from = countBelow(rows, anchor.place + 1);
        return [from, Math.min(rows.length, from + limit)];
      }
      case "unread": {
        const first = this.read === null ? rows.length : countBelow(rows, this.read + 1);
        if (first === rows.length) return [Math.max(0, rows.length - limit), rows.length];
        return [Math.max(0, first - (limit >> 1)), Math.min(rows.length, first + (limit >> 1))];
      }
    }
  }

  #put(row: Row): Row {
    const last = this.#rows.at(-1);
    if (!this.#changedAt.has(row.key) && (last === undefined || last.place < row.place)) this.#rows.push(row);
    else this.#rows = [...this.#rows.filter((old) => old.key !== row.key), row].sort((a, b) => a.place - b.place);
    this.#changedAt.set(row.key, ++this.revision);
    return row;
  }
}

function countBelow(rows: readonly Row[], place: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.place ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

const blank: Omit<Row, "key" | "place" | "kind"> = {
  user: "",
  name: "",
  avatar: null,
  text: "",
  org: "",
  orgLogo: null,
  namesake: false,
  question: "",
  answers: null,
  createdAt: null,
  receivedAt: 0,
  mine: false,
  delivery: "received",
  failure: null,
  failureReason: null,
  standing: "confirmed",
  id: null,
  seq: null,
  gap: null,
  missing: null,
  ruled: null,
  toMe: false,
  visibility: "public",
  alsoAsked: [],
  edited: false,
  retracted: false,
  removed: false,
};
