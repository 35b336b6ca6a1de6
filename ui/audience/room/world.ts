// What the room needs of the world outside, and what it says to it.
import type { Socket } from "./link";
import type { Entry, Item } from "./wire";

/** What a tab keeps for the room, over a reload: what is still to be sent, and which questions were asked here. */
export type Kept = "outbox" | "asked";

/** The world outside, which a test makes up. */
export interface World {
  readonly origin: string;
  open(url: string, protocols: string[]): Socket;
  fetch: typeof fetch;
  connected(): boolean;
  dice(): number;
  nonce(): string;
  /** Soon: with the next picture, or a little later where nobody looks. */
  soon(what: () => void): void;
  read(what: Kept): string | null;
  keep(what: Kept, text: string): void;
}

/** What the page says aloud, or shows in passing. */
export interface Hears {
  answered(org: string, number: number): void;
  staged(item: Item): void;
  said(entry: Entry): void;
  failed(what: "vote"): void;
}
