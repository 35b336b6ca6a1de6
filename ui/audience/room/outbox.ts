// What I said and the server has not confirmed: each under a name of its own, so that it may be said again without being heard twice.
export interface Outgoing {
  readonly nonce: string;
  readonly kind: "message" | "question";
  readonly text: string;
  readonly at: number;
  /** On its way; stored, and its entry is still to come; waiting for staff to look at it; refused. */
  readonly state: "sending" | "stored" | "review" | "failed";
  /** Its place, once it is stored; its name, while it waits for review. */
  readonly seq: number;
  readonly id: string;
  /** Why it was refused, as an HTTP status. */
  readonly code: number;
  /** Until when its writer is silenced, where it was refused for that. */
  readonly until: number;
}

export type Outbox = readonly Outgoing[];

export function outgoing(kind: Outgoing["kind"], text: string, nonce: string, at: number): Outgoing {
  return { nonce, kind, text, at, state: "sending", seq: 0, id: "", code: 0, until: 0 };
}

export function change(outbox: Outbox, nonce: string, changes: Partial<Outgoing>): Outbox {
  return outbox.map((one) => (one.nonce === nonce ? { ...one, ...changes } : one));
}

/** Without what is settled: its entry came, or it stands in the history, or among what waits for review. */
export function settle(outbox: Outbox, seen: ReadonlySet<string>, position: number, known: (id: string) => boolean): Outbox {
  const left = outbox.filter((one) => !seen.has(one.nonce) && !(one.seq > 0 && one.seq <= position) && !(one.id !== "" && known(one.id)));
  return left.length === outbox.length ? outbox : left;
}

/** Reads what an earlier visit of this tab left. */
export function readOutbox(stored: string | null): Outbox {
  try {
    const read: unknown = JSON.parse(stored ?? "[]");
    if (!Array.isArray(read)) return [];
    return read.filter((one: Partial<Outgoing>) => typeof one?.nonce === "string" && typeof one.text === "string" && typeof one.state === "string") as Outgoing[];
  } catch {
    return [];
  }
}
