// The list of rooms as a person keeps it: its order, and what is out of sight. What was archived comes back with one press for six seconds.
import { asAppError } from "../bridge/bridge";
import type { AppError, RoomForm, SavedRoom } from "../bridge/dto";
import type { Aside } from "./aside.svelte";
import { fixedFor } from "./desk/keys";

const UNDO_MS = 6_000;

/** Nothing that was read of the one is of the other. */
function isAnother(a: RoomForm, b: RoomForm): boolean {
  return a.server !== b.server || a.topic !== b.topic || a.stream !== b.stream || a.user !== b.user;
}

/** What was archived a moment ago, and whether it was open until then. */
interface JustArchived {
  readonly room: SavedRoom;
  readonly open: boolean;
}

export class RoomList {
  readonly #aside: Aside;
  readonly listed: readonly SavedRoom[] = $derived.by(() => this.#aside.rooms.filter((room) => !room.archived));
  readonly archived: readonly SavedRoom[] = $derived.by(() => this.#aside.rooms.filter((room) => room.archived));
  done = $state.raw<JustArchived | null>(null);
  /** Where a room went, for who doesn't see it. */
  moved = $state.raw<{ room: string; n: number; all: number } | null>(null);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(aside: Aside) {
    this.#aside = aside;
  }

  /** The list is another one, whichever window changed it. */
  heard(rooms: readonly SavedRoom[]): void {
    const aside = this.#aside;
    const { current: before, currentId } = aside;
    aside.rooms = rooms;
    if (currentId === null) return;
    const { current } = aside;
    const became = before !== null && current !== null && isAnother(before.form, current.form);
    // Whoever looks into one that is archived goes on.
    const gone = current === null || (current.archived && before?.archived === false);
    if (became || gone) aside.leaveView();
    if (became && !current.archived) void aside.show(currentId);
  }

  /** A room was saved by the join form: list it and go there. */
  async joined(room: SavedRoom): Promise<void> {
    const aside = this.#aside;
    this.heard(aside.rooms.some(({ id }) => id === room.id) ? aside.rooms.map((old) => (old.id === room.id ? room : old)) : [...aside.rooms, room]);
    aside.sheet = null;
    await aside.open(room.id);
    await aside.show(room.id);
  }

  async useToken(id: string, token: string): Promise<AppError | null> {
    const aside = this.#aside;
    try {
      await aside.bridge.setToken(id, token);
    } catch (thrown) {
      return asAppError(thrown);
    }
    aside.sheet = null;
    if (!aside.statuses.has(id)) await aside.open(id);
    await this.came(id);
    return null;
  }

  /** A room is there that could not be opened before: what could not be read then is read now. */
  async came(id: string): Promise<void> {
    const { currentId, timeline, composer } = this.#aside;
    if (id !== currentId) return;
    await Promise.all([timeline?.loaded === false ? timeline.open(false) : null, composer?.restore()]);
  }

  /** One place up or down; false at either end. */
  move(id: string, by: 1 | -1): boolean {
    const at = this.listed.findIndex((room) => room.id === id);
    const to = at + by;
    if (at < 0 || to < 0 || to >= this.listed.length) return false;
    void this.put(id, this.listed[by < 0 ? to : to + 1]?.id ?? null);
    return true;
  }

  /** Puts a room in front of another one, or at the end. */
  async put(id: string, before: string | null): Promise<void> {
    const aside = this.#aside;
    const [room, was] = [aside.rooms.find((one) => one.id === id), aside.rooms];
    const after = this.listed[this.listed.findIndex((one) => one.id === id) + 1]?.id ?? null;
    if (!room || before === id || before === after) return;
    const others = was.filter((one) => one !== room);
    const at = others.findIndex((one) => one.id === before);
    aside.rooms = at < 0 ? [...others, room] : [...others.slice(0, at), room, ...others.slice(at)];
    this.moved = { room: room.label, n: this.listed.findIndex((one) => one.id === id) + 1, all: this.listed.length };
    if (!(await aside.attempt(() => aside.bridge.moveRoom(id, before)))) aside.rooms = was;
  }

  /** Ctrl and a digit show the room at that place. */
  digitKey(event: KeyboardEvent): boolean {
    const room = fixedFor(event) === "room" ? this.listed[Number(event.key) - 1] : undefined;
    if (!room) return false;
    event.preventDefault();
    void this.#aside.show(room.id);
    return true;
  }

  async leave(id: string): Promise<void> {
    const aside = this.#aside;
    await aside.attempt(async () => {
      if (id === aside.currentId) aside.leaveView();
      await aside.bridge.leaveRoom(id);
      aside.patch(id, { open: false });
      aside.closed(id);
    });
  }

  async forget(id: string): Promise<void> {
    const aside = this.#aside;
    await aside.attempt(async () => {
      if (id === aside.currentId) aside.leaveView();
      await aside.bridge.forgetRoom(id);
      aside.rooms = aside.rooms.filter((room) => room.id !== id);
      aside.closed(id);
    });
  }

  async archive(room: SavedRoom): Promise<void> {
    const aside = this.#aside;
    const open = aside.statuses.has(room.id);
    if (!(await aside.attempt(() => aside.bridge.archiveRoom(room.id, true)))) return;
    aside.closed(room.id);
    aside.patch(room.id, { archived: true, open: false });
    clearTimeout(this.#timer);
    this.done = { room, open };
    this.#timer = setTimeout(() => (this.done = null), UNDO_MS);
  }

  /** Back where it stood, and as it was. */
  async takeBack(): Promise<void> {
    const { done } = this;
    clearTimeout(this.#timer);
    this.done = null;
    if (done) await this.bringBack(done.room, done.open);
  }

  async bringBack(room: SavedRoom, open = false): Promise<void> {
    const aside = this.#aside;
    if (!(await aside.attempt(() => aside.bridge.archiveRoom(room.id, false)))) return;
    aside.patch(room.id, { archived: false });
    if (this.done?.room.id === room.id) this.done = null;
    if (!open) return;
    if (room.hosted) await aside.hosts.run(room, true);
    else if (room.id === aside.currentId) await aside.open(room.id);
    else await aside.show(room.id);
  }
}
