// What travels between this page and the room server: frames and entries, read as far as they make sense (docs/protocol.md).
export type Kind = "message" | "question" | "answer";

export interface Entry {
  readonly id: string;
  readonly seq: number;
  readonly kind: Kind;
  readonly user: string;
  /** The sender's; of an answer, the asker's. */
  readonly name: string;
  readonly text: string;
  readonly org: string;
  /** What an answer quotes. */
  readonly quote: string;
  /** What an answer answers; "" where the server does not say. */
  readonly questionId: string;
  readonly alsoAsked: string;
  readonly edited: boolean;
  readonly retracted: boolean;
  /** Taken out by staff. */
  readonly removed: boolean;
  readonly at: number;
  readonly nonce: string;
}

export interface Me {
  readonly user: string;
  readonly name: string;
  /** At the desk, others' submissions have their text, too. */
  readonly audience: boolean;
}

export type Work = "open" | "claimed" | "answered" | "dismissed" | "follow_up" | "merged";

export interface PrivateAnswer {
  readonly id: string;
  readonly text: string;
  readonly orgName: string;
  readonly at: number;
  readonly retracted: boolean;
}

/** What is being done about a question. */
export interface Item {
  readonly questionId: string;
  readonly seq: number;
  readonly number: number;
  readonly change: number;
  /** A message, too, may wait for review. */
  readonly kind: "message" | "question";
  readonly text: string;
  readonly asker: string;
  readonly askerName: string;
  readonly askedAt: number;
  readonly votes: number;
  /** Null where the server did not say. */
  readonly voted: boolean | null;
  readonly work: Work;
  readonly mergedInto: string;
  readonly stage: "none" | "next" | "now";
  readonly review: "approved" | "pending" | "rejected";
  readonly published: string;
  /** The submission that it was, or the message. */
  readonly sourceId: string;
  readonly reason: string;
  readonly answers: number;
  readonly private: readonly PrivateAnswer[];
  readonly edits: readonly { readonly answerId: string; readonly content: string }[];
}

export type Told =
  | { type: "entry"; entry: Entry }
  | { type: "ack"; nonce: string; seq: number }
  /** Also of what waits for review: code 202, under this id. */
  | { type: "nack"; nonce: string; code: number; waitMs: number | null; id: string }
  | { type: "joined"; epoch: string; seq: number; resumed: boolean; removals: number }
  | { type: "desk"; change: number }
  | { type: "triage"; item: Item }
  | { type: "votes"; votes: readonly (readonly [string, number, number])[] }
  | { type: "removed"; id: string; number: number }
  | { type: "other" };

/** Why the server ended a connection. */
export const closes = { tokenRefused: 4401, notAllowed: 4403, restarting: 1012, tryLater: 1013 } as const;

type Fields = Record<string, unknown>;

/** The object that a text is; anything else is none. */
export function fields(text: unknown): Fields | null {
  if (typeof text !== "string" || text[0] !== "{") return null;
  try {
    return JSON.parse(text) as Fields;
  } catch {
    return null;
  }
}

export const text = (value: unknown): string => (typeof value === "string" ? value : typeof value === "number" ? String(value) : "");
export const number = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0);
const object = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const word = <T extends string>(value: unknown, known: readonly T[], otherwise: T): T => (known.includes(value as T) ? (value as T) : otherwise);

/** One frame of the server. */
export function told(frame: unknown): Told {
  const outer = fields(frame);
  const data = outer?.["code"] === 200 ? fields(outer["data"]) : null;
  if (!data) return { type: "other" };
  switch (data["type"]) {
    case "ack":
      return { type: "ack", nonce: text(data["nonce"]), seq: number(data["seq"]) };
    case "nack":
      return { type: "nack", nonce: text(data["nonce"]), code: number(data["code"]), waitMs: number(data["retry_ms"]) > 0 ? number(data["retry_ms"]) : null, id: text(data["id"]) };
    case "joined":
      return { type: "joined", epoch: text(data["epoch"]), seq: number(data["seq"]), resumed: data["resumed"] !== false, removals: number(data["removals"]) };
    case "desk":
      return { type: "desk", change: number(data["change"]) };
    case "triage": {
      const item = readItem(data["item"]);
      return item ? { type: "triage", item } : { type: "other" };
    }
    case "votes":
      return { type: "votes", votes: list(data["votes"]).map((vote) => [text(list(vote)[0]), number(list(vote)[1]), number(list(vote)[2])] as const) };
    case "removed":
      return { type: "removed", id: text(data["id"]), number: number(data["number"]) };
    default: {
      const entry = readEntry(data);
      return entry ? { type: "entry", entry } : { type: "other" };
    }
  }
}

export function readEntry(value: unknown): Entry | null {
  const data = object(value);
  const kind = data["type"];
  const seq = number(data["seq"]);
  if ((kind !== "message" && kind !== "question" && kind !== "answer") || seq < 1) return null;
  const entry: Entry = {
    id: text(data["id"]),
    seq,
    kind,
    user: text(data["user"]),
    name: text(data["displayName"]),
    text: "",
    org: "",
    quote: "",
    questionId: "",
    alsoAsked: "",
    edited: false,
    retracted: false,
    removed: false,
    at: readTime(data["createdat"]),
    nonce: text(data["nonce"]),
  };
  const read = withContent(entry, text(data["content"]));
  // What was removed keeps its place, and nothing else.
  return { ...read, removed: read.user === "" && read.text === "" && !read.retracted };
}

/** The same entry with other content: what it says is taken apart by its kind. */
export function withContent(entry: Entry, content: string): Entry {
  const parts = entry.kind === "message" ? null : fields(content);
  if (!parts) return { ...entry, text: content };
  if (entry.kind === "question") return { ...entry, text: text(parts["content"]) };
  return {
    ...entry,
    text: text(parts["answer"]),
    org: text(parts["orgName"]),
    quote: text(parts["question"]),
    questionId: text(parts["questionId"]),
    alsoAsked: text(parts["alsoAsked"]),
    edited: parts["editedAt"] !== undefined,
    retracted: text(parts["retracted"]) === "true" || parts["retracted"] === true,
  };
}

function readTime(value: unknown): number {
  if (typeof value === "number") return value < 1e11 ? value * 1_000 : value;
  const read = Date.parse(text(value));
  return Number.isNaN(read) ? 0 : read;
}

export function readItem(value: unknown): Item | null {
  const data = object(value);
  const questionId = text(data["questionId"]);
  if (questionId === "") return null;
  const asker = object(data["asker"]);
  return {
    questionId,
    seq: number(data["seq"]),
    number: number(data["number"]),
    change: number(data["change"]),
    kind: word(data["kind"], ["message", "question"], "question"),
    text: text(data["text"]),
    asker: text(asker["user"]),
    askerName: text(asker["displayName"]),
    askedAt: number(data["askedAt"]),
    votes: number(data["votes"]),
    voted: typeof data["voted"] === "boolean" ? data["voted"] : null,
    work: word(data["work"], ["open", "claimed", "answered", "dismissed", "follow_up", "merged"], "open"),
    mergedInto: text(data["mergedInto"]),
    stage: word(data["stage"], ["none", "next", "now"], "none"),
    review: word(data["review"], ["approved", "pending", "rejected"], "approved"),
    published: text(data["published"]),
    sourceId: text(data["sourceId"]),
    reason: text(data["reason"]),
    answers: number(data["answers"]),
    private: list(data["private"]).map((value) => {
      const answer = object(value);
      return { id: text(answer["id"]), text: text(answer["text"]), orgName: text(answer["orgName"]), at: number(answer["at"]), retracted: answer["retracted"] === true };
    }),
    edits: list(data["edits"]).map((value) => ({ answerId: text(object(value)["answerId"]), content: text(object(value)["content"]) })),
  };
}

/** Who I am, and what the server can and allows. */
export function readAbilities(data: Fields): { me: Me; contentBytes: number; slowSeconds: number; votes: boolean } {
  const [identity, limits] = [object(data["identity"]), object(data["limits"])];
  const audience = !["staff", "moderator", "host"].includes(text(identity["role"]));
  return {
    me: { user: text(identity["user"]), name: text(identity["displayName"]), audience },
    contentBytes: number(limits["contentBytes"]),
    slowSeconds: audience ? number(limits["slowSeconds"]) : 0,
    votes: list(data["extensions"]).includes("votes"),
  };
}

/** The frames of a client: always the same three keys. */
export const frames = {
  heartbeat: (token: string): string => frame(token, 1, ""),
  join: (token: string, topic: string, epoch: string, after: number): string => frame(token, 3, JSON.stringify({ topic, epoch, after, triage: true })),
  send(token: string, topic: string, said: { user: string; name: string; stream: string; content: string; nonce: string; at: Date }): string {
    const { user, name, stream, content, nonce, at } = said;
    const createdat = `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()} ${two(at.getHours())}:${two(at.getMinutes())}`;
    const chatInfo = JSON.stringify({ user, displayName: name, avatarurl: "", stream, content, type: "message", createdat, nonce });
    return frame(token, 2, JSON.stringify({ topic, chatInfo }));
  },
};

function frame(token: string, type: number, payLoad: string): string {
  return JSON.stringify({ token, type, payLoad });
}

const two = (part: number): string => String(part).padStart(2, "0");
