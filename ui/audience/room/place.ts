// Which room the address names, and what this browser keeps of it: the token, what is still to be sent, what is being written.
export interface Place {
  readonly topic: string;
  readonly stream: string;
}

/** Reads `/r/TOPIC/STREAM`, or `/r/TOPIC` where the stream id is the topic. */
export function placeOf(path: string): Place | null {
  const found = /^\/r\/([^/]+)(?:\/([^/]+))?\/?$/.exec(path);
  if (!found) return null;
  try {
    const topic = decodeURIComponent(found[1] ?? "");
    return { topic, stream: found[2] === undefined ? topic : decodeURIComponent(found[2]) };
  } catch {
    return null;
  }
}

/** The token in a link's fragment, `#t=…`: a part of the address that no server is told. */
export function tokenIn(fragment: string): string | null {
  const token = new URLSearchParams(fragment.replace(/^#/, "")).get("t")?.trim();
  // What a header may carry; anything else was no token.
  return token && /^[\x21-\x7e]{1,512}$/.test(token) ? token : null;
}

/** What is kept of a person besides the token: what is still to be sent, what is being written, which questions they asked. */
const WORDS = ["outbox", "draft", "asked"] as const;
type Words = (typeof WORDS)[number];

/** Storage may be forbidden: then a page forgets when it is closed. */
function attempt<T>(what: () => T, otherwise: T): T {
  try {
    return what();
  } catch {
    return otherwise;
  }
}

/**
 * A guest's token is kept for the next visit, since another one would be another person with other questions and votes; it opens
 * one room, for a day. A named person's is kept for this tab alone: its link is the lasting copy.
 */
export class Memory {
  readonly #key: string;
  readonly #here: Storage;
  readonly #lasting: Storage;
  #token: string | null = null;

  constructor(place: Place, here: Storage, lasting: Storage) {
    this.#key = `aside ${JSON.stringify([place.topic, place.stream])} `;
    this.#here = here;
    this.#lasting = lasting;
  }

  token(): string | null {
    return this.#token ?? attempt(() => this.#here.getItem(`${this.#key}token`) ?? this.#guest(), null);
  }

  #guest(): string | null {
    const kept = JSON.parse(this.#lasting.getItem(`${this.#key}guest`) ?? "null") as { token?: unknown; expiresAt?: unknown } | null;
    const holds = typeof kept?.token === "string" && typeof kept.expiresAt === "number" && kept.expiresAt > Date.now();
    return holds ? (kept.token as string) : null;
  }

  /** Another person finds nothing of who was here; without a token there was nobody, or the same person, whose token had ended. */
  keepNamed(token: string): void {
    const before = this.token();
    if (before !== null && before !== token) this.#forgetWords();
    this.#token = token;
    attempt(() => this.#here.setItem(`${this.#key}token`, token), undefined);
  }

  keepGuest(token: string, expiresAt: number): void {
    this.#token = token;
    attempt(() => this.#lasting.setItem(`${this.#key}guest`, JSON.stringify({ token, expiresAt })), undefined);
  }

  /** The token holds no longer; whoever comes back finds what they wrote. */
  forgetToken(): void {
    this.#token = null;
    attempt(() => {
      this.#lasting.removeItem(`${this.#key}guest`);
      this.#here.removeItem(`${this.#key}token`);
    }, undefined);
  }

  /** Out: nothing of the person stays. */
  forget(): void {
    this.forgetToken();
    this.#forgetWords();
  }

  #forgetWords(): void {
    for (const what of WORDS) this.keep(what, "");
  }

  read(what: Words): string | null {
    return attempt(() => this.#here.getItem(this.#key + what), null);
  }

  keep(what: Words, text: string): void {
    attempt(() => (text === "" ? this.#here.removeItem(this.#key + what) : this.#here.setItem(this.#key + what, text)), undefined);
  }
}
