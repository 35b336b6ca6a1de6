// Keeping order in the room on screen: removals that can still be taken back, who is silenced, and what the server says to oneself.
import { asAppError, type Bridge } from "../bridge/bridge";
import type { AppError, Deed, Moderation, OrderStatus, Removing, RoomStatus, Row } from "../bridge/dto";
import type { Key, Params } from "../i18n/catalogue";
import { UNDO_MS } from "./desk/undo.svelte";
import type { Who } from "./person.svelte";
import type { Sheet } from "./sheet";

/** How long somebody may be silenced, in seconds; a server takes thirty days at the most. */
export const SILENCES = [10, 60, 600, 3_600, 86_400, 30 * 86_400] as const;
/** What is chosen where nobody chose: shorter is a hint to somebody, not an end of it. */
export const USUAL_SILENCE = 600;
/** How slow a room may be made, in seconds. */
export const SLOWNESS = [0, 5, 10, 30, 60, 300] as const;

/** A time as people say it, in one unit. */
export function span(seconds: number): { words: Key; params: Params } {
  if (seconds < 60) return { words: "span.seconds", params: { n: Math.max(1, Math.ceil(seconds)) } };
  if (seconds < 3_600) return { words: "span.minutes", params: { n: Math.ceil(seconds / 60) } };
  if (seconds < 86_400) return { words: "span.hours", params: { n: Math.ceil(seconds / 3_600) } };
  return { words: "span.days", params: { n: Math.ceil(seconds / 86_400) } };
}

/** Whether a time is so short that the minute of its end says nothing: it is most often the minute that there is. */
export const isBrief = (ms: number): boolean => ms < 120_000;

/** What keeps this person from speaking now, and until when; null where nothing does. */
export interface Standing {
  readonly words: "composer.silenced" | "composer.slowed" | "composer.fast" | "composer.slow";
  readonly seconds: number;
  readonly until: number | null;
}

export function standing({ order, role }: Pick<RoomStatus, "order" | "role">, now: number): Standing | null {
  const { mutedUntil, slowedUntil, slowSeconds } = order;
  if (mutedUntil !== null && mutedUntil > now) return { words: "composer.silenced", seconds: (mutedUntil - now) / 1_000, until: mutedUntil };
  if (slowedUntil !== null && slowedUntil > now) return { words: slowSeconds > 0 ? "composer.slowed" : "composer.fast", seconds: (slowedUntil - now) / 1_000, until: slowedUntil };
  return slowSeconds > 0 && role === "audience" ? { words: "composer.slow", seconds: slowSeconds, until: null } : null;
}

/** Whether a row is one that can be taken out of the room. */
export const isRemovable = (row: Row): boolean => row.id !== null && !row.removed && (row.kind === "message" || row.kind === "question");

/** What one may do for order in the room. */
export interface OrderActions {
  remove: (row: Row) => void;
  removeWhy: (row: Row) => void;
  silence: (row: Row) => void;
  open: () => void;
  keep: (entry: string) => void;
}

/** What was done a moment ago, and the way back. */
interface Done {
  readonly words: "order.didSilence" | "order.didSilenceBriefly" | "order.didUnsilence";
  readonly name: string;
  readonly seconds: number;
  readonly until: number;
  readonly back: (() => Promise<void>) | null;
}

const none: OrderStatus = { canModerate: false, reviews: false, slowSeconds: 0, mutedUntil: null, slowedUntil: null, removing: [], notRemoved: [] };

export class OrderKeeper {
  error = $state.raw<AppError | null>(null);
  done = $state.raw<Done | null>(null);
  readonly #bridge: Bridge;
  readonly #look: () => RoomStatus | null;
  readonly status = $derived.by(() => this.#look()?.order ?? none);
  readonly removing = $derived.by((): ReadonlyMap<string, Removing> => new Map(this.status.removing.map((one) => [one.entry, one])));
  readonly #actions: OrderActions;
  /** Null where one may do nothing. */
  readonly actions = $derived.by(() => (this.status.canModerate ? this.#actions : null));
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(bridge: Bridge, look: () => RoomStatus | null, show: (sheet: Sheet) => void) {
    this.#bridge = bridge;
    this.#look = look;
    this.#actions = {
      remove: (row) => void this.remove(row),
      removeWhy: (row) => show({ kind: "remove", row }),
      silence: (who) => show({ kind: "silence", who }),
      open: () => show({ kind: "moderation" }),
      keep: (entry) => void this.keep(entry),
    };
  }

  get #room(): string {
    return this.#look()?.room ?? "";
  }

  remove(row: Row, reason = ""): Promise<boolean> {
    return isRemovable(row) ? this.removeKey(row.key, reason) : Promise.resolve(false);
  }

  removeKey(key: string, reason = ""): Promise<boolean> {
    return this.#try(() => this.#bridge.order.remove(this.#room, key, reason));
  }

  /** The same for the row of a key among others. */
  removeOf(items: readonly { readonly row: Row }[], key: string | undefined): void {
    const row = items.find((item) => item.row.key === key)?.row;
    if (row) void this.remove(row);
  }

  /** Takes the last removal back that can be, or the one of an entry. */
  async keep(entry = this.status.removing.findLast(({ sent }) => !sent)?.entry): Promise<void> {
    if (entry !== undefined) await this.#try(() => this.#bridge.order.keep(this.#room, entry));
  }

  async removeNow(): Promise<void> {
    const room = this.#room;
    const all = this.status.removing.filter(({ sent }) => !sent);
    await this.#try(() => Promise.all(all.map(({ entry }) => this.#bridge.order.removeNow(room, entry))));
  }

  /** What went wrong was seen. */
  async forgive(): Promise<void> {
    this.error = null;
    if (this.status.notRemoved.length > 0) await this.#try(() => this.#bridge.order.noteRemoval(this.#room));
  }

  /**
   * Nobody in the room hears somebody for a time; says why not, where that cannot be. `before` is until when that was so already, null where it was not:
   * the way back leads there. Where that is not known, there is none.
   */
  async silence(who: Pick<Who, "user" | "name">, seconds: number, reason: string, before: number | null | undefined): Promise<AppError | null> {
    const room = this.#room;
    try {
      await this.#bridge.order.mute(room, who.user, seconds, reason);
    } catch (thrown) {
      return asAppError(thrown);
    }
    const left = (): number => Math.max(0, Math.ceil(((before ?? 0) - Date.now()) / 1_000));
    const back = async (): Promise<void> => void (await this.#try(() => this.#bridge.order.mute(room, who.user, left(), "")));
    const name = who.name || who.user;
    if (seconds > 0) this.#tell({ words: isBrief(seconds * 1_000) ? "order.didSilenceBriefly" : "order.didSilence", name, seconds, until: Date.now() + seconds * 1_000, back: before === undefined ? null : back });
    else this.#tell({ words: "order.didUnsilence", name, seconds, until: 0, back: null });
    return null;
  }

  async takeBack(): Promise<void> {
    const { done } = this;
    clearTimeout(this.#timer);
    this.done = null;
    await done?.back?.();
  }

  /** A look at how the room is moderated, made anew for each sheet. */
  desk(): OrderDesk {
    return new OrderDesk(this.#bridge, this.#room);
  }

  #tell(done: Done): void {
    clearTimeout(this.#timer);
    this.done = done;
    this.#timer = setTimeout(() => (this.done = null), UNDO_MS);
  }

  async #try(act: () => Promise<unknown>): Promise<boolean> {
    try {
      this.error = null;
      await act();
      return true;
    } catch (thrown) {
      this.error = asAppError(thrown);
      return false;
    }
  }
}

/** How a room is moderated, and what was done in it. */
export class OrderDesk {
  now = $state.raw<Moderation | null>(null);
  /** Newest first. */
  deeds = $state.raw<readonly Deed[]>([]);
  hasOlder = $state(false);
  busy = $state(false);
  error = $state.raw<AppError | null>(null);
  readonly #bridge: Bridge;
  readonly #room: string;

  constructor(bridge: Bridge, room: string) {
    this.#bridge = bridge;
    this.#room = room;
  }

  /** Who is silenced, and how slow the room is. */
  async look(): Promise<void> {
    await this.#do(async () => {
      this.now = await this.#bridge.order.moderation(this.#room);
    });
  }

  async open(): Promise<void> {
    await this.#do(() => this.#read());
  }

  async slow(seconds: number): Promise<void> {
    await this.#do(async () => {
      await this.#bridge.order.slow(this.#room, seconds);
      await this.#read();
    });
  }

  async speak(user: string): Promise<void> {
    await this.#do(async () => {
      await this.#bridge.order.mute(this.#room, user, 0, "");
      await this.#read();
    });
  }

  async older(): Promise<void> {
    await this.#do(async () => {
      const page = await this.#bridge.order.deeds(this.#room, this.deeds.at(-1)?.number ?? null);
      this.deeds = [...this.deeds, ...page.deeds];
      this.hasOlder = page.hasOlder;
    });
  }

  async #read(): Promise<void> {
    const [now, page] = await Promise.all([this.#bridge.order.moderation(this.#room), this.#bridge.order.deeds(this.#room, null)]);
    this.now = now;
    this.deeds = page.deeds;
    this.hasOlder = page.hasOlder;
  }

  async #do(act: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.error = null;
    try {
      await act();
    } catch (thrown) {
      this.error = asAppError(thrown);
    } finally {
      this.busy = false;
    }
  }
}
