// Words in a field that a broadcast must not show: what is found there stands behind one press, what is typed now is seen, for nobody writes blindly.
import { streamer } from "./streamer.svelte";

export class Veil {
  readonly #secret: () => boolean;
  #lifted = $state(false);

  /** A part of the component that has the field; `secret`: something stands in it that is not for all. */
  constructor(secret: () => boolean) {
    this.#secret = secret;
    $effect(() => {
      if (!streamer.on || !secret()) this.#lifted = false;
    });
  }

  get drawn(): boolean {
    return streamer.on && this.#secret() && !this.#lifted;
  }

  /** It may be seen as long as this broadcast goes on and the field isn't empty. */
  lift(): void {
    this.#lifted = streamer.on;
  }
}
