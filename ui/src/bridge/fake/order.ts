// The invented backend's order: removals that wait, silence, a log.
import type { Deed, Deeds, Moderation, OrderStatus, Removing } from "../dto";
import type { OrderBridge } from "../order";
import type { FakeRoom } from "./room";

const HELD_MS = 6_000;
const PAGE = 50;

export class FakeOrder implements OrderBridge {
  canModerate = false;
  mutedUntil: number | null = null;
  slowedUntil: number | null = null;
  slowSeconds = 0;
  notRemoved: OrderStatus["notRemoved"] = [];
  removing: Removing[] = [];
  readonly muted = new Map<string, number | null>();
  readonly log: Deed[] = [];
  readonly #room: FakeRoom;
  readonly #answer: <T>(call: string, args: unknown[], answer: () => T) => Promise<T>;
  readonly #tick: () => void;

  constructor(room: FakeRoom, answer: <T>(call: string, args: unknown[], answer: () => T) => Promise<T>, tick: () => void) {
    this.#room = room;
    this.#answer = answer;
    this.#tick = tick;
  }

  status(): OrderStatus {
    const { canModerate, slowSeconds, mutedUntil, slowedUntil, removing, notRemoved } = this;
    return { canModerate, reviews: false, slowSeconds, mutedUntil, slowedUntil, removing, notRemoved };
  }

  remove(room: string, key: string, reason: string): Promise<void> {
    return this.#answer("remove", [room, key, reason], () => {
      const row = this.#room.rows.find((one) => one.key === key);
      if (!row) throw { code: "no_such_row", params: {} };
      const entry = row.id ?? key;
      this.removing = [...this.removing, { entry, at: Date.now() + HELD_MS, sent: false }];
      setTimeout(() => this.#due(entry, reason), HELD_MS);
      this.#tick();
    });
  }

  keep(room: string, entry: string): Promise<void> {
    return this.#answer("keep", [room, entry], () => {
      this.removing = this.removing.filter((one) => one.entry !== entry);
      this.#tick();
    });
  }

  removeNow(room: string, entry: string): Promise<void> {
    return this.#answer("removeNow", [room, entry], () => this.#due(entry, ""));
  }

  noteRemoval(room: string): Promise<void> {
    return this.#answer("noteRemoval", [room], () => {
      this.notRemoved = [];
      this.#tick();
    });
  }

  mute(room: string, user: string, seconds: number, reason: string): Promise<void> {
    return this.#answer("mute", [room, user, seconds, reason], () => {
      const until = Date.now() + seconds * 1_000;
      if (seconds > 0) this.muted.set(user, until);
      else this.muted.delete(user);
      this.#note({ action: seconds > 0 ? "muted" : "unmuted", user, new: seconds > 0 ? String(until) : "", reason });
    });
  }

  slow(room: string, seconds: number): Promise<void> {
    return this.#answer("slow", [room, seconds], () => {
      this.#note({ action: "slow", old: String(this.slowSeconds), new: String(seconds) });
      this.slowSeconds = seconds;
    });
  }

  moderation(room: string): Promise<Moderation> {
    return this.#answer("moderation", [room], () => ({ slowSeconds: this.slowSeconds, muted: [...this.muted].map(([user, until]) => ({ user, name: this.#name(user), until })) }));
  }

  deeds(room: string, before: number | null): Promise<Deeds> {
    return this.#answer("deeds", [room, before], () => {
      const older = this.log.filter(({ number }) => before === null || number < before);
      return { deeds: older.slice(-PAGE).reverse(), hasOlder: older.length > PAGE };
    });
  }

  #due(entry: string, reason: string): void {
    if (!this.removing.some((one) => one.entry === entry)) return;
    this.removing = this.removing.filter((one) => one.entry !== entry);
    const row = this.#room.rows.find((one) => one.id === entry || one.key === entry);
    if (row) {
      this.#note({ action: "removed", user: row.user, old: row.text, reason });
      this.#room.change(row.key, { text: "", user: "", name: "", avatar: null, removed: true });
    }
    this.#tick();
  }

  #note(deed: Partial<Deed>): void {
    const number = this.log.length + 1;
    this.log.push({ number, action: "", user: "", old: "", new: "", reason: "", by: "Alex", at: Date.now(), ...deed, name: this.#name(deed.user ?? "") });
  }

  #name(user: string): string {
    return this.#room.rows.findLast((row) => row.user === user)?.name ?? "";
  }
}
