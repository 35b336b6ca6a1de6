// The rooms that this app hosts, as the window handles them: made, started, stopped, and the demo, which is one of its own kind.
import type { SavedRoom } from "../bridge/dto";
import type { Aside } from "./aside.svelte";

export class Hosts {
  readonly #aside: Aside;
  /** The demo is being made ready. */
  trying = $state(false);

  constructor(aside: Aside) {
    this.#aside = aside;
  }

  /** A room was made or changed: go there, and show how others come in. */
  async hosted(room: SavedRoom): Promise<void> {
    await this.#aside.list.joined(room);
    this.#aside.sheet = { kind: "hosting", room };
  }

  async run(room: SavedRoom, on: boolean): Promise<boolean> {
    const aside = this.#aside;
    if (!on) {
      await aside.list.leave(room.id);
      return aside.attempt(() => aside.bridge.host.run(room.id, false));
    }
    if (!(await aside.attempt(() => aside.bridge.host.run(room.id, true)))) return false;
    await aside.open(room.id);
    await aside.show(room.id);
    await aside.list.came(room.id);
    return true;
  }

  async tryDemo(): Promise<void> {
    if (this.trying) return;
    this.trying = true;
    await this.#aside.attempt(async () => this.#aside.list.joined(await this.#aside.bridge.host.tryDemo()));
    this.trying = false;
  }
}
