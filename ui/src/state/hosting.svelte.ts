// The sheet that shares a hosted room: how it stands, which of its addresses is shown, and the tokens that are made there.
import { asAppError } from "../bridge/bridge";
import type { AppError, HostKey, Hosting, KeyRole, SavedRoom } from "../bridge/dto";
import type { Aside } from "./aside.svelte";

export interface Made {
  readonly name: string;
  readonly role: KeyRole;
  readonly what: "made" | "revoked";
}

export class HostingSheet {
  now = $state.raw<Hosting | null>(null);
  error = $state<AppError | null>(null);
  busy = $state(false);
  name = $state("");
  role = $state<KeyRole>("staff");
  hours = $state(24);
  /** What became of the last token. */
  made = $state.raw<Made | null>(null);

  readonly link = $derived(this.now?.links.find(({ url }) => url === this.now?.chosen) ?? null);
  /** The link as short as a browser takes it. */
  readonly code = $derived((this.link?.url ?? "").replace(/^https?:\/\//, ""));

  readonly #aside: Aside;
  readonly #room: SavedRoom;

  constructor(aside: Aside, room: SavedRoom) {
    this.#aside = aside;
    this.#room = room;
  }

  /** What went wrong before stays said: this is asked again and again. */
  async look(): Promise<void> {
    try {
      this.now = await this.#aside.bridge.host.look(this.#room.id);
    } catch (thrown) {
      this.error = asAppError(thrown);
    }
  }

  /** Starts the room or stops it; what went wrong is said here, where it was pressed. */
  async run(on: boolean): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    const done = await this.#aside.hosts.run(this.#room, on);
    await this.look();
    // How the room stands already says why.
    const shown = this.now?.state === "portTaken" || this.now?.state === "failed";
    this.error = done || shown ? null : this.#aside.error;
    this.#aside.error = null;
    this.busy = false;
  }

  async otherPort(): Promise<void> {
    if (this.busy || !this.now) return;
    this.busy = true;
    const form = { ...this.now.form, port: 0 };
    await this.#attempt(async () => this.#aside.hosts.hosted(await this.#aside.bridge.host.host(this.#room.id, form)));
    await this.look();
    this.busy = false;
  }

  /** The address by which everybody is to come in: the link and its code, a guest's link, a colleague's, what is shown to a hall. */
  async choose(link: string): Promise<void> {
    await this.#attempt(() => this.#aside.bridge.host.chooseAddress(this.#room.id, link));
    await this.look();
  }

  async makeKey(): Promise<void> {
    const [name, role] = [this.name.trim(), this.role];
    if (name === "" || this.busy) return;
    this.busy = true;
    this.made = null;
    const made = await this.#attempt(() => this.#aside.bridge.host.makeKey(this.#room.id, { name, role, hours: this.hours }));
    if (made) {
      [this.made, this.name] = [{ name, role, what: "made" }, ""];
      await this.look();
    }
    this.busy = false;
  }

  async revoke({ id, name, role }: HostKey): Promise<void> {
    const revoked = await this.#attempt(() => this.#aside.bridge.host.revokeKey(this.#room.id, id));
    if (!revoked) return;
    this.made = { name, role, what: "revoked" };
    await this.look();
  }

  async #attempt(command: () => Promise<unknown>): Promise<boolean> {
    try {
      await command();
      this.error = null;
      return true;
    } catch (thrown) {
      this.error = asAppError(thrown);
      return false;
    }
  }
}
